package unify

import (
	"context"
	"fmt"
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
// state, what no entry of the outbox refers to, and what was received before a given time.
type Trimmer struct {
	Log    stream.Log
	State  *state.Store
	Outbox Queue
}

// Trim forgets what was received before the given time, as far as it may, and returns the first
// offset that each partition had to keep.
func (t Trimmer) Trim(ctx context.Context, before time.Time) (map[stream.Partition]uint64, error) {
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
func (t Trimmer) floor() (map[stream.Partition]uint64, error) {
	floor := t.State.Offsets()
	if err := t.State.Sync(); err != nil {
		return nil, err
	}
	after := t.Outbox.Clean()
	for {
		entries, err := t.Outbox.Read(after, ^uint64(0), 4096)
		if err != nil || len(entries) == 0 {
			return floor, err
		}
		for i := range entries {
			if p := entries[i].Partition; entries[i].Offset < floor[p] {
				floor[p] = entries[i].Offset
			}
		}
		after = entries[len(entries)-1].Seq
	}
}
