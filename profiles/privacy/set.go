package privacy

import (
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/stream"
)

// Set is the erasures of one workspace, to ask which of them a record falls under. It is for one
// goroutine at a time, or for any number while nobody adds.
type Set struct {
	byID          map[uuid.UUID]*Erasure
	byObservation map[identity.ObservationID][]*Erasure
	byIdentifier  map[IdentifierHash][]*Erasure
}

// NewSet returns the set of some erasures.
func NewSet(all ...*Erasure) *Set {
	s := &Set{
		byID:          map[uuid.UUID]*Erasure{},
		byObservation: map[identity.ObservationID][]*Erasure{},
		byIdentifier:  map[IdentifierHash][]*Erasure{},
	}
	for _, e := range all {
		s.Add(e)
	}
	return s
}

// Len is how many there are.
func (s *Set) Len() int { return len(s.byID) }

// Get returns an erasure by its id, or nil.
func (s *Set) Get(id uuid.UUID) *Erasure { return s.byID[id] }

// Add adds an erasure. One whose id is there is raised to the greater bounds.
func (s *Set) Add(e *Erasure) {
	if was := s.byID[e.ID]; was != nil {
		was.UpTo = was.UpTo.Raise(e.UpTo)
		return
	}
	s.byID[e.ID] = e
	for _, o := range e.Observations {
		s.byObservation[o] = append(s.byObservation[o], e)
	}
	for _, h := range e.Identifiers {
		s.byIdentifier[h] = append(s.byIdentifier[h], e)
	}
}

// Of returns the erasure that a record falls under: of those that reach its place, and that its
// observation or one of its identifiers is of, the earliest. Nil: it stays.
func (s *Set) Of(at stream.Position, received time.Time, observation identity.ObservationID, identifiers []IdentifierHash) *Erasure {
	if len(s.byID) == 0 {
		return nil
	}
	found := reaching(s.byObservation[observation], at, received)
	for _, h := range identifiers {
		found = earlier(found, reaching(s.byIdentifier[h], at, received))
	}
	return found
}

// OfObservation returns the latest erasure of an observation; nil: it was never erased.
func (s *Set) OfObservation(id identity.ObservationID) (latest *Erasure) {
	for _, e := range s.byObservation[id] {
		if latest == nil || e.At.After(latest.At) {
			latest = e
		}
	}
	return latest
}

// reaching returns the earliest that reaches a place.
func reaching(all []*Erasure, at stream.Position, received time.Time) (found *Erasure) {
	for _, e := range all {
		if e.Reaches(at, received) {
			found = earlier(found, e)
		}
	}
	return found
}

// earlier returns the one that was carried out first, so that it does not hang on the order in which
// they were told of.
func earlier(a, b *Erasure) *Erasure {
	switch {
	case a == nil:
		return b
	case b == nil || a.At.Before(b.At) || a.At.Equal(b.At) && compareIDs(a.ID, b.ID) < 0:
		return a
	}
	return b
}
