package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/profiles"
	"tributary/profiles/state"
)

// profile writes the golden record without its lists, which have files of their own.
func (g *gathering) profile(l *lines) error {
	p := &g.answer.Profile
	return l.write([]member{
		{"profile", p.ID}, {"identity_version", g.answer.IdentityVersion}, {"first_seen", p.FirstSeen}, {"last_seen", p.LastSeen},
		{"events", p.Events}, {"sources", p.Sources},
	})
}

func (g *gathering) held(l *lines) error {
	for i := range g.answer.Profile.Identifiers {
		if err := l.add(g.answer.Profile.Identifiers[i]); err != nil {
			return err
		}
	}
	return nil
}

func (g *gathering) traits(l *lines) error {
	for kind, list := range map[string][]profiles.Trait{"attribute": g.answer.Profile.Attributes, "trait": g.answer.Profile.Traits} {
		for i := range list {
			if err := l.add(list[i], member{"kind", kind}); err != nil {
				return err
			}
		}
	}
	return nil
}

// observed writes the observations as they stand. Of others, with whom they were compared, nothing is told.
func (g *gathering) observed(l *lines) (err error) {
	hot, err := g.State.Snapshot(g.record.Workspace)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hot.Close()) }()
	for _, id := range g.subject.Observations {
		o, err := hot.Observation(id)
		if err != nil {
			return err
		}
		a, known, err := hot.Assignment(id)
		if err != nil {
			return err
		}
		if o == nil || !known {
			continue
		}
		a.Reason.Peer = g.ownID(a.Reason.Peer)
		err = l.write([]member{
			{"observation", id}, {"source", o.Source}, {"record_id", o.RecordID}, {"session", o.Session},
			{"identifiers", o.Identifiers}, {"attributes", o.Attributes}, {"first_received", o.FirstReceived}, {"first_seen", o.FirstSeen},
			{"standing", a.Standing}, {"reason", a.Reason},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ownID is an id if it is the subject's, else none.
func (g *gathering) ownID(id identity.ObservationID) identity.ObservationID {
	if g.observations[id] {
		return id
	}
	return uuid.Nil
}

// summary writes what the profile holds of events. Items of an account are the account's.
func (g *gathering) summary(l *lines) error {
	p := &g.answer.Profile
	for i := range p.Counters {
		if err := l.add(p.Counters[i], member{"kind", "counter"}); err != nil {
			return err
		}
	}
	for i := range p.Items {
		item := p.Items[i]
		if item.Account != "" {
			continue
		}
		if err := l.write([]member{{"kind", "item"}, {"item", item}}); err != nil {
			return err
		}
	}
	for i := range p.Satisfaction {
		if err := l.write([]member{{"kind", "satisfaction"}, {"satisfaction", p.Satisfaction[i]}}); err != nil {
			return err
		}
	}
	for i := range p.Proofs {
		if err := l.write([]member{{"kind", "proof"}, {"proof", p.Proofs[i]}}); err != nil {
			return err
		}
	}
	return nil
}

// accounts writes which accounts the subject has a part in, and not what others said of them.
func (g *gathering) accounts(l *lines) error {
	for i := range g.answer.Profile.Accounts {
		a := &g.answer.Profile.Accounts[i]
		if err := l.write([]member{{"account", a.ID}, {"account_kind", a.Kind}, {"current", a.Current}, {"roles", a.Roles}}); err != nil {
			return err
		}
	}
	return nil
}

func (g *gathering) computed(l *lines) error {
	sheet, err := g.sheet()
	if err != nil {
		return err
	}
	for i := range sheet.Computed {
		if err := l.add(sheet.Computed[i]); err != nil {
			return err
		}
	}
	return nil
}

func (g *gathering) segments(l *lines) error {
	sheet, err := g.sheet()
	if err != nil {
		return err
	}
	for i := range sheet.Segments {
		if err := l.add(sheet.Segments[i]); err != nil {
			return err
		}
	}
	return nil
}

// quarantine writes what could not be processed and names the subject by an identifier that is theirs alone.
func (g *gathering) quarantine(l *lines) error {
	q := state.ItemQuery{Workspace: g.record.Workspace, Limit: itemsAtOnce}
	for {
		items, err := g.State.Items(q)
		if err != nil {
			return err
		}
		for _, i := range items {
			if err := g.ctx.Err(); err != nil {
				return err
			}
			if err := g.item(l, i); err != nil {
				return fmt.Errorf("item %s: %w", i.Position, err)
			}
		}
		if len(items) < itemsAtOnce {
			return nil
		}
		q.After = items[len(items)-1]
	}
}

const itemsAtOnce = 1000

// item writes an item if it names the subject. Of one that names it only as somebody who took part, or whose words it
// cannot tell apart from those of the others, no payload is given.
func (g *gathering) item(l *lines, i *state.Item) error {
	whole, found, err := g.State.Item(i.Workspace, i.Position, i.Ordinal)
	if err != nil || !found {
		return err
	}
	place := identity.Place{Workspace: i.Workspace, Source: i.Source}
	payload := withoutOthers(whole.Payload)
	names := g.names(place, payload)
	if !names && !g.names(place, whole.Payload) && !g.names(place, []byte(whole.MessageID+"\n"+whole.Detail)) {
		return nil
	}
	line := []member{
		{"source", whole.Source}, {"message_id", whole.MessageID}, {"stage", whole.Stage}, {"reason", whole.Reason}, {"field", whole.Field},
		{"status", whole.Status}, {"received_at", whole.ReceivedAt}, {"changed_at", whole.ChangedAt},
	}
	if names {
		line = append(line, member{"detail", whole.Detail}, member{"payload", raw(payload)})
	}
	return l.write(line)
}

// requests writes the erasures and restrictions of the subject.
func (g *gathering) requests(l *lines) error {
	all, err := g.State.Erasures(g.record.Workspace)
	if err != nil {
		return err
	}
	for _, r := range all {
		if !g.record.concerns(func(o identity.ObservationID) bool { return r.Concerns(o, nil) }) {
			continue
		}
		err := l.write([]member{
			{"kind", "erasure"}, {"id", r.ID}, {"status", r.Status}, {"requested_at", r.RequestedAt}, {"reason", r.Reason},
			{"hold_until", r.HoldUntil}, {"cancelled_at", r.CancelledAt}, {"erased_at", r.ErasedAt},
		})
		if err != nil {
			return err
		}
	}
	for _, id := range g.subject.Observations {
		r, err := g.State.Restriction(g.record.Workspace, id)
		if err != nil {
			return err
		}
		if r == nil {
			continue
		}
		if err := l.write([]member{{"kind", "restriction"}, {"observation", id}, {"at", r.At}, {"reason", r.Reason}}); err != nil {
			return err
		}
	}
	return nil
}

// withoutOthers is a payload without its members named participants, at any depth. One without is returned as it is.
func withoutOthers(payload []byte) []byte {
	if !bytes.Contains(payload, []byte(`"participants"`)) {
		return payload
	}
	decoder := json.NewDecoder(bytes.NewReader(payload))
	decoder.UseNumber()
	var v any
	if decoder.Decode(&v) != nil {
		return nil
	}
	text, err := json.Marshal(without(v, "participants"))
	if err != nil {
		return nil
	}
	return text
}

func without(v any, name string) any {
	switch v := v.(type) {
	case map[string]any:
		delete(v, name)
		for key := range v {
			v[key] = without(v[key], name)
		}
	case []any:
		for i := range v {
			v[i] = without(v[i], name)
		}
	}
	return v
}
