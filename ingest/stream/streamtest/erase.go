package streamtest

import (
	"errors"
	"testing"

	"tributary/ingest/stream"
)

// erased is what takes the place of a record.
func erased(e stream.Entry) stream.Entry {
	e.Kind, e.MessageID, e.Value = stream.KindErased, "", []byte(`{"erasure":"1"}`)
	return e
}

// testReplace: a log that can take records back keeps their places and its counts.
func testReplace(t *testing.T, s Subject) {
	b := newBench(t, s)
	eraser, ok := b.log.(stream.Eraser)
	if !ok {
		if s.Erases {
			t.Fatal("the log is no stream.Eraser")
		}
		return
	}
	positions := b.append(events("acme", "web", 50)...)
	before := b.everything()
	var replaced []stream.Entry
	for i := 0; i < len(positions); i += 7 {
		replaced = append(replaced, erased(before[positions[i]]))
	}
	for range 2 { // again does nothing
		if err := eraser.Replace(b.ctx, replaced); err != nil {
			t.Fatalf("replace: %v", err)
		}
	}
	if err := eraser.Scrub(b.ctx); err != nil {
		t.Fatalf("scrub: %v", err)
	}
	check := func() {
		t.Helper()
		after := b.everything()
		for at, e := range before {
			want := e.Record
			for _, r := range replaced {
				if r.Position == at {
					want = r.Record
				}
			}
			same(t, after[at], want)
		}
		if len(after) != len(before) {
			t.Fatalf("%d records, want %d", len(after), len(before))
		}
	}
	check()
	b.reopen()
	check()
	counter, ok := b.log.(stream.Counter)
	if !ok {
		return
	}
	received, err := counter.Received(b.ctx)
	if err != nil {
		t.Fatal(err)
	}
	for k, n := range received.Counts {
		if n != 50 {
			t.Errorf("%v: %d received, want 50", k, n)
		}
	}
	b.append(event("acme", "web", "later"))
}

// testReplacement: what would make counts or offsets untrue is refused, and nothing of its batch is done.
func testReplacement(t *testing.T, s Subject) {
	b := newBench(t, s)
	eraser, ok := b.log.(stream.Eraser)
	if !ok {
		return
	}
	at := b.append(event("acme", "web", "1"), event("acme", "web", "2"))
	before := b.everything()
	for name, change := range map[string]func(*stream.Entry){
		"another workspace":  func(e *stream.Entry) { e.Workspace = "other" },
		"another source":     func(e *stream.Entry) { e.Source = "app" },
		"another time":       func(e *stream.Entry) { e.ReceivedAt = e.ReceivedAt.AddDate(0, 0, 1) },
		"another lane":       func(e *stream.Entry) { e.Lane = stream.LaneBulk },
		"a kind not counted": func(e *stream.Entry) { e.Kind = stream.KindCommand },
		"behind the end":     func(e *stream.Entry) { e.Offset += 1000 },
	} {
		bad := erased(before[at[1]])
		change(&bad)
		if err := eraser.Replace(b.ctx, []stream.Entry{erased(before[at[0]]), bad}); !errors.Is(err, stream.ErrReplacement) {
			t.Errorf("%s: %v, want ErrReplacement", name, err)
		}
	}
	same(t, b.everything()[at[0]], before[at[0]].Record)
	if !s.TrimsExactly {
		return
	}
	if err := b.log.Trim(b.ctx, at[0].Partition, at[0].Offset+1); err != nil {
		t.Fatal(err)
	}
	if err := eraser.Replace(b.ctx, []stream.Entry{erased(before[at[0]]), erased(before[at[1]])}); err != nil {
		t.Errorf("replace what was trimmed: %v", err)
	}
	b.reopen()
	if got := b.everything(); len(got) != 1 || got[at[1]].Kind != stream.KindErased {
		t.Errorf("%d records are there, want the one that was not trimmed, erased", len(got))
	}
}
