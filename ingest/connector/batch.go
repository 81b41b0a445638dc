package connector

import (
	"encoding/json"

	"tributary/ingest/event"
)

// Batch is what a delivery or a page makes: events, and parts that make none.
type Batch struct {
	Events   []event.Event
	Rejected []Rejected
	// Reply is what the vendor wants to hear when all of it is durable. Nil: 200 and how many were
	// taken, as JSON.
	Reply *Reply
}

// Rejected is a part of a delivery that cannot become an event. It goes to the quarantine as it came.
type Rejected struct {
	// ID is the part's own id if it has one, so that a repetition is recognised; else the runtime makes
	// one from the payload.
	ID string
	// Field is the path of what is wrong, Reason a short phrase in lower case that repeats no value.
	Field, Reason string
	// Payload is the part. What is no JSON is kept as a JSON string.
	Payload []byte
}

// Reply is an answer to a vendor.
type Reply struct {
	Status      int
	ContentType string
	Body        []byte
}

// Add appends an event. A connector sets MessageID, Type, Name, OriginalAt (or nothing, and it is the
// time of receipt), SentAt where the vendor's clock may be wrong, and what it knows of the rest; never
// Workspace, Source, ReceivedAt and At. Type is track unless it says otherwise.
func (b *Batch) Add(e event.Event) {
	if e.Type == "" {
		e.Type = event.TypeTrack
	}
	b.Events = append(b.Events, e)
}

// Reject appends a part that makes no event.
func (b *Batch) Reject(id, field, reason string, payload []byte) {
	b.Rejected = append(b.Rejected, Rejected{ID: id, Field: field, Reason: reason, Payload: payload})
}

// Len is how many events and rejected parts there are.
func (b *Batch) Len() int { return len(b.Events) + len(b.Rejected) }

// JSON is a value as JSON text, for properties and traits that a connector puts together; nil for
// what has no JSON form.
func JSON(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return text
}
