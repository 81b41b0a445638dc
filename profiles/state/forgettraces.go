package state

import (
	"fmt"

	"tributary/identity"
	"tributary/ingest/schema"
)

// Traces of a person that do not lie under an observation.

// ForgetBlock removes what is kept of an identifier that was blocked once and is not now: the state names it no
// more.
func (s *Space) ForgetBlock(i identity.Identifier) error {
	held, err := s.heldBlock(i)
	if err != nil || held.Stamp == (Stamp{}) || len(held.value) > 0 {
		return err
	}
	s.tx.blocks.put(spaceIdentifier{s.number, i}, stamped{})
	if err := s.tx.delete(s.identifierKey(nil, kindBlock, i)); err != nil {
		return fmt.Errorf("forget block: %w", err)
	}
	return nil
}

// ForgetExamples takes the message ids out of what is inferred of the workspace's events. Whose they are the state
// cannot tell.
func (s *Space) ForgetExamples() error {
	err := scan(s.tx.store.db, s.key(nil, kindSchema), func(key, value []byte) error {
		var x schema.Inferred
		if err := x.UnmarshalBinary(value); err != nil {
			return fmt.Errorf("%w: what is inferred of an event", ErrCorrupt)
		}
		x.ForgetExamples()
		text, err := x.AppendBinary(nil)
		if err != nil {
			return err
		}
		return s.tx.set(key, text)
	})
	if err != nil {
		return fmt.Errorf("forget examples: %w", err)
	}
	return nil
}
