package streamtest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"tributary/ingest/stream"
)

func testReopen(t *testing.T, s Subject) {
	b := newBench(t, s)
	want := make(map[stream.Position]stream.Record)
	counts := make(map[stream.SourceDay]uint64)
	for round := range 3 {
		records := events("acme", "web", 7)
		records = append(records, events("globex", fmt.Sprintf("source-%d", round), 5)...)
		records[0].Kind, records[1].Kind = stream.KindRejected, stream.KindCommand
		records[2].ReceivedAt = records[2].ReceivedAt.AddDate(0, 0, -round)
		for i, p := range b.append(records...) {
			want[p] = records[i]
			if records[i].Kind != stream.KindCommand {
				counts[sourceDay(records[i])]++
			}
		}
		b.reopen()
		got := b.everything()
		if len(got) != len(want) {
			t.Fatalf("log has %d records, want %d", len(got), len(want))
		}
		for p, r := range want {
			same(t, got[p], r)
		}
		b.sameCounts(counts)
	}
}

func sourceDay(r stream.Record) stream.SourceDay {
	return stream.SourceDay{SourceKey: stream.SourceKey{Workspace: r.Workspace, Source: r.Source}, Day: stream.DayOf(r.ReceivedAt)}
}

// sameCounts checks the counts of a log that keeps some.
func (b *bench) sameCounts(want map[stream.SourceDay]uint64) {
	b.Helper()
	c, ok := b.log.(stream.Counter)
	if !ok {
		return
	}
	got, err := c.Received(b.ctx)
	if err != nil {
		b.Fatalf("received: %v", err)
	}
	for k, n := range want {
		if got.Counts[k] != n {
			b.Errorf("%s/%s: %d received on %s, want %d", k.Workspace, k.Source, got.Counts[k], k.Day, n)
		}
	}
	if len(got.Counts) != len(want) {
		b.Errorf("received on %d days of sources, want %d", len(got.Counts), len(want))
	}
	infos, err := b.log.Partitions(b.ctx)
	if err != nil {
		b.Fatalf("partitions: %v", err)
	}
	for _, info := range infos {
		if got.Next[info.ID] != info.Next {
			b.Errorf("partition %d is counted up to %d, want %d", info.ID, got.Next[info.ID], info.Next)
		}
	}
}

func testReaders(t *testing.T, s Subject) {
	b := newBench(t, s)
	p := b.append(events("acme", "web", 10)...)[0].Partition
	slow, fast, late := b.reader(p, 0), b.reader(p, 0), b.reader(p, 7)
	b.read(fast, 10)
	if e := b.read(slow, 1)[0]; e.Offset != 0 {
		t.Errorf("slow reader is at %d, want 0", e.Offset)
	}
	if e := b.read(late, 3)[2]; e.Offset != 9 {
		t.Errorf("late reader is at %d, want 9", e.Offset)
	}
	if e := b.read(slow, 9)[8]; e.Offset != 9 {
		t.Errorf("slow reader is at %d, want 9", e.Offset)
	}
}

type result struct {
	entries []stream.Entry
	err     error
}

func next(ctx context.Context, r stream.Reader) <-chan result {
	c := make(chan result, 1)
	go func() {
		entries, err := r.Next(ctx, 100)
		c <- result{entries, err}
	}()
	return c
}

func testBlockingNext(t *testing.T, s Subject) {
	b := newBench(t, s)
	p := b.append(event("acme", "web", "0"))[0].Partition
	var readers []stream.Reader
	for range 3 {
		readers = append(readers, b.reader(p, 1))
	}
	for i := range 20 {
		var waiting []<-chan result
		for _, r := range readers {
			waiting = append(waiting, next(b.ctx, r))
		}
		id := fmt.Sprint(i + 1)
		b.append(event("acme", "web", id))
		for _, w := range waiting {
			got := <-w
			if got.err != nil {
				t.Fatalf("next: %v", got.err)
			}
			if len(got.entries) != 1 || got.entries[0].MessageID != id || got.entries[0].Offset != uint64(i+1) {
				t.Fatalf("next returned %d entries, the first %q", len(got.entries), got.entries[0].MessageID)
			}
		}
	}
}

func testNextEnds(t *testing.T, s Subject) {
	b := newBench(t, s)
	p := b.partitions()[0].ID

	ctx, cancel := context.WithCancel(b.ctx)
	r := b.reader(p, 0)
	w := next(ctx, r)
	cancel()
	if got := <-w; !errors.Is(got.err, context.Canceled) {
		t.Errorf("next with a cancelled context: %v", got.err)
	}

	w = next(b.ctx, r)
	if err := r.Close(); err != nil {
		t.Errorf("close of the reader: %v", err)
	}
	if got := <-w; !errors.Is(got.err, stream.ErrClosed) {
		t.Errorf("next of a closed reader: %v", got.err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("second close of the reader: %v", err)
	}

	w = next(b.ctx, b.reader(p, 0))
	b.reopen()
	if got := <-w; !errors.Is(got.err, stream.ErrClosed) {
		t.Errorf("next of a closed log: %v", got.err)
	}
}

func testMax(t *testing.T, s Subject) {
	b := newBench(t, s)
	p := b.append(events("acme", "web", 10)...)[0].Partition
	r := b.reader(p, 0)
	var offset uint64
	for offset < 10 {
		entries, err := r.Next(b.ctx, 3)
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) < 1 || len(entries) > 3 || entries[0].Offset != offset {
			t.Fatalf("next returned %d entries from %s, want 1 to 3 from %d", len(entries), entries[0].Position, offset)
		}
		offset += uint64(len(entries))
	}
	for _, limit := range []int{0, -1} {
		if _, err := r.Next(b.ctx, limit); err == nil {
			t.Errorf("next of at most %d entries is no error", limit)
		}
	}
}

