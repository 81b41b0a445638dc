package streamtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"tributary/ingest/stream"
)

func testPositions(t *testing.T, s Subject) {
	b := newBench(t, s)
	first := b.append(events("acme", "web", 3)...)
	second := b.append(events("acme", "web", 2)...)
	for i, p := range append(first, second...) {
		if want := (stream.Position{Partition: first[0].Partition, Offset: uint64(i)}); p != want {
			t.Errorf("position %d is %s, want %s", i, p, want)
		}
	}
	if got := b.info(first[0].Partition); got.First != 0 || got.Next != 5 {
		t.Errorf("partition holds %d to %d, want 0 to 5", got.First, got.Next)
	}
}

func testRoundTrip(t *testing.T, s Subject) {
	b := newBench(t, s)
	records := []stream.Record{
		event("acme", "web", "plain"),
		{Kind: stream.KindRejected, Workspace: "acme", Source: "web", ReceivedAt: received, Value: []byte("\x00\xff")},
		{Kind: stream.KindCommand, Workspace: "acme", ReceivedAt: received, MessageID: "ünï\x00", Value: []byte("{}")},
		{Lane: stream.LaneBulk, Kind: stream.KindEvent, Workspace: "a", Source: "b", MessageID: "c", ReceivedAt: received},
	}
	positions := b.append(records...)
	all := b.everything()
	for i, p := range positions {
		same(t, all[p], records[i])
	}
	if len(all) != len(records) {
		t.Errorf("log has %d records, want %d", len(all), len(records))
	}
}

func testSourceOrder(t *testing.T, s Subject) {
	b := newBench(t, s)
	for _, source := range []string{"web", "crm", "billing"} {
		first := b.append(event("acme", source, "0"))[0]
		for i := range 5 {
			p := b.append(event("other", "web", ""), event("acme", source, fmt.Sprint(i+1)))[1]
			if p.Partition != first.Partition {
				t.Errorf("source is in partitions %d and %d", first.Partition, p.Partition)
			}
			if p.Offset <= first.Offset {
				t.Errorf("offset %d follows %d", p.Offset, first.Offset)
			}
			first = p
		}
	}
}

func testLanes(t *testing.T, s Subject) {
	b := newBench(t, s)
	live, bulk := event("acme", "web", "live"), event("acme", "web", "bulk")
	bulk.Lane = stream.LaneBulk
	positions := b.append(live, bulk)
	for i, want := range []stream.Lane{stream.LaneLive, stream.LaneBulk} {
		if got := positions[i].Partition.Lane(); got != want {
			t.Errorf("partition %d is in lane %s, want %s", positions[i].Partition, got, want)
		}
		if got := b.info(positions[i].Partition); got.Lane != want || got.Next != 1 {
			t.Errorf("partition %d: lane %s with %d records, want %s with 1", got.ID, got.Lane, got.Next, want)
		}
	}
	lanes := make(map[stream.Lane]int)
	var last stream.Partition
	for i, p := range b.partitions() {
		if i > 0 && p.ID <= last {
			t.Errorf("partition %d is listed after %d", p.ID, last)
		}
		last = p.ID
		lanes[p.Lane]++
	}
	if lanes[stream.LaneLive] == 0 || lanes[stream.LaneLive] != lanes[stream.LaneBulk] {
		t.Errorf("partitions by lane: %v", lanes)
	}
}

func testSpread(t *testing.T, s Subject) {
	const workspaces = 400
	b := newBench(t, s)
	records := make([]stream.Record, workspaces)
	for i := range records {
		records[i] = event(fmt.Sprintf("workspace-%d", i), "web", fmt.Sprint(i))
	}
	b.append(records...)
	live := b.partitions()
	live = live[:len(live)/2]
	for _, p := range live {
		fair := workspaces / uint64(len(live))
		if p.Next < fair/2 || p.Next > fair*2 {
			t.Errorf("partition %d has %d workspaces, a fair share is %d", p.ID, p.Next, fair)
		}
	}
}

