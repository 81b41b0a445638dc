package effect_test

import (
	"flag"
	"fmt"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tributary/ingest/event"
	"tributary/journeys/effect"
	"tributary/journeys/report"
	"tributary/profiles/analysis"
	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"
	"tributary/sql/storetest"
)

func TestMain(m *testing.M) {
	_ = flag.Set("rapid.checks", "2") // each asks the engine some twenty times
	chdbtest.Main(m)
}

var day0 = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

const day = 24 * time.Hour

// now is long after everything.
var now = day0.AddDate(1, 0, 0)

type world struct {
	*testing.T
	bench   *storetest.Bench
	reports *effect.Reports
	offset  uint64
	ids     int
}

type noSegments struct{}

func (noSegments) Published(string, string) (analysis.Published, error) {
	return analysis.Published{Ready: true}, nil
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, bench: storetest.Engine{Options: func() *clickhouse.Options {
		return chdb.Options(chdbtest.Engine(t), "")
	}}.Store(t)}
	reader, err := report.NewReader(w.bench.Store, noSegments{}, nil, func() time.Time { return now })
	if err == nil {
		w.reports, err = effect.New(w.bench.Store, reader, func() time.Time { return now })
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// said is one event: who is a number of an observation.
type said struct {
	who     uint64
	at      time.Time
	id      string
	source  string
	kind    event.Type // empty: track
	channel event.Channel
	name    string
	event.CX
}

func (w *world) put(workspace string, events ...said) {
	w.Helper()
	rows := make([]*store.EventRow, len(events))
	for i := range events {
		s := &events[i]
		fields := s.CX
		e := &event.Event{
			Workspace: workspace, Source: s.source, MessageID: s.id, Type: s.kind, Name: s.name, Channel: s.channel, CX: &fields,
		}
		if e.Type == "" {
			e.Type = event.TypeTrack
		}
		if e.Source == "" {
			e.Source = "desk"
		}
		if e.MessageID == "" {
			w.ids++
			e.MessageID = fmt.Sprintf("auto-%06d", w.ids)
		}
		e.Stamp(s.at, time.Time{}, s.at)
		w.offset++
		row := store.NewEventRow(e, store.Place{LogOffset: w.offset}, storetest.Observation(s.who), nil)
		rows[i] = &row
	}
	if err := store.Insert(w.Context(), w.bench.Store, store.Events, rows, ""); err != nil {
		w.Fatal(err)
	}
}

// join makes the observation who one of the profile of the observation whose.
func (w *world) join(workspace string, who, whose, version uint64) {
	w.Helper()
	w.offset++
	row := &store.IdentityMapRow{
		Place: store.Place{LogOffset: w.offset}, Workspace: workspace, Observation: storetest.Observation(who),
		Profile: storetest.Observation(whose), Version: version, ChangedAt: now,
	}
	err := store.Insert(w.Context(), w.bench.Store, store.IdentityMap, []*store.IdentityMapRow{row}, "")
	if err == nil {
		err = w.bench.ReloadIdentity(w.Context())
	}
	if err != nil {
		w.Fatal(err)
	}
}

// march is the scope of the tests.
var march = report.Request{From: "2026-03-01", Until: "2026-04-01"}

func at(days float64) time.Time { return day0.Add(time.Duration(days * float64(day))) }

func money(name, amount, currency string) said {
	s := said{name: name}
	s.Amount, s.Currency = amount, currency
	return s
}

func (s said) of(who uint64, days float64) said {
	s.who, s.at = who, at(days)
	return s
}

// contactOf is a conversation of two events: it starts and is answered, and ends after an hour.
func contactOf(who uint64, id string, days float64, began event.AuthorRole, topic string, ended said) []said {
	start := said{who: who, at: at(days), name: event.NameConversationStarted, channel: event.ChannelChat}
	start.ConversationID, start.Direction, start.Topic = id, event.DirectionInbound, topic
	answer := said{who: who, at: at(days).Add(time.Minute), name: event.NameConversationAnswered, channel: event.ChannelChat}
	answer.ConversationID, answer.AuthorRole = id, began
	ended.who, ended.at, ended.name, ended.channel, ended.ConversationID = who, at(days).Add(time.Hour), event.NameConversationEnded, event.ChannelChat, id
	return []said{start, answer, ended}
}
