package embedded

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"tributary/ingest/stream"
)

// partition is the state of one partition in memory.
type partition struct {
	id   stream.Partition
	next uint64 // the offset to give out next; the appender's alone

	trimming sync.Mutex // one Trim at a time

	mu      sync.Mutex
	first   uint64
	durable uint64 // offsets below are on disk
	waiting []*reader
}

func (p *partition) load(db *pebble.DB) error {
	value, closer, err := db.Get(firstKey(p.id))
	switch {
	case errors.Is(err, pebble.ErrNotFound):
	case err != nil:
		return fmt.Errorf("read first offset: %w", err)
	default:
		if len(value) != 8 {
			return errors.Join(ErrFormat, closer.Close())
		}
		p.first = binary.BigEndian.Uint64(value)
		if err := closer.Close(); err != nil {
			return fmt.Errorf("read first offset: %w", err)
		}
	}
	if p.next, err = nextOffset(db, p.id); err != nil {
		return fmt.Errorf("read last offset: %w", err)
	}
	p.next = max(p.next, p.first) // all of it may have been trimmed
	p.durable = p.next            // Pebble synced what it replayed
	return nil
}

// nextOffset returns the offset after the last record's.
func nextOffset(db *pebble.DB, id stream.Partition) (uint64, error) {
	it, err := db.NewIter(&pebble.IterOptions{LowerBound: recordKey(id, 0), UpperBound: recordKey(id+1, 0)})
	if err != nil {
		return 0, err
	}
	var next uint64
	if it.Last() {
		next, err = recordOffset(it.Key())
		next++
	}
	return next, errors.Join(err, it.Close())
}

func (p *partition) info() stream.PartitionInfo {
	p.mu.Lock()
	defer p.mu.Unlock()
	return stream.PartitionInfo{ID: p.id, Lane: p.id.Lane(), First: p.first, Next: p.durable}
}

// publish makes the offsets below next visible and wakes who waits for them.
func (p *partition) publish(next uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.durable = next
	for i, r := range p.waiting {
		r.waiting = false
		select {
		case r.wake <- struct{}{}:
		default: // woken before, and gone for another reason
		}
		p.waiting[i] = nil
	}
	p.waiting = p.waiting[:0]
}

// available returns how many records can be read from the offset on. If there are none yet, the
// reader is woken once there are.
func (p *partition) available(offset uint64, r *reader) (uint64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case offset < p.first:
		return 0, stream.ErrTrimmed
	case offset < p.durable:
		return p.durable - offset, nil
	}
	if !r.waiting {
		r.waiting = true
		p.waiting = append(p.waiting, r)
	}
	return 0, nil
}

// forget takes a reader that waits no more off the list.
func (p *partition) forget(r *reader) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, other := range p.waiting {
		if other == r {
			p.waiting = append(p.waiting[:i], p.waiting[i+1:]...)
			r.waiting = false
			return
		}
	}
}
