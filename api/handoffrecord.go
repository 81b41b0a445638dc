package api

import (
	"slices"

	"tributary/profiles"
	"tributary/profiles/handoff"
)

// What a hand-off says of a customer beside what its author wrote. It refers to what is on record and copies nothing,
// so that what is erased is gone from it too: the lines are put in when it is read, from what the reader may see.

// recordOf fills in what the author of a hand-off left out.
func recordOf(r *handoff.Record, p *profiles.Profile) {
	if r.Open == nil {
		for i := range p.Items {
			if x := &p.Items[i]; x.Open && len(r.Open) < handoff.MaxOpen && fits(x.ID) {
				r.Open = append(r.Open, handoff.Matter{Kind: string(x.Kind), ID: x.ID})
			}
		}
	}
	if r.Promised == nil {
		for i := range p.Commitments {
			if x := &p.Commitments[i]; owed(x) && len(r.Promised) < handoff.MaxPromised && fits(x.ID) {
				r.Promised = append(r.Promised, handoff.Promise{Commitment: x.ID, Due: x.DueAt})
			}
		}
	}
	if r.Interactions == nil {
		r.Interactions = interactionsOf(p)
	}
}

// owed says whether a promise is still to be kept, or was to be.
func owed(x *profiles.Commitment) bool {
	return x.Status != profiles.CommitmentKept && x.Status != profiles.CommitmentWithdrawn
}

// interactionsOf refers to the newest contacts, oldest first. Steps of a hand-off that are no contact are not told.
func interactionsOf(p *profiles.Profile) []handoff.Interaction {
	var list []handoff.Interaction
	for i := range p.Interactions {
		x := &p.Interactions[i]
		if x.ConversationID == "" && x.CaseID == "" || !fits(x.MessageID) {
			continue
		}
		if list = append(list, newInteraction(x)); len(list) == handoff.MaxInteractions {
			break
		}
	}
	slices.Reverse(list)
	return list
}

func newInteraction(x *profiles.Interaction) handoff.Interaction {
	return handoff.Interaction{
		Source: x.Source, MessageID: x.MessageID, At: x.At, Channel: string(x.Channel), Conversation: clipped(x.ConversationID, maxRef),
		Event: clipped(x.Name, maxRef), Author: string(x.AuthorRole),
	}
}

// maxRef is how long an id may be in a record, in characters.
const maxRef = 256

// fits says whether an id can stand in a record whole; one that is cut refers to nothing.
func fits(id string) bool { return id != "" && clipped(id, maxRef) == id }

func clipped(text string, most int) string {
	n := 0
	for i := range text {
		if n++; n > most {
			return text[:i]
		}
	}
	return text
}

// fillLines puts in what is kept of that to which a record refers, from a profile that its reader may see.
func fillLines(r *handoff.Record, shown *profiles.Profile) {
	type place struct{ source, id string }
	lines := map[place]string{}
	for i := range shown.Interactions {
		x := &shown.Interactions[i]
		lines[place{x.Source, x.MessageID}] = clipped(or(x.Text, x.Topic), handoff.MaxLine)
	}
	r.Interactions = slices.Clone(r.Interactions)
	for i := range r.Interactions {
		if x := &r.Interactions[i]; x.Line == "" {
			x.Line = lines[place{x.Source, x.MessageID}]
		}
	}
	promised := map[string]string{}
	for i := range shown.Commitments {
		promised[shown.Commitments[i].ID] = clipped(shown.Commitments[i].Text, handoff.MaxLine)
	}
	r.Promised = slices.Clone(r.Promised)
	for i := range r.Promised {
		if x := &r.Promised[i]; x.Text == "" {
			x.Text = promised[x.Commitment]
		}
	}
	topics := map[place]string{}
	for i := range shown.Items {
		topics[place{string(shown.Items[i].Kind), shown.Items[i].ID}] = clipped(shown.Items[i].Last.Topic, handoff.MaxLine)
	}
	r.Open = slices.Clone(r.Open)
	for i := range r.Open {
		if x := &r.Open[i]; x.Text == "" && x.ID != "" {
			x.Text = topics[place{x.Kind, x.ID}]
		}
	}
}
