package gateway

import (
	"net/http"
	"strings"
	"sync"

	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// calls are reused; a call refers to its request's body, and is reset before it goes back.
var calls = sync.Pool{New: func() any { return new(call) }}

// accepted is the answer to a single call: Segment's, and the id the event is known by.
type accepted struct {
	Success   bool   `json:"success"`
	MessageID string `json:"messageId"`
}

const jsonType = "application/json; charset=utf-8"

func (g *Gateway) single(rq *request, route event.Type) *Problem {
	if p := g.read(rq, event.MaxEventBytes); p != nil {
		return p
	}
	c := calls.Get().(*call)
	defer func() {
		c.reset()
		calls.Put(c)
	}()
	faults := c.decode(*rq.body, route)
	if unreadable(faults) {
		return malformed(faults)
	}
	if p := g.authenticate(rq, c.payload.WriteKey); p != nil {
		return p
	}
	g.pay(rq, 1)
	if c.payload.Type != route {
		faults.Add("type", "must be "+string(route)+" on this route, or absent")
	}
	if faults = append(faults, without(c.build(&rq.key, "", rq.received), faults)...); len(faults) > 0 {
		return invalid(faults)
	}
	value, err := event.Encode(&c.event)
	if err != nil {
		return malformed(event.Errors{{Field: "body", Reason: "cannot be kept"}})
	}
	id := strings.Clone(c.event.MessageID)
	record := rq.record(stream.KindEvent, id, value)
	record.Lane = g.lane(rq, &c.event)
	if p := g.append(rq, []stream.Record{record}); p != nil {
		return p
	}
	return rq.answer(accepted{Success: true, MessageID: id})
}

// record returns a record that refers to nothing of the request's buffer.
func (rq *request) record(kind stream.Kind, id string, value []byte) stream.Record {
	return stream.Record{
		Lane: rq.key.Lane, Kind: kind, Workspace: rq.key.Workspace, Source: rq.key.Source,
		MessageID: id, ReceivedAt: rq.received, Value: value,
	}
}

func (rq *request) answer(v any) *Problem {
	body, err := wire.Marshal(v)
	if err != nil {
		return problem(http.StatusInternalServerError, "internal", "The answer cannot be written", "")
	}
	rq.Data(http.StatusOK, jsonType, body)
	return nil
}
