package state

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/uuid"

	"tributary/identity"
	"tributary/profiles/live"
)

// The feed of changes (profiles/live). A step's entries are gathered, numbered when it is committed, and
// written in its batch. They name observations; whose these are is looked up by who reads.

// Retention of the feed.
const (
	// trimLiveEvery is how many entries are written between two looks at what is too old.
	trimLiveEvery = 4096
	// trimLiveAfter is how much the clock goes on between two such looks.
	trimLiveAfter = 10 * time.Minute
)

// liveHead says which feed it is, and which entries it holds.
type liveHead struct {
	live.Head
	trimmed int64 // when it was last trimmed, Unix milliseconds of the clock
}

func (h *liveHead) append(b []byte) []byte {
	for _, n := range [...]uint64{h.Feed, h.First, h.Last, uint64(h.trimmed)} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return b
}

func readLiveHead(value []byte) (h liveHead, err error) {
	if value == nil {
		return h, nil
	}
	if len(value) != 32 {
		return h, fmt.Errorf("%w: live feed", ErrCorrupt)
	}
	n := func(i int) uint64 { return binary.BigEndian.Uint64(value[8*i:]) }
	return liveHead{live.Head{Feed: n(0), First: n(1), Last: n(2)}, int64(n(3))}, nil
}

// endFeeds forgets all feeds where none is kept: what is told once they are kept again is another feed, and nobody
// goes on in it as if nothing had been between.
func (s *Store) endFeeds() error {
	if s.config.LiveEntries >= 0 {
		return nil
	}
	return errors.Join(
		s.db.DeleteRange([]byte{kindLive}, []byte{kindLive + 1}, pebble.NoSync),
		s.db.DeleteRange([]byte{kindLiveHead}, []byte{kindLiveHead + 1}, pebble.NoSync))
}

// telling is what a workspace has to tell of the step under way.
type telling struct {
	head    *liveHead // nil: not read yet
	entries []live.Entry
	said    map[saidOnce]struct{}
}

// saidOnce is what a step tells once, however often it happens.
type saidOnce struct {
	kind        live.Kind
	observation identity.ObservationID
}

// Tell adds an entry to the feed, without its number and time. What is the same, and says nothing but that
// something changed, is told once in a step.
func (s *Space) Tell(e live.Entry) {
	if s.tx.store.config.LiveEntries < 0 {
		return
	}
	t := &s.telling
	if t.repeats(&e) {
		return
	}
	if len(t.entries) == 0 {
		s.tx.telling = append(s.tx.telling, s)
	}
	t.entries = append(t.entries, e)
}

// repeats says whether the step tells an entry already, or can tell it by one that it has.
func (t *telling) repeats(e *live.Entry) bool {
	if e.Kind.Coalesced() {
		once := saidOnce{e.Kind, e.Observation}
		_, said := t.said[once]
		if t.said == nil {
			t.said = map[saidOnce]struct{}{}
		}
		t.said[once] = struct{}{}
		return said
	}
	if e.Kind == live.IdentityVersion {
		for i := range t.entries {
			if t.entries[i].Kind == e.Kind {
				t.entries[i].To = e.To
				return true
			}
		}
	}
	return false
}

// forgetTelling ends a step.
func (t *Tx) forgetTelling() {
	for _, s := range t.telling {
		clear(s.telling.said)
		clear(s.telling.entries)
		s.telling.entries = s.telling.entries[:0]
	}
	t.telling, t.untold = t.telling[:0], t.untold[:0]
}

// flushLive numbers and writes what the step tells.
func (t *Tx) flushLive() error {
	for _, s := range t.telling {
		if err := s.writeLive(); err != nil {
			return fmt.Errorf("write live feed: %w", err)
		}
	}
	return nil
}

func (s *Space) writeLive() error {
	head, err := s.liveHead()
	if err != nil {
		return err
	}
	now := s.clock.Time()
	for i := range s.telling.entries {
		e := &s.telling.entries[i]
		if tellable, err := s.tellable(e); !tellable || err != nil {
			if err != nil {
				return err
			}
			continue
		}
		head.Last++
		e.Number, e.At = head.Last, now
		s.tx.key, s.tx.value = s.liveKey(s.tx.key, e.Number), e.Append(s.tx.value[:0])
		if err := s.tx.set(s.tx.key, s.tx.value); err != nil {
			return err
		}
	}
	if err := s.trimLive(head); err != nil {
		return err
	}
	s.tx.key, s.tx.value = s.key(s.tx.key, kindLiveHead), head.append(s.tx.value[:0])
	return s.tx.set(s.tx.key, s.tx.value)
}

