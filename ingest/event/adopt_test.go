package event

import (
	"bytes"
	"testing"
	"time"
)

func ready() *Event {
	return &Event{MessageID: "m", Type: TypeTrack, Name: "seen", Identifiers: []Identifier{{Type: IDUser, Value: "u"}}}
}

func TestAdopt(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.UTC)
	e := ready()
	if faults := e.Adopt("default", "web", now); faults != nil || e.Workspace != "default" || e.Source != "web" || !e.At.Equal(now) {
		t.Errorf("%+v: %v", e, faults)
	}
	if faults := e.Adopt("default", "web", now.Add(time.Hour)); faults != nil || !e.ReceivedAt.Equal(now) {
		t.Errorf("received at %v, was at %v: %v", e.ReceivedAt, now, faults)
	}
	if faults := e.Adopt("default", "shop", now); len(faults) != 1 || faults[0].Field != "source" {
		t.Errorf("another source: %v", faults)
	}
	if faults := new(Event).Adopt("default", "web", now); len(faults) == 0 {
		t.Error("an empty event has no faults")
	}
}

// TestAppendEncode: what is before an event stays, whether there is room behind it or not.
func TestAppendEncode(t *testing.T) {
	e := ready()
	e.Adopt("default", "web", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	alone, err := Encode(e)
	if err != nil {
		t.Fatal(err)
	}
	before := []byte("before\xff") // no UTF-8, and not the event's
	for _, room := range []int{0, 10, 100_000} {
		dst := append(make([]byte, 0, len(before)+room), before...)
		got, err := AppendEncode(dst, e)
		if err != nil || !bytes.Equal(got, append(bytes.Clone(before), alone...)) {
			t.Errorf("room for %d: %q, %v", room, got, err)
		}
	}
}
