package outbox

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"
)

// Queue is the sink's end of the outbox. Entries up to Clean are gone, those up to Sent are
// acknowledged by ClickHouse but kept, so that they can be looked for again, the others wait.
//
// Reading, waiting and the cursors' getters are safe for concurrent use; what moves a cursor is
// for one goroutine.
type Queue struct {
	db          *pebble.DB
	sent, clean atomic.Uint64
	last        atomic.Uint64 // greatest Seq known to be committed

	mu    sync.Mutex
	grown chan struct{} // closed and replaced when last grows
	tail  tail
	// segments are steps with rows of memberships that are not sent, oldest first.
	segments []unsent
}

// recover loads the cursors and returns the greatest Seq ever used, as far as the database knows.
func (q *Queue) recover() (uint64, error) {
	sent, err := q.loadCursor(kindSent)
	if err != nil {
		return 0, err
	}
	clean, err := q.loadCursor(kindClean)
	if err != nil {
		return 0, err
	}
	q.sent.Store(sent)
	q.clean.Store(clean)
	it, err := q.db.NewIter(bounds(kindEntry, 0, ^uint64(0)))
	if err != nil {
		return 0, err
	}
	last := max(sent, clean)
	if it.Last() {
		last = max(last, keyNumber(it.Key()))
	}
	return last, it.Close()
}

func (q *Queue) loadCursor(kind byte) (uint64, error) {
	value, closer, err := q.db.Get(markKey(kind))
	if errors.Is(err, pebble.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer func() { _ = closer.Close() }()
	if len(value) != 8 {
		return 0, fmt.Errorf("%w: cursor %q", ErrCorrupt, kind)
	}
	return binary.BigEndian.Uint64(value), nil
}

// Sent is the Seq up to which ClickHouse has acknowledged all rows.
func (q *Queue) Sent() uint64 { return q.sent.Load() }

// Clean is the Seq up to which entries were removed.
func (q *Queue) Clean() uint64 { return q.clean.Load() }

// Last is the greatest Seq that is known to be committed.
func (q *Queue) Last() uint64 { return q.last.Load() }

// Committed is the greatest Seq in the database. Last may be behind it for a moment.
func (q *Queue) Committed() (last uint64, err error) {
	it, err := q.db.NewIter(bounds(kindEntry, 0, ^uint64(0)))
	if err != nil {
		return 0, err
	}
	last = max(q.Sent(), q.Clean(), q.Last())
	if it.Last() {
		last = max(last, keyNumber(it.Key()))
	}
	return last, it.Close()
}

// grow tells that all up to last is committed that ever will be, entries the newest of it.
func (q *Queue) grow(last uint64, entries []Entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if last <= q.last.Load() {
		return
	}
	q.tail.add(entries)
	q.last.Store(last)
	close(q.grown)
	q.grown = make(chan struct{})
}

// Grown returns Last, and a channel that is closed once Last is greater.
func (q *Queue) Grown() (last uint64, grown <-chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.last.Load(), q.grown
}

// Wait returns nil once an entry with at least the given Seq is committed, or ctx's error.
func (q *Queue) Wait(ctx context.Context, seq uint64) error {
	for {
		last, grown := q.Grown()
		if last >= seq {
			return nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// readBytes bounds what one Read returns, except that one entry always fits: a row in the outbox may
// hold a whole rejected payload.
const readBytes = 8 << 20

// Take is Read for the sink, which asks for all entries in their order: those that were committed a
// moment ago come from memory, with their Value, and are let go of. Asked for again they come from
// the database.
func (q *Queue) Take(after, to uint64, limit int) ([]Entry, error) {
	for after < to && limit > 0 {
		q.mu.Lock()
		kept, before := q.tail.take(after, to, limit)
		q.mu.Unlock()
		if len(kept) > 0 {
			return kept, nil
		}
		stored, err := q.Read(after, min(to, before), limit)
		if len(stored) > 0 || err != nil {
			return stored, err
		}
		after = before // a gap, where a batch was dropped
	}
	return nil, nil
}

// Read returns entries with after < Seq <= to, ascending, at most limit, and no more than 8 MiB of
// them or one. It returns none only if there is none. It reads the database.
func (q *Queue) Read(after, to uint64, limit int) ([]Entry, error) {
	after = max(after, q.Clean())
	if after >= to || limit <= 0 {
		return nil, nil
	}
	it, err := q.db.NewIter(bounds(kindEntry, after, ^uint64(0)))
	if err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	s := span{after: after, to: to, limit: limit}
	for valid := it.First(); valid && !s.done(); valid = it.Next() {
		last := keyNumber(it.Key())
		value, err := it.ValueAndErr()
		if err == nil {
			err = s.add(value, last)
		}
		if err != nil {
			_ = it.Close()
			return nil, fmt.Errorf("read outbox at %d: %w", last, err)
		}
	}
	if err := it.Close(); err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	return s.entries, nil
}

// span gathers entries for Read.
type span struct {
	after, to uint64
	limit     int
	entries   []Entry
	size      int
	seen      uint64 // the last Seq looked at
}

func (s *span) done() bool {
	return s.seen >= s.to || len(s.entries) >= s.limit || s.size >= readBytes
}

// add takes what the span wants of the entries that are stored together.
func (s *span) add(value []byte, last uint64) error {
	r, err := readEntries(value, last)
	if err != nil {
		return err
	}
	s.entries = slices.Grow(s.entries, min(r.left, s.limit-len(s.entries)))
	for r.left > 0 && !s.done() {
		var e Entry
		if err := r.next(&e); err != nil {
			return err
		}
		s.seen = e.Seq
		if e.Seq > s.after && e.Seq <= s.to {
			s.entries = append(s.entries, e)
			s.size += e.bytes()
		}
	}
	return nil
}

// Begin marks the queue as open, synced, and says whether it was closed by End before: if not,
// what was sent since the clean point must be looked for.
func (q *Queue) Begin() (clean bool, err error) {
	_, closer, err := q.db.Get(markKey(kindOpen))
	switch {
	case errors.Is(err, pebble.ErrNotFound):
		clean = true
	case err != nil:
		return false, fmt.Errorf("open outbox queue: %w", err)
	default:
		_ = closer.Close()
	}
	if err := q.db.Set(markKey(kindOpen), nil, pebble.Sync); err != nil {
		return false, fmt.Errorf("open outbox queue: %w", err)
	}
	return clean, nil
}

// End marks the queue as closed in good order, synced. Nothing may be under way.
func (q *Queue) End() error {
	if err := q.db.Delete(markKey(kindOpen), pebble.Sync); err != nil {
		return fmt.Errorf("close outbox queue: %w", err)
	}
	return nil
}
