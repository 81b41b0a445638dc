package state

import (
	"encoding/binary"
	"tributary/identity"
)

// Assignment says where an observation belongs; false when it was never assigned.
func (s *Space) Assignment(id identity.ObservationID) (identity.Assignment, bool, error) {
	a, err := s.tx.assignments.load(spaceID{s.number, id}, func() (*identity.Assignment, error) {
		return readAssignment(s.tx.at.view, s.space, id)
	})
	if a == nil || err != nil {
		return identity.Assignment{}, false, err
	}
	return *a, true, nil
}

// fresh notes that a new observation was never assigned and founded nothing, which spares looking
// for what it has.
func (s *Space) fresh(id identity.ObservationID) {
	key := spaceID{s.number, id}
	if _, ok := s.tx.assignments.get(key); !ok {
		s.tx.assignments.put(key, nil)
	}
	if _, ok := s.tx.members.get(key); !ok {
		s.tx.members.put(key, nil)
	}
}

// Members lists the observations that are assigned to a profile, ascending.
func (s *Space) Members(id identity.ProfileID) ([]identity.ObservationID, error) {
	return s.tx.members.load(spaceID{s.number, id}, func() ([]identity.ObservationID, error) {
		return s.tx.at.ids(s.heldKey(s.tx.key, id, heldMember))
	})
}

// Assign stores where an observation, which is stored itself, belongs now, lists it among the
// profile's members, and records whose it was, for who asks by that profile's id later.
func (s *Space) Assign(a identity.Assignment) error {
	was, known, err := s.Assignment(a.Observation)
	if err != nil {
		return err
	}
	if known && was.Profile != a.Profile {
		if err := s.leave(was); err != nil {
			return err
		}
	}
	if !known || was.Profile != a.Profile {
		if err := s.member(a.Profile, a.Observation, true); err != nil {
			return err
		}
	}
	if known && was.Profile != a.Profile {
		if err := s.hideAssigned(a.Profile); err != nil {
			return err
		}
	}
	s.tx.assignments.put(spaceID{s.number, a.Observation}, &a)
	s.tx.key, s.tx.value = s.heldKey(s.tx.key, a.Observation, heldAssignment), appendAssignment(s.tx.value[:0], &a)
	return s.tx.set(s.tx.key, s.tx.value)
}

func (s *Space) leave(was identity.Assignment) error {
	if err := s.member(was.Profile, was.Observation, false); err != nil {
		return err
	}
	if was.Profile == was.Observation {
		return nil
	}
	made := binary.AppendUvarint([]byte{codecVersion}, s.version+1) // which this makes
	s.tx.write(s.pairKey(kindFormer, was.Profile, was.Observation), made)
	return nil
}

func (s *Space) member(profile identity.ProfileID, id identity.ObservationID, present bool) error {
	members, err := s.Members(profile)
	if err != nil {
		return err
	}
	s.tx.members.put(spaceID{s.number, profile}, with(members, id, present))
	s.tx.key = s.memberKey(s.tx.key, profile, id)
	if present {
		return s.tx.set(s.tx.key, nil)
	}
	return s.tx.delete(s.tx.key)
}

// viewer calls f with the value of a key, which is valid until f returns; false when there is none.
type viewer func(key []byte, f func(value []byte) error) (bool, error)

func readObserved(read viewer, s space, id identity.ObservationID) (o *Observed, err error) {
	_, err = read(s.idKey(nil, kindObserved, id), func(value []byte) (err error) {
		o, err = decodeObserved(s.name, id, value)
		return err
	})
	return o, err
}

func readAssignment(read viewer, s space, id identity.ObservationID) (a *identity.Assignment, err error) {
	_, err = read(s.heldKey(nil, id, heldAssignment), func(value []byte) error {
		decoded, err := decodeAssignment(id, value)
		a = &decoded
		return err
	})
	return a, err
}
