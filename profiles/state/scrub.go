package state

import (
	"context"
	"fmt"
	"time"

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

// Stale returns what marks a profile whose row waits to be written anew, as of the last commit: another mark
// each time that it came to wait. Empty: it does not.
func (s *Store) Stale(workspace string, profile identity.ProfileID) (mark string, err error) {
	if err := s.acquire(); err != nil {
		return "", err
	}
	defer s.release()
	value, err := get(s.db, newSpace(workspace).idKey(nil, kindStale, profile))
	return string(value), err
}

// Holds says whether an observation is there, as of the last commit, and when the first record of it that is
// kept was received.
func (s *Store) Holds(workspace string, id identity.ObservationID) (held bool, first time.Time, err error) {
	if err := s.acquire(); err != nil {
		return false, first, err
	}
	defer s.release()
	value, err := get(s.db, newSpace(workspace).idKey(nil, kindObserved, id))
	if value == nil || err != nil {
		return false, first, err
	}
	o, err := decodeObserved(workspace, id, value)
	if err != nil {
		return true, first, err
	}
	return true, o.FirstReceived, nil
}
