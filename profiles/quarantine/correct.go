package quarantine

import (
	"encoding/json"
	"errors"
	"fmt"

	"tributary/ingest/event"
	"tributary/ingest/gateway"
	"tributary/profiles/state"
)

// MaxCorrection bounds what takes the place of an item, in bytes.
const MaxCorrection = 2 * event.MaxStoredBytes

// correct makes the event that takes the place of an item, as the log has it; nil of no text. It fails with
// event.Errors.
func correct(text []byte, item *state.Item) (json.RawMessage, error) {
	if len(text) == 0 {
		return nil, nil
	}
	e, err := corrected(text, item)
	if err != nil {
		return nil, err
	}
	value, err := event.Encode(e)
	if err != nil {
		return nil, fmt.Errorf("encode correction: %w", err)
	}
	return value, nil
}

// corrected reads what takes the place of an item: an event in Tributary's own form, as an import takes
// it, or a call of Segment's API, as the gateway takes it. Workspace, source and received time are the
// item's. It fails with event.Errors that name every fault.
func corrected(text []byte, item *state.Item) (*event.Event, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, event.Errors{{Field: "body", Reason: "is not a JSON object"}}
	}
	if _, ours := members["identifiers"]; !ours {
		_, ours = members["message_id"]
		if !ours {
			return segmentCall(text, members, item)
		}
	}
	e := new(event.Event)
	if err := event.DecodeInto(e, text); err != nil {
		return nil, event.Errors{{Field: "body", Reason: "is not an event as JSON: " + err.Error()}}
	}
	var faults event.Errors
	for _, f := range []struct {
		name string
		own  *string
		want string
	}{{"workspace", &e.Workspace, item.Workspace}, {"source", &e.Source, item.Source}} {
		if *f.own != "" && *f.own != f.want {
			faults.Add(f.name, "is another than the item's")
		}
		*f.own = f.want
	}
	if e.MessageID == "" {
		e.MessageID = correctedID(item)
	}
	e.Stamp(e.OriginalAt, e.SentAt, item.ReceivedAt)
	var found event.Errors
	if err := e.Validate(); errors.As(err, &found) {
		faults = append(faults, found...)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return e, nil
}

// segmentCall makes an event of a call of Segment's API. Without an id of its own it is named by the item, so
// that giving it twice is one event.
func segmentCall(text []byte, members map[string]json.RawMessage, item *state.Item) (*event.Event, error) {
	e, err := gateway.Call(text, item.Workspace, item.Source, item.ReceivedAt)
	if _, named := members["messageId"]; err == nil && !named {
		e.MessageID = correctedID(item)
	}
	return e, err
}

func correctedID(item *state.Item) string { return "corrected-" + PlaceOf(item).String() }
