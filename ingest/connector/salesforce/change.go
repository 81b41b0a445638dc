package salesforce

import (
	"bytes"
	"encoding/json"
	"slices"
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
func payloadOf(data field.Raw) (payload, head field.Raw, err error) {
	for range 3 { // detail or data, then payload, then the payload itself
		var c carried
		if err := field.Read(data, &c); err != nil || field.RawObject(data) == nil {
			return nil, nil, err
		}
		if field.RawObject(c.Header) != nil {
			return data, c.Header, nil
		}
		switch {
		case c.Payload != nil:
			data = c.Payload
		case c.Detail != nil:
			data = c.Detail
		default:
			data = c.Data
		}
		if data == nil {
			break
		}
	}
	return nil, nil, nil
}

// kinds are the types of change that tell more than that there was one.
var kinds = map[string]kind{
	"CREATE": kindState, "UNDELETE": kindState, "UPDATE": kindPart, "DELETE": kindDeleted, "GAP_DELETE": kindDeleted,
}

// changed makes the events of a change event: one for each of its records.
func (w *webhook) changed(b *connector.Batch, data field.Raw) error {
	payload, head, err := payloadOf(data)
	if err != nil {
		return err
	}
	if payload == nil {
		b.Reject("", "ChangeEventHeader", "is missing: this is no change event", data)
		return nil
	}
	var h header
	if err := field.Read(head, &h); err != nil {
		return err
	}
	at := millis(h.Commit)
	switch {
	case h.Entity == "" || h.ChangeType == "" || len(h.RecordIDs) == 0:
		b.Reject("", "ChangeEventHeader", "must have entityName, changeType and recordIds", data)
		return nil
	case h.TransactionKey == "" || h.Sequence == "":
		b.Reject("", "ChangeEventHeader", "must have transactionKey and sequenceNumber: changes cannot be told apart without them", data)
		return nil
	case at.IsZero():
		b.Reject("", "ChangeEventHeader.commitTimestamp", "must be a time: states of a record cannot be told apart without it", data)
		return nil
	}
	fields, rest := split(payload, data, head)
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
	return nil
}

func millis(t field.Text) time.Time {
	if n, err := strconv.ParseInt(string(t), 10, 64); err == nil {
		return time.UnixMilli(n).UTC()
	}
	return t.Time()
}

const headerKey = `"ChangeEventHeader"`

// split parts a change event into the record's fields and what stands around them: the event as it came,
// of its payload the header alone. A payload that cannot be parted, since its key is written in another
// way, is all fields.
func split(payload, data, head field.Raw) (fields, rest json.RawMessage) {
	at := bytes.Index(payload, head)
	key := -1
	if at >= 0 {
		key = bytes.LastIndex(payload[:at], []byte(headerKey))
	}
	outer := bytes.Index(data, payload)
	if key < 0 || outer < 0 || len(bytes.Trim(payload[key+len(headerKey):at], ": \t\r\n")) > 0 {
		return json.RawMessage(payload), nil
	}
	before, behind := bytes.TrimRight(payload[:key], " \t\r\n"), bytes.TrimLeft(payload[at+len(head):], " \t\r\n")
	if len(behind) > 0 && behind[0] == ',' {
		behind = behind[1:]
	} else {
		before = bytes.TrimSuffix(before, []byte{','})
	}
	fields = slices.Concat(json.RawMessage(before), json.RawMessage(behind))
	rest = slices.Concat(json.RawMessage(data[:outer]), json.RawMessage("{"+headerKey+":"), json.RawMessage(head), json.RawMessage("}"),
		json.RawMessage(data[outer+len(payload):]))
	return fields, rest
}
