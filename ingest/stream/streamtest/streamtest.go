// Package streamtest is the suite that every implementation of stream.Log passes.
package streamtest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"tributary/ingest/stream"
)

// patience ends a test that hangs. Nothing is measured by it.
const patience = 60 * time.Second

// Subject is an implementation under test.
type Subject struct {
	// New makes an empty log and returns what opens it. It is opened again after a Close, never
	// twice at once, and closed by the suite.
	New func(t *testing.T) (open func(t *testing.T) stream.Log)
	// MaxValueBytes is the largest value that the log is configured to take.
	MaxValueBytes int
	// TrimsExactly says that Trim moves First to the offset given. If it does not, First may stay.
	TrimsExactly bool
	// Erases says that the log is a stream.Eraser.
	Erases bool
}

// Run runs the suite.
func Run(t *testing.T, s Subject) {
	for name, test := range map[string]func(*testing.T, Subject){
		"append returns positions in order":        testPositions,
		"records come back as they were":           testRoundTrip,
		"a source stays in its partition":          testSourceOrder,
		"lanes are apart":                          testLanes,
		"workspaces are spread over the shards":    testSpread,
		"concurrent appends lose nothing":          testConcurrent,
		"records and counts survive a reopening":   testReopen,
		"readers are independent":                  testReaders,
		"next waits for a record":                  testBlockingNext,
		"next ends when it should":                 testNextEnds,
		"next returns at most max":                 testMax,
		"a reader may start beyond the end":        testFutureReader,
		"an unknown partition is an error":         testUnknownPartition,
		"trim":                                     testTrim,
		"trimming everything keeps the offsets":    testTrimAll,
		"the largest record fits, a larger is not": testSize,
		"a faulty record takes its batch with it":  testFaulty,
		"an empty append does nothing":             testEmpty,
		"a cancelled append":                       testCancelledAppend,
		"after close everything is closed":         testClosed,
		"values belong to the caller":              testOwnership,
		"records are replaced in their places":     testReplace,
		"only what fits takes a record's place":    testReplacement,
	} {
		t.Run(name, func(t *testing.T) { test(t, s) })
	}
}

// bench is one open log and what tests do with it.
type bench struct {
	*testing.T
	ctx  context.Context
	log  stream.Log
	open func(*testing.T) stream.Log
}

func newBench(t *testing.T, s Subject) *bench {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	open := s.New(t)
	b := &bench{T: t, ctx: ctx, log: open(t), open: open}
	t.Cleanup(func() {
		if err := b.log.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return b
}

func (b *bench) reopen() {
	b.Helper()
	if err := b.log.Close(); err != nil {
		b.Fatalf("close: %v", err)
	}
	b.log = b.open(b.T)
}

func (b *bench) append(records ...stream.Record) []stream.Position {
	b.Helper()
	positions, err := b.log.Append(b.ctx, records)
	if err != nil {
		b.Fatalf("append: %v", err)
	}
	if len(positions) != len(records) {
		b.Fatalf("append of %d records returned %d positions", len(records), len(positions))
	}
	return positions
}

func (b *bench) reader(p stream.Partition, from uint64) stream.Reader {
	b.Helper()
	r, err := b.log.Reader(p, from)
	if err != nil {
		b.Fatalf("reader: %v", err)
	}
	b.Cleanup(func() { _ = r.Close() })
	return r
}

// read reads n entries.
func (b *bench) read(r stream.Reader, n int) []stream.Entry {
	b.Helper()
	var all []stream.Entry
	for len(all) < n {
		entries, err := r.Next(b.ctx, n-len(all))
		if err != nil {
			b.Fatalf("next after %d of %d entries: %v", len(all), n, err)
		}
		if len(entries) == 0 {
			b.Fatal("next returned no entries and no error")
		}
		all = append(all, entries...)
	}
	return all
}

func (b *bench) partitions() []stream.PartitionInfo {
	b.Helper()
	infos, err := b.log.Partitions(b.ctx)
	if err != nil {
		b.Fatalf("partitions: %v", err)
	}
	return infos
}

func (b *bench) info(p stream.Partition) stream.PartitionInfo {
	b.Helper()
	for _, i := range b.partitions() {
		if i.ID == p {
			return i
		}
	}
	b.Fatalf("partition %d is not listed", p)
	return stream.PartitionInfo{}
}

// everything reads the whole log, by place.
func (b *bench) everything() map[stream.Position]stream.Entry {
	b.Helper()
	all := make(map[stream.Position]stream.Entry)
	for _, p := range b.partitions() {
		r := b.reader(p.ID, p.First)
		for i, e := range b.read(r, int(p.Next-p.First)) {
			if want := p.First + uint64(i); e.Offset != want || e.Partition != p.ID {
				b.Fatalf("entry is at %s, want %d/%d", e.Position, p.ID, want)
			}
			all[e.Position] = e
		}
	}
	return all
}

// received is when all records of the suite are said to have come.
var received = time.Date(2024, 5, 6, 7, 8, 9, 123e6, time.UTC)

func event(workspace, source, id string) stream.Record {
	return stream.Record{
		Lane: stream.LaneLive, Kind: stream.KindEvent, Workspace: workspace, Source: source,
		MessageID: id, ReceivedAt: received, Value: []byte(`{"id":"` + id + `"}`),
	}
}

func events(workspace, source string, n int) []stream.Record {
	records := make([]stream.Record, n)
	for i := range records {
		records[i] = event(workspace, source, fmt.Sprintf("%s-%s-%d", workspace, source, i))
	}
	return records
}

func same(t *testing.T, e stream.Entry, r stream.Record) {
	t.Helper()
	if e.Lane != r.Lane || e.Kind != r.Kind || e.Workspace != r.Workspace || e.Source != r.Source ||
		e.MessageID != r.MessageID || !e.ReceivedAt.Equal(r.ReceivedAt) || !slices.Equal(e.Value, r.Value) {
		t.Fatalf("at %s: %d/%d %q %q %q %s with %d bytes, want %d/%d %q %q %q %s with %d bytes", e.Position,
			e.Lane, e.Kind, e.Workspace, e.Source, e.MessageID, e.ReceivedAt, len(e.Value),
			r.Lane, r.Kind, r.Workspace, r.Source, r.MessageID, r.ReceivedAt, len(r.Value))
	}
}
