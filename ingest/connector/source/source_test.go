package source

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/connector"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/ingest/stream/embedded"
)

var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

// counting is a connector of numbers: a delivery is a list of them, and its vendor has those below most.
type counting struct {
	most  atomic.Int64
	pulls atomic.Int64
	fault atomic.Pointer[error] // of the next pull
}

func (c *counting) connector() *connector.Connector {
	return &connector.Connector{
		Name:       "counting",
		Settings:   []connector.Setting{{Name: "webhook_secret", Summary: "what proves deliveries", Kind: connector.KindSecret, Required: true}},
		NewWebhook: func(cfg connector.Config) (connector.Webhook, error) { return hook{cfg}, nil },
		NewPuller:  func(connector.Config) (connector.Puller, error) { return c, nil },
	}
}

type hook struct{ connector.Config }

func (h hook) Verify(r *connector.Request) error {
	switch r.Header.Get("Secret") {
	case h.Text("webhook_secret"):
		return nil
	case "":
		return connector.ErrUnsigned
	}
	return connector.ErrSignature
}

func (h hook) Decode(r *connector.Request) (connector.Batch, error) {
	var parts []json.RawMessage
	if json.Unmarshal(r.Body, &parts) != nil {
		return connector.Batch{}, errors.New("is not a list")
	}
	var b connector.Batch
	for _, part := range parts {
		var n int
		if json.Unmarshal(part, &n) != nil {
			b.Reject("", "n", "is not a number", part)
			continue
		}
		b.Add(number(n))
	}
	return b, nil
}

func number(n int) event.Event {
	return event.Event{
		MessageID: fmt.Sprint("n-", n), Name: "counting.counted", OriginalAt: now.Add(-time.Hour),
		Identifiers: []event.Identifier{{Type: event.IDUser, Value: fmt.Sprint(n)}},
	}
}

const pageSize = 3

// Pull pages by three.
func (c *counting) Pull(_ context.Context, from connector.Position) (connector.Page, error) {
	c.pulls.Add(1)
	if fault := c.fault.Swap(nil); fault != nil {
		return connector.Page{}, *fault
	}
	next := 0
	if from.Checkpoint != nil {
		if err := json.Unmarshal(from.Checkpoint, &next); err != nil {
			return connector.Page{}, err
		}
	}
	var page connector.Page
	for ; next < int(c.most.Load()) && page.Len() < pageSize; next++ {
		page.Add(number(next))
	}
	page.Checkpoint, page.More = connector.JSON(next), next < int(c.most.Load())
	return page, nil
}

