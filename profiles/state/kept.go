package state

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"tributary/identity"
	"tributary/profiles"
)

// State returns what the step adds to what is kept of an observation, to be changed by the caller
// within this step: at first the zero State. What was kept before is not read; it is folded in
// by the merger.
func (s *Space) State(id identity.ObservationID) *profiles.State {
	key := spaceID{s.number, id}
	added, ok := s.tx.states[key]
	if !ok {
		added = s.tx.newState()
		added.space, added.id = s, id
		s.tx.states[key] = added
	}
	return &added.State
}

// Kept returns what is kept of an observation as of this step; it is the caller's.
func (s *Space) Kept(id identity.ObservationID) (*profiles.State, error) {
	whole := new(profiles.State)
	if !s.tx.forgotten[spaceID{s.number, id}] {
		if _, err := s.tx.at.view(s.heldKey(s.tx.key, id, heldState), whole.UnmarshalBinary); err != nil {
			return nil, fmt.Errorf("read state of observation: %w", err)
		}
	}
	if added, ok := s.tx.states[spaceID{s.number, id}]; ok {
		whole.Merge(&added.State)
	}
	return whole, nil
}

func (t *Tx) newState() *addedState {
	if n := len(t.spare); n > 0 {
		added := t.spare[n-1]
		t.spare = t.spare[:n-1]
		return added
	}
	return new(addedState)
}

// forgetStates ends what the step adds, and keeps the memory for the next one.
func (t *Tx) forgetStates() {
	for _, added := range t.states {
		added.Reset()
		t.spare = append(t.spare, added)
	}
	clear(t.states)
}

// wholeOneIn is how many writes there are to one that replaces a state instead of adding to it.
// It bounds what a reader of a busy observation folds before Pebble has.
const wholeOneIn = 16

// flushStates writes what was added, in the order of keys, in which Pebble takes it fastest.
func (t *Tx) flushStates() error {
	t.added = t.added[:0]
	for _, added := range t.states {
		t.added = append(t.added, added)
	}
	slices.SortFunc(t.added, func(a, b *addedState) int { return compareIDs(a.id, b.id) })
	for _, added := range t.added {
		if err := t.flushState(added); err != nil {
			return fmt.Errorf("write state of observation: %w", err)
		}
	}
	return nil
}

func (t *Tx) flushState(added *addedState) (err error) {
	t.key = added.space.heldKey(t.key, added.id, heldState)
	if rand.Uint32N(wholeOneIn) > 0 {
		if t.value, err = added.AppendBinary(t.value[:0]); err != nil {
			return err
		}
		return t.batch.Merge(t.key, t.value, nil)
	}
	t.whole.Reset()
	if !t.forgotten[spaceID{added.space.number, added.id}] {
		if _, err = t.at.view(t.key, t.whole.UnmarshalBinary); err != nil {
			return err
		}
	}
	t.whole.Merge(&added.State)
	if t.value, err = t.whole.AppendBinary(t.value[:0]); err != nil {
		return err
	}
	return t.set(t.key, t.value)
}