func testConcurrent(t *testing.T, s Subject) {
	const writers, appends, size = 16, 20, 5
	b := newBench(t, s)
	var mu sync.Mutex
	want := make(map[stream.Position]stream.Record)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			var last uint64
			for i := range appends {
				records := events("acme", fmt.Sprintf("source-%d", w), size)
				for j := range records {
					records[j].MessageID = fmt.Sprintf("%d-%d-%d", w, i, j)
					records[j].Value = bytes.Repeat([]byte(records[j].MessageID), w*j)
				}
				positions, err := b.log.Append(b.ctx, records)
				if err != nil {
					t.Errorf("append: %v", err)
					return
				}
				mu.Lock()
				for j, p := range positions {
					if (i > 0 || j > 0) && p.Offset <= last {
						t.Errorf("writer %d got offset %d after %d", w, p.Offset, last)
					}
					last = p.Offset
					if _, ok := want[p]; ok {
						t.Errorf("position %s was given twice", p)
					}
					want[p] = records[j]
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	got := b.everything()
	if len(got) != writers*appends*size || len(want) != len(got) {
		t.Fatalf("log has %d records, %d were acknowledged, %d appended", len(got), len(want), writers*appends*size)
	}
	for p, r := range want {
		same(t, got[p], r)
	}
}

func testSize(t *testing.T, s Subject) {
	b := newBench(t, s)
	largest := event("acme", "web", "largest")
	largest.Value = bytes.Repeat([]byte("tributary "), s.MaxValueBytes/10+1)[:s.MaxValueBytes]
	p := b.append(event("acme", "web", "before"), largest, event("acme", "web", "after"))
	same(t, b.everything()[p[1]], largest)

	larger := largest
	larger.Value = append(bytes.Clone(largest.Value), '!')
	name := event("acme", "web", string(make([]byte, stream.MaxName+1)))
	for _, r := range []stream.Record{larger, name} {
		if _, err := b.log.Append(b.ctx, []stream.Record{event("acme", "web", "with"), r}); !errors.Is(err, stream.ErrTooLarge) {
			t.Errorf("append of what is too large: %v, want ErrTooLarge", err)
		}
	}
	if got := b.info(p[0].Partition).Next; got != 3 {
		t.Errorf("partition has %d records, want 3: nothing of a refused batch", got)
	}
}

func testFaulty(t *testing.T, s Subject) {
	b := newBench(t, s)
	for name, spoil := range map[string]func(*stream.Record){
		"lane":      func(r *stream.Record) { r.Lane = 7 },
		"kind":      func(r *stream.Record) { r.Kind = 0 },
		"workspace": func(r *stream.Record) { r.Workspace = "" },
	} {
		r := event("acme", "web", "faulty")
		spoil(&r)
		if _, err := b.log.Append(b.ctx, []stream.Record{event("acme", "web", "with"), r}); !errors.Is(err, stream.ErrInvalid) {
			t.Errorf("%s: append: %v, want ErrInvalid", name, err)
		}
	}
	if got := len(b.everything()); got != 0 {
		t.Errorf("log has %d records, want none", got)
	}
}

func testEmpty(t *testing.T, s Subject) {
	b := newBench(t, s)
	if got := b.append(); len(got) != 0 {
		t.Errorf("positions: %v", got)
	}
	for _, p := range b.partitions() {
		if p.First != 0 || p.Next != 0 {
			t.Errorf("partition %d holds %d to %d, want nothing", p.ID, p.First, p.Next)
		}
	}
}

// testCancelledAppend: whatever a cancelled append answers, what it acknowledged is there, and the
// log goes on.
func testCancelledAppend(t *testing.T, s Subject) {
	b := newBench(t, s)
	done, cancel := context.WithCancel(b.ctx)
	cancel()
	if _, err := b.log.Append(done, events("acme", "web", 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("append with a cancelled context: %v", err)
	}
	var mu sync.Mutex
	acknowledged := make(map[stream.Position]string)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 20 {
				ctx, cancel := context.WithCancel(b.ctx)
				id := fmt.Sprintf("%d-%d", w, i)
				go cancel()
				p, err := b.log.Append(ctx, []stream.Record{event("acme", "web", id)})
				cancel()
				if err == nil {
					mu.Lock()
					acknowledged[p[0]] = id
					mu.Unlock()
				} else if !errors.Is(err, context.Canceled) {
					t.Errorf("append: %v", err)
				}
			}
		})
	}
	wg.Wait()
	p := b.append(event("acme", "web", "last"))[0]
	acknowledged[p] = "last"
	all := b.everything()
	for p, id := range acknowledged {
		if got := all[p].MessageID; got != id {
			t.Errorf("at %s: %q, want %q", p, got, id)
		}
	}
}
