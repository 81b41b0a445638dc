package store

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/ingest/event"
)

// anyText is what people and programs send: words, nothing, bytes that are no text, and marks of other languages.
var anyText = rapid.OneOf(
	rapid.String(), rapid.Just(""), rapid.Just("\x00\xff\xfe"), rapid.Just("'; DROP TABLE events; --"), rapid.Just("\u2028{}<&>\\\"\n\t"),
	rapid.Just(strings.Repeat("ä", 5000)),
)

// validText is text of an identifier: the gateway takes no other.
var validText = rapid.Map(anyText, func(s string) string { return strings.ToValidUTF8(s, "?") })

// anyTime is a time that the columns hold, to the millisecond.
var anyTime = rapid.Map(rapid.Int64Range(MinTime.UnixMilli(), MaxTime.UnixMilli()), func(ms int64) time.Time { return time.UnixMilli(ms).UTC() })

// anyJSON is an object as it may be received.
var anyJSON = rapid.SampledFrom([]json.RawMessage{
	nil, json.RawMessage(`{}`), json.RawMessage("{\n \"b\" : 1e400,\r\n\t\"a\":[ ]}"), json.RawMessage(`{"a":1,"a":2,"":null}`),
	json.RawMessage("{\"x\":\"\xff\\u0000\\ud800\"}"), json.RawMessage(`{"deep":` + strings.Repeat(`[`, 500) + strings.Repeat(`]`, 500) + `}`),
})

// anyEvent fills every field that a type allows to hold something, so that a new one is asked for here too.
func anyEvent(t *rapid.T) *event.Event {
	e := &event.Event{
		Workspace: "acme", Source: "web", MessageID: anyText.Draw(t, "message"), Type: event.TypeTrack, Name: anyText.Draw(t, "name"),
		Channel: event.Channel(anyText.Draw(t, "channel")), OriginalAt: anyTime.Draw(t, "original"), ReceivedAt: anyTime.Draw(t, "received"),
		At: anyTime.Draw(t, "at"), Order: rapid.Int64().Draw(t, "order"),
		Traits: anyJSON.Draw(t, "traits"), Properties: anyJSON.Draw(t, "properties"), Context: anyJSON.Draw(t, "context"),
	}
	if rapid.Bool().Draw(t, "sent") {
		e.SentAt = said(anyTime.Draw(t, "sent at"))
	}
	if id := anyText.Draw(t, "record"); id != "" {
		e.Record = &event.Record{ID: id, Version: anyText.Draw(t, "version"), Deleted: rapid.Bool().Draw(t, "deleted")}
	}
	for range rapid.IntRange(0, 3).Draw(t, "identifiers") {
		e.Identifiers = append(e.Identifiers, event.Identifier{Type: "email", Value: validText.Draw(t, "value")})
		e.Participants = append(e.Participants, event.Participant{Role: "cc", Identifier: event.Identifier{Type: "email", Value: validText.Draw(t, "cc")}})
	}
	if rapid.Bool().Draw(t, "attributes") {
		e.Attributes = map[string]string{event.AttrName: validText.Draw(t, "attribute")}
	}
	if rapid.Bool().Draw(t, "cx") {
		e.CX = anyCX(t)
	}
	return e
}

func anyCX(t *rapid.T) *event.CX {
	cx := new(event.CX)
	v := reflect.ValueOf(cx).Elem()
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		switch f := v.Field(i); {
		case name == "Amount":
			f.SetString(rapid.SampledFrom([]string{"", "0", "-12.5", "99999999999999999999.00000001"}).Draw(t, name))
		case f.Kind() == reflect.String:
			f.SetString(anyText.Draw(t, name))
		case f.Kind() == reflect.Int64:
			f.SetInt(rapid.Int64().Draw(t, name))
		case f.Type() == reflect.TypeFor[time.Time]():
			f.Set(reflect.ValueOf(said(anyTime.Draw(t, name))))
		case f.Type() == reflect.TypeFor[*float64]():
			if rapid.Bool().Draw(t, name+" said") {
				x := rapid.SampledFrom([]float64{0, -1, 4.5, math.MaxFloat64, math.Inf(1)}).Draw(t, name)
				f.Set(reflect.ValueOf(&x))
			}
		case f.Type() == reflect.TypeFor[*int64]():
			if rapid.Bool().Draw(t, name+" said") {
				x := rapid.Int64().Draw(t, name)
				f.Set(reflect.ValueOf(&x))
			}
		default:
			t.Fatalf("field %s of event.CX is of a type that nobody asks for here", name)
		}
	}
	if reflect.ValueOf(*cx).IsZero() {
		return nil // a row cannot tell it from none
	}
	return cx
}

// TestEventBackIsTheEvent: a row gives the event that it was made of back, whatever was in it.
func TestEventBackIsTheEvent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := anyEvent(t)
		row := NewEventRow(e, Place{}, uuid.New(), nil)
		back, err := row.Event()
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, e) {
			t.Fatalf("was\n%+v %+v\nis\n%+v %+v", e, e.CX, back, back.CX)
		}
	})
}

// TestEventBackRefusesDamage: a column that does not hold what it should is an error, not a part of an event.
func TestEventBackRefusesDamage(t *testing.T) {
	for name, row := range map[string]EventRow{
		"subject": {Subject: `{"identifiers":`}, "participants": {Participants: `{"a":1}`},
	} {
		if e, err := row.Event(); err == nil {
			t.Errorf("%s: gives %+v", name, e)
		}
	}
}
