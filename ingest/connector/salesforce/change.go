package salesforce

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
)

// kind is what a change tells of its record.
type kind uint8

const (
	kindEvent   kind = iota // something, and no fields
	kindPart                // the fields that changed
	kindState               // all fields there are
	kindDeleted             // that it is gone
)

// change is one change of one record, in whatever form it came.
type change struct {
	id     string // the message id
	entity string // the object's API name, such as Contact
	what   string // the change in lower case, such as "update"; "" for a state
	record string // its id; "" where it stands in the fields
	at     time.Time
	kind   kind
	fields json.RawMessage
	header json.RawMessage // of a change event
}

// header is that of a change event
// (https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture/cdc_event_fields_header.htm).
type header struct {
	Entity         string       `json:"entityName"`
	RecordIDs      []field.Text `json:"recordIds"`
	ChangeType     string       `json:"changeType"`
	TransactionKey field.Text   `json:"transactionKey"`
	Sequence       field.Text   `json:"sequenceNumber"`
	Commit         field.Text   `json:"commitTimestamp"` // milliseconds
}

// carried are the places of a change event's payload: alone, in the Streaming API's and the Pub/Sub API's
// envelope, and in EventBridge's.
type carried struct {
	Header  field.Raw `json:"ChangeEventHeader"`
	Payload field.Raw `json:"payload"`
	Data    field.Raw `json:"data"`
	Detail  field.Raw `json:"detail"`
}

// payloadOf finds the part that has a header.
func payloadOf(data field.Raw) (payload, head field.Raw) {
	for range 3 { // detail or data, then payload, then the payload itself
		var c carried
		if field.RawObject(data) == nil || field.Read(data, &c) != nil {
			return nil, nil
		}
		if field.RawObject(c.Header) != nil {
			return data, c.Header
		}
		switch {
		case c.Payload != nil:
			data = c.Payload
		case c.Detail != nil:
			data = c.Detail
		default:
			data = c.Data
		}
	}
	return nil, nil
}

// kinds are the types of change that tell more than that there was one.
var kinds = map[string]kind{
	"CREATE": kindState, "UNDELETE": kindState, "UPDATE": kindPart, "DELETE": kindDeleted, "GAP_DELETE": kindDeleted,
}

// changed makes the events of a change event: one for each of its records.
func (w *webhook) changed(b *connector.Batch, data field.Raw) {
	payload, head := payloadOf(data)
	var h header
	if payload == nil || field.Read(head, &h) != nil {
		b.Reject("", "ChangeEventHeader", "is missing: this is no change event", data)
		return
	}
	at := millis(h.Commit)
	switch {
	case h.Entity == "" || h.ChangeType == "" || len(h.RecordIDs) == 0:
		b.Reject("", "ChangeEventHeader", "must have entityName, changeType and recordIds", data)
		return
	case h.TransactionKey == "" || h.Sequence == "":
		b.Reject("", "ChangeEventHeader", "must have transactionKey and sequenceNumber: changes cannot be told apart without them", data)
		return
	case at.IsZero():
		b.Reject("", "ChangeEventHeader.commitTimestamp", "must be a time: states of a record cannot be told apart without it", data)
		return
	}
	fields, rest := split(payload, data)
	for _, record := range h.RecordIDs {
		id := string(h.TransactionKey) + ":" + string(h.Sequence) + ":" + string(record)
		if record == "" {
			b.Reject("", "ChangeEventHeader.recordIds", "must be ids", data)
			continue
		}
		w.add(b, change{
			id: id, entity: h.Entity, what: strings.ToLower(h.ChangeType), record: string(record), at: at, kind: kinds[h.ChangeType],
			fields: fields, header: rest,
		})
	}
}

func millis(t field.Text) time.Time {
	if n, err := strconv.ParseInt(string(t), 10, 64); err == nil {
		return time.UnixMilli(n).UTC()
	}
	return t.Time()
}

// split parts a payload into the record's fields and what stands around them.
func split(payload, data field.Raw) (fields, rest json.RawMessage) {
	var members map[string]field.Raw
	if field.Read(payload, &members) != nil {
		return json.RawMessage(payload), nil
	}
	around := map[string]field.Raw{}
	if len(data) != len(payload) {
		around = envelopeOf(data)
	}
	around["ChangeEventHeader"] = members["ChangeEventHeader"]
	delete(members, "ChangeEventHeader")
	return field.Join(members), field.Join(around)
}

// envelopeOf is what an envelope has beside the payload, with what is on the way to it.
func envelopeOf(data field.Raw) map[string]field.Raw {
	var members map[string]field.Raw
	if field.Read(data, &members) != nil {
		return map[string]field.Raw{}
	}
	for _, name := range [...]string{"payload", "data", "detail"} {
		if field.RawObject(members[name]) == nil {
			continue
		}
		if inner := envelopeOf(members[name]); name != "payload" && inner["ChangeEventHeader"] == nil {
			members[name] = field.Raw(field.Join(inner))
		} else {
			delete(members, name)
		}
		break
	}
	return members
}
