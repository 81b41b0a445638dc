package cx_test

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/journeys/cx"
	"tributary/journeys/report"
	"tributary/profiles/state"
	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"
	"tributary/sql/storetest"
)

func TestMain(m *testing.M) {
	_ = flag.Set("rapid.checks", "5") // each asks the engine some sixty times
	chdbtest.Main(m)
}

// day0 is a Monday.
var day0 = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// now is long after everything.
var now = day0.AddDate(0, 3, 0)

// world is a store, and a reader over it.
type world struct {
	*testing.T
	bench  *storetest.Bench
	reader *cx.Reader
	offset uint64
	rows   []*store.EventRow
}

type noSegments struct{}

func (noSegments) Members(string, string, identity.ProfileID, int) ([]state.SegmentMember, string, error) {
	return nil, "", nil
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, bench: storetest.Engine{Options: func() *clickhouse.Options {
		return chdb.Options(chdbtest.Engine(t), "")
	}}.Store(t)}
	reports, err := report.NewReader(w.bench.Store, noSegments{}, nil, func() time.Time { return now })
	if err == nil {
		w.reader, err = cx.NewReader(w.bench.Store, reports, func() time.Time { return now })
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// said is one event: who spoke is a number of an observation.
type said struct {
	who     uint64
	at      time.Time
	id      string // message id
	source  string
	channel event.Channel
	name    string
	event.CX
}

func (w *world) put(workspace string, events ...said) {
	w.Helper()
	for i := range events {
		s := &events[i]
		fields := s.CX
		e := &event.Event{
			Workspace: workspace, Source: s.source, MessageID: s.id, Type: event.TypeTrack, Name: s.name, Channel: s.channel, CX: &fields,
		}
		e.Stamp(s.at, time.Time{}, s.at)
		w.offset++
		row := store.NewEventRow(e, store.Place{LogOffset: w.offset}, storetest.Observation(s.who), nil)
		w.rows = append(w.rows, &row)
	}
	if err := store.Insert(w.Context(), w.bench.Store, store.Events, w.rows, ""); err != nil {
		w.Fatal(err)
	}
	w.rows = nil
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

// scope is the month of March.
func scope(workspace string) report.Scope {
	return report.Scope{Workspace: workspace, From: day0.AddDate(0, 0, -1), Until: day0.AddDate(0, 0, 30), Zone: time.UTC, KnownAt: now}
}

func (w *world) ask(q cx.Question) *cx.Answer {
	w.Helper()
	answer, err := w.reader.Ask(w.Context(), q)
	if err != nil {
		w.Fatalf("%s: %v", q.Metric, err)
	}
	return answer
}

// lines shows points as a person would write them down.
func lines(answer *cx.Answer) []string {
	list := []string{}
	for _, p := range answer.Points {
		line := fmt.Sprintf("%s|%s", p.Group, p.Series)
		if answer.Grain != cx.GrainNone {
			line = p.From.Format("2006-01-02T15 ") + line
		}
		switch {
		case p.Value == nil:
			line += " none"
		case p.Denominator != nil:
			line += fmt.Sprintf(" %.9g/%.9g", *p.Numerator, *p.Denominator)
		default:
			line += fmt.Sprintf(" %.9g", *p.Value)
		}
		list = append(list, fmt.Sprintf("%s of %d, %d immature", line, p.Sample, p.Immature))
	}
	slices.Sort(list)
	return list
}

func seconds(v float64) *float64 { return &v }

func profileOf(who uint64) uuid.UUID { return storetest.Observation(who) }
