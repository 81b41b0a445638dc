package sink

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/ingest/stream"

	"pgregory.net/rapid"
)

func anyKey(t *rapid.T) Key {
	return Key{
		Position: stream.Position{
			Partition: stream.Partition(rapid.Uint32Range(0, 3).Draw(t, "partition")),
			Offset: rapid.OneOf(rapid.Uint64Range(0, 100), rapid.Uint64(),
				rapid.Map(rapid.Uint64Range(0, 1000), func(n uint64) uint64 { return n * 1_000_000 })).Draw(t, "offset"),
		},
		Ordinal: rapid.Uint32Range(0, 2).Draw(t, "ordinal"),
	}
}

func TestRangesCoverAllKeys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.Custom(anyKey), 1, 600).Draw(t, "keys")
		ranges := rangesOf(keys)
		for _, k := range keys {
			if !slices.ContainsFunc(ranges, func(r Range) bool {
				return r.Partition == k.Partition && r.First <= k.Offset && k.Offset <= r.Last
			}) {
				t.Fatalf("%v is in none of %v", k, ranges)
			}
		}
		if len(ranges) > maxRanges {
			t.Fatalf("%d ranges", len(ranges))
		}
		for i := 1; i < len(ranges); i++ {
			a, b := ranges[i-1], ranges[i]
			if a.Partition > b.Partition || a.Partition == b.Partition && a.Last >= b.First {
				t.Fatalf("%v and %v overlap", a, b)
			}
		}
	})
}

func TestMarksComeDueInOrder(t *testing.T) {
	at := func(s int) time.Time { return time.Unix(int64(s), 0) }
	m := marks{step: 10 * time.Second}
	m.add(0, at(0)) // nothing was sent yet
	if _, ok := m.oldest(); ok {
		t.Fatal("a mark of nothing")
	}
	m.add(5, at(0))
	m.add(7, at(9)) // joins the first
	m.add(9, at(10))
	m.add(12, at(25))
	for _, c := range []struct {
		limit int
		seq   uint64
	}{{8, 0}, {9, 7}, {24, 9}, {24, 0}, {100, 12}, {200, 0}} {
		if got := m.take(at(c.limit)); got != c.seq {
			t.Errorf("at %d s: %d, want %d", c.limit, got, c.seq)
		}
	}
}

func TestConfigReportsAllFaults(t *testing.T) {
	if err := (Config{}).Validate(); err != nil {
		t.Fatalf("defaults: %v", err)
	}
	err := Config{MaxRows: -1, FlushEvery: -1, MaxPartitions: 101, RetryMax: 1}.Validate()
	if err == nil {
		t.Fatal("no fault found")
	}
	for _, field := range []string{"max_rows", "flush_every", "max_partitions", "retry_max"} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("%q is not named in %q", field, err)
		}
	}
}
