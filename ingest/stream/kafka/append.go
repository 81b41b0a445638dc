package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/segmentio/kafka-go"

	"tributary/ingest/stream"
)

// piece is what one Append gives to one partition.
type piece struct {
	records   []*stream.Record
	positions []*stream.Position // where to put the answers
	bytes     int
	state     atomic.Int32
	done      chan error
}

// The states of a piece: whoever moves it out of queued decides.
const (
	queued int32 = iota
	taken
	withdrawn
)

// Append implements stream.Log. Records of several partitions are several requests: when it fails,
// some may be there. A cancelled ctx takes back what is still queued and waits for what is on its
// way, at most for the time that a request and its retries take. It also fails with
// stream.ErrInvalid.
func (l *Log) Append(ctx context.Context, records []stream.Record) ([]stream.Position, error) {
	if err := l.enter(ctx); err != nil {
		return nil, err
	}
	defer l.appends.Done()
	for i := range records {
		if err := records[i].Validate(l.config.MaxValueBytes); err != nil {
			return nil, fmt.Errorf("append record %d: %w", i, err)
		}
	}
	if len(records) == 0 {
		return nil, nil
	}
	positions := make([]stream.Position, len(records))
	pieces := l.split(records, positions)
	for b, p := range pieces {
		b.put(p)
	}
	var errs []error
	for _, p := range pieces {
		errs = append(errs, p.wait(ctx))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("append: %w", err)
	}
	return positions, nil
}

// enter counts the caller among the running appends, unless the log is closed.
func (l *Log) enter(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing {
		return stream.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	l.appends.Add(1)
	return nil
}

func (l *Log) split(records []stream.Record, positions []stream.Position) map[*batcher]*piece {
	pieces := make(map[*batcher]*piece, 1)
	for i := range records {
		r := &records[i]
		b := &l.batchers[int(r.Lane)*l.config.Partitions+l.partitionOf(r.Workspace)]
		p := pieces[b]
		if p == nil {
			p = &piece{done: make(chan error, 1)}
			pieces[b] = p
		}
		p.records = append(p.records, r)
		p.positions = append(p.positions, &positions[i])
		p.bytes += recordSize(r)
	}
	return pieces
}

// partitionOf finds the partition as the default partitioner of Kafka's Java client does.
func (l *Log) partitionOf(workspace string) int {
	return kafka.Murmur2Balancer{}.Balance(kafka.Message{Key: []byte(workspace)}, l.ids...)
}

func (p *piece) wait(ctx context.Context) error {
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
		if p.state.CompareAndSwap(queued, withdrawn) {
			return ctx.Err()
		}
		return <-p.done
	}
}

// batcher writes to one partition, one request at a time, so that the order is kept. What comes
// while a request is under way goes into the next one.
type batcher struct {
	log *Log
	id  stream.Partition

	mu      sync.Mutex
	pending []*piece
	running bool
}

func (b *batcher) put(p *piece) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pending = append(b.pending, p)
	if !b.running {
		b.running = true
		b.log.batches.Go(b.run)
	}
}

func (b *batcher) run() {
	for pieces := b.take(); len(pieces) > 0; pieces = b.take() {
		b.send(pieces)
	}
}

// take returns everything that is pending; nothing ends the run.
func (b *batcher) take() []*piece {
	b.mu.Lock()
	defer b.mu.Unlock()
	pieces := b.pending
	b.pending = nil
	b.running = len(pieces) > 0
	return pieces
}

// send writes the pieces in requests of bounded size and answers each when its last record is
// acknowledged.
func (b *batcher) send(pieces []*piece) {
	limit := b.log.batchBytes()
	var batch batch
	for _, p := range pieces {
		if !p.state.CompareAndSwap(queued, taken) {
			continue
		}
		for i, r := range p.records {
			size := recordSize(r)
			if len(batch.records) > 0 && batch.bytes+size > limit {
				batch.flush(b)
			}
			batch.add(r, p.positions[i], size)
		}
		batch.finished = append(batch.finished, p)
	}
	batch.flush(b)
}

// batch is one produce request.
type batch struct {
	records   []kafka.Record
	positions []*stream.Position
	bytes     int
	finished  []*piece // whose last record is in this batch
	err       error    // of an earlier batch: what follows is not sent
}

func (b *batch) add(r *stream.Record, p *stream.Position, size int) {
	b.records = append(b.records, encode(r))
	b.positions = append(b.positions, p)
	b.bytes += size
}

func (b *batch) flush(to *batcher) {
	if b.err == nil && len(b.records) > 0 {
		var base uint64
		if base, b.err = to.log.produce(to.id, b.records); b.err == nil {
			for i, p := range b.positions {
				*p = stream.Position{Partition: to.id, Offset: base + uint64(i)}
			}
		}
	}
	for _, p := range b.finished {
		p.done <- b.err
	}
	*b = batch{err: b.err}
}
