package erase

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/stream"
	"tributary/profiles/privacy"
)

// An erased observation may be there again: an identifier that others use too is not refused, and a record that
// came later makes the same observation of it. That is told from one that was never removed by two things, of
// which neither asks a clock: when the first record of it that is kept was received, which the erasure reaches or
// does not, and the log, in which a record behind the erasure must name it.

// returned counts, by erasure, the observations that later records made again.
type returned struct {
	proven  map[uuid.UUID]int // the log names the record
	trimmed map[uuid.UUID]int // received after the erasure, by what the log no longer holds
}

// proof says how it is known of an erasure that the state holds nothing that it removed.
func (x *returned) proof(id uuid.UUID) string {
	text := "asked for each observation: "
	proven, trimmed := x.proven[id], x.trimmed[id]
	if proven+trimmed == 0 {
		text += "none is there"
	}
	if proven > 0 {
		text += fmt.Sprintf("%d are there anew, each by a record behind the erasure that was found in the log", proven)
	}
	if trimmed > 0 {
		if proven > 0 {
			text += ", and "
		}
		text += fmt.Sprintf("%d are there anew by records that were received after the erasure and that the log no longer holds", trimmed)
	}
	return text + "; no file of the state holds what was forgotten"
}

// nowhere is behind every bound, so that an erasure reaches it by the time of receipt alone.
var nowhere = stream.Position{Offset: math.MaxUint64}

// askState asks for each observation. One that is there, and was not made by a record that came later, is a fault.
func (r *Runner) askState(ctx context.Context, b *batch) (*returned, error) {
	there := map[identity.ObservationID][]*privacy.Record{}
	for _, e := range b.records {
		for _, o := range e.Observations {
			held, first, err := r.State.Holds(e.Workspace, o)
			if err != nil {
				return nil, err
			}
			if !held {
				continue
			}
			if e.Reaches(nowhere, first) {
				return nil, fmt.Errorf("an observation of erasure %s is still there, by a record that the erasure reaches", e.ID)
			}
			there[o] = append(there[o], e)
		}
	}
	x := &returned{map[uuid.UUID]int{}, map[uuid.UUID]int{}}
	if len(there) == 0 {
		return x, nil
	}
	applied := r.State.Offsets() // of what made those that are there, and perhaps more
	found, whole, err := r.makers(ctx, there, applied)
	if err != nil {
		return nil, err
	}
	for o, by := range there {
		for _, e := range by {
			switch {
			case found[o]:
				x.proven[e.ID]++
			case whole:
				return nil, fmt.Errorf("an observation of erasure %s is still there, and no record behind the erasure makes it", e.ID)
			default:
				x.trimmed[e.ID]++
			}
		}
	}
	return x, nil
}

// errFound ends a reading that has found all it looked for.
var errFound = errors.New("all are found")

// makers looks through the log for records that make observations, each behind its erasures, and tells which it
// found. Whole: the log still holds all that came since.
func (r *Runner) makers(ctx context.Context, there map[identity.ObservationID][]*privacy.Record, applied map[stream.Partition]uint64) (found map[identity.ObservationID]bool, whole bool, err error) {
	found, whole = map[identity.ObservationID]bool{}, true
	wanted := privacy.NewSet()
	for o := range there { // an erasure of each alone, that reaches everything, so that Covers names it
		wanted.Add(&privacy.Erasure{ID: o, Observations: []identity.ObservationID{o}, UpTo: applied})
	}
	partitions, err := r.Log.Partitions(ctx)
	if err != nil {
		return nil, false, err
	}
	for _, p := range partitions {
		from := since(there, p.ID, applied[p.ID])
		if p.First > from {
			from, whole = p.First, false
		}
		err := r.read(ctx, p.ID, from, applied[p.ID], func(entries []stream.Entry) error {
			for i := range entries {
				made := r.Covers(wanted, entries[i])
				if made == nil || reachedBy(there[made.ID], &entries[i]) {
					continue
				}
				if found[made.ID] = true; len(found) == len(there) {
					return errFound
				}
			}
			return nil
		})
		if errors.Is(err, errFound) {
			break
		}
		if err != nil {
			return nil, false, err
		}
	}
	return found, whole, nil
}

// since is the first offset that one of the erasures may not reach.
func since(there map[identity.ObservationID][]*privacy.Record, p stream.Partition, applied uint64) uint64 {
	from := applied
	for _, by := range there {
		for _, e := range by {
			if !e.Until.IsZero() {
				return 0
			}
			from = min(from, e.UpTo[p])
		}
	}
	return from
}

func reachedBy(all []*privacy.Record, entry *stream.Entry) bool {
	return slices.ContainsFunc(all, func(e *privacy.Record) bool { return e.Reaches(entry.Position, entry.ReceivedAt) })
}

// read calls f with the records of a partition of the log, readRecords at most at once, from an offset to an end
// that is durable.
func (r *Runner) read(ctx context.Context, p stream.Partition, from, end uint64, f func([]stream.Entry) error) error {
	if from >= end {
		return nil
	}
	reader, err := r.Log.Reader(p, from)
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }()
	for at := from; at < end; {
		entries, err := reader.Next(ctx, int(min(readRecords, end-at)))
		if err != nil {
			return fmt.Errorf("read the log at %d/%d: %w", p, at, err)
		}
		if err := f(entries); err != nil {
			return err
		}
		at = entries[len(entries)-1].Offset + 1
	}
	return nil
}
