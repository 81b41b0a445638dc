package api

import (
	"context"
	"slices"
	"sync"

	"github.com/google/uuid"

	"tributary/ingest/stream"
	"tributary/profiles/live"
	"tributary/profiles/unify"
)

// What a stream tells of people is on record before it is written, as what any other answer tells: a record of
// the kind listed names all whom a batch of entries is about. The streams of one key share their records: what the
// key was told is on record once, however many listen with it.

// toldID says whose records are shared: who hears the same by the same key.
type toldID struct {
	workspace, actor string
	audience         audience
}

// told is what is on record of what a key was told.
type told struct {
	id        toldID
	listeners map[*listening]bool // under the lock of streams

	mu    sync.Mutex
	known map[uint64]bool // numbers of entries
	order []uint64        // the same, oldest first
}

// maxKnown bounds the numbers that are remembered of one key. What was forgotten is recorded again.
const maxKnown = 1 << 14

// record returns the one of an id, which forget gives back.
func (s *streams) record(id toldID, l *listening) *told {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.records[id]
	if d == nil {
		d = &told{id: id, listeners: map[*listening]bool{}, known: map[uint64]bool{}}
		s.records[id] = d
	}
	d.listeners[l] = true
	return d
}

func (s *streams) forget(d *told, l *listening) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if delete(d.listeners, l); len(d.listeners) == 0 {
		delete(s.records, d.id)
	}
}

// telling is an entry that is about to be written.
type telling struct {
	told    *live.Told
	encoded *encodedEntry
}

// record puts entries on record that are not yet. One listener does that for all who wait.
func (d *told) record(entries []telling, put func([]telling) error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	var fresh []telling
	for _, e := range entries {
		if len(e.encoded.people) > 0 && !d.known[e.told.Number] {
			fresh = append(fresh, e)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	if err := put(fresh); err != nil {
		return err
	}
	for _, e := range fresh {
		d.known[e.told.Number] = true
		d.order = append(d.order, e.told.Number)
	}
	if over := len(d.order) - maxKnown; over > 0 {
		for _, number := range d.order[:over] {
			delete(d.known, number)
		}
		d.order = slices.Delete(d.order, 0, over)
	}
	return nil
}

// disclose appends the records of some entries, and returns when they are durable.
func (s *listening) disclose(ctx context.Context) func([]telling) error {
	return func(entries []telling) error {
		var people []uuid.UUID
		var classes []string
		seen := map[uuid.UUID]bool{}
		for _, e := range entries {
			classes = append(classes, e.encoded.classes...)
			for _, id := range e.encoded.people {
				if !seen[id] {
					seen[id] = true
					people = append(people, id)
				}
			}
		}
		slices.Sort(classes)
		disclosure := s.api.disclosure(s.c, s.x, s.level)
		disclosure.Level, disclosure.Classes = s.audience.level.String(), slices.Compact(classes)
		var records []stream.Record
		for ids := range slices.Chunk(people, unify.MaxDisclosed) {
			r, err := s.api.listedRecord(s.x, disclosure, ids)
			if err != nil {
				return err
			}
			records = append(records, r)
		}
		ctx, cancel := context.WithTimeout(ctx, s.api.Timeout)
		defer cancel()
		return s.api.recordIn(ctx, s.c, records)
	}
}
