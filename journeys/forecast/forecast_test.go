package forecast_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"go.uber.org/goleak"

	"tributary/ingest/event"
	"tributary/journeys/forecast"
	"tributary/journeys/forecast/series"
	"tributary/journeys/report"
	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"
	"tributary/sql/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(chdbtest.M{M: m}) }

var now = time.Date(2026, 6, 1, 9, 30, 0, 0, time.UTC) // a Monday

// world is a made history.
type world struct {
	*testing.T
	bench   *storetest.Bench
	service *forecast.Service
	rows    []*store.EventRow
}

func newWorld(t *testing.T) *world {
	t.Helper()
	engine := chdbtest.Engine(t)
	w := &world{T: t, bench: storetest.Engine{Options: func() *clickhouse.Options { return chdb.Options(engine, "") }, Kill: engine.Kill}.Store(t)}
	clock := func() time.Time { return now }
	reader, err := report.NewReader(w.bench.Store, nil, nil, clock)
	if err != nil {
		t.Fatal(err)
	}
	if w.service, err = forecast.New(w.bench.Store, reader, clock); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) event(workspace, name string, channel event.Channel, at time.Time, cx event.CX) {
	n := uint64(len(w.rows))
	e := &event.Event{
		Workspace: workspace, Source: "desk", MessageID: fmt.Sprintf("m-%d", n), Type: event.TypeTrack, Name: name, Channel: channel, CX: &cx,
		At: at, OriginalAt: at, ReceivedAt: at,
	}
	row := store.NewEventRow(e, store.Place{LogOffset: n}, storetest.Observation(n%50), nil)
	w.rows = append(w.rows, &row)
}

func (w *world) insert() {
	w.Helper()
	if err := store.Insert(w.Context(), w.bench.Store, store.Events, w.rows, ""); err != nil {
		w.Fatal(err)
	}
}

func seconds(s float64) *float64 { return &s }

// call is a conversation of three events.
func (w *world) call(workspace, id, topic string, channel event.Channel, direction event.Direction, at time.Time) {
	w.event(workspace, "conversation.started", channel, at, event.CX{ConversationID: id, Direction: direction})
	w.event(workspace, "conversation.ended", "", at.Add(5*time.Minute), event.CX{ConversationID: id, Topic: topic, TalkS: seconds(200), HoldS: seconds(40), AuthorRole: event.AuthorHuman})
	w.event(workspace, "conversation.wrapped", channel, at.Add(2*time.Hour), event.CX{ConversationID: id, WrapS: seconds(60)})
}

func (w *world) make(r forecast.Request) *forecast.Answer {
	w.Helper()
	a, err := w.service.Make(w.Context(), "acme", r)
	if err != nil {
		w.Fatal(err)
	}
	if _, err := json.Marshal(a); err != nil {
		w.Fatal(err)
	}
	return a
}

