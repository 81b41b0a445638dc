package state

import (
	"context"
	"fmt"

	"tributary/identity"
)

// sentinel is a key that nothing is kept under; see scrub.New.
var sentinel = []byte{0xfe, 's', 'c', 'r', 'u', 'b'}

// Scrub returns once no file of the state holds what was deleted or overwritten before the call, keys
// included, nor what the outbox has let go of. Everything else goes on meanwhile. It writes most of the state
// anew.
func (s *Store) Scrub(ctx context.Context) error {
	if err := s.acquire(); err != nil {
		return err
	}
	defer s.release()
	if err := s.scrubber.Scrub(ctx, s.db); err != nil {
		return fmt.Errorf("scrub state: %w", err)
	}
	return nil
}

// Stale says whether the row of a profile waits to be written anew, as of the last commit.
func (s *Store) Stale(workspace string, profile identity.ProfileID) (bool, error) {
	if err := s.acquire(); err != nil {
		return false, err
	}
	defer s.release()
	value, err := get(s.db, newSpace(workspace).idKey(nil, kindStale, profile))
	return value != nil, err
}

// Holds says whether an observation is there, as of the last commit.
func (s *Store) Holds(workspace string, id identity.ObservationID) (bool, error) {
	if err := s.acquire(); err != nil {
		return false, err
	}
	defer s.release()
	value, err := get(s.db, newSpace(workspace).idKey(nil, kindObserved, id))
	return value != nil, err
}
