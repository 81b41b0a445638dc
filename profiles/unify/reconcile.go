package unify

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"tributary/ingest/stream"
	"tributary/profiles/state"
)

// Balance is the account of one source:
//
//	received = pending + stored + duplicate + quarantined + suppressed + erased
type Balance struct {
	stream.SourceKey
	// Received is the log's own figure; zero if the log does not count (Reconciliation.Counted).
	Received uint64
	// Pending is how many of its records are in the log and not applied.
	Pending uint64
	// Counts is what became of the applied ones.
	Counts state.Counts
}

// Balanced says whether the account adds up.
func (b *Balance) Balanced() bool { return b.Received == b.Pending+b.Counts.Outcomes() }

// Reconciliation is the account of all sources at one moment.
type Reconciliation struct {
	Sources []Balance // by workspace and source
	// Counted: the log has a figure of its own (stream.Counter). Else Received is the sum of the rest.
	Counted bool
	// Exact: the log did not grow while it was asked. When it did, sources that were just then sent
	// to may seem out of balance.
	Exact bool
}

// Reconcile compares what the log received with what became of it. It reads the log from where it
// is applied to its end.
func Reconcile(ctx context.Context, log stream.Log, st *state.Store) (*Reconciliation, error) {
	tally, err := st.Tally()
	if err != nil {
		return nil, fmt.Errorf("reconcile: %w", err)
	}
	before, err := ends(ctx, log)
	if err != nil {
		return nil, fmt.Errorf("reconcile: %w", err)
	}
	r := new(Reconciliation)
	var received map[stream.SourceKey]uint64
	if counter, ok := log.(stream.Counter); ok {
		r.Counted = true
		if received, err = counter.Received(ctx); err != nil {
			return nil, fmt.Errorf("reconcile: %w", err)
		}
	}
	after, err := ends(ctx, log)
	if err != nil {
		return nil, fmt.Errorf("reconcile: %w", err)
	}
	r.Exact = maps.Equal(before, after)
	pending, err := Pending(ctx, log, tally.Offsets, before)
	if err != nil {
		return nil, fmt.Errorf("reconcile: %w", err)
	}
	r.add(received, pending, tally.Sources())
	return r, nil
}

func (r *Reconciliation) add(received, pending map[stream.SourceKey]uint64, counts map[stream.SourceKey]state.Counts) {
	keys := map[stream.SourceKey]bool{}
	for k := range received {
		keys[k] = true
	}
	for k := range pending {
		keys[k] = true
	}
	for k := range counts {
		keys[k] = true
	}
	for k := range keys {
		b := Balance{SourceKey: k, Received: received[k], Pending: pending[k], Counts: counts[k]}
		if !r.Counted {
			b.Received = b.Pending + b.Counts.Outcomes()
		}
		// Commands make a source known to the state; they are not what is counted.
		if b.Received+b.Pending+b.Counts.Outcomes() > 0 {
			r.Sources = append(r.Sources, b)
		}
	}
	slices.SortFunc(r.Sources, func(a, b Balance) int {
		return cmp.Or(cmp.Compare(a.Workspace, b.Workspace), cmp.Compare(a.Source, b.Source))
	})
}

// Pending counts the events and rejected items in the log by source, from the given offsets, or a
// partition's beginning, up to the given ends.
func Pending(ctx context.Context, log stream.Log, from, to map[stream.Partition]uint64) (map[stream.SourceKey]uint64, error) {
	pending := map[stream.SourceKey]uint64{}
	for p, end := range to {
		err := readRange(ctx, log, p, from[p], end, func(e *stream.Entry) bool {
			if e.Kind.Counted() {
				pending[stream.SourceKey{Workspace: e.Workspace, Source: e.Source}]++
			}
			return true
		})
		if err != nil {
			return nil, err
		}
	}
	return pending, nil
}

func ends(ctx context.Context, log stream.Log) (map[stream.Partition]uint64, error) {
	infos, err := log.Partitions(ctx)
	if err != nil {
		return nil, fmt.Errorf("list partitions: %w", err)
	}
	ends := make(map[stream.Partition]uint64, len(infos))
	for _, info := range infos {
		ends[info.ID] = info.Next
	}
	return ends, nil
}

// readRange calls f for the records of a partition with from <= offset < to until it says false.
func readRange(ctx context.Context, log stream.Log, p stream.Partition, from, to uint64, f func(*stream.Entry) bool) error {
	if from >= to {
		return nil
	}
	reader, err := log.Reader(p, from)
	if err != nil {
		return fmt.Errorf("read partition %d: %w", p, err)
	}
	defer func() { _ = reader.Close() }()
	for from < to {
		entries, err := reader.Next(ctx, int(min(to-from, 512)))
		if err != nil {
			return fmt.Errorf("read partition %d: %w", p, err)
		}
		for i := range entries {
			if entries[i].Offset >= to || !f(&entries[i]) {
				return nil
			}
		}
		from = entries[len(entries)-1].Offset + 1
	}
	return nil
}
