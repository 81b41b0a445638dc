package outbox

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
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

func (q *Queue) grow(last uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if last <= q.last.Load() {
		return
	}
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

// Read returns entries with after < Seq <= to, ascending, at most limit, and no more than 8 MiB of
// them or one. It returns none only if there is none.
func (q *Queue) Read(after, to uint64, limit int) ([]Entry, error) {
	if after >= to || limit <= 0 {
		return nil, nil
	}
	it, err := q.db.NewIter(bounds(kindEntry, after, to))
	if err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	var entries []Entry
	size := 0
	for valid := it.First(); valid && len(entries) < limit && size < readBytes; valid = it.Next() {
		seq := keyNumber(it.Key())
		value, err := it.ValueAndErr()
		if err == nil {
			size += len(value)
			entries = append(entries, Entry{Seq: seq})
			err = decodeEntry(&entries[len(entries)-1], value)
		}
		if err != nil {
			_ = it.Close()
			return nil, fmt.Errorf("read outbox at %d: %w", seq, err)
		}
	}
	if err := it.Close(); err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	return entries, nil
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
