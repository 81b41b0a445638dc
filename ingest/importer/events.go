package importer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/bytedance/sonic"

	"tributary/ingest/event"
	"tributary/ingest/gateway"
)

// eventSource reads lines that are events already: calls of Segment's HTTP API, as its archives and
// libraries have them, or events in Tributary's own form (event.Event), told by their message_id.
type eventSource struct {
	lines    *lineReader
	decoder  *gateway.Decoder
	origin   Origin
	received time.Time
	own      event.Event
}

func newEventSource(lines *lineReader, origin Origin, received time.Time) *eventSource {
	return &eventSource{lines: lines, decoder: gateway.NewDecoder(origin.Workspace, origin.Source), origin: origin, received: received}
}

func (s *eventSource) next(b *batch) error {
	if err := s.lines.object(); err != nil {
		return err
	}
	if s.lines.fault != "" {
		return placed(&RowError{Field: "line", Reason: s.lines.fault}, s.lines.number, s.lines.line)
	}
	e, faults := s.decode()
	if len(faults) > 0 {
		return placed(&RowError{Field: faults[0].Field, Reason: reason(faults)}, s.lines.number, s.lines.line)
	}
	b.part.Rows++
	return b.add(e)
}

func reason(faults event.Errors) string {
	if len(faults) == 1 {
		return faults[0].Reason
	}
	return faults.Error()
}

func (s *eventSource) decode() (*event.Event, event.Errors) {
	var form struct {
		MessageID *string `json:"message_id"`
	}
	if err := sonic.Unmarshal(s.lines.text, &form); err == nil && form.MessageID == nil {
		return s.decoder.Decode(s.lines.text, s.id(), s.received)
	}
	s.own = event.Event{}
	if err := event.DecodeInto(&s.own, s.lines.text); err != nil {
		return nil, event.Errors{{Field: "line", Reason: "is not an event as JSON"}}
	}
	return &s.own, s.own.Adopt(s.origin.Workspace, s.origin.Source, s.received)
}

// id names a call that has no id of its own: by the file and its number, or by its content where it
// came through a pipe.
func (s *eventSource) id() string {
	if s.origin.File == "" {
		return contentID(s.lines.text)
	}
	return s.origin.File + ":" + strconv.Itoa(s.lines.number)
}

// contentID names what has no other name.
func contentID(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:16])
}

func (s *eventSource) payload() []byte {
	payload := s.lines.payload()
	if payload[0] != '{' {
		return payload
	}
	return gateway.WithoutKey(payload)
}

func (s *eventSource) skip(ctx context.Context, n int) error { return s.lines.skip(ctx, n) }
func (s *eventSource) position() int                         { return s.lines.number }
func (s *eventSource) neverFilled() []string                 { return nil }
func (s *eventSource) notes() []string                       { return nil }
