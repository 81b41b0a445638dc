package profiles

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// kept is a Hot that decodes the states of observations.
type kept struct {
	Hot
	states map[identity.ObservationID][]byte
}

func (k kept) ReadState(id identity.ObservationID, s *State) (bool, error) {
	data, found := k.states[id]
	if !found {
		return false, nil
	}
	return true, s.UnmarshalBinary(data)
}

func genMembers(t *rapid.T, label string) (members []Member, states map[identity.ObservationID][]byte) {
	states = map[identity.ObservationID][]byte{}
	for i := range rapid.IntRange(1, 6).Draw(t, label) {
		id := s2id(byte(i + 1))
		m := Member{
			Observation: &identity.Observation{ID: id, Source: rapid.SampledFrom([]string{"web", "crm"}).Draw(t, "source")},
			Assignment:  identity.Assignment{Observation: id, Profile: s2id(1)},
		}
		for range rapid.IntRange(0, 3).Draw(t, "identifiers") {
			m.Observation.Identifiers = append(m.Observation.Identifiers, identity.Identifier{
				Type: rapid.SampledFrom([]string{event.IDEmail, event.IDUser}).Draw(t, "type"), Value: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "value"),
			})
		}
		if rapid.IntRange(0, 4).Draw(t, "nothing is kept") > 0 {
			m.State = &State{}
			for j := range rapid.IntRange(0, 30).Draw(t, "events") {
				m.State.Apply(genEvent(i*100+j).Draw(t, "event"), stream.Position{})
			}
			states[id] = encode(m.State)
		}
		members = append(members, m)
	}
	return members, states
}

// TestFoldIsThatOfTheMergedState: whatever is not told by observation is as if one observation had seen all.
func TestFoldIsThatOfTheMergedState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		members, _ := genMembers(t, "members")
		all := &State{}
		for _, m := range members {
			if m.State != nil {
				all.Merge(m.State)
			}
		}
		got := Fold(s2id(1), members, Rules{})
		want := Fold(s2id(1), []Member{{Assignment: members[0].Assignment, State: all}}, Rules{})
		whole := func(p Profile) []any {
			return []any{p.Events, p.FirstSeen, p.LastSeen, p.Sources, p.Items, p.Proofs, p.Answers, p.Satisfaction, p.Interactions}
		}
		if !reflect.DeepEqual(whole(got), whole(want)) {
			t.Fatalf("folded apart: %+v\nmerged first:  %+v", whole(got), whole(want))
		}
	})
}

// TestADeskKeepsNothing: what is read on a desk is the same as without one, is not touched by who is read there
// next, and leaves nothing of anybody behind.
func TestADeskKeepsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := new(desk)
		read := func(members []Member, states map[identity.ObservationID][]byte) Profile {
			on := make([]Member, len(members))
			for i, m := range members {
				s, err := d.state(kept{states: states}, m.id())
				if err != nil {
					t.Fatal(err)
				}
				on[i] = Member{Observation: m.Observation, Assignment: m.Assignment, State: s}
			}
			return d.fold(s2id(1), on, Rules{})
		}
		first, states := genMembers(t, "first")
		want := Fold(s2id(1), first, Rules{})
		got := read(first, states)
		d.forget()
		if left := d.left(); left != "" {
			t.Fatal("left on the desk: ", left)
		}
		read(genMembers(t, "second"))
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("on a desk:  %+v\nwithout one: %+v", got, want)
		}
	})
}

// left is what a desk still holds, beyond the lengths of its lists too.
func (d *desk) left() string {
	for _, s := range append([]*State{&d.sum}, d.states...) {
		v := reflect.ValueOf(*s)
		for i := range v.NumField() {
			if text := beyond(v.Field(i)); text != "" {
				return v.Type().Field(i).Name + ": " + text
			}
		}
	}
	return ""
}

func beyond(v reflect.Value) string {
	if v.Kind() == reflect.Slice {
		v = v.Slice(0, v.Cap())
	}
	if v.Kind() == reflect.Slice || v.Kind() == reflect.Array {
		for i := range v.Len() {
			if text := beyond(v.Index(i)); text != "" {
				return text
			}
		}
		return ""
	}
	if v.IsZero() {
		return ""
	}
	return fmt.Sprintf("%v", v)
}