// tellable says whether an entry may be told: nobody who was erased, and is no more, is named.
func (s *Space) tellable(e *live.Entry) (bool, error) {
	if s.Erasures().Len() == 0 {
		return true, nil
	}
	gone, err := s.isErased(e.Observation)
	if gone || err != nil {
		return false, err
	}
	if gone, err = s.isErased(e.Peer); gone {
		e.Peer = uuid.Nil
	}
	return true, err
}

func (s *Space) isErased(id identity.ObservationID) (bool, error) {
	if id == uuid.Nil || s.Erasures().OfObservation(id) == nil {
		return false, nil
	}
	is, err := s.Observed(id)
	return is == nil, err
}

// liveHead returns the head as of this step; a feed begins with its first entry.
func (s *Space) liveHead() (*liveHead, error) {
	if s.telling.head != nil {
		return s.telling.head, nil
	}
	value, err := get(s.tx.store.db, s.key(nil, kindLiveHead))
	if err != nil {
		return nil, err
	}
	head, err := readLiveHead(value)
	for head.Feed == 0 {
		var id [8]byte
		_, _ = rand.Read(id[:]) // never fails
		head.Feed, head.First = binary.BigEndian.Uint64(id[:]), 1
	}
	s.telling.head = &head
	return &head, err
}

// trimLive forgets what is too much or too old, now and then.
func (s *Space) trimLive(head *liveHead) error {
	config := &s.tx.store.config
	most, late := uint64(config.LiveEntries), s.clock.Milli-head.trimmed
	if head.Last+1-head.First < most+trimLiveEvery && late < trimLiveAfter.Milliseconds() {
		return nil
	}
	first, err := s.firstSince(head, s.clock.Time().Add(-config.LiveAge))
	if err != nil {
		return err
	}
	head.trimmed = s.clock.Milli
	if head.Last > most {
		first = max(first, head.Last-most+1)
	}
	if first == head.First {
		return nil
	}
	from := s.liveKey(nil, head.First)
	head.First = first
	return s.tx.batch.DeleteRange(from, s.liveKey(nil, first), nil)
}

// firstSince finds the number of the first entry that was told since a time. Their times ascend.
func (s *Space) firstSince(head *liveHead, since time.Time) (uint64, error) {
	it, err := s.tx.store.db.NewIter(iterOf(s.key(nil, kindLive)))
	if err != nil {
		return 0, err
	}
	n := sort.Search(int(head.Last+1-head.First), func(i int) bool {
		if err != nil || !it.SeekGE(s.liveKey(nil, head.First+uint64(i))) {
			return true
		}
		var e live.Entry
		e, err = decodeLive(it.Key(), it.Value())
		return !e.At.Before(since)
	})
	return head.First + uint64(n), errors.Join(err, it.Error(), it.Close())
}

func decodeLive(key, value []byte) (live.Entry, error) {
	e, err := live.Decode(binary.BigEndian.Uint64(key[len(key)-8:]), value)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return e, err
}

// ForgetLive takes those who are gone out of the feed. It goes through all of it.
func (s *Space) ForgetLive(gone func(identity.ObservationID) bool) error {
	kept := s.telling.entries[:0]
	for _, e := range s.telling.entries {
		if gone(e.Observation) {
			continue
		}
		if gone(e.Peer) {
			e.Peer = uuid.Nil
		}
		kept = append(kept, e)
	}
	if s.telling.entries = kept; len(kept) == 0 {
		s.tx.telling = slices.DeleteFunc(s.tx.telling, func(other *Space) bool { return other == s })
	}
	s.tx.untold = append(s.tx.untold, s.name)
	err := scan(s.tx.store.db, s.key(nil, kindLive), func(key, value []byte) error {
		e, err := decodeLive(key, value)
		if err != nil {
			return err
		}
		if gone(e.Observation) {
			return s.tx.delete(key)
		}
		if gone(e.Peer) {
			e.Peer = uuid.Nil
			return s.tx.set(bytes.Clone(key), e.Append(nil))
		}
		return nil
	})
	return wrapRead("live feed", err)
}

func (s space) liveKey(b []byte, number uint64) []byte {
	return binary.BigEndian.AppendUint64(s.key(b, kindLive), number)
}
