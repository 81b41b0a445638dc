package driver_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"go.uber.org/goleak"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/journeys/driver"
	"tributary/journeys/report"
	"tributary/profiles/analysis"
	"tributary/profiles/state"
	"tributary/profiles/unify"
	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"
	"tributary/sql/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(chdbtest.M{M: m}) }

type nobody struct{}

func (nobody) Published(string, string) (analysis.Published, error) { return analysis.Published{}, nil }

// kept keeps documents in memory, by bucket.
type kept map[string]map[string]json.RawMessage

func (k kept) Do(_ context.Context, _ string, command unify.Command) (stream.Position, error) {
	put := command.(unify.ConfigPutAll)
	if k[put.Bucket] == nil {
		k[put.Bucket] = map[string]json.RawMessage{}
	}
	for _, d := range put.Documents {
		k[put.Bucket][d.Key] = d.Value
	}
	return stream.Position{}, command.Validate()
}

func (k kept) Docs(bucket string) (docs []state.Doc, err error) {
	for key, value := range k[bucket] {
		docs = append(docs, state.Doc{Key: key, Value: value})
	}
	return docs, nil
}

type world struct {
	*testing.T
	bench   *storetest.Bench
	service *driver.Service
	rows    []*store.EventRow
}

var now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

func newWorld(t *testing.T) *world {
	t.Helper()
	engine := chdbtest.Engine(t)
	w := &world{T: t, bench: storetest.Engine{Options: func() *clickhouse.Options { return chdb.Options(engine, "") }, Kill: engine.Kill}.Store(t)}
	clock := func() time.Time { return now }
	reader, err := report.NewReader(w.bench.Store, nobody{}, nil, clock)
	if err != nil {
		t.Fatal(err)
	}
	documents := kept{}
	if w.service, err = driver.New(w.bench.Store, reader, documents, documents, clock); err != nil {
		t.Fatal(err)
	}
	return w
}

// talk is a conversation of one message, and of the work on it.
func (w *world) talk(workspace, id, topic, text string, at time.Time, handle float64, more ...string) {
	for i, name := range append([]string{"conversation.started", "conversation.message", "conversation.ended"}, more...) {
		n := uint64(len(w.rows))
		cx := event.CX{ConversationID: id}
		switch i {
		case 0:
			cx.Topic, cx.Direction = topic, event.DirectionInbound
		case 1:
			cx.Text, cx.AuthorRole = text, event.AuthorCustomer
		case 2:
			cx.TalkS = &handle
		}
		when := at.Add(time.Duration(i) * time.Second)
		e := &event.Event{
			Workspace: workspace, Source: "desk", MessageID: fmt.Sprintf("m-%d", n), Type: event.TypeTrack, Name: name, Channel: event.ChannelChat,
			CX: &cx, At: when, OriginalAt: when, ReceivedAt: when,
		}
		row := store.NewEventRow(e, store.Place{LogOffset: n}, storetest.Observation(n/3), nil)
		w.rows = append(w.rows, &row)
	}
}

func (w *world) report() *driver.Answer {
	w.Helper()
	a, err := w.service.Report(w.Context(), "acme", driver.Request{Request: report.Request{From: "2026-05-25", Until: "2026-06-01"}})
	if err != nil {
		w.Fatal(err)
	}
	return a
}

func topicOf(a *driver.Answer, name string) driver.Topic {
	for _, t := range a.Topics {
		if t.Topic == name {
			return t
		}
	}
	return driver.Topic{}
}

func TestReport(t *testing.T) {
	w := newWorld(t)
	for week := range 9 {
		at := now.AddDate(0, 0, -7*(week+1)).Add(time.Hour)
		for i := range 30 {
			id := func(kind string) string { return fmt.Sprintf("%s-%d-%d", kind, week, i) }
			w.talk("acme", id("refund"), "", "I want my money back, a refund", at, 100)
			if i < 10 || week == 0 {
				w.talk("acme", id("late"), "", "快递还没收到", at, 400+float64(i), "conversation.transferred")
			}
			w.talk("acme", id("told"), "password", "hello", at, 100)
			w.talk("other", id("x"), "", "my password", at, 100)
		}
		w.talk("acme", fmt.Sprintf("odd-%d", week), "rare", "qwertz", at, 0)
	}
	if err := store.Insert(t.Context(), w.bench.Store, store.Events, w.rows, ""); err != nil {
		t.Fatal(err)
	}
	a := w.report()
	if a.Conversations != 91 || a.Unknown != 1 || a.SpansBefore != 8 || a.Model.Labels != 0 || a.Sample.People < 60 {
		t.Fatalf("%+v", a)
	}
	refund, late, password := topicOf(a, "billing/refund"), topicOf(a, "delivery/late"), topicOf(a, "account/password")
	if refund.Conversations != 30 || refund.Emerging || refund.By.Text != 30 || len(refund.Words) == 0 || refund.Confidence < .5 {
		t.Errorf("%+v", refund)
	}
	if late.Conversations != 30 || !late.Emerging || late.Expected != 10 || late.P > 1e-3 {
		t.Errorf("%+v", late)
	}
	if password.By.Source != 30 || len(a.Told) != 1 || a.Told[0].Name != "password" || a.Told[0].Emerging {
		t.Errorf("%+v, %+v", password, a.Told)
	}
	if text, err := json.Marshal(a); err != nil || len(text) == 0 {
		t.Error(err)
	}
	w.labels()
}

// labels teaches what the one odd conversation is about.
func (w *world) labels() {
	w.Helper()
	label := driver.Label{Source: "desk", ConversationID: "odd-0", Topic: "product/outage"}
	if err := w.service.Label(w.Context(), "acme", []driver.Label{label}); err != nil {
		w.Fatal(err)
	}
	a := w.report()
	if outage := topicOf(a, "product/outage"); outage.By.Label != 1 || a.Unknown != 0 || a.Model.Labels != 1 {
		w.Errorf("%+v, %+v", outage, a.Model)
	}
	label.Topic = ""
	if err := w.service.Label(w.Context(), "acme", []driver.Label{label}); err != nil {
		w.Fatal(err)
	}
	if a := w.report(); a.Unknown != 1 || a.Model.Labels != 0 {
		w.Errorf("a label that was taken back: %+v", a)
	}
	var faults event.Errors
	err := w.service.Label(w.Context(), "acme", []driver.Label{{Source: "Desk!", Topic: "x"}, {Source: "desk", ConversationID: "a"}, {Source: "desk", ConversationID: "a"}})
	if !errors.As(err, &faults) || len(faults) != 4 {
		w.Errorf("%v", err)
	}
}