func newLog(t *testing.T) *embedded.Log {
	t.Helper()
	log, err := embedded.Open(embedded.Config{
		Dir:       t.TempDir(), // whatever the disk of the machine has free
		FreeSpace: func() (embedded.Space, error) { return embedded.Space{Free: 1 << 50, Total: 1 << 50}, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	return log
}

func open(t *testing.T, c *connector.Connector) *Source {
	t.Helper()
	s, err := New(c, Options{
		Name: "numbers", Workspace: "acme", Settings: map[string]string{"webhook_secret": "s3cret"},
		Secrets: func(s string) (string, error) { return s, nil }, Now: func() time.Time { return now },
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// records reads all that a log holds.
func records(t *testing.T, log stream.Log) []stream.Record {
	t.Helper()
	partitions, err := log.Partitions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var all []stream.Record
	for _, p := range partitions {
		r, err := log.Reader(p.ID, p.First)
		if err != nil {
			t.Fatal(err)
		}
		for at := p.First; at < p.Next; {
			entries, err := r.Next(t.Context(), 100)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				all = append(all, e.Record)
				at = e.Offset + 1
			}
		}
		_ = r.Close()
	}
	return all
}

func request(secret, body string) *connector.Request {
	r := &connector.Request{Body: []byte(body), Received: now, Header: map[string][]string{}}
	r.Header.Set("Secret", secret)
	return r
}

func TestReceive(t *testing.T) {
	log, s := newLog(t), open(t, new(counting).connector())
	reply, err := s.Receive(t.Context(), request("s3cret", `[1, "two", 3]`), log)
	if err != nil || string(reply.Body) != `{"accepted":3}` || reply.Status != 200 {
		t.Fatalf("%d %s, %v", reply.Status, reply.Body, err)
	}
	got := records(t, log)
	if len(got) != 3 {
		t.Fatalf("%d records", len(got))
	}
	for _, r := range got {
		if r.Workspace != "acme" || r.Source != "numbers" || r.Lane != stream.LaneLive || !r.ReceivedAt.Equal(now) {
			t.Errorf("record %+v", r)
		}
		switch r.Kind {
		case stream.KindEvent:
			var e event.Event
			if err := event.DecodeInto(&e, r.Value); err != nil || e.Validate() != nil || e.Type != event.TypeTrack || !e.At.Equal(now.Add(-time.Hour)) {
				t.Errorf("event %+v, %v", e, err)
			}
		default:
			if want := `{"reason":"is not a number","field":"n","payload":"two"}`; string(r.Value) != want || !strings.HasPrefix(r.MessageID, "sha256:") {
				t.Errorf("rejected %s %s, want %s", r.MessageID, r.Value, want)
			}
		}
	}
}

func TestReceiveKeepsNothingUnproven(t *testing.T) {
	log, s := newLog(t), open(t, new(counting).connector())
	for secret, want := range map[string]error{"": connector.ErrUnsigned, "other": connector.ErrSignature} {
		if _, err := s.Receive(t.Context(), request(secret, `[1]`), log); !errors.Is(err, want) {
			t.Errorf("secret %q: %v, want %v", secret, err, want)
		}
	}
	var unreadable *DeliveryError
	if _, err := s.Receive(t.Context(), request("s3cret", `{`), log); !errors.As(err, &unreadable) {
		t.Errorf("not a list: %v", err)
	}
	if got := records(t, log); len(got) > 0 {
		t.Errorf("%d records", len(got))
	}
}

func TestPrepareRefusesWhatIsNotValid(t *testing.T) {
	e := number(1)
	e.CX = &event.CX{Amount: "1.00", Currency: "coins"}
	huge := connector.Rejected{ID: "big", Field: "body", Reason: "is too much", Payload: []byte(strings.Repeat("x", maxPayload+1))}
	b := connector.Batch{Rejected: []connector.Rejected{huge, {Field: "body", Reason: "is no text", Payload: []byte("\xff")}}}
	b.Add(e)
	got, err := Prepare(&b, Stamp{Workspace: "acme", Source: "numbers", Received: now})
	if err != nil || len(got) != 3 {
		t.Fatalf("%d records, %v", len(got), err)
	}
	for i, want := range []string{`"field":"cx.currency","payload":{`, `of the payload's 524289 bytes the first 524288 are kept`, "\"payload\":\"\ufffd\""} {
		if got[i].Kind != stream.KindRejected || !strings.Contains(string(got[i].Value), want) {
			t.Errorf("record %d is %s %.200s, want %s", i, got[i].Kind, got[i].Value, want)
		}
	}
}

// TestNoConnectorMakesWhatAgentsWrite: of webhooks, pulls and topics alike; the source is always the connector's own.
func TestNoConnectorMakesWhatAgentsWrite(t *testing.T) {
	var b connector.Batch
	for _, change := range []func(*event.Event){
		func(e *event.Event) { e.Name = event.NameNoteAdded },
		func(e *event.Event) { e.Name = event.NameHandoffAccepted },
		func(e *event.Event) { e.Observation = uuid.UUID{15: 1} },
		func(e *event.Event) {
			e.Name, e.Source, e.Observation = event.NameCommitmentMade, event.SourceAgent, uuid.UUID{15: 1}
		},
	} {
		e := number(1)
		change(&e)
		b.Add(e)
	}
	got, err := Prepare(&b, Stamp{Workspace: "acme", Source: "numbers", Received: now})
	if err != nil || len(got) != 4 {
		t.Fatalf("%d records, %v", len(got), err)
	}
	for i, field := range []string{"name", "name", "observation", "observation"} {
		if r := got[i]; r.Kind != stream.KindRejected || r.Source != "numbers" || !strings.Contains(string(r.Value), `"field":"`+field+`"`) {
			t.Errorf("record %d is %s of %s: %s", i, r.Kind, r.Source, r.Value)
		}
	}
	if _, err := New(new(counting).connector(), Options{Name: event.SourceAgent, Workspace: "acme"}); err == nil || !strings.Contains(err.Error(), "name") {
		t.Errorf("as the reserved source: %v", err)
	}
}

// memory keeps progress, and can be made to fail.
type memory struct {
	saved Progress
	fail  bool
}

func (m *memory) Progress(string, string) (Progress, error) { return m.saved, nil }

func (m *memory) SaveProgress(_ context.Context, _, _ string, p Progress) error {
	if m.fail {
		return errors.New("no room")
	}
	m.saved = p
	return nil
}

// told tells a channel of pages.
type told struct{ kept, failed chan int }

func newTold() told { return told{make(chan int, 100), make(chan int, 100)} }

func (o told) Pulled(_ string, events, _ int) { o.kept <- events }
func (o told) PullFailed(string)              { o.failed <- 1 }

// TestPull: history comes over the bulk lane, what is new over the live one, and a source that is
// stopped anywhere goes on where it was.
func TestPull(t *testing.T) {
	vendor := new(counting)
	vendor.most.Store(7)
	log, s, progress := newLog(t), open(t, vendor.connector()), &memory{}
	s.options.Every = time.Millisecond
	run := func(until func(told)) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		seen, done := newTold(), make(chan error, 1)
		go func() { done <- s.Pull(ctx, log, progress, drain{seen}, slog.New(slog.DiscardHandler)) }()
		until(seen)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	run(func(o told) { <-o.kept }) // stopped after the first page
	run(func(o told) { <-o.kept })
	if !progress.saved.CaughtUp {
		run(func(o told) {
			for <-o.kept >= pageSize {
			}
		})
	}
	fault := error(&connector.RetryError{After: time.Millisecond, Err: errors.New("away")})
	vendor.fault.Store(&fault)
	vendor.most.Store(9)
	run(func(o told) {
		<-o.failed
		for <-o.kept == 0 {
		}
	})
	lanes := map[stream.Lane]map[string]bool{stream.LaneLive: {}, stream.LaneBulk: {}}
	for _, r := range records(t, log) {
		lanes[r.Lane][r.MessageID] = true
	}
	for n := range 9 {
		id := fmt.Sprint("n-", n)
		if n < 7 && !lanes[stream.LaneBulk][id] || n >= 7 && !lanes[stream.LaneLive][id] {
			t.Errorf("%s is not where it belongs: %v", id, lanes)
		}
	}
}

// drain tells without ever waiting.
type drain struct{ told }

func (d drain) Pulled(_ string, events, _ int) {
	select {
	case d.kept <- events:
	default:
	}
}

// TestCheckpointFollowsTheLog: when the checkpoint cannot be saved, or the log takes nothing, the page
// is asked for again.
func TestCheckpointFollowsTheLog(t *testing.T) {
	vendor := new(counting)
	vendor.most.Store(2)
	log, s, progress := newLog(t), open(t, vendor.connector()), &memory{fail: true}
	var p Progress
	if _, err := s.page(t.Context(), log, progress, newTold(), &p); err == nil || p.Checkpoint != nil {
		t.Errorf("not saved: %v, %+v", err, p)
	}
	progress.fail = false
	if _, err := s.page(t.Context(), refusing{}, progress, newTold(), &p); !errors.Is(err, stream.ErrFull) || p.Checkpoint != nil || progress.saved.Checkpoint != nil {
		t.Errorf("log full: %v, %+v", err, p)
	}
	if more, err := s.page(t.Context(), log, progress, newTold(), &p); err != nil || more || string(progress.saved.Checkpoint) != "2" {
		t.Errorf("%v, %+v", err, progress.saved)
	}
}

type refusing struct{}

func (refusing) Append(context.Context, []stream.Record) ([]stream.Position, error) {
	return nil, stream.ErrFull
}

func TestOptionsReportEveryFault(t *testing.T) {
	_, err := New(new(counting).connector(), Options{Name: "Not Good", Every: time.Millisecond, Settings: map[string]string{"colour": "red"}})
	for _, want := range []string{"name: ", "workspace: ", "every: ", "settings.webhook_secret: must be given", "settings.colour: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in:\n%v", want, err)
		}
	}
}

// puller is one of a single function.
type puller func() (connector.Page, error)

func (p puller) Pull(context.Context, connector.Position) (connector.Page, error) { return p() }

// TestFaultyPuller: a connector that panics, or does not move, is tried again after a pause like any other
// fault; nothing of a customer's is told.
func TestFaultyPuller(t *testing.T) {
	for name, p := range map[string]puller{
		"panics":        func() (connector.Page, error) { panic("+1 555 0100") },
		"does not move": func() (connector.Page, error) { return connector.Page{More: true}, nil },
	} {
		t.Run(name, func(t *testing.T) {
			var said bytes.Buffer
			log, s := newLog(t), open(t, new(counting).connector())
			s.puller = p
			ctx, cancel := context.WithCancel(t.Context())
			seen, done := newTold(), make(chan error, 1)
			go func() { done <- s.Pull(ctx, log, &memory{}, drain{seen}, slog.New(slog.NewTextHandler(&said, nil))) }()
			select {
			case <-seen.failed:
			case <-time.After(time.Minute):
				t.Error("no fault is told")
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			if strings.Contains(said.String(), "555") {
				t.Errorf("logged: %s", said.String())
			}
		})
	}
}
