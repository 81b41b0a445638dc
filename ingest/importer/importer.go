// Package importer brings in files and pipes: CSV, JSON Lines, Parquet, Arrow and the messages of
// Singer taps become events through a mapping, and go to the log on the bulk lane, so that an import
// never delays what happens now.
//
// An import can be interrupted and begun again: message ids derive from the row (its own id, or the
// file's content and the row's number), and how far it came is kept. A row that cannot be mapped is
// sent to the quarantine with its reason and is in the report; the import goes on.
package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"
)

// Import is one file, or pipe, to bring in.
type Import struct {
	// Path is the file. Stdin, if not nil, is read instead of one.
	Path  string
	Stdin io.Reader
	// Format is how the file is written; default CSV.
	Format Format
	// Mapping is needed for all formats but JSONL, whose lines may be events as they are, and
	// Singer, which needs Streams instead.
	Mapping *Mapping
	Streams *Streams

	Workspace string
	Source    string
	// Resume, if not nil, keeps how far the import came, and says where to go on.
	Resume *ProgressStore
	// Restart begins with the first row whatever Resume knows.
	Restart bool
	// Progress is told after each batch what is durable so far, and which part of the file that is,
	// of how much; total is 0 where it is not known.
	Progress func(report *Report, read, total int64)
	// Waits is told each time the log has no room for bulk records: the import goes on once there is. Default: nobody is.
	Waits func()
	// State, if not nil, gets each state of a Singer tap as a line once all rows before it are
	// durable.
	State io.Writer
	// DryRun maps and counts, and sends nothing.
	DryRun bool
	Now    func() time.Time // default time.Now
}

// Check opens the file and finds out whether the mapping fits it, without reading its rows. A pipe
// is not touched.
func (im Import) Check() error {
	if im.Stdin != nil {
		return nil
	}
	s, err := im.open(time.Time{})
	if err != nil {
		return err
	}
	return s.close()
}

// Run imports the file into the log. The report tells what is durable even when an error ends it
// early.
func (im Import) Run(ctx context.Context, log Appender) (Report, error) {
	if im.Now == nil {
		im.Now = time.Now
	}
	if im.Progress == nil {
		im.Progress = func(*Report, int64, int64) {}
	}
	if im.Waits == nil {
		im.Waits = func() {}
	}
	if im.DryRun {
		log, im.Resume = nil, nil
	}
	began := im.Now()
	in, err := im.open(began.UTC().Truncate(time.Millisecond))
	if err != nil {
		return Report{}, err
	}
	r := &run{Import: im, input: in, report: Report{ByName: map[string]int{}}}
	err = errors.Join(r.all(ctx, log), in.close())
	r.report.Seconds = im.Now().Sub(began).Seconds()
	if r.report.Seconds > 0 {
		r.report.RowsPerSecond = float64(r.report.Rows-r.report.ResumedFrom) / r.report.Seconds
	}
	return r.report, err
}

// run is the state of one import under way. While the sender runs, the report and how far it goes
// are the sender's.
type run struct {
	Import
	*input
	report Report
	rows   int // read and durable
	ticket *ticket
	never  []string // columns that an interrupted run had not seen filled; nil: there was none
	sent   time.Time
}

func (r *run) all(ctx context.Context, log Appender) (err error) {
	if err := r.resume(); err != nil || r.report.Complete {
		return err
	}
	defer func() { err = errors.Join(err, r.ticket.close()) }()
	if err := r.source.skip(ctx, r.rows); err != nil {
		return fmt.Errorf("go on after row %d of %s: %w", r.rows, r.name, err)
	}
	s := newSender(ctx, log, r.durable, r.Waits)
	err = r.read(ctx, s)
	if late := s.close(); err == nil {
		err = late
	}
	if err == nil {
		err = r.unchanged()
	}
	r.report.Notes = r.source.notes()
	r.report.Complete = err == nil
	return errors.Join(err, r.ticket.save(&r.report, r.rows, r.report.Complete))
}

// resume finds out how many rows are durable already.
func (r *run) resume() (err error) {
	if r.Resume == nil || r.file == nil {
		return nil
	}
	if r.ticket, err = r.Resume.open(r.key()); err != nil {
		return err
	}
	known := &r.ticket.known
	if r.Restart || known.Rows == 0 && !known.Complete {
		return nil
	}
	r.report, r.rows = known.Report.clone(), known.Rows
	r.report.ResumedFrom, r.report.Complete = known.Report.Rows, known.Complete
	r.never = append([]string{}, known.Report.NeverFilled...)
	if known.Complete {
		r.report.Before = &known.At
		return r.ticket.close()
	}
	return nil
}

// read sends all rows that are left. Those before a failure are sent, too.
func (r *run) read(ctx context.Context, s *sender) error {
	b := (&batch{workspace: r.Workspace, source: r.Source, received: r.received, position: r.rows}).next()
	for {
		err := r.row(b)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			put := r.put(s, b)
			if errors.Is(err, io.EOF) {
				return put
			}
			return fmt.Errorf("%s: %w", r.name, cutShort(err))
		}
		if b.full() || b.state != nil && time.Since(r.sent) > stateEvery {
			next := b.next()
			if err := r.put(s, b); err != nil {
				return err
			}
			b = next
		}
	}
}

// cutShort says what to do about a file that ends before its content does.
func cutShort(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: the file is cut short; was it copied, or written, to its end?", err)
	}
	return err
}

// stateEvery is how long the state of a tap waits for more rows.
const stateEvery = time.Second

// put hands a batch to the sender.
func (r *run) put(s *sender, b *batch) error {
	b.read, b.total = r.share()
	b.part.NeverFilled = r.source.neverFilled()
	if r.never != nil {
		b.part.NeverFilled = slices.DeleteFunc(b.part.NeverFilled, func(column string) bool { return !slices.Contains(r.never, column) })
	}
	r.sent = time.Now()
	return s.put(b)
}

// row adds the events of the next row to the batch, or its rejection.
func (r *run) row(b *batch) error {
	mark := b.begin()
	err := r.source.next(b)
	var fault *RowError
	if errors.As(err, &fault) {
		b.back(mark)
		payload := r.source.payload()
		id := contentID(payload) // of what came through a pipe
		if r.origin.File != "" {
			id = r.origin.File + ":" + strconv.Itoa(fault.Row)
		}
		b.reject(fault, id, payload)
		b.part.Rows++
		b.position = r.source.position()
		return nil
	}
	if err != nil {
		b.back(mark)
		return err
	}
	b.keep()
	b.position = r.source.position()
	return nil
}

// durable is called when everything up to the end of the batch is on disk.
func (r *run) durable(b *batch) error {
	r.report.add(&b.part)
	r.rows = b.position
	if b.state != nil && r.State != nil && !r.DryRun {
		if _, err := fmt.Fprintf(r.State, "%s\n", b.state); err != nil {
			return fmt.Errorf("write state: %w", err)
		}
	}
	r.Progress(&r.report, b.read, b.total)
	return r.ticket.saveNow(&r.report, r.rows)
}