func TestForecastOfEvents(t *testing.T) {
	w := newWorld(t)
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(4, 2))
	calls, last, bills := map[string]float64{}, map[string]float64{}, 0.0 // the naive counts, by topic; last: of the last week
	day := time.Date(2026, 3, 2, 0, 0, 0, 0, zone)
	for d := range 91 {
		at := day.AddDate(0, 0, d)
		n := 6 + r.IntN(4)
		if at.Weekday() == time.Sunday {
			n = 1
		}
		for i := range n {
			topic, channel := "billing", event.ChannelVoice
			if i%3 == 2 {
				topic, channel = "delivery", event.ChannelChat
			}
			when := at.Add(8*time.Hour + time.Duration(r.IntN(15*3600))*time.Second) // until late: of the next day in UTC
			w.call("acme", fmt.Sprintf("c-%d-%d", d, i), topic, channel, event.DirectionInbound, when)
			calls[topic]++
			if d >= 84 {
				last[topic]++
			}
		}
		w.call("acme", fmt.Sprintf("out-%d", d), "billing", event.ChannelVoice, event.DirectionOutbound, at.Add(10*time.Hour))
		w.call("other", fmt.Sprintf("x-%d", d), "billing", event.ChannelVoice, event.DirectionInbound, at.Add(10*time.Hour))
		w.event("acme", "survey.answered", event.ChannelEmail, at.Add(12*time.Hour), event.CX{ConversationID: fmt.Sprintf("s-%d", d)})
		if at.Day() == 3 {
			w.event("acme", "invoice.issued", event.ChannelMail, at.Add(9*time.Hour), event.CX{})
			bills++
		}
	}
	w.insert()
	a := w.make(forecast.Request{
		Request: report.Request{From: "2026-03-02", Zone: "America/New_York"},
		Grain:   series.Day, Horizon: 7, Recent: 7, By: []string{"topic", "channel"}, Planned: []forecast.Planned{{Cause: "invoice.issued", At: "2026-06-03", Count: 1}},
	})
	if a.IdentityVersion != 0 || a.Scope.Zone != "America/New_York" || a.Sample.Events == 0 || a.Definition == "" || len(a.Series) != 2 {
		t.Fatalf("%+v", a)
	}
	for _, s := range a.Series {
		if s.Forecast == nil {
			t.Fatalf("%s is refused: %s", *s.Topic, s.Refused)
		}
		if float64(s.Contacts) != calls[*s.Topic] || s.Forecast.Slots != 91 {
			t.Errorf("%s has %d contacts in %d days, want %v in 91", *s.Topic, s.Contacts, s.Forecast.Slots, calls[*s.Topic])
		}
		if channel := map[string]string{"billing": "voice", "delivery": "chat"}[*s.Topic]; *s.Channel != channel {
			t.Errorf("%s is of %s", *s.Topic, *s.Channel)
		}
		past := 0.0
		for _, day := range s.Recent {
			past += day.Contacts
		}
		if begin := time.Date(2026, 5, 25, 0, 0, 0, 0, zone); len(s.Recent) != 7 || !s.Recent[0].At.Equal(begin) || past != last[*s.Topic] {
			t.Errorf("%s: the last week is %+v, want %v contacts from %v on", *s.Topic, s.Recent, last[*s.Topic], begin)
		}
		first, sunday := s.Forecast.Points[0], s.Forecast.Points[6]
		if want := time.Date(2026, 6, 1, 0, 0, 0, 0, zone); !first.At.Equal(want) {
			t.Errorf("the first day is %v, want %v", first.At, want)
		}
		if sunday.Mean > first.Mean/2 {
			t.Errorf("%s: %.2f on Sunday, %.2f on Monday", *s.Topic, sunday.Mean, first.Mean)
		}
	}
	one := w.make(forecast.Request{
		Request: report.Request{From: "2026-03-02", Zone: "America/New_York", Filter: report.Filter{AgentKinds: []report.AgentKind{report.AgentHuman}}},
		Grain:   series.Day, Horizon: 7,
	})
	if all := calls["billing"] + calls["delivery"]; len(one.Series) != 1 || float64(one.Series[0].Contacts) != all || len(one.Series[0].Recent) != 0 {
		t.Errorf("all in one: %+v, want %v contacts", one.Series, all)
	}
	w.hours()
}

