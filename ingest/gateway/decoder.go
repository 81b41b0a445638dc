package gateway

import (
	"encoding/json"
	"time"

	"tributary/ingest/event"
)

// Decoder makes events of calls of Segment's HTTP API that came another way, such as the lines of a
// file. It is not safe for concurrent use.
type Decoder struct {
	key  WriteKey
	call call
}

// NewDecoder returns a decoder of calls to a source.
func NewDecoder(workspace, source string) *Decoder {
	return &Decoder{key: WriteKey{Workspace: workspace, Source: source}}
}

// Decode reads a call, which must be in UTF-8 and name its type, and returns its event or all of its
// faults. The event refers to data and is valid until the next call. id is the message id of a call
// that has none. Requests' limits of size do not hold.
func (d *Decoder) Decode(data []byte, id string, received time.Time) (*event.Event, event.Errors) {
	c := &d.call
	c.reset()
	faults := c.decode(data, "")
	if unreadable(faults) {
		faults[0].Field = "line"
		return nil, faults
	}
	if c.payload.MessageID == "" {
		c.payload.MessageID = id
	}
	faults = append(faults, without(c.build(&d.key, "", received), faults)...)
	return &c.event, faults
}

// WithoutKey returns a call as it was sent, but without a write key: keys are not kept.
func WithoutKey(call []byte) json.RawMessage { return withoutKey(call) }
