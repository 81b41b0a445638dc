package embedded

import (
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"tributary/ingest/stream"
)

const (
	// groupBytes is when a group is closed for others. It stays well below half of a memtable,
	// where Pebble would begin to treat the batch as a table of its own.
	groupBytes = 4 << 20
	// groups is how many there are: one is built while the others wait for their fsync.
	groups = 2
)

// group is what is committed in one batch: some requests, and what becomes visible with them.
type group struct {
	batch      *pebble.Batch
	requests   []*request
	bytes      int
	partitions []progress
	counters   []counted
}

type progress struct {
	partition *partition
	next      uint64
}

type counted struct {
	counter *counter
	count   uint64
}

// run is the appender: it forms groups from the queue and applies them in order. It takes from the
// queue only when a group is free, so that requests gather while the disk is busy.
func (l *Log) run() {
	defer close(l.stopped)
	free, applied := make(chan *group, groups), make(chan *group, groups)
	for range groups {
		free <- &group{batch: l.db.NewBatch(pebble.WithMaxRetainedSizeBytes(2 * groupBytes))}
	}
	go func() {
		for g := range applied {
			l.sync(g)
			free <- g
		}
		close(free)
	}()
	var pending []*request
	for g := range free {
		if pending = l.queue.take(pending[:0]); len(pending) == 0 {
			close(applied)
			break
		}
		for rest := l.build(g, pending); ; rest = l.build(g, rest) {
			l.apply(g)
			applied <- g
			if len(rest) == 0 {
				break
			}
			g = <-free
		}
		clear(pending)
	}
	for range free { // until the last group is synced
		continue
	}
}

// build fills the group and returns the requests that did not fit.
func (l *Log) build(g *group, pending []*request) []*request {
	for i, r := range pending {
		if len(g.requests) > 0 && g.bytes+r.bytes > groupBytes {
			return pending[i:]
		}
		if r.state.CompareAndSwap(queued, taken) {
			l.add(g, r)
		}
	}
	return nil
}

// add gives the records their offsets and writes them into the batch.
func (l *Log) add(g *group, r *request) {
	g.requests = append(g.requests, r)
	g.bytes += r.bytes
	for i := range r.records {
		rec := &r.records[i]
		src := l.sources.get(rec.Workspace, rec.Source)
		p := l.partitions[int(rec.Lane)*l.config.Shards+int(src.shard)]
		offset := p.next
		p.next++
		r.positions[i] = stream.Position{Partition: p.id, Offset: offset}
		op := g.batch.SetDeferred(recordKeyLen, frameSize(rec))
		putRecordKey(op.Key, p.id, offset)
		putFrame(op.Value, rec)
		_ = op.Finish() // fails for indexed batches only
		if rec.Kind.Counted() {
			c := l.sources.on(src, stream.DayOf(rec.ReceivedAt))
			c.count++
			if !c.touched {
				c.touched = true
				g.counters = append(g.counters, counted{counter: c})
			}
		}
		g.touch(p)
	}
}

func (g *group) touch(p *partition) {
	for i := range g.partitions {
		if g.partitions[i].partition == p {
			g.partitions[i].next = p.next
			return
		}
	}
	g.partitions = append(g.partitions, progress{p, p.next})
}

// apply writes the batch without waiting for its fsync.
func (l *Log) apply(g *group) {
	var value [8]byte
	for i := range g.counters {
		c := &g.counters[i]
		c.counter.touched = false
		c.count = c.counter.count
		binary.BigEndian.PutUint64(value[:], c.count)
		_ = g.batch.Set(c.counter.key, value[:], nil)
	}
	if g.batch.Empty() { // all callers have gone
		return
	}
	if err := l.db.ApplyNoSyncWait(g.batch, pebble.Sync); err != nil {
		l.fatal(fmt.Errorf("append: %w", err))
	}
}

// sync waits until the group is on disk, makes it visible and answers its callers.
func (l *Log) sync(g *group) {
	err := g.batch.SyncWait()
	if err != nil {
		// What is on disk is unknown, and so is the next offset.
		l.fatal(fmt.Errorf("append: %w", err))
	}
	l.sources.publish(g)
	for i, r := range g.requests {
		r.done <- nil
		g.requests[i] = nil
	}
	g.batch.Reset()
	g.requests, g.partitions, g.counters, g.bytes = g.requests[:0], g.partitions[:0], g.counters[:0], 0
}

func (l *Log) fatal(err error) {
	l.config.Logger.Error("log is unusable until a restart", "error", err)
	l.config.Fatal(err)
	panic(err) // Fatal must not return
}
