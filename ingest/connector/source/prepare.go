package source

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"tributary/ingest/connector"
	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// Stamp is what the runtime adds to what a connector makes.
type Stamp struct {
	Workspace, Source string
	Lane              stream.Lane
	Received          time.Time
}

// Prepare makes records of a batch: events get their workspace, source and times; an event that is not
// valid then becomes a rejected part, with all faults named, and lands in the quarantine as it was made.
// The records refer to nothing of the batch.
func Prepare(b *connector.Batch, s Stamp) ([]stream.Record, error) {
	s.Received = s.Received.UTC().Truncate(time.Millisecond)
	records := make([]stream.Record, 0, b.Len())
	for i := range b.Events {
		e := &b.Events[i]
		e.Workspace, e.Source = s.Workspace, s.Source
		e.Stamp(e.OriginalAt, e.SentAt, s.Received)
		var record stream.Record
		var err error
		if fault := e.Validate(); fault == nil {
			record, err = s.event(e)
		} else {
			record, err = s.rejected(invalid(e, fault))
		}
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	for _, part := range b.Rejected {
		record, err := s.rejected(part)
		if err != nil {
			return nil, err
		}
		records = append(records, record)
	}
	return records, nil
}

func (s Stamp) event(e *event.Event) (stream.Record, error) {
	value, err := event.Encode(e)
	if err != nil {
		return stream.Record{}, fmt.Errorf("encode event: %w", err)
	}
	return s.record(stream.KindEvent, e.MessageID, value), nil
}

// invalid turns an event into a rejected part that says why.
func invalid(e *event.Event, fault error) connector.Rejected {
	part := connector.Rejected{ID: e.MessageID, Field: "event", Reason: fault.Error(), Payload: e.Properties}
	var first event.FieldError
	if errors.As(fault, &first) {
		part.Field = first.Field
		var all event.Errors
		if errors.As(fault, &all) && len(all) == 1 {
			part.Reason = first.Reason
		}
	}
	if part.Payload == nil {
		part.Payload = e.Traits
	}
	if whole, err := json.Marshal(e); err == nil {
		part.Payload = whole
	}
	return part
}

// maxPayload bounds what is kept of a rejected part, in bytes: with the rest of the record it fits into
// every log.
const maxPayload = event.MaxStoredBytes

func (s Stamp) rejected(part connector.Rejected) (stream.Record, error) {
	id := part.ID
	if id == "" || len(id) > event.MaxMessageIDBytes || !utf8.ValidString(id) {
		sum := sha256.Sum256(part.Payload)
		id = "sha256:" + hex.EncodeToString(sum[:16])
	}
	payload, reason := part.Payload, part.Reason
	if len(payload) > maxPayload {
		reason = fmt.Sprintf("%s; of the payload's %d bytes the first %d are kept", reason, len(payload), maxPayload)
		payload = payload[:maxPayload]
	}
	if !json.Valid(payload) {
		payload = connector.JSON(string(bytes.ToValidUTF8(payload, []byte("\uFFFD"))))
	}
	value, err := json.Marshal(struct {
		Reason  string          `json:"reason"`
		Field   string          `json:"field"`
		Payload json.RawMessage `json:"payload"`
	}{reason, part.Field, payload})
	if err != nil {
		return stream.Record{}, fmt.Errorf("encode rejected part: %w", err)
	}
	return s.record(stream.KindRejected, id, value), nil
}

func (s Stamp) record(kind stream.Kind, id string, value []byte) stream.Record {
	return stream.Record{
		Lane: s.Lane, Kind: kind, Workspace: s.Workspace, Source: s.Source, MessageID: id, ReceivedAt: s.Received, Value: value,
	}
}