func testFutureReader(t *testing.T, s Subject) {
	b := newBench(t, s)
	p := b.append(event("acme", "web", "0"))[0].Partition
	w := next(b.ctx, b.reader(p, 3))
	for i := 1; i < 4; i++ {
		b.append(event("acme", "web", fmt.Sprint(i)))
	}
	if got := <-w; got.err != nil || len(got.entries) != 1 || got.entries[0].Offset != 3 {
		t.Errorf("next: %d entries, %v; want offset 3", len(got.entries), got.err)
	}
}

func testUnknownPartition(t *testing.T, s Subject) {
	b := newBench(t, s)
	for _, p := range []stream.Partition{stream.PartitionOf(stream.LaneBulk, 60_000), stream.PartitionOf(9, 0)} {
		if _, err := b.log.Reader(p, 0); err == nil {
			t.Errorf("reader of partition %d is no error", p)
		}
		if err := b.log.Trim(b.ctx, p, 1); err == nil {
			t.Errorf("trim of partition %d is no error", p)
		}
	}
}

func testTrim(t *testing.T, s Subject) {
	b := newBench(t, s)
	p := b.append(events("acme", "web", 10)...)[0].Partition
	b.append(events("globex", "crm", 10)...)
	others := len(b.everything()) - int(b.info(p).Next-b.info(p).First)
	from := b.info(p).First
	if err := b.log.Trim(b.ctx, p, 4); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		info := b.info(p)
		if (s.TrimsExactly && info.First != 4) || info.First > 4 || info.Next < 10 {
			t.Fatalf("partition holds %d to %d, want 4 to 10", info.First, info.Next)
		}
		if info.First > from {
			if _, err := b.reader(p, from).Next(b.ctx, 1); !errors.Is(err, stream.ErrTrimmed) {
				t.Errorf("read of what is trimmed: %v, want ErrTrimmed", err)
			}
		}
		if got := len(b.everything()); got != others+int(info.Next-info.First) {
			t.Errorf("log has %d records", got)
		}
		if err := b.log.Trim(b.ctx, p, 2); err != nil { // backwards
			t.Fatal(err)
		}
		b.reopen()
	}
}

func testTrimAll(t *testing.T, s Subject) {
	b := newBench(t, s)
	p := b.append(events("acme", "web", 10)...)[0].Partition
	if err := b.log.Trim(b.ctx, p, 10); err != nil {
		t.Fatal(err)
	}
	b.reopen()
	if info := b.info(p); (s.TrimsExactly && info.First != 10) || info.Next != 10 {
		t.Errorf("partition holds %d to %d, want 10 to 10", info.First, info.Next)
	}
	got := b.append(event("acme", "web", "next"))[0]
	if got.Partition != p || got.Offset != 10 {
		t.Errorf("position %s, want %d/10", got, p)
	}
	if e := b.read(b.reader(p, 10), 1)[0]; e.MessageID != "next" {
		t.Errorf("read %q", e.MessageID)
	}
}

func testClosed(t *testing.T, s Subject) {
	b := newBench(t, s)
	p := b.append(event("acme", "web", "0"))[0].Partition
	r := b.reader(p, 0)
	log := b.log
	b.reopen()
	_, errAppend := log.Append(b.ctx, events("acme", "web", 1))
	_, errPartitions := log.Partitions(b.ctx)
	_, errReader := log.Reader(p, 0)
	_, errNext := r.Next(b.ctx, 1)
	errTrim := log.Trim(b.ctx, p, 1)
	for name, err := range map[string]error{
		"append": errAppend, "partitions": errPartitions, "reader": errReader, "next": errNext, "trim": errTrim,
	} {
		if !errors.Is(err, stream.ErrClosed) {
			t.Errorf("%s after close: %v, want ErrClosed", name, err)
		}
	}
	if err := log.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}

func testOwnership(t *testing.T, s Subject) {
	b := newBench(t, s)
	records := events("acme", "web", 4)
	p := b.append(records...)[0].Partition
	for i := range records {
		clear(records[i].Value) // the caller's again
	}
	entries := b.read(b.reader(p, 0), 4)
	entries[0].Value = append(entries[0].Value, "must not reach the next"...)
	clear(entries[2].Value)
	for i, want := range []string{"", `{"id":"acme-web-1"}`, "", `{"id":"acme-web-3"}`} {
		if want != "" && string(entries[i].Value) != want {
			t.Errorf("entry %d is %q, want %q", i, entries[i].Value, want)
		}
	}
	for i, e := range b.read(b.reader(p, 0), 4) {
		if want := fmt.Sprintf(`{"id":"acme-web-%d"}`, i); string(e.Value) != want {
			t.Errorf("entry %d read again is %q, want %q", i, e.Value, want)
		}
	}
}
