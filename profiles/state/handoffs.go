package state

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/profiles/handoff"
)

// Hand-offs lie under their observation, in the order in which they were offered, and go with it. They are found
// by id, by conversation, and by queue as long as they are not over.

// MaxHandoffs is how many hand-offs are kept of an observation: those that were offered last, by time and id, so
// that which they are does not hang on the order of arrival.
const MaxHandoffs = 64

// The second parts of keys of kindHandoffBy.
const (
	handoffByID           = 'i'
	handoffByConversation = 'c'
	handoffByQueue        = 'q'
)

// Handoff is a hand-off with its place.
type Handoff struct {
	Observation identity.ObservationID
	Key         handoff.Key
	History     handoff.History
}

func (s space) handoffKey(id identity.ObservationID, k handoff.Key) []byte {
	return appendHandoff(s.idKey(nil, kindHandoff, id), k)
}

// offered times are before the year 1970 for nobody.
func appendHandoff(b []byte, k handoff.Key) []byte {
	return append(binary.BigEndian.AppendUint64(b, uint64(max(k.OfferedAt, 0))), k.ID[:]...) //nolint:gosec // not negative
}

func (s space) handoffBy(part byte) []byte { return append(s.key(nil, kindHandoffBy), part) }

func (s space) handoffIDKey(id uuid.UUID) []byte { return append(s.handoffBy(handoffByID), id[:]...) }

// handoffIndex lists the keys by which a hand-off is found, with what they hold; of one that was not offered
// yet, its id alone.
func (s space) handoffIndex(x *Handoff) map[string][]byte {
	place := x.Observation[:]
	index := map[string][]byte{string(s.handoffIDKey(x.Key.ID)): appendHandoff(bytes.Clone(place), x.Key)}
	r := x.History.Fold(time.Time{}) // at the last step, for time alone never ends a hand-off
	if r == nil {
		return index
	}
	if r.Conversation != "" {
		index[string(appendHandoff(appendString(s.handoffBy(handoffByConversation), r.Conversation), x.Key))] = bytes.Clone(place)
	}
	if !r.Status.Over() {
		index[string(appendHandoff(appendString(s.handoffBy(handoffByQueue), r.To.Queue), x.Key))] = bytes.Clone(place)
	}
	return index
}

// AddHandoff adds a step to a hand-off of an observation, and says whether that changed anything.
func (s *Space) AddHandoff(id identity.ObservationID, step *handoff.Step) (bool, error) {
	x := &Handoff{Observation: id, Key: step.Key()}
	key := s.handoffKey(id, x.Key)
	value, err := s.tx.read(key)
	if err == nil && value != nil {
		err = decodeHandoff(&x.History, value)
	}
	if err != nil {
		return false, wrapRead("hand-off", err)
	}
	was := map[string][]byte{}
	if value != nil {
		was = s.handoffIndex(x)
	}
	if !x.History.Add(step) {
		return false, nil
	}
	if value, err = x.History.AppendBinary(nil); err != nil {
		return false, err
	}
	s.kinds.put(kindHandoff)
	s.tx.write(key, value)
	s.reindex(was, s.handoffIndex(x))
	if len(was) > 0 {
		return true, nil
	}
	return true, s.boundHandoffs(id)
}

// reindex replaces the keys by which a hand-off was found.
func (s *Space) reindex(was, now map[string][]byte) {
	for key := range was {
		if _, stays := now[key]; !stays {
			s.tx.write([]byte(key), nil)
		}
	}
	for key, value := range now {
		s.tx.write([]byte(key), value)
	}
}

// boundHandoffs forgets the first hand-offs of an observation beyond MaxHandoffs.
func (s *Space) boundHandoffs(id identity.ObservationID) error {
	var all []*Handoff
	err := s.eachHandoff(id, func(x *Handoff) error {
		all = append(all, x)
		return nil
	})
	if err != nil {
		return err
	}
	for len(all) > MaxHandoffs {
		first := 0
		for i := range all {
			if all[i].Key.Compare(all[first].Key) < 0 {
				first = i
			}
		}
		s.dropHandoff(all[first])
		all = append(all[:first], all[first+1:]...)
	}
	return nil
}

func (s *Space) dropHandoff(x *Handoff) {
	s.tx.write(s.handoffKey(x.Observation, x.Key), nil)
	s.reindex(s.handoffIndex(x), nil)
}

// forgetHandoffs forgets the hand-offs of an observation.
func (s *Space) forgetHandoffs(id identity.ObservationID) error {
	return s.eachHandoff(id, func(x *Handoff) error {
		s.dropHandoff(x)
		return nil
	})
}

// eachHandoff calls f with the hand-offs of an observation as of this step. f may drop them.
func (s *Space) eachHandoff(id identity.ObservationID, f func(*Handoff) error) error {
	prefix := s.idKey(nil, kindHandoff, id)
	err := s.eachOwn(prefix, func(key, value []byte) error {
		x := &Handoff{Observation: id, Key: decodeHandoffKey(key)}
		if err := decodeHandoff(&x.History, value); err != nil {
			return err
		}
		return f(x)
	})
	return wrapRead("hand-offs", err)
}

