// Package importer brings in files: rows become events through a mapping, and go to the log on the
// bulk lane, so that an import never delays what happens now.
//
// An import can be repeated: message ids derive from the row (its own id, or the file's content and
// the row's number), so a second run stores nothing twice. A row that cannot be mapped is sent to
// the quarantine with its reason and is in the report; the import goes on.
package importer

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// Appender takes records; the log itself, or a server that has it open.
type Appender interface {
	Append(ctx context.Context, records []stream.Record) ([]stream.Position, error)
}

// Report says what an import did.
type Report struct {
	Rows, Events int
	// Rejected rows went to the quarantine; First holds the first of them, at most maxFaults.
	Rejected int
	First    []RowError
}

const (
	maxFaults    = 20
	batchRecords = 500
	fullRetry    = time.Second // between attempts while the log has no room
)

// Import is one file to bring in.
type Import struct {
	Path      string // a CSV file; gzip is recognised by its content
	Mapping   *Mapping
	Workspace string
	Source    string
	// Progress is told after each batch how much of the file was read, in bytes, of how many.
	Progress func(read, total int64)
	// DryRun maps and counts, and sends nothing.
	DryRun bool
	Now    func() time.Time // default time.Now
}

// Run imports the file into the log. The report is right even when an error ends it early.
func (im Import) Run(ctx context.Context, log Appender) (Report, error) {
	if im.Now == nil {
		im.Now = time.Now
	}
	if im.Progress == nil {
		im.Progress = func(int64, int64) {}
	}
	file, err := os.Open(im.Path)
	if err != nil {
		return Report{}, err
	}
	defer file.Close()
	digest, total, err := contentDigest(file)
	if err != nil {
		return Report{}, fmt.Errorf("read %s: %w", im.Path, err)
	}
	counted := &countingReader{r: file}
	text, err := decompress(counted)
	if err != nil {
		return Report{}, fmt.Errorf("read %s: %w", im.Path, err)
	}
	rows := csv.NewReader(text)
	rows.FieldsPerRecord = -1 // the mapper reports a row of another width, and goes on
	rows.ReuseRecord = true
	header, err := rows.Read()
	if err != nil {
		return Report{}, fmt.Errorf("read header of %s: %w", im.Path, err)
	}
	origin := Origin{Workspace: im.Workspace, Source: im.Source, File: digest}
	mapper, err := NewMapper(im.Mapping, append([]string(nil), header...), origin, im.Now().UTC().Truncate(time.Millisecond))
	if err != nil {
		return Report{}, err
	}
	run := &run{Import: im, log: log, mapper: mapper, rows: rows, read: func() int64 { return counted.n }, total: total}
	err = run.all(ctx)
	return run.report, err
}

// run is the state of one import under way.
type run struct {
	Import
	log     Appender
	mapper  *Mapper
	rows    *csv.Reader
	read    func() int64
	total   int64
	report  Report
	pending []stream.Record
}

func (r *run) all(ctx context.Context) error {
	for number := 1; ; number++ {
		row, err := r.rows.Read()
		if errors.Is(err, io.EOF) {
			return r.flush(ctx)
		}
		var syntax *csv.ParseError
		switch {
		case errors.As(err, &syntax):
			r.reject(&RowError{Row: number, Field: "row", Reason: syntax.Err.Error()}, row)
		case err != nil:
			return fmt.Errorf("read row %d: %w", number, err)
		default:
			if err := r.row(number, row); err != nil {
				return err
			}
		}
		r.report.Rows++
		if len(r.pending) >= batchRecords {
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
	}
}

// row maps a row and queues its events, or its rejection.
func (r *run) row(number int, row []string) error {
	events, err := r.mapper.Row(number, row)
	var fault *RowError
	if errors.As(err, &fault) {
		r.reject(fault, row)
		return nil
	}
	for i := range events {
		value, err := event.Encode(&events[i])
		if err != nil {
			return fmt.Errorf("encode row %d: %w", number, err)
		}
		r.queue(stream.KindEvent, events[i].MessageID, value)
		r.report.Events++
	}
	return nil
}

// reject queues a row for the quarantine.
func (r *run) reject(fault *RowError, row []string) {
	r.report.Rejected++
	if len(r.report.First) < maxFaults {
		r.report.First = append(r.report.First, *fault)
	}
	payload, _ := json.Marshal(row) // strings always encode
	value, _ := json.Marshal(map[string]any{"reason": fault.Reason, "field": fault.Field, "payload": json.RawMessage(payload)})
	r.queue(stream.KindRejected, fmt.Sprintf("%s:%d", r.mapper.origin.File, fault.Row), value)
}

func (r *run) queue(kind stream.Kind, messageID string, value []byte) {
	r.pending = append(r.pending, stream.Record{
		Lane: stream.LaneBulk, Kind: kind, Workspace: r.Workspace, Source: r.Source,
		MessageID: messageID, ReceivedAt: r.mapper.received, Value: value,
	})
}

func (r *run) flush(ctx context.Context) error {
	if len(r.pending) > 0 && !r.DryRun {
		if err := r.append(ctx); err != nil {
			return fmt.Errorf("append rows up to %d: %w", r.report.Rows, err)
		}
	}
	r.pending = r.pending[:0]
	r.Progress(r.read(), r.total)
	return nil
}

// append sends what is queued; while the disk has no room for bulk records it waits.
func (r *run) append(ctx context.Context) error {
	for {
		_, err := r.log.Append(ctx, r.pending)
		if !errors.Is(err, stream.ErrFull) {
			return err
		}
		select {
		case <-time.After(fullRetry):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// contentDigest returns a digest of the file as it lies there, and its size; it leaves the file at
// its beginning.
func contentDigest(file *os.File) (digest string, size int64, err error) {
	hash := sha256.New()
	if size, err = io.Copy(hash, file); err != nil {
		return "", 0, err
	}
	_, err = file.Seek(0, io.SeekStart)
	return hex.EncodeToString(hash.Sum(nil)[:12]), size, err
}

// decompress looks at the first bytes, not at the name.
func decompress(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	magic, err := buffered.Peek(2)
	if err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		return gzip.NewReader(buffered)
	}
	return buffered, nil
}

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
