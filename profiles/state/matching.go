package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/cockroachdb/pebble/v2"

	"tributary/identity"
	"tributary/identity/match"
)

// ErrFull is returned when a workspace has no number left for another observation.
var ErrFull = errors.New("state: no number is left")

// Matching is what the probabilistic layer keeps of one workspace under one model: who has which
// blocking key, and who is linked with whom. It is a match.Store for the step, and holds until
// Abort. The numbers of observations are the same in all epochs.
type Matching struct {
	space *Space
	epoch uint32
}

type spaceRef struct {
	space uint32
	ref   match.Ref
}

var _ match.Store = (*Matching)(nil)

// Matching returns what is kept under one model. An epoch that nothing was kept in is empty.
func (s *Space) Matching(epoch uint32) *Matching { return &Matching{space: s, epoch: epoch} }

// DropMatching forgets all that is kept in an epoch, but no number. The epoch may be used again.
func (s *Space) DropMatching(epoch uint32) error {
	for _, sets := range [...]*refSets{s.tx.postings, s.tx.linked} {
		if err := sets.drop(s, epoch); err != nil {
			return fmt.Errorf("drop matching: %w", err)
		}
	}
	return nil
}

// Find returns the number of an observation; false when it has none.
func (m *Matching) Find(id identity.ObservationID) (match.Ref, bool, error) {
	r, err := m.space.tx.refs.load(spaceID{m.space.number, id}, func() (match.Ref, error) {
		return readRef(m.space.tx.at.view, m.space.space, id)
	})
	return r, r != 0, err
}

// Number returns the number of an observation, and gives it one if it has none: 1 and up.
func (m *Matching) Number(id identity.ObservationID) (match.Ref, error) {
	r, known, err := m.Find(id)
	if known || err != nil {
		return r, err
	}
	s := m.space
	if s.numbered == math.MaxUint32 {
		return 0, ErrFull
	}
	s.numbered++
	r = match.Ref(s.numbered)
	s.tx.refs.put(spaceID{s.number, id}, r)
	s.tx.ids.put(spaceRef{s.number, r}, id)
	s.tx.key, s.tx.value = s.idKey(s.tx.key, kindNumber, id), binary.BigEndian.AppendUint32(s.tx.value[:0], s.numbered)
	if err := s.tx.set(s.tx.key, s.tx.value); err != nil {
		return 0, err
	}
	s.tx.key = s.numberedKey(s.tx.key, r)
	return r, s.tx.set(s.tx.key, id[:])
}

// Observation returns the observation of a number; nil, nil when there is none.
func (m *Matching) Observation(r match.Ref) (*identity.Observation, error) {
	id, err := m.space.tx.ids.load(spaceRef{m.space.number, r}, func() (identity.ObservationID, error) {
		return readNumbered(m.space.tx.at.view, m.space.space, r)
	})
	if id == (identity.ObservationID{}) || err != nil {
		return nil, err
	}
	return m.space.Observation(id)
}

// Sharing returns who has a blocking key, ascending.
func (m *Matching) Sharing(key uint64) ([]match.Ref, error) {
	return m.space.tx.postings.read(m.space, m.id(key))
}

// AddKey says that an observation has a blocking key.
func (m *Matching) AddKey(key uint64, r match.Ref) error {
	m.space.tx.postings.change(m.id(key), refChange{r, false})
	return nil
}

// RemoveKey says that it has it no more.
func (m *Matching) RemoveKey(key uint64, r match.Ref) error {
	m.space.tx.postings.change(m.id(key), refChange{r, true})
	return nil
}

// Linked returns whom an observation is linked to, ascending.
func (m *Matching) Linked(r match.Ref) ([]match.Ref, error) {
	return m.space.tx.linked.read(m.space, m.id(uint64(r)))
}

// Link links two observations.
func (m *Matching) Link(a, b match.Ref) error { return m.link(a, b, false) }

// Unlink takes a link back.
func (m *Matching) Unlink(a, b match.Ref) error { return m.link(a, b, true) }

func (m *Matching) link(a, b match.Ref, gone bool) error {
	m.space.tx.linked.change(m.id(uint64(a)), refChange{b, gone})
	m.space.tx.linked.change(m.id(uint64(b)), refChange{a, gone})
	return nil
}

func (m *Matching) id(key uint64) refSetID {
	return refSetID{space: m.space.number, epoch: m.epoch, key: key}
}

// readNumberedUpTo returns the greatest number that an observation has; 0 when none has one.
func readNumberedUpTo(r pebble.Reader, s space) (uint32, error) {
	prefix := s.key(nil, kindNumbered)
	it, err := r.NewIter(&pebble.IterOptions{LowerBound: prefix, UpperBound: after(prefix)})
	if err != nil {
		return 0, err
	}
	number := uint32(0)
	if it.Last() {
		number = binary.BigEndian.Uint32(it.Key()[len(prefix):])
	}
	return number, it.Close()
}

// readRef returns 0 when the observation has no number.
func readRef(read viewer, s space, id identity.ObservationID) (r match.Ref, err error) {
	_, err = read(s.idKey(nil, kindNumber, id), func(value []byte) error {
		if len(value) != 4 {
			return fmt.Errorf("%w: number of an observation", ErrCorrupt)
		}
		r = match.Ref(binary.BigEndian.Uint32(value))
		return nil
	})
	return r, err
}

// readNumbered returns the zero id when nobody has the number.
func readNumbered(read viewer, s space, r match.Ref) (id identity.ObservationID, err error) {
	_, err = read(s.numberedKey(nil, r), func(value []byte) error {
		if len(value) != len(id) {
			return fmt.Errorf("%w: observation of a number", ErrCorrupt)
		}
		copy(id[:], value)
		return nil
	})
	return id, err
}
