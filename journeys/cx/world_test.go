package cx_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/journeys/cx"
	"tributary/journeys/report"
	"tributary/profiles/analysis"
	"tributary/profiles/state"
	"tributary/profiles/unify"
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
	bench   *storetest.Bench
	reader  *cx.Reader
	targets *cx.Targets // kept in memory
	clock   time.Time   // at which targets are set
	offset  uint64
	rows    []*store.EventRow
}

type noSegments struct{}

func (noSegments) Published(string, string) (analysis.Published, error) {
	return analysis.Published{Ready: true}, nil
}

// confine puts people into segments.
func (w *world) confine(workspace string, segments map[uint64][]string) {
	w.Helper()
	var rows []*store.ProfileSegmentsRow
	for who, in := range segments {
		rows = append(rows, &store.ProfileSegmentsRow{
			Workspace: workspace, Profile: profileOf(who), Version: 1, Segments: in, Since: make([]int64, len(in)), UpdatedAt: now,
		})
	}
	if err := store.Insert(w.Context(), w.bench.Store, store.ProfileSegments, rows, ""); err != nil {
		w.Fatal(err)
	}
}

// documents keeps them in memory, by bucket and key.
type documents map[string]json.RawMessage

func (d documents) Do(_ context.Context, _ string, command unify.Command) (stream.Position, error) {
	put := command.(unify.ConfigPut)
	d[put.Bucket+"\x00"+put.Key] = put.Value
	return stream.Position{}, put.Validate()
}

func (d documents) Doc(bucket, key string) (json.RawMessage, bool, error) {
	value, ok := d[bucket+"\x00"+key]
	return value, ok, nil
}

func (d documents) Docs(bucket string) (list []state.Doc, err error) {
	for key, value := range d {
		if rest, ok := strings.CutPrefix(key, bucket+"\x00"); ok {
			list = append(list, state.Doc{Key: rest, Value: value})
		}
	}
	return list, nil
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, bench: storetest.Engine{Options: func() *clickhouse.Options {
		return chdb.Options(chdbtest.Engine(t), "")
	}}.Store(t), clock: day0.AddDate(0, 2, 0)}
	kept := documents{}
	w.targets = cx.NewTargets(kept, kept, func() time.Time { return w.clock })
	reports, err := report.NewReader(w.bench.Store, noSegments{}, nil, func() time.Time { return now })
	if err == nil {
		w.reader, err = cx.NewReader(w.bench.Store, reports, w.targets, func() time.Time { return now })
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
	properties json.RawMessage
	received   time.Time // zero: at
}

func (w *world) put(workspace string, events ...said) {
	w.Helper()
	for i := range events {
		s := &events[i]
		fields := s.CX
		e := &event.Event{
			Workspace: workspace, Source: s.source, MessageID: s.id, Type: event.TypeTrack, Name: s.name, Channel: s.channel, CX: &fields, Properties: s.properties,
		}
		if s.received.IsZero() {
			s.received = s.at
		}
		e.Stamp(s.at, time.Time{}, s.received)
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
