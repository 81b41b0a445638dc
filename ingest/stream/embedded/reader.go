package embedded

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/cockroachdb/pebble/v2"

	"tributary/ingest/stream"
)

// readBytes bounds what one Next returns, except that one record always fits.
const readBytes = 8 << 20

// reader follows one partition.
type reader struct {
	log       *Log
	partition *partition
	offset    uint64
	wake      chan struct{}
	waiting   bool // on the partition's list; guarded by partition.mu
	closed    chan struct{}
	once      sync.Once

	chunk chunk
}

// Reader implements stream.Log. From may lie before what is kept, or after what is there.
func (l *Log) Reader(id stream.Partition, from uint64) (stream.Reader, error) {
	if err := l.usable(context.Background()); err != nil {
		return nil, err
	}
	p, err := l.partition(id)
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	return &reader{
		log: l, partition: p, offset: from,
		wake: make(chan struct{}, 1), closed: make(chan struct{}),
	}, nil
}

// Close implements stream.Reader.
func (r *reader) Close() error {
	r.once.Do(func() { close(r.closed) })
	return nil
}

// Next implements stream.Reader. It returns no more than 8 MiB at once, or one record. The values
// of one call share one buffer: who keeps a value for long should copy it.
func (r *reader) Next(ctx context.Context, limit int) ([]stream.Entry, error) {
	if limit < 1 {
		return nil, fmt.Errorf("read: at most %d entries asked for", limit)
	}
	defer r.partition.forget(r)
	for {
		if err := r.usable(ctx); err != nil {
			return nil, err
		}
		n, err := r.partition.available(r.offset, r)
		if err != nil {
			return nil, err
		}
		if n > 0 {
			return r.read(min(n, uint64(limit)))
		}
		select {
		case <-r.wake:
		case <-ctx.Done():
		case <-r.closed:
		case <-r.log.closed:
		}
	}
}

func (r *reader) usable(ctx context.Context) error {
	select {
	case <-r.closed:
		return stream.ErrClosed
	default:
		return r.log.usable(ctx)
	}
}

// read returns up to n records, all of which are durable.
func (r *reader) read(n uint64) ([]stream.Entry, error) {
	r.log.use.RLock()
	defer r.log.use.RUnlock()
	select {
	case <-r.log.closed:
		return nil, stream.ErrClosed
	default:
	}
	id := r.partition.id
	it, err := r.log.db.NewIter(&pebble.IterOptions{
		LowerBound: recordKey(id, r.offset), UpperBound: recordKey(id, r.offset+n),
	})
	if err != nil {
		return nil, fmt.Errorf("read %d/%d: %w", id, r.offset, err)
	}
	err = r.scan(it)
	if err = errors.Join(err, it.Close()); err != nil {
		return nil, err
	}
	entries := r.chunk.entries(id, r.offset)
	r.offset += uint64(len(entries))
	return entries, nil
}

// scan gathers records into the chunk.
func (r *reader) scan(it *pebble.Iterator) error {
	r.chunk.reset()
	next := r.offset
	for ok := it.First(); ok && r.chunk.size() < readBytes; ok = it.Next() {
		offset, err := recordOffset(it.Key())
		if err != nil {
			return fmt.Errorf("read %d/%d: %w", r.partition.id, next, err)
		}
		if offset != next {
			break
		}
		value, err := it.ValueAndErr()
		if err != nil {
			return fmt.Errorf("read %d/%d: %w", r.partition.id, next, err)
		}
		if err := r.chunk.add(value); err != nil {
			return fmt.Errorf("read %d/%d: %w", r.partition.id, next, err)
		}
		next++
	}
	if next > r.offset {
		return nil
	}
	if err := it.Error(); err != nil {
		return fmt.Errorf("read %d/%d: %w", r.partition.id, next, err)
	}
	if r.partition.info().First > r.offset {
		return stream.ErrTrimmed // meanwhile
	}
	return fmt.Errorf("read %d/%d: record is missing", r.partition.id, r.offset)
}
