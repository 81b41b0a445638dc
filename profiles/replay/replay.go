// Package replay copies what chosen sources sent from the log of one installation into the log of
// another, which is then worked off as if those sources alone had ever sent something.
//
// README.md says what is copied, and why nothing is copied twice.
package replay

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"tributary/ingest/stream"
)

var (
	// ErrShards is returned when the two logs do not have the same partitions.
	ErrShards = errors.New("replay: the logs have different numbers of shards")
	// ErrForgotten is returned when the log forgot, while it was read, what was still to be copied.
	ErrForgotten = errors.New("replay: the log forgot what was to be copied; begin again, into another folder")
)

// History is a log to read; stream.Log is one.
type History interface {
	Partitions(ctx context.Context) ([]stream.PartitionInfo, error)
	Reader(p stream.Partition, from uint64) (stream.Reader, error)
}

// Choice says what is copied.
type Choice struct {
	Workspace string   `json:"workspace,omitempty"` // empty: all
	Sources   []string `json:"sources,omitempty"`   // empty: all
	// Since and Until bound when it was received: Since <= t < Until. Zero: open.
	Since time.Time `json:"since,omitzero"`
	Until time.Time `json:"until,omitzero"`
}

// Equal says whether both choose the same.
func (c *Choice) Equal(o *Choice) bool {
	return c.Workspace == o.Workspace && slices.Equal(c.Sources, o.Sources) && c.Since.Equal(o.Since) && c.Until.Equal(o.Until)
}

// record says whether a record of a source is chosen.
func (c *Choice) record(r *stream.Record) bool {
	return r.Kind.Counted() && c.source(r.Workspace, r.Source) &&
		!r.ReceivedAt.Before(c.Since) && (c.Until.IsZero() || r.ReceivedAt.Before(c.Until))
}

func (c *Choice) source(workspace, source string) bool {
	return (c.Workspace == "" || c.Workspace == workspace) && (len(c.Sources) == 0 || slices.Contains(c.Sources, source))
}

// The phases: what commands are about is looked up; then are copied what people decided, by which the
// records are judged, the records, and what people said of single ones.
const (
	phaseLook        = "look"
	phaseDecisions   = "decisions"
	phaseRecords     = "records"
	phaseCorrections = "corrections"
	phaseDone        = "done"
)

// Progress is how far a copy has come. It is saved as JSON, before anything that relies on it.
type Progress struct {
	From   string `json:"from"` // folder that is copied from
	Choice Choice `json:"choice"`
	Phase  string `json:"phase"`
	// Spans is what is copied of each partition: what it held when the copy began.
	Spans map[stream.Partition]Span `json:"spans,omitempty"`
	// At is how far this phase has come in each partition.
	At map[stream.Partition]Mark `json:"at,omitempty"`
	// Moved is where records stand now that commands are about, by their place; 0: not copied (yet), else
	// the offset + 1.
	Moved map[string]uint64 `json:"moved,omitempty"`
	// Refused are the items that ClickHouse refused.
	Refused map[string]bool `json:"refused,omitempty"`

	// Records is how many were copied, by workspace/source; Commands how many commands, and LeftOut how
	// many were not, by name.
	Records  map[string]uint64 `json:"records"`
	Commands map[string]uint64 `json:"commands"`
	LeftOut  map[string]uint64 `json:"left_out"`
	// Trimmed: the log no longer held its beginning. Oldest is when the first record copied was received.
	Trimmed bool      `json:"trimmed"`
	Oldest  time.Time `json:"oldest,omitzero"`
}

// Span is the offsets First <= o < Next.
type Span struct {
	First uint64 `json:"first"`
	Next  uint64 `json:"next"`
}

// Mark is a place in the old log, and how many records the new one's partition had then.
type Mark struct {
	From uint64 `json:"from"`
	Into uint64 `json:"into"`
}

// New is the progress of a copy that has not begun.
func New(from string, c Choice) *Progress {
	return &Progress{From: from, Choice: c, Phase: phaseLook}
}

// Done says whether all is copied.
func (p *Progress) Done() bool { return p.Phase == phaseDone }

// run is a copy under way.
type run struct {
	*Progress
	from History
	into stream.Log
	save func(*Progress) error
}

// Run copies, from where p stands to its end. save makes p durable. It can be called again after any
// failure or crash, with what was saved last: nothing is lost, and nothing there twice.
func Run(ctx context.Context, from History, into stream.Log, p *Progress, save func(*Progress) error) error {
	r := &run{p, from, into, save}
	for _, phase := range []struct {
		name, next string
		pass       func(context.Context) error
	}{
		{phaseLook, phaseDecisions, r.look}, {phaseDecisions, phaseRecords, r.commands(r.decided)},
		{phaseRecords, phaseCorrections, r.records}, {phaseCorrections, phaseDone, r.commands(r.corrected)},
	} {
		if p.Phase != phase.name {
			continue
		}
		err := phase.pass(ctx)
		if err == nil {
			err = r.enter(ctx, phase.next)
		}
		if errors.Is(err, stream.ErrTrimmed) {
			err = fmt.Errorf("%w (%w)", ErrForgotten, err)
		}
		if err != nil {
			return fmt.Errorf("replay %s: %w", phase.name, err)
		}
	}
	return nil
}

