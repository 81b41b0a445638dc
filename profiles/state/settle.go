package state

import (
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"tributary/identity"
)

// What is put off: observations that are to be resolved, and how far the work has come that goes
// through all of them. It is committed with the step that did it, so that it goes on where it was.

// SetTask stores how far some work has come, under a name. The caller does not change the value
// afterwards; nil is kept as an empty one.
func (s *Space) SetTask(name string, value []byte) {
	if value == nil {
		value = []byte{}
	}
	s.tx.write(s.taskKey(nil, name), value)
}

// Task returns what is stored under a name; nil when nothing is.
func (s *Space) Task(name string) ([]byte, error) {
	value, err := s.tx.read(s.taskKey(s.tx.key, name))
	return value, wrapRead("task", err)
}

// DeleteTask ends some work.
func (s *Space) DeleteTask(name string) { s.tx.write(s.taskKey(nil, name), nil) }

// SetUnsettled notes that an observation is still to be resolved, or that it is no more.
func (s *Space) SetUnsettled(id identity.ObservationID, unsettled bool) {
	var value []byte
	if unsettled {
		s.unsettled = true
		value = []byte{}
		if compareIDs(id, s.settledBelow) < 0 {
			s.settledBelow = id
		}
	}
	s.tx.write(s.idKey(nil, kindUnsettled, id), value)
}

// AnyUnsettled says whether some may be to be resolved.
func (s *Space) AnyUnsettled() bool { return s.unsettled }

// Unsettled says whether an observation is still to be resolved.
func (s *Space) Unsettled(id identity.ObservationID) (bool, error) {
	value, err := s.tx.read(s.idKey(s.tx.key, kindUnsettled, id))
	return value != nil, wrapRead("unsettled observation", err)
}

// UnsettledFrom lists up to limit observations that are still to be resolved, ascending, those
// that come after the given id. The step's own are among them.
func (s *Space) UnsettledFrom(after identity.ObservationID, limit int) ([]identity.ObservationID, error) {
	own := map[identity.ObservationID]bool{}
	prefix := string(s.key(nil, kindUnsettled))
	for key, value := range s.tx.own {
		if len(key) == len(prefix)+len(after) && key[:len(prefix)] == prefix {
			own[lastID([]byte(key))] = value != nil
		}
	}
	from := append(s.idKey(nil, kindUnsettled, after), 0)
	if compareIDs(after, s.settledBelow) < 0 { // what was settled lately would be passed over one by one
		from = s.idKey(nil, kindUnsettled, s.settledBelow)
	}
	ids, err := idsAt(s.tx.store.db, s.space, from, limit, func(id identity.ObservationID) bool {
		_, changed := own[id]
		return !changed
	})
	if err != nil {
		return nil, wrapRead("unsettled observations", err)
	}
	for id, unsettled := range own {
		if unsettled && compareIDs(id, after) > 0 {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, compareIDs)
	ids = ids[:min(max(0, limit), len(ids))]
	if after == (identity.ObservationID{}) && len(ids) > 0 {
		s.settledBelow = ids[0]
	}
	return ids, nil
}

// ObservationsFrom lists up to limit observations, ascending, those that come after the given id.
// Those that this step stored first are left out.
func (s *Space) ObservationsFrom(after identity.ObservationID, limit int) ([]identity.ObservationID, error) {
	ids, err := idsFrom(s.tx.store.db, s.space, kindObserved, after, limit)
	return ids, wrapRead("observations", err)
}

// idsFrom returns up to limit ids at the ends of the keys of one kind, ascending, those after one.
func idsFrom(r pebble.Reader, s space, kind byte, last identity.ObservationID, limit int) ([]identity.ObservationID, error) {
	return idsAt(r, s, append(s.idKey(nil, kind, last), 0), limit, func(identity.ObservationID) bool { return true })
}

// idsAt returns up to limit ids at the ends of the keys of the kind that from is of, ascending from
// there, those that are wanted.
func idsAt(r pebble.Reader, s space, from []byte, limit int, want func(identity.ObservationID) bool) ([]identity.ObservationID, error) {
	var ids []identity.ObservationID
	if limit <= 0 {
		return nil, nil
	}
	err := scanRange(r, from, after(s.key(nil, from[0])), func(key, _ []byte) error {
		if id := lastID(key); want(id) {
			ids = append(ids, id)
		}
		if len(ids) == limit {
			return errStop
		}
		return nil
	})
	return ids, err
}
