package unify

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tributary/ingest/stream"
	"tributary/profiles/state"
)

// Balance is the account of what one source sent and was received on one UTC day, or on several:
//
//	received = pending + stored + duplicate + quarantined + suppressed + erased
type Balance struct {
	// Received is the log's own figure. On a log that does not count (Reconciliation.Counted) it is
	// what is pending and what the state has seen.
	Received uint64
	// Pending is how many are in the log and not applied.
	Pending uint64
	// Counts is what became of the applied ones.
	Counts state.Counts
	// Last is when the newest was received.
	Last time.Time
}

// Balanced says whether the account adds up.
func (b *Balance) Balanced() bool { return b.Received == b.Pending+b.Counts.Outcomes() }

// Add adds the account of other records.
func (b *Balance) Add(o *Balance) {
	b.Received += o.Received
	b.Pending += o.Pending
	b.Counts.Add(&o.Counts)
	if o.Last.After(b.Last) {
		b.Last = o.Last
	}
}

// DayBalance is the account of one source and day.
type DayBalance struct {
	stream.SourceDay
	Balance
}

// Selection says which accounts are asked for. The zero one asks for all.
type Selection struct {
	Workspace, Source string // empty: all
	// Since and Until are the first and the last day; Until 0: the last there is.
	Since, Until stream.Day
}

// Selects says whether an account is asked for.
func (s *Selection) Selects(k stream.SourceDay) bool {
	return (s.Workspace == "" || s.Workspace == k.Workspace) && (s.Source == "" || s.Source == k.Source) &&
		k.Day >= s.Since && (s.Until == 0 || k.Day <= s.Until)
}

// Reconciliation is the accounts of sources, as one moment of the log saw them.
type Reconciliation struct {
	Days []DayBalance // by workspace, source and day
	// Counted: the log has a figure of its own (stream.Counter).
	Counted bool
}

// Sources adds up the days.
func (r *Reconciliation) Sources() map[stream.SourceKey]*Balance {
	sums := map[stream.SourceKey]*Balance{}
	for i := range r.Days {
		d := &r.Days[i]
		if sums[d.SourceKey] == nil {
			sums[d.SourceKey] = new(Balance)
		}
		sums[d.SourceKey].Add(&d.Balance)
	}
	return sums
}

// Reconcile compares what the log received with what became of it. It reads the log from where it
// is applied to its end, as it was at one moment: while sources send, all adds up as well.
func Reconcile(ctx context.Context, log stream.Log, st *state.Store, sel Selection) (*Reconciliation, error) {
	r, err := reconcile(ctx, log, st, &sel)
	if err != nil {
		return nil, fmt.Errorf("reconcile: %w", err)
	}
	return r, nil
}

func reconcile(ctx context.Context, log stream.Log, st *state.Store, sel *Selection) (*Reconciliation, error) {
	// The state first: what it has applied by then, the log had before.
	tally, err := st.Tally()
	if err != nil {
		return nil, err
	}
	received, counted, err := receivedBy(ctx, log)
	if err != nil {
		return nil, err
	}
	sums, err := pendingIn(ctx, log, tally.Offsets, received.Next, sel)
	if err != nil {
		return nil, err
	}
	of := func(k stream.SourceDay) *Balance {
		if sums[k] == nil {
			sums[k] = new(Balance)
		}
		return sums[k]
	}
	for i := range tally.Days {
		if d := &tally.Days[i]; sel.Selects(d.SourceDay) {
			b := of(d.SourceDay)
			b.Counts = d.Counts
			if last := time.UnixMilli(d.Last).UTC(); d.Last > 0 && last.After(b.Last) {
				b.Last = last
			}
		}
	}
	for k, n := range received.Counts {
		if sel.Selects(k) {
			of(k).Received = n
		}
	}
	r := &Reconciliation{Counted: counted}
	for k, b := range sums {
		if !counted {
			b.Received = b.Pending + b.Counts.Received
		}
		// Commands make a source known to the state; they are not what is counted.
		if b.Received+b.Pending+b.Counts.Outcomes() > 0 {
			r.Days = append(r.Days, DayBalance{k, *b})
		}
	}
	slices.SortFunc(r.Days, func(a, b DayBalance) int {
		return cmp.Or(cmp.Compare(a.Workspace, b.Workspace), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Day, b.Day))
	})
	return r, nil
}

// receivedBy asks the log what it received, and up to where that is.
func receivedBy(ctx context.Context, log stream.Log) (r *stream.Received, counted bool, err error) {
	if counter, ok := log.(stream.Counter); ok {
		r, err = counter.Received(ctx)
		return r, true, err
	}
	r = &stream.Received{}
	r.Next, err = ends(ctx, log)
	return r, false, err
}

// pendingIn counts the events and rejected items in the log that are asked for, from the given
// offsets, or a partition's beginning, up to the given ends.
func pendingIn(ctx context.Context, log stream.Log, from, to map[stream.Partition]uint64, sel *Selection) (map[stream.SourceDay]*Balance, error) {
	pending := map[stream.SourceDay]*Balance{}
	for p, end := range to {
		err := readRange(ctx, log, p, from[p], end, func(e *stream.Entry) bool {
			k := stream.SourceDay{SourceKey: stream.SourceKey{Workspace: e.Workspace, Source: e.Source}, Day: stream.DayOf(e.ReceivedAt)}
			if !e.Kind.Counted() || !sel.Selects(k) {
				return true
			}
			b := pending[k]
			if b == nil {
				b = new(Balance)
				pending[k] = b
			}
			b.Pending++
			if e.ReceivedAt.After(b.Last) {
				b.Last = e.ReceivedAt
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
