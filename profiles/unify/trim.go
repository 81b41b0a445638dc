package unify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
)

// Queue is the sink's end of the outbox, as far as trimming looks at it (outbox.Queue).
type Queue interface {
	Clean() uint64
	Read(after, to uint64, limit int) ([]outbox.Entry, error)
}

// Trimmer lets the log forget what nobody needs any more: what is applied and durable in the
// state, what no entry of the outbox refers to, and what was received before a given time. It is
// for one goroutine.
type Trimmer struct {
	Log    stream.Log
	State  *state.Store
	Outbox Queue

	runs []run // of the outbox, as far as it was read, oldest first
}

// run is a run of outbox entries and the least offset of each partition among them. With runs kept,
// each entry is read once, however long the outbox grows while the analytics store is away.
type run struct {
	last  uint64 // Seq
	floor map[stream.Partition]uint64
}

// runLength is how many entries make a run.
const runLength = 4096

// Trim forgets what was received before the given time, as far as it may, and returns the first
// offset that each partition had to keep.
func (t *Trimmer) Trim(ctx context.Context, before time.Time) (map[stream.Partition]uint64, error) {
	kept, err := t.floor()
	if err != nil {
		return nil, fmt.Errorf("trim log: %w", err)
	}
	infos, err := t.Log.Partitions(ctx)
	if err != nil {
		return nil, fmt.Errorf("trim log: %w", err)
	}
	for _, info := range infos {
		limit := kept[info.ID]
		err := readRange(ctx, t.Log, info.ID, info.First, limit, func(e *stream.Entry) bool {
			if !e.ReceivedAt.Before(before) {
				limit = e.Offset
				return false
			}
			return true
		})
		if err == nil && limit > info.First {
			err = t.Log.Trim(ctx, info.ID, limit)
		}
		if err != nil {
			return nil, fmt.Errorf("trim log: %w", err)
		}
		kept[info.ID] = max(limit, info.First)
	}
	return kept, nil
}

// floor returns, by partition, the first offset that is not yet applied for good or that the sink
// may still have to read. Applied for good means synced: what is only committed may be lost with
// the power, and is then applied from the log again.
func (t *Trimmer) floor() (map[stream.Partition]uint64, error) {
	floor := t.State.Offsets()
	if err := t.State.Sync(); err != nil {
		return nil, err
	}
	if err := t.readOutbox(); err != nil {
		return nil, err
	}
	for _, r := range t.runs {
		for p, offset := range r.floor {
			floor[p] = min(floor[p], offset)
		}
	}
	return floor, nil
}

// readOutbox drops the runs that the sink is done with and adds those that are new. Of a run that is
// done in part all counts: the log then keeps a little more.
func (t *Trimmer) readOutbox() error {
	after := t.Outbox.Clean()
	t.runs = slices.DeleteFunc(t.runs, func(r run) bool { return r.last <= after })
	if n := len(t.runs); n > 0 {
		after = t.runs[n-1].last
	}
	for {
		entries, err := t.Outbox.Read(after, ^uint64(0), runLength)
		if err != nil || len(entries) == 0 {
			return err
		}
		r := run{floor: map[stream.Partition]uint64{}}
		for i := range entries {
			e := &entries[i]
			if least, ok := r.floor[e.Partition]; !ok || e.Offset < least {
				r.floor[e.Partition] = e.Offset
			}
			r.last = e.Seq
		}
		t.runs, after = append(t.runs, r), r.last
	}
}
