package gateway

import (
	"context"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// stutter fails its first appends as a full disk does, so that the library must retry.
type stutter struct {
	Log
	left atomic.Int32
}

func (s *stutter) Append(ctx context.Context, records []stream.Record) ([]stream.Position, error) {
	if s.left.Add(-1) >= 0 {
		return nil, stream.ErrFull
	}
	return s.Log.Append(ctx, records)
}

// TestSegmentsOwnLibrary runs @segment/analytics-node as it comes from npm (package.json locks its
// version) against the gateway, which refuses its first batch.
func TestSegmentsOwnLibrary(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is not on the PATH: install Node.js 20 or newer; this test runs @segment/analytics-node")
	}
	r := newRig(t, Config{RetryAfter: time.Millisecond, Now: time.Now}, func(l Log) Log {
		s := &stutter{Log: l}
		s.left.Store(1)
		return s
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, node, "testdata/send.mjs", r.server.URL, serverKey)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v (if the package is missing: npm ci)\n%s", err, output)
	}

	got := map[string]*event.Event{}
	for _, entry := range r.records(t) {
		if entry.Kind != stream.KindEvent {
			t.Errorf("rejected: %s", entry.Value)
			continue
		}
		e := decodeEntry(t, entry)
		got[string(e.Type)+" "+e.Name] = e
	}
	if len(got) != 8 {
		t.Fatalf("%d events, want 8: %v", len(got), got)
	}
	checks := map[string]func(*event.Event) bool{
		"identify ": func(e *event.Event) bool {
			return e.Attributes["name"] == "Ann Lee" && e.Identifiers[1] == event.Identifier{Type: "email", Value: "ann@example.com"}
		},
		"track Item Purchased":  func(e *event.Event) bool { return e.CX == nil && string(e.Properties) == `{"price":14.99}` },
		"track survey.answered": func(e *event.Event) bool { return *e.CX.Score == 9 && e.Channel == event.ChannelEmail },
		"page Docs Home":        func(e *event.Event) bool { return e.Channel == event.ChannelWeb },
		"screen Cart":           func(e *event.Event) bool { return e.Channel == event.ChannelApp },
		"group ":                func(e *event.Event) bool { return e.CX.AccountID == "g-1" },
		"alias ":                func(e *event.Event) bool { return len(e.Identifiers) == 2 },
		"track Old": func(e *event.Event) bool {
			return e.MessageID == "chosen" && e.OriginalAt.Equal(time.Date(2016, 2, 3, 4, 5, 6, 789e6, time.UTC)) && e.At.Year() == 2016
		},
	}
	for name, check := range checks {
		e := got[name]
		if e == nil || !check(e) {
			t.Errorf("%s: got %+v", name, e)
		} else if e.SentAt.IsZero() || e.MessageID == "" || e.Context == nil {
			t.Errorf("%s: the library's own fields are missing: %+v", name, e)
		}
	}
}
