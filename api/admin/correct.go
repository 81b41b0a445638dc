package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"tributary/api/problem"
	"tributary/ingest/event"
	"tributary/ingest/gateway"
	"tributary/ingest/stream"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// corrected reads what takes the place of an item: an event in Tributary's own form, as an import takes
// it, or a call of Segment's API, as the gateway takes it. Workspace, source and received time are the
// item's. It fails with event.Errors that name every fault.
func corrected(text []byte, item *state.Item) (*event.Event, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, problem.Field("body", "is not a JSON object")
	}
	if _, ours := members["identifiers"]; !ours {
		_, ours = members["message_id"]
		if !ours {
			return segmentCall(text, members, item)
		}
	}
	e := new(event.Event)
	if err := event.DecodeInto(e, text); err != nil {
		return nil, problem.Field("body", "is not an event as JSON: "+err.Error())
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

func correctedID(item *state.Item) string {
	return "corrected-" + Place{item.Position, item.Ordinal}.String()
}

// maxCorrection bounds what takes the place of an item.
const maxCorrection = 2 * event.MaxStoredBytes

// correction reads the body of a request to replay: nil without one.
func correction(r *http.Request, item *state.Item) (json.RawMessage, error) {
	text, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxCorrection))
	if err != nil || len(text) == 0 {
		return nil, err
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

// replayItem processes an item again; with a body, what that holds in its place. What cannot be replayed
// it refuses at once: the command would do nothing, and end in the quarantine itself.
func (h *handlers) replayItem(r *http.Request) (Item, error) {
	item, err := h.item(r)
	if err != nil {
		return Item{}, err
	}
	if !item.Kind.Counted() || item.Ordinal != 0 {
		return Item{}, problem.New(problem.Conflict, "the item is not what a source sent: discard it")
	}
	with, err := correction(r, item)
	if err != nil {
		return Item{}, err
	}
	if with == nil && !replayable(item) {
		return Item{}, problem.New(problem.Conflict, "it was rejected before it was an event, and would be again: correct what quarantine show prints, and give it with --with")
	}
	return h.change(r, func(i *state.Item) unify.Command { return replayOf(i, with) })
}

// replayable says whether an item can be replayed as it is.
func replayable(i *state.Item) bool { return i.Kind == stream.KindEvent && i.Ordinal == 0 }

func replayOf(i *state.Item, with json.RawMessage) unify.Command {
	return unify.QuarantineReplay{Partition: i.Partition, Offset: i.Offset, Ordinal: i.Ordinal, With: with}
}

func discardOf(i *state.Item) unify.Command {
	return unify.QuarantineDiscard{Partition: i.Partition, Offset: i.Offset, Ordinal: i.Ordinal}
}

func (h *handlers) discardItem(r *http.Request) (Item, error) {
	return h.change(r, discardOf)
}
