package explain

import (
	"math"
	"slices"

	"tributary/identity"
	"tributary/identity/match"
)

// supposing is a match.Store with one observation more. It keeps that one's keys and links itself, and
// leaves what is below as it is.
type supposing struct {
	match.Store
	more   *identity.Observation
	keys   map[uint64]bool
	linked []match.Ref
}

// supposedRef is the number of the new observation: the last that there is.
const supposedRef = match.Ref(math.MaxUint32)

// Find implements match.Store.
func (s *supposing) Find(id identity.ObservationID) (match.Ref, bool, error) {
	if id == s.more.ID {
		return supposedRef, true, nil
	}
	return s.Store.Find(id)
}

// Number implements match.Store.
func (s *supposing) Number(id identity.ObservationID) (match.Ref, error) {
	if id == s.more.ID {
		return supposedRef, nil
	}
	return s.Store.Number(id)
}

// Observation implements match.Store.
func (s *supposing) Observation(r match.Ref) (*identity.Observation, error) {
	if r == supposedRef {
		return s.more, nil
	}
	return s.Store.Observation(r)
}

// Sharing implements match.Store.
func (s *supposing) Sharing(key uint64) ([]match.Ref, error) {
	refs, err := s.Store.Sharing(key)
	if s.keys[key] {
		refs = append(slices.Clone(refs), supposedRef)
	}
	return refs, err
}

// AddKey implements match.Store, for the new observation.
func (s *supposing) AddKey(key uint64, r match.Ref) error {
	if r != supposedRef {
		return s.Store.AddKey(key, r)
	}
	s.keys[key] = true
	return nil
}

// Linked implements match.Store.
func (s *supposing) Linked(r match.Ref) ([]match.Ref, error) {
	if r == supposedRef {
		return s.linked, nil
	}
	refs, err := s.Store.Linked(r)
	if slices.Contains(s.linked, r) {
		refs = append(slices.Clone(refs), supposedRef)
	}
	return refs, err
}

// Link implements match.Store, for the new observation.
func (s *supposing) Link(a, b match.Ref) error {
	switch {
	case a == supposedRef:
		s.linked = append(s.linked, b)
	case b == supposedRef:
		s.linked = append(s.linked, a)
	default:
		return s.Store.Link(a, b)
	}
	return nil
}
