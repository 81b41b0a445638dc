package admin

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/bytedance/sonic"

	"tributary/api/problem"
	"tributary/ingest/event"
	"tributary/ingest/stream"
)

const (
	maxAppend   = 64 << 20 // bytes of an append's body
	maxLine     = 4 << 20  // bytes of a line of an import
	batchLines  = 500      // lines that are made durable together
	maxFailures = 100      // that an answer lists
)

// wireRecord is a stream.Record as the socket carries it.
type wireRecord struct {
	Lane       stream.Lane `json:"lane"`
	Kind       stream.Kind `json:"kind"`
	Workspace  string      `json:"workspace"`
	Source     string      `json:"source"`
	MessageID  string      `json:"message_id"`
	ReceivedAt time.Time   `json:"received_at"`
	Value      []byte      `json:"value"` // base64
}

// wirePosition is a stream.Position likewise.
type wirePosition struct {
	Partition stream.Partition `json:"partition"`
	Offset    uint64           `json:"offset"`
}

// appendRecords is stream.Log.Append for programs that cannot open the log, because the server
// has it open.
func (h *handlers) appendRecords(r *http.Request) ([]wirePosition, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxAppend))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, err
		}
		return nil, problem.Field("body", "is not a list of records")
	}
	var wire []wireRecord
	if err := sonic.Unmarshal(body, &wire); err != nil { // whole files come this way
		return nil, problem.Field("body", "is not a list of records")
	}
	records := make([]stream.Record, len(wire))
	for i, w := range wire {
		records[i] = stream.Record(w)
	}
	positions, err := h.Commands.Log.Append(r.Context(), records)
	if errors.Is(err, stream.ErrInvalid) {
		return nil, problem.New(problem.Invalid, err.Error())
	}
	answer := make([]wirePosition, len(positions))
	for i, p := range positions {
		answer[i] = wirePosition(p)
	}
	return answer, err
}

// Imported is what became of an import.
type Imported struct {
	Events   int `json:"events"`   // durable in the log
	Rejected int `json:"rejected"` // in the quarantine
	// Failures are the first of the rejected lines.
	Failures []LineFailure `json:"failures,omitempty"`
}

// LineFailure is what is wrong with one line.
type LineFailure struct {
	Line   int                  `json:"line"` // from 1
	Errors []problem.FieldError `json:"errors"`
}

// importEvents takes events as JSON Lines, each in the form of event.Event, to the bulk lane. A
// line that is not valid goes to the quarantine, and the import goes on. Workspace and source are
// those of the query; a line may leave them out but not name others. Events without times of their
// own are received now. It can be repeated: message ids tell what is there.
func (h *handlers) importEvents(r *http.Request) (*Imported, error) {
	im := &importing{h: h, r: r, workspace: r.URL.Query().Get("workspace"), source: r.URL.Query().Get("source")}
	im.now = h.Commands.Now().UTC().Truncate(time.Millisecond)
	for _, f := range []struct{ name, value string }{{"workspace", im.workspace}, {"source", im.source}} {
		if f.value == "" {
			return nil, problem.Field(f.name, "is required")
		}
	}
	lines := bufio.NewReaderSize(r.Body, 64<<10)
	for {
		line, err := readLine(lines)
		if len(bytes.TrimSpace(line)) > 0 || errors.Is(err, errLongLine) {
			im.line++
			im.take(line, err)
		}
		if len(im.batch) >= batchLines || im.size >= maxLine {
			if err := im.flush(); err != nil {
				return nil, err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return &im.Imported, im.flush()
		case err != nil && !errors.Is(err, errLongLine):
			return nil, problem.New(problem.Invalid, fmt.Sprintf("the body ends early after line %d; what is before it is kept", im.line))
		}
	}
}

var errLongLine = errors.New("line is too long")

// readLine returns a line without its end. Of one that is too long it returns the beginning, and
// errLongLine after it has read all of it.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, more, err := r.ReadLine()
		if long = long || len(line)+len(part) > maxLine; !long {
			line = append(line, part...)
		}
		if err == nil && more {
			continue
		}
		if err == nil && long {
			err = errLongLine
		}
		return line, err
	}
}

// importing is one import under way.
type importing struct {
	Imported
	h                 *handlers
	r                 *http.Request
	workspace, source string
	now               time.Time
	line              int
	batch             []stream.Record
	size              int
	events, rejected  int // of batch
}

func (im *importing) take(line []byte, err error) {
	var faults event.Errors
	e := new(event.Event)
	switch {
	case errors.Is(err, errLongLine):
		faults.Add("line", fmt.Sprintf("is longer than %d bytes", maxLine))
		line = line[:min(len(line), 1<<10)]
	default:
		if err := event.DecodeInto(e, line); err != nil {
			faults.Add("line", "is not an event as JSON")
		} else {
			faults = e.Adopt(im.workspace, im.source, im.now)
		}
	}
	if len(faults) > 0 {
		im.reject(line, faults)
		return
	}
	value, err := event.Encode(e)
	if err != nil {
		faults.Add("line", "cannot be encoded")
		im.reject(line, faults)
		return
	}
	im.events++
	im.add(stream.KindEvent, e.MessageID, e.ReceivedAt, value)
}

func (im *importing) reject(line []byte, faults event.Errors) {
	payload := json.RawMessage(line)
	if !json.Valid(line) {
		payload, _ = json.Marshal(string(line)) // of a string, never fails
	}
	value, err := json.Marshal(map[string]any{"reason": "invalid", "field": faults[0].Field, "payload": payload})
	if err != nil {
		value = []byte(`{"reason":"invalid","field":"line"}`)
	}
	im.rejected++
	if len(im.Failures) < maxFailures {
		failure := LineFailure{Line: im.line}
		for _, f := range faults {
			failure.Errors = append(failure.Errors, problem.FieldError(f))
		}
		im.Failures = append(im.Failures, failure)
	}
	// Named by its content, so that importing the same file again rejects nothing twice.
	im.add(stream.KindRejected, fmt.Sprintf("rejected-%x", sha256.Sum256(line)), im.now, value)
}

func (im *importing) add(kind stream.Kind, messageID string, received time.Time, value []byte) {
	im.size += len(value)
	im.batch = append(im.batch, stream.Record{
		Lane: stream.LaneBulk, Kind: kind, Workspace: im.workspace, Source: im.source,
		MessageID: messageID, ReceivedAt: received, Value: value,
	})
}

func (im *importing) flush() error {
	if len(im.batch) == 0 {
		return nil
	}
	if _, err := im.h.Commands.Log.Append(im.r.Context(), im.batch); err != nil {
		return fmt.Errorf("import before line %d: %w", im.line, err)
	}
	im.Events += im.events
	im.Rejected += im.rejected
	im.batch, im.size, im.events, im.rejected = nil, 0, 0, 0
	return nil
}
