package unify

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
)

type noOutbox struct{}

func (noOutbox) Append(*pebble.Batch, []outbox.Entry) error { return nil }
func (noOutbox) Notify()                                    {}

// full returns feeds with so many rejected items waiting in each partition.
func full(waiting map[stream.Partition]int) *feeds {
	fs := &feeds{ready: make(chan struct{}, 1), failed: make(chan error, 1)}
	for p, n := range waiting {
		f := &feed{partition: p, lane: p.Lane(), chunks: make(chan []*record, 1)}
		var chunk []*record
		for offset := range n {
			chunk = append(chunk, decode(nil, stream.Entry{
				Position: stream.Position{Partition: p, Offset: uint64(offset)},
				Record:   stream.Record{Lane: p.Lane(), Kind: stream.KindRejected, Workspace: "w", Source: fmt.Sprint(p), Value: []byte(`{}`)},
			}))
		}
		f.chunks <- chunk
		fs.lanes[f.lane] = append(fs.lanes[f.lane], f)
	}
	for _, lane := range fs.lanes {
		slices.SortFunc(lane, func(a, b *feed) int { return int(a.partition) - int(b.partition) })
	}
	return fs
}

func TestLiveGoesFirstAndNobodyStarves(t *testing.T) {
	bulk := stream.PartitionOf(stream.LaneBulk, 0)
	type step = map[stream.Partition]int
	for name, c := range map[string]struct {
		waiting step
		want    []step
	}{
		"a flood of live records leaves bulk its share": {
			step{0: 1000, bulk: 1000}, []step{{0: 90, bulk: 10}, {0: 90, bulk: 10}},
		},
		"bulk has what live does not need": {
			step{0: 5, bulk: 1000}, []step{{0: 5, bulk: 95}, {bulk: 100}},
		},
		"partitions of a lane take turns": {
			step{0: 1000, 1: 20, 2: 1000}, []step{{0: 38, 1: 20, 2: 32}, {0: 32, 2: 58}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			st, err := state.Open(state.Config{Dir: "state", FS: vfs.NewMem()})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = st.Close() }()
			now := time.Unix(0, 0) // time does not pass: only numbers bound the steps
			a := newTestApplier(&Config{State: st, Outbox: noOutbox{}, StepRecords: 100, BulkRecords: 10, StepTime: time.Hour, Metrics: noMetrics{}, Now: func() time.Time { return now }})
			fs := full(c.waiting)
			for i, want := range c.want {
				if err := a.step(t.Context(), fs); err != nil {
					t.Fatal(err)
				}
				got, bulkBegun := step{}, false
				for _, r := range a.taken {
					got[r.Partition]++
					if r.Lane == stream.LaneLive && bulkBegun {
						t.Error("a live record after a bulk one")
					}
					bulkBegun = bulkBegun || r.Lane == stream.LaneBulk
				}
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("step %d took %v, want %v", i+1, got, want)
				}
			}
			a.tx.Abort()
		})
	}
}

// A step whose time is over still takes the share of the bulk lane.
func TestBulkHasItsShareWhenTimeIsOver(t *testing.T) {
	st, err := state.Open(state.Config{Dir: "state", FS: vfs.NewMem()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	now := time.Unix(0, 0)
	a := newTestApplier(&Config{State: st, Outbox: noOutbox{}, StepRecords: 1000, BulkRecords: 10, StepTime: time.Millisecond, Metrics: noMetrics{}, Now: func() time.Time {
		now = now.Add(time.Millisecond)
		return now
	}})
	bulk := stream.PartitionOf(stream.LaneBulk, 0)
	fs := full(map[stream.Partition]int{0: 500, bulk: 500})
	if err := a.step(t.Context(), fs); err != nil {
		t.Fatal(err)
	}
	if a.report.Live != quantum || a.report.Bulk < 10 {
		t.Errorf("took %d live and %d bulk, want one quantum and the share", a.report.Live, a.report.Bulk)
	}
}

func newTestApplier(c *Config) *applier { return newApplier(c, newTrainer(c)) }
