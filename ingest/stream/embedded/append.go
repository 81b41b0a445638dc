package embedded

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"tributary/ingest/stream"
)

// maxAppendBytes is the most that one Append takes: it is one batch of Pebble.
const maxAppendBytes = 64 << 20

// request is one call of Append on its way through the appender.
type request struct {
	records   []stream.Record
	positions []stream.Position
	bytes     int
	state     atomic.Int32
	done      chan error
}

// The states of a request: whoever moves it out of queued decides.
const (
	queued int32 = iota
	taken
	withdrawn
)

var requests = sync.Pool{New: func() any { return &request{done: make(chan error, 1)} }}

// Append implements stream.Log. A cancelled ctx takes the records back if they are still queued;
// else Append waits for their fsync, so that the caller knows. It also fails with ErrTooLarge if
// all records together have more than 64 MiB, and with stream.ErrInvalid.
func (l *Log) Append(ctx context.Context, records []stream.Record) ([]stream.Position, error) {
	if err := l.usable(ctx); err != nil {
		return nil, err
	}
	if l.config.ReadOnly {
		return nil, ErrReadOnly
	}
	if len(records) == 0 {
		return nil, nil
	}
	bytes, err := l.admit(ctx, records)
	if err != nil {
		return nil, err
	}
	r := requests.Get().(*request)
	r.records, r.positions, r.bytes = records, make([]stream.Position, len(records)), bytes
	r.state.Store(queued)
	if !l.queue.put(r) {
		return nil, stream.ErrClosed
	}
	return r.wait(ctx)
}

// admit checks the records and returns the size of their frames.
func (l *Log) admit(ctx context.Context, records []stream.Record) (int, error) {
	var bytes [stream.Lanes]int
	commands := true
	for i := range records {
		r := &records[i]
		if err := r.Validate(l.config.MaxValueBytes); err != nil {
			return 0, fmt.Errorf("append record %d: %w", i, err)
		}
		bytes[r.Lane] += frameSize(r)
		commands = commands && r.Kind == stream.KindCommand
	}
	total := 0
	for lane, n := range bytes {
		if n == 0 {
			continue
		}
		if err := l.guard.admit(ctx, stream.Lane(lane), n, commands); err != nil {
			return 0, err
		}
		total += n
	}
	if total > maxAppendBytes {
		return 0, fmt.Errorf("%w: %d bytes in one append, at most %d are taken", stream.ErrTooLarge, total, maxAppendBytes)
	}
	return total, nil
}

func (r *request) wait(ctx context.Context) ([]stream.Position, error) {
	var err error
	select {
	case err = <-r.done:
	case <-ctx.Done():
		if r.state.CompareAndSwap(queued, withdrawn) {
			return nil, ctx.Err() // the appender drops it
		}
		err = <-r.done
	}
	positions := r.positions
	r.records, r.positions = nil, nil
	requests.Put(r)
	if err != nil {
		return nil, err
	}
	return positions, nil
}

// queue holds the requests that the appender has not seen yet.
type queue struct {
	mu      sync.Mutex
	pending []*request
	closed  bool
	wake    chan struct{}
}

func (q *queue) init() { q.wake = make(chan struct{}, 1) }

// put reports whether the request was taken; it is not after close.
func (q *queue) put(r *request) bool {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return false
	}
	q.pending = append(q.pending, r)
	first := len(q.pending) == 1
	q.mu.Unlock()
	if first {
		q.signal()
	}
	return true
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.signal()
}

// take waits for requests and returns all of them in exchange for an empty slice; none means that
// the queue is closed and empty.
func (q *queue) take(empty []*request) []*request {
	for {
		q.mu.Lock()
		pending, closed := q.pending, q.closed
		if len(pending) > 0 {
			q.pending = empty
		}
		q.mu.Unlock()
		if len(pending) > 0 || closed {
			return pending
		}
		<-q.wake
	}
}
