package state

import (
	"errors"
	"fmt"

	"tributary/identity"
	"tributary/identity/match"
)

// ErrReadOnly is returned by what would change a snapshot.
var ErrReadOnly = errors.New("state: snapshots cannot be written")

// Facts are the facts of the workspace, as the engine sees them.
func (h *Snapshot) Facts() identity.Facts { return facts{h} }

// facts is identity.Facts over a snapshot. It differs from profiles.Hot in what is kept out of
// merging: there, an observation shows all that it says, and a blocked identifier has no holders.
type facts struct{ h *Snapshot }

func (f facts) Observation(id identity.ObservationID) (*identity.Observation, error) {
	o, err := readObserved(f.h.view, f.h.space, id)
	if o == nil || err != nil {
		return nil, wrapRead("observation", err)
	}
	return o.facts(), nil
}

func (f facts) Holders(i identity.Identifier) ([]identity.ObservationID, error) {
	ids, err := scanIDs(f.h.db, f.h.identifierKey(nil, kindHolder, i))
	return ids, wrapRead("holders", err)
}

func (f facts) Links(id identity.ObservationID) ([]identity.Link, error) {
	held, err := readLinks(f.h.db, f.h.space, id)
	return standing(held), wrapRead("links", err)
}

func (f facts) Blocked(i identity.Identifier) (bool, error) { return f.h.Blocked(i) }

// EachObservation calls f for the observations, as the engine sees them, ascending, those that come
// after the given id, until f fails. f may keep what it is given.
func (h *Snapshot) EachObservation(last identity.ObservationID, f func(*identity.Observation) error) error {
	err := h.eachObserved(last, func(o *Observed) error { return f(o.facts()) })
	return wrapRead("observations", err)
}

func (h *Snapshot) eachObserved(last identity.ObservationID, f func(*Observed) error) error {
	from := append(h.idKey(nil, kindObserved, last), 0)
	return scanRange(h.db, from, after(h.space.key(nil, kindObserved)), func(key, value []byte) error {
		o, err := decodeObserved(h.name, lastID(key), value)
		if err != nil {
			return err
		}
		return f(o)
	})
}

// Model returns the model in use, as it was encoded, and its number: 0 when there is none.
func (h *Snapshot) Model() (number uint32, encoded []byte, err error) {
	value, err := h.get(h.space.key(nil, kindModel))
	if err == nil {
		number, err = decodeModelNumber(value)
	}
	if number == 0 || err != nil {
		return 0, nil, wrapRead("model", err)
	}
	encoded, err = h.ModelNumbered(number)
	return number, encoded, err
}

// ModelNumbered returns a model that is kept, as it was encoded; nil when there is none.
func (h *Snapshot) ModelNumbered(number uint32) ([]byte, error) {
	encoded, err := readModel(h.db, h.space, number)
	return encoded, wrapRead("model", err)
}

// Task returns how far some work has come; nil when there is none of that name.
func (h *Snapshot) Task(name string) ([]byte, error) {
	value, err := h.get(h.taskKey(nil, name))
	return value, wrapRead("task", err)
}

// Unsettled says whether an observation is still to be resolved.
func (h *Snapshot) Unsettled(id identity.ObservationID) (bool, error) {
	value, err := h.get(h.idKey(nil, kindUnsettled, id))
	return value != nil, wrapRead("unsettled observation", err)
}

// AnyUnsettled says whether some observation is still to be resolved. Tasks are not looked at.
func (h *Snapshot) AnyUnsettled() (bool, error) {
	found, err := hasAny(h.db, h.space.key(nil, kindUnsettled))
	return found, wrapRead("unsettled observations", err)
}

// Rules returns the document of the workspace's rules; nil when there is none.
func (h *Snapshot) Rules() ([]byte, error) { return readRules(h.get, h.space) }

// Shared implements profiles.Hot.
func (h *Snapshot) Shared(i identity.Identifier) (identity.SharedKind, error) {
	if !h.has(kindShared) {
		return "", nil
	}
	value, err := h.get(h.identifierKey(nil, kindShared, i))
	return identity.SharedKind(value), wrapRead("shared identifier", err)
}

func (h *Snapshot) get(key []byte) ([]byte, error) { return h.at.get(key) }

// SnapshotMatching is what the probabilistic layer keeps of one workspace under one model, at one
// moment: a match.Store that cannot be written.
type SnapshotMatching struct {
	h      *Snapshot
	epoch  uint32
	stored []refChange // scratch
}

var _ match.Store = (*SnapshotMatching)(nil)

// Matching returns what is kept under one model.
func (h *Snapshot) Matching(epoch uint32) *SnapshotMatching {
	return &SnapshotMatching{h: h, epoch: epoch}
}

// Find returns the number of an observation; false when it has none.
func (m *SnapshotMatching) Find(id identity.ObservationID) (match.Ref, bool, error) {
	r, err := readRef(m.h.view, m.h.space, id)
	return r, r != 0, wrapRead("number of an observation", err)
}

// Number returns the number of an observation, and ErrReadOnly if it has none.
func (m *SnapshotMatching) Number(id identity.ObservationID) (match.Ref, error) {
	r, known, err := m.Find(id)
	if err == nil && !known {
		err = fmt.Errorf("number observation: %w", ErrReadOnly)
	}
	return r, err
}

// Observation returns the observation of a number; nil, nil when there is none.
func (m *SnapshotMatching) Observation(r match.Ref) (*identity.Observation, error) {
	id, err := readNumbered(m.h.view, m.h.space, r)
	if id == (identity.ObservationID{}) || err != nil {
		return nil, wrapRead("observation of a number", err)
	}
	return facts{m.h}.Observation(id)
}

// Sharing returns who has a blocking key, ascending.
func (m *SnapshotMatching) Sharing(key uint64) ([]match.Ref, error) {
	return m.read(kindPosting, key)
}

// Linked returns whom an observation is linked to, ascending.
func (m *SnapshotMatching) Linked(r match.Ref) ([]match.Ref, error) {
	return m.read(kindLinked, uint64(r))
}

func (m *SnapshotMatching) read(kind byte, key uint64) ([]match.Ref, error) {
	var s refSet
	m.h.key = m.h.refSetKey(m.h.key, kind, m.epoch, key)
	_, err := m.h.view(m.h.key, func(value []byte) (err error) {
		m.stored, err = decodeRefs(m.stored[:0], value)
		s.complete(m.stored)
		return err
	})
	return s.in, wrapRead("set of numbers", err)
}

// AddKey returns ErrReadOnly.
func (m *SnapshotMatching) AddKey(uint64, match.Ref) error { return ErrReadOnly }

// RemoveKey returns ErrReadOnly.
func (m *SnapshotMatching) RemoveKey(uint64, match.Ref) error { return ErrReadOnly }

// Link returns ErrReadOnly.
func (m *SnapshotMatching) Link(match.Ref, match.Ref) error { return ErrReadOnly }

// Unlink returns ErrReadOnly.
func (m *SnapshotMatching) Unlink(match.Ref, match.Ref) error { return ErrReadOnly }
