package api

import (
	"slices"
	"time"

	"tributary/profiles"
	"tributary/profiles/handoff"
)

// What a hand-off says of a customer beside what its author wrote. It refers to what is on record and copies nothing:
// what it refers to is looked up among what is the customer's when it is read, so that what is erased, or turned out to
// be somebody else's, is gone from it too.

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
}

// owed says whether a promise is still to be kept, or was to be.
func owed(x *profiles.Commitment) bool {
	return x.Status != profiles.CommitmentKept && x.Status != profiles.CommitmentWithdrawn
}

// interactionsOf refers to the newest contacts until a time, oldest first. more says that there are, or may be, others.
func interactionsOf(p *profiles.Profile, until time.Time) (list []handoff.Interaction, more bool) {
	for i := range p.Interactions {
		x := &p.Interactions[i]
		switch {
		case x.ConversationID == "" && x.CaseID == "" || !fits(x.MessageID) || x.At.After(until):
		case len(list) == handoff.MaxInteractions:
			more = true
		default:
			list = append(list, newInteraction(x))
		}
	}
	slices.Reverse(list)
	return list, more || p.LeftOut.Interactions > 0
}

func newInteraction(x *profiles.Interaction) handoff.Interaction {
	return handoff.Interaction{
		Source: x.Source, MessageID: x.MessageID, At: x.At, Channel: string(x.Channel), Conversation: clipped(x.ConversationID, maxRef),
		Event: clipped(x.Name, maxRef), Author: string(x.AuthorRole),
		Line: clipped(or(x.Text, x.Topic), handoff.MaxLine),
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

// fillIn puts in what is kept of that to which a record refers: whose is all that is the customer's now, shown what of
// it the reader may see. It says whether there are more interactions than the record has.
func fillIn(r *handoff.Record, whose, shown *profiles.Profile) (more bool) {
	r.Interactions, more = interactionsOf(shown, r.CreatedAt)
	promised := textsOf(whose.Commitments, shown.Commitments, func(x *profiles.Commitment) (string, string) { return x.ID, x.Text })
	r.Promised = slices.DeleteFunc(slices.Clone(r.Promised), func(x handoff.Promise) bool { return gone(promised, x.Commitment, x.Text) })
	for i := range r.Promised {
		if text, known := promised[r.Promised[i].Commitment]; known {
			r.Promised[i].Text = text
		}
	}
	topics := textsOf(whose.Items, shown.Items, func(x *profiles.Item) (string, string) {
		return string(x.Kind) + " " + x.ID, x.Last.Topic
	})
	place := func(x *handoff.Matter) string {
		if x.ID == "" {
			return ""
		}
		return x.Kind + " " + x.ID
	}
	r.Open = slices.DeleteFunc(slices.Clone(r.Open), func(x handoff.Matter) bool { return gone(topics, place(&x), x.Text) })
	for i := range r.Open {
		if text, known := topics[place(&r.Open[i])]; known {
			r.Open[i].Text = text
		}
	}
	return more
}

// textsOf are the texts of what a customer has, by id: empty of what is not shown.
func textsOf[T any](whose, shown []T, of func(*T) (id, text string)) map[string]string {
	texts := map[string]string{}
	for i := range whose {
		id, _ := of(&whose[i])
		texts[id] = ""
	}
	for i := range shown {
		id, text := of(&shown[i])
		texts[id] = clipped(text, handoff.MaxLine)
	}
	return texts
}

// gone says whether a reference is to nothing that is the customer's, and says nothing itself.
func gone(texts map[string]string, id, text string) bool {
	_, known := texts[id]
	return !known && text == ""
}
