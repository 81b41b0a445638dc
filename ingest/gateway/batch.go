package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// envelope is a batch of calls. Its sentAt and context are those of every item that has none
// (https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/#batch).
type envelope struct {
	Batch    []raw  `json:"batch"`
	WriteKey string `json:"writeKey"`
	SentAt   string `json:"sentAt"`
	Context  raw    `json:"context"`
}

// batchAccepted is the answer to a batch. Failed items are in the quarantine, from which they can
// be replayed; sending them again as they are does not help.
type batchAccepted struct {
	Success  bool        `json:"success"`
	Accepted int         `json:"accepted"`
	Failed   []itemFault `json:"failed,omitempty"`
}

// itemFault is one fault of one item; an item with several faults has as many of them.
type itemFault struct {
	Index  int    `json:"index"`
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// rejected is the value of a record of stream.KindRejected.
type rejected struct {
	Reason  string          `json:"reason"`
	Field   string          `json:"field"`
	Payload json.RawMessage `json:"payload"`
}

// maxContexts bounds what the context of a batch takes in all of its events together, in bytes: it
// is sent once and kept with each, so a small request could fill memory and log.
const maxContexts = 16 * event.MaxBatchBytes

func (g *Gateway) batch(rq *request) *Problem {
	if p := g.read(rq, event.MaxBatchBytes); p != nil {
		return p
	}
	var env envelope
	faults := env.decode(*rq.body)
	if unreadable(faults) {
		return malformed(faults)
	}
	if p := g.authenticate(rq, env.WriteKey); p != nil {
		return p
	}
	if len(faults) > 0 {
		return malformed(faults)
	}
	if len(env.Batch) > event.MaxBatchEvents {
		return tooLarge(fmt.Sprintf("A batch may have %d events.", event.MaxBatchEvents))
	}
	if len(env.Context) > event.MaxEventBytes || len(env.Context)*len(env.Batch) > maxContexts {
		return tooLarge(fmt.Sprintf("The batch's context counts for every call: it may have %d bytes, and all of them together %d.", event.MaxEventBytes, maxContexts))
	}
	if p := g.hold(rq, env.room()); p != nil {
		return p
	}
	g.pay(rq, len(env.Batch))
	records, failed, p := g.records(rq, &env)
	if p != nil {
		return p
	}
	if p := g.append(rq, records); p != nil {
		return p
	}
	return rq.answer(batchAccepted{Success: true, Accepted: len(records) - failed.items, Failed: failed.faults})
}

// decode returns the faults of the batch itself.
func (env *envelope) decode(body []byte) (faults event.Errors) {
	if err := unmarshal(body, env); err != nil {
		if reason := syntaxFault(body); reason != "" || len(trimSpace(body)) == 0 {
			return event.Errors{{Field: "body", Reason: or(reason, "is empty")}}
		}
		if !isObject(body) {
			return event.Errors{{Field: "body", Reason: kindReasons[kindObject]}}
		}
		left := batchShape.clean("", body, &faults)
		*env = envelope{}
		if err := unmarshal(left, env); err != nil && len(faults) == 0 {
			faults.Add("body", "is not a batch of Segment's API")
		}
		if len(faults) > 0 {
			return faults
		}
	}
	if string(env.Context) == "null" {
		env.Context = nil
	}
	if len(env.Batch) == 0 {
		faults.Add("batch", "must be a list of at least one call")
	}
	if env.Context != nil && env.Context[0] != '{' {
		faults.Add("context", kindReasons[kindObject])
	}
	if env.SentAt != "" {
		parseTime("sentAt", env.SentAt, &faults)
	}
	return faults
}

// failures are the items of a batch that were not valid.
type failures struct {
	items  int
	faults []itemFault
}

// records makes a record of every item, valid or not. The values lie in one buffer.
func (g *Gateway) records(rq *request, env *envelope) ([]stream.Record, failures, *Problem) {
	c := calls.Get().(*call)
	defer func() {
		c.reset()
		calls.Put(c)
	}()
	var failed failures
	records := make([]stream.Record, 0, len(env.Batch))
	ends := make([]int, 0, len(env.Batch))
	values := make([]byte, 0, len(*rq.body)+len(env.Batch)*itemOverhead)
	for i, item := range env.Batch {
		c.reset()
		faults := rq.item(c, item, env)
		kind, id, lane := stream.KindEvent, c.event.MessageID, rq.key.Lane
		var err error
		if len(faults) == 0 {
			lane = g.lane(rq, &c.event)
			values, err = event.AppendEncode(values, &c.event)
		} else {
			kind, id = stream.KindRejected, c.rejectedID(item, faults)
			values, err = appendRejected(values, item, faults)
			failed.add(i, faults)
		}
		if err != nil {
			return nil, failed, malformed(event.Errors{{Field: fmt.Sprintf("batch[%d]", i), Reason: "cannot be kept"}})
		}
		record := rq.record(kind, strings.Clone(id), nil)
		record.Lane = lane
		records = append(records, record)
		ends = append(ends, len(values))
	}
	start := 0
	for i, end := range ends {
		records[i].Value = values[start:end:end]
		start = end
	}
	return records, failed, nil
}

// itemOverhead is about what an event's own fields take in the log beyond the item as sent.
const itemOverhead = 320

// item makes an event of one item, or returns its faults.
func (rq *request) item(c *call, item raw, env *envelope) event.Errors {
	if len(item) > event.MaxEventBytes {
		return event.Errors{{Field: "item", Reason: fmt.Sprintf("is larger than %d bytes", event.MaxEventBytes)}}
	}
	faults := c.decode(item, "")
	if unreadable(faults) {
		faults[0].Field = "item"
		return faults
	}
	if env.Context != nil {
		faults = c.withContext(env.Context, faults)
	}
	return append(faults, without(c.build(&rq.key, env.SentAt, rq.received), faults)...)
}

func (f *failures) add(index int, faults event.Errors) {
	f.items++
	for _, fault := range faults {
		f.faults = append(f.faults, itemFault{Index: index, Field: fault.Field, Reason: fault.Reason})
	}
}

// rejectedID is the id of an item that is not valid: its own if at least that is usable, else one
// made of its content, so that a retry of the batch is recognised.
func (c *call) rejectedID(item raw, faults event.Errors) string {
	own := c.payload.MessageID
	bad := slices.ContainsFunc(faults, func(f event.FieldError) bool { return f.Field == "messageId" })
	if own != "" && !bad {
		return own
	}
	sum := sha256.Sum256(item)
	return "sha256:" + hex.EncodeToString(sum[:16])
}

func appendRejected(values []byte, item raw, faults event.Errors) ([]byte, error) {
	reason := faults[0].Reason
	if len(faults) > 1 {
		reason = faults.Error()
	}
	value, err := wire.Marshal(rejected{Reason: reason, Field: faults[0].Field, Payload: withoutKey(item)})
	if err != nil {
		return values, err
	}
	return append(values, value...), nil
}

// withoutKey returns the item as it was sent, but without a write key: keys are not kept.
func withoutKey(item raw) json.RawMessage {
	var members map[string]json.RawMessage
	if !has(item, "writeKey") || json.Unmarshal(item, &members) != nil {
		return json.RawMessage(item)
	}
	delete(members, "writeKey")
	left, err := json.Marshal(members)
	if err != nil {
		return json.RawMessage("null")
	}
	return left
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