func decodeHandoff(h *handoff.History, value []byte) error {
	if err := h.UnmarshalBinary(value); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return nil
}

// decodeHandoffKey reads the end of a key.
func decodeHandoffKey(key []byte) (k handoff.Key) {
	rest := key[len(key)-8-len(k.ID):]
	k.OfferedAt = int64(binary.BigEndian.Uint64(rest)) //nolint:gosec // was not negative
	copy(k.ID[:], rest[8:])
	return k
}

// Handoff returns the hand-off of an id; nil when there is none.
func (h *Snapshot) Handoff(id uuid.UUID) (*Handoff, error) {
	if !h.has(kindHandoff) {
		return nil, nil
	}
	place, err := get(h.db, h.handoffIDKey(id))
	if err != nil || place == nil {
		return nil, wrapRead("hand-off", err)
	}
	return h.handoffAt(identity.ObservationID(place[:len(id)]), decodeHandoffKey(place))
}

func (h *Snapshot) handoffAt(observation identity.ObservationID, k handoff.Key) (*Handoff, error) {
	x := &Handoff{Observation: observation, Key: k}
	value, err := get(h.db, h.handoffKey(observation, k))
	if err == nil && value == nil {
		return nil, nil
	}
	if err == nil {
		err = decodeHandoff(&x.History, value)
	}
	return x, wrapRead("hand-off", err)
}

// HandoffQuery asks for hand-offs by conversation, or, of those that are not over, by queue; of neither, for all
// that are not over.
type HandoffQuery struct {
	Conversation string
	Queue        *string // empty: those for no queue
	After        []byte  // the cursor that a page ended with
}

// EachHandoff calls f with the hand-offs that a query asks for, by queue in the order in which they were
// offered, with a cursor behind each, until f says that it is enough. Those of people to whom use is restricted are left out.
func (h *Snapshot) EachHandoff(q HandoffQuery, f func(x *Handoff, cursor []byte) (more bool, err error)) error {
	if !h.has(kindHandoff) {
		return nil
	}
	prefix := h.handoffBy(handoffByQueue)
	switch {
	case q.Conversation != "":
		prefix = appendString(h.handoffBy(handoffByConversation), q.Conversation)
	case q.Queue != nil:
		prefix = appendString(prefix, *q.Queue)
	}
	from := append(bytes.Clone(prefix), q.After...)
	if len(q.After) > 0 {
		from = append(from, 0)
	}
	err := scanRange(h.db, from, after(prefix), func(key, value []byte) error {
		if len(value) != len(uuid.UUID{}) {
			return ErrCorrupt
		}
		if restricted, err := h.restrictedProfile(identity.ObservationID(value)); restricted || err != nil {
			return err
		}
		x, err := h.handoffAt(identity.ObservationID(value), decodeHandoffKey(key))
		if err != nil || x == nil {
			return err
		}
		more, err := f(x, bytes.Clone(key[len(prefix):]))
		if err == nil && !more {
			err = errStop
		}
		return err
	})
	if errors.Is(err, errStop) {
		err = nil
	}
	return wrapRead("hand-offs", err)
}

// HandoffsOf returns the hand-offs of an observation in the order in which they were offered.
func (h *Snapshot) HandoffsOf(id identity.ObservationID) ([]*Handoff, error) {
	if !h.has(kindHandoff) {
		return nil, nil
	}
	var all []*Handoff
	err := scan(h.db, h.idKey(nil, kindHandoff, id), func(key, value []byte) error {
		x := &Handoff{Observation: id, Key: decodeHandoffKey(key)}
		all = append(all, x)
		return decodeHandoff(&x.History, value)
	})
	return all, wrapRead("hand-offs", err)
}

// Handoff returns the hand-off of an id as it stands now; nil when there is none.
func (s *Store) Handoff(workspace string, id uuid.UUID) (x *Handoff, err error) {
	h, err := s.View(workspace)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	return h.Handoff(id)
}

// EachHandoff is Snapshot.EachHandoff as it stands now.
func (s *Store) EachHandoff(workspace string, q HandoffQuery, f func(x *Handoff, cursor []byte) (more bool, err error)) (err error) {
	h, err := s.View(workspace)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	return h.EachHandoff(q, f)
}

// HandoffsOf is Snapshot.HandoffsOf as it stands now, of several observations, in the order in which they were offered.
func (s *Store) HandoffsOf(workspace string, ids ...identity.ObservationID) (all []*Handoff, err error) {
	h, err := s.View(workspace)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	for _, id := range ids {
		more, err := h.HandoffsOf(id)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	slices.SortFunc(all, func(a, b *Handoff) int { return a.Key.Compare(b.Key) })
	return all, nil
}