// hours asks the same history for agents.
func (w *world) hours() {
	w.Helper()
	goal := &forecast.Goal{ServiceLevel: .8, WithinS: 20, Shrinkage: .3}
	request := forecast.Request{
		Request: report.Request{From: "2026-04-20", Zone: "America/New_York"}, Grain: series.Hour, Horizon: 24, Staffing: goal,
	}
	a := w.make(request)
	s := a.Series[0]
	if s.Forecast == nil {
		w.Fatalf("%+v", s)
	}
	if s.Staffing == nil || s.Staffing.Handle == nil || s.Staffing.Handle.Seconds != 300 || s.Staffing.Model != "erlang_c" || len(s.Staffing.Hours) != 24 {
		w.Fatalf("%+v, %+v", s.Staffing, s.Staffing.Handle)
	}
	for i, h := range s.Staffing.Hours {
		mean := s.Forecast.Points[i].Mean
		if (mean >= .05) != (h.Agents > 0) || h.Agents > 0 && (h.Level < .8 || h.Upper < h.Agents || h.Paid < h.Agents) {
			w.Errorf("%+v of %+v", h, s.Forecast.Points[i])
		}
	}
	goal.Patience = "history" // nobody gave up
	if s := w.make(request).Series[0].Staffing; s.Refused == "" || len(s.Hours) != 0 {
		w.Errorf("patience of nobody: %+v", s)
	}
	goal.Patience, goal.PatienceS, goal.HandleS = "given", seconds(90), seconds(400)
	if s := w.make(request).Series[0].Staffing; s.Model != "erlang_a" || s.Handle.From != "given" || s.Hours[14].Abandoned == 0 {
		w.Errorf("with patience: %+v", s)
	}
}

func TestTooLittleIsTold(t *testing.T) {
	w := newWorld(t)
	for d := range 20 {
		for i := range 9 {
			w.call("acme", fmt.Sprintf("c-%d-%d", d, i), "", event.ChannelVoice, "", now.AddDate(0, 0, -20+d))
		}
	}
	w.insert()
	a := w.make(forecast.Request{Grain: series.Day, Horizon: 14})
	if len(a.Series) != 1 || a.Series[0].Forecast != nil || a.Series[0].Refused != "too little history: 20 days of the 56 that this horizon and its backtest need" {
		t.Errorf("%+v", a.Series)
	}
	none := w.make(forecast.Request{Grain: series.Day, Horizon: 14, Request: report.Request{From: "2020-01-01", Until: "2020-02-01"}})
	if len(none.Series) != 0 {
		t.Errorf("%+v", none.Series)
	}
}

func TestFaultsOfRequests(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		request forecast.Request
		fields  []string
	}{
		{forecast.Request{}, []string{"grain"}},
		{forecast.Request{
			Request: report.Request{From: "x", Zone: "Mars/Base"}, Grain: series.Day, Horizon: 999, By: []string{"queue", "topic", "topic"}, Limit: -1, Level: 2,
			Holidays: []string{"Christmas"}, Staffing: &forecast.Goal{ServiceLevel: 2, WithinS: -1, HandleS: seconds(0), Patience: "given", MaxOccupancy: -1, Shrinkage: 1},
		}, []string{
			"from", "zone", "horizon", "limit", "level", "by[0]", "by[2]", "holidays[0]", "staffing", "staffing.aht_s", "staffing.patience_s",
			"staffing.service_level", "staffing.within_s", "staffing.max_occupancy", "staffing.shrinkage",
		}},
		{forecast.Request{Grain: series.Day, Horizon: 7, Planned: []forecast.Planned{
			{Cause: "rain", At: "2026-06-02"}, {Cause: "invoice.issued", At: "soon"}, {Cause: "invoice.issued", At: "2026-06-20"}, {Cause: "order.delayed", At: "2026-06-02", Count: -1},
		}}, []string{"planned[0].cause", "planned[1].at", "planned[2].at", "planned[3].count"}},
	} {
		_, err := w.service.Make(t.Context(), "acme", c.request)
		var faults event.Errors
		if !errors.As(err, &faults) {
			t.Fatalf("%v", err)
		}
		found := map[string]bool{}
		for _, f := range faults {
			found[f.Field] = true
		}
		for _, field := range c.fields {
			if !found[field] {
				t.Errorf("%s is not among %v", field, faults)
			}
		}
		if len(found) != len(c.fields) {
			t.Errorf("faults are %v, want those of %v", faults, c.fields)
		}
	}
}