// enter begins the next phase: it notes where both logs stand before anything is appended in it.
func (r *run) enter(ctx context.Context, phase string) error {
	next, err := r.next(ctx)
	if err != nil {
		return err
	}
	if len(next) != len(r.Spans) {
		return fmt.Errorf("%w: %d and %d partitions", ErrShards, len(r.Spans), len(next))
	}
	r.Phase, r.At = phase, map[stream.Partition]Mark{}
	for p, span := range r.Spans {
		r.At[p] = Mark{From: span.First, Into: next[p]}
	}
	return r.save(r.Progress)
}

// next is where the partitions of the new log end.
func (r *run) next(ctx context.Context) (map[stream.Partition]uint64, error) {
	infos, err := r.into.Partitions(ctx)
	if err != nil {
		return nil, err
	}
	next := map[stream.Partition]uint64{}
	for _, info := range infos {
		next[info.ID] = info.Next
	}
	return next, nil
}

// look reads the log for the places that commands name, and notes where it ends.
func (r *run) look(ctx context.Context) error {
	infos, err := r.from.Partitions(ctx)
	if err != nil {
		return err
	}
	r.Spans, r.Moved, r.Refused = map[stream.Partition]Span{}, map[string]uint64{}, map[string]bool{}
	r.Records, r.Commands, r.LeftOut = map[string]uint64{}, map[string]uint64{}, map[string]uint64{}
	for _, info := range infos {
		r.Spans[info.ID] = Span{info.First, info.Next}
		r.Trimmed = r.Trimmed || info.First > 0
		err := read(ctx, r.from, info.ID, info.First, info.Next, func(e *stream.Entry) error {
			if e.Kind == stream.KindCommand {
				r.mention(e)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// records copies what sources sent.
func (r *run) records(ctx context.Context) error {
	return r.pass(ctx, func(e *stream.Entry) (*stream.Record, error) {
		if !r.Choice.record(&e.Record) {
			return nil, nil
		}
		r.Records[e.Workspace+"/"+e.Source]++
		if r.Oldest.IsZero() || e.ReceivedAt.Before(r.Oldest) {
			r.Oldest = e.ReceivedAt
		}
		return &e.Record, nil
	})
}

const (
	batchRecords = 512
	batchBytes   = 4 << 20
	saveEvery    = 64 // batches
)

// pass copies what choose returns, of every partition into the one of the same number. What is in the
// new log beyond what was noted was copied before a crash.
func (r *run) pass(ctx context.Context, choose func(*stream.Entry) (*stream.Record, error)) error {
	next, err := r.next(ctx)
	if err != nil {
		return err
	}
	for _, p := range slices.Sorted(maps.Keys(r.Spans)) {
		c := &partitionCopy{run: r, id: p, at: r.At[p], there: next[p] - r.At[p].Into}
		err := read(ctx, r.from, p, c.at.From, r.Spans[p].Next, func(e *stream.Entry) error {
			record, err := choose(e)
			if err != nil {
				return err
			}
			return c.take(ctx, e, record)
		})
		if err == nil {
			err = c.flush(ctx)
		}
		if err == nil {
			err = c.note()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// partitionCopy copies one partition.
type partitionCopy struct {
	*run
	id      stream.Partition
	at      Mark   // up to where the batch reaches
	there   uint64 // how many of the next ones are copied already
	batch   []stream.Record
	bytes   int
	batches int
}

// take goes past an entry, with the record that stands for it, if one does.
func (c *partitionCopy) take(ctx context.Context, e *stream.Entry, record *stream.Record) error {
	c.at.From = e.Offset + 1
	if record == nil {
		return nil
	}
	if _, named := c.Moved[e.String()]; named {
		c.Moved[e.String()] = c.at.Into + 1
	}
	c.at.Into++
	if c.there > 0 {
		c.there--
		return nil
	}
	c.batch, c.bytes = append(c.batch, *record), c.bytes+len(record.Value)
	if len(c.batch) < batchRecords && c.bytes < batchBytes {
		return nil
	}
	if err := c.flush(ctx); err != nil || c.batches%saveEvery != 0 {
		return err
	}
	return c.note()
}

func (c *partitionCopy) flush(ctx context.Context) error {
	if len(c.batch) == 0 {
		return nil
	}
	at, err := c.into.Append(ctx, c.batch)
	if err != nil {
		return err
	}
	if last := at[len(at)-1]; last.Partition != c.id || last.Offset+1 != c.at.Into {
		return fmt.Errorf("%w: a record of %d came to stand at %s", ErrShards, c.id, last)
	}
	c.batch, c.bytes = c.batch[:0], 0
	c.batches++
	return nil
}

// note saves how far the partition is copied.
func (c *partitionCopy) note() error {
	c.At[c.id] = c.at
	return c.save(c.Progress)
}

// read calls f for the records of a partition with from <= offset < to.
func read(ctx context.Context, log History, p stream.Partition, from, to uint64, f func(*stream.Entry) error) error {
	if from >= to {
		return nil
	}
	reader, err := log.Reader(p, from)
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }()
	for from < to {
		entries, err := reader.Next(ctx, int(min(to-from, batchRecords)))
		if err != nil {
			return err
		}
		for i := range entries {
			if entries[i].Offset >= to {
				return nil
			}
			if err := f(&entries[i]); err != nil {
				return err
			}
		}
		from = entries[len(entries)-1].Offset + 1
	}
	return nil
}
