package store

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"

	"tributary/ingest/event"
)

// Event makes of a row the event that it was made of: NewEventRow backwards. What differs is the written
// form of an amount, which has no trailing zeros, and times beyond MinTime and MaxTime. It fails when a
// column does not hold what it should.
func (r *EventRow) Event() (*event.Event, error) {
	e := &event.Event{
		Workspace: r.Workspace, Source: r.Source, MessageID: r.MessageID, Type: event.Type(r.Type), Name: r.Name,
		Channel: event.Channel(r.Channel), OriginalAt: r.OriginalAt.UTC(), ReceivedAt: r.ReceivedAt.UTC(), At: r.At.UTC(), SentAt: said(r.SentAt),
		Order: r.Order, Traits: raws(r.Traits), Properties: raws(r.Properties), Context: raws(r.Context),
		CX: r.cx(),
	}
	if r.RecordID != "" {
		e.Record = &event.Record{ID: r.RecordID, Version: r.RecordVersion, Deleted: r.RecordDeleted}
	}
	if e.ByAgent() {
		e.Observation = r.Observation
	}
	var who subject
	if r.Subject != "" {
		if err := json.Unmarshal([]byte(r.Subject), &who); err != nil {
			return nil, fmt.Errorf("read subject of an event: %w", ErrInvalid)
		}
	}
	e.Identifiers, e.Attributes = who.Identifiers, who.Attributes
	if r.Participants != "" {
		if err := json.Unmarshal([]byte(r.Participants), &e.Participants); err != nil {
			return nil, fmt.Errorf("read participants of an event: %w", ErrInvalid)
		}
	}
	return e, nil
}

func raws(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}

// said is the zero time for what a column holds when nothing was said.
func said(at time.Time) time.Time {
	if at.UnixMilli() == 0 {
		return time.Time{}
	}
	return at.UTC()
}

// cxFields pairs the fields of CXColumns with those of event.CX, which have the same names.
var cxFields = func() (pairs [][2]int) {
	columns, fields := reflect.TypeFor[CXColumns](), reflect.TypeFor[event.CX]()
	for i := range columns.NumField() {
		if f, ok := fields.FieldByName(columns.Field(i).Name); ok {
			pairs = append(pairs, [2]int{i, f.Index[0]})
		}
	}
	return pairs
}()

// cx is nil when no field says anything.
func (r *EventRow) cx() *event.CX {
	var cx event.CX
	columns, fields := reflect.ValueOf(&r.CXColumns).Elem(), reflect.ValueOf(&cx).Elem()
	for _, pair := range cxFields {
		from, to := columns.Field(pair[0]), fields.Field(pair[1])
		at, timed := from.Interface().(time.Time)
		switch {
		case timed:
			to.Set(reflect.ValueOf(said(at)))
		case from.Type() == to.Type():
			to.Set(from)
		case from.Kind() == reflect.String:
			to.SetString(from.String())
		case from.Kind() == reflect.Pointer && to.Kind() == reflect.String && !from.IsNil(): // amount
			to.SetString(from.Elem().String())
		}
	}
	if reflect.ValueOf(cx).IsZero() {
		return nil
	}
	return &cx
}
