package flow_test

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"tributary/journeys/flow"
	"tributary/journeys/report"
	"tributary/profiles"
	"tributary/profiles/computed"
	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"
	"tributary/sql/storetest"
)

func TestMain(m *testing.M) {
	_ = flag.Set("rapid.checks", "15") // each asks the engine several times; -rapid.checks asks for more
	goleak.VerifyTestMain(chdbtest.M{M: m})
}

var (
	epoch = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	now   = epoch.Add(60 * 24 * time.Hour)
)

// rig is the reports over the real engine. Each draw has a workspace of its own.
type rig struct {
	bench *storetest.Bench
	*flow.Flow
	draws uint64
}

func newRig(t *testing.T) *rig {
	t.Helper()
	engine := chdbtest.Engine(t)
	b := storetest.Engine{Options: func() *clickhouse.Options { return chdb.Options(engine, "") }, Kill: engine.Kill}.Store(t)
	clock := func() time.Time { return now }
	reader, err := report.NewReader(b.Store, nil, nil, clock)
	if err != nil {
		t.Fatal(err)
	}
	reports, err := flow.New(b.Store, reader, clock)
	if err != nil {
		t.Fatal(err)
	}
	return &rig{bench: b, Flow: reports}
}

// world is what one draw holds: events of observations, and the profile of each.
type world struct {
	*rapid.T
	*rig
	workspace string
	number    uint64
	version   uint64
	rows      []*store.EventRow
	homes     map[uuid.UUID]uuid.UUID
}

const observations = 6

func (w *world) observation(i int) uuid.UUID {
	return storetest.Observation(w.number*observations + uint64(i))
}

var names = []string{"a", "b", "c", "d"}

// newWorld draws events at few times, by few clients, so that ties and slow requests abound, and merges some people.
func (r *rig) newWorld(t *rapid.T) *world {
	r.draws++
	w := &world{T: t, rig: r, workspace: fmt.Sprintf("w%d", r.draws), number: r.draws, homes: map[uuid.UUID]uuid.UUID{}}
	for i := range observations {
		w.homes[w.observation(i)] = w.observation(i)
	}
	for i := range rapid.IntRange(1, 60).Draw(t, "events") {
		w.rows = append(w.rows, w.event(i))
	}
	w.insert(t)
	var moves []move
	for range rapid.IntRange(0, 4).Draw(t, "merges") {
		moves = append(moves, move{w.pickObservation("who"), w.pickObservation("to")})
	}
	w.move(moves...)
	return w
}

func (w *world) pickObservation(label string) uuid.UUID {
	return w.observation(rapid.IntRange(0, observations-1).Draw(w.T, label))
}

func (w *world) event(i int) *store.EventRow {
	draw := func(label string, most int) int { return rapid.IntRange(0, most).Draw(w.T, label) }
	minute := func(label string) time.Time { return epoch.Add(time.Duration(draw(label, 120)) * 10 * time.Minute) }
	at := minute("at")
	row := &store.EventRow{
		Place: store.Place{LogPartition: uint32(w.number), LogOffset: uint64(i)}, Workspace: w.workspace,
		Source: []string{"shop", "crm"}[draw("source", 1)], MessageID: fmt.Sprintf("m%02d", i), Type: "track",
		Name: names[draw("name", len(names)-1)], Channel: []string{"web", "chat", ""}[draw("channel", 2)],
		At: at, OriginalAt: at, ReceivedAt: at, Order: int64(draw("order", 2)), Client: uint64(draw("client", 2)),
		Observation: w.observation(draw("observation", observations-1)),
		Properties:  []string{"", `{"plan":"pro"}`, `{"plan":"free"}`}[draw("plan", 2)],
	}
	if draw("wrong clock", 2) == 0 {
		row.OriginalAt = minute("original at")
	}
	return row
}

func (w *world) insert(t *rapid.T) {
	if err := store.Insert(w.Context(), w.bench.Store, store.Events, w.rows, ""); err != nil {
		t.Fatal(err)
	}
}

type move struct{ who, home uuid.UUID }

// move assigns observations to profiles, as the worker and the sink do.
func (w *world) move(moves ...move) {
	var rows []*store.IdentityMapRow
	for _, m := range moves {
		w.version++
		w.homes[m.who] = m.home
		rows = append(rows, &store.IdentityMapRow{
			Place: store.Place{LogPartition: uint32(w.number), LogOffset: 1000 + w.version}, Workspace: w.workspace,
			Version: w.version, Observation: m.who, Profile: m.home, ChangedAt: epoch,
		})
	}
	if len(rows) == 0 {
		return
	}
	if err := store.Insert(w.Context(), w.bench.Store, store.IdentityMap, rows, ""); err != nil {
		w.Fatal(err)
	}
	if err := w.bench.ReloadIdentity(w.Context()); err != nil {
		w.Fatal(err)
	}
}

// told is an event as it is told among those of its person.
type told struct {
	*store.EventRow
	t time.Time // ordered_at
}

// arranged returns the events for which looked holds, by person, in the order of profiles.Arrange.
func (w *world) arranged(from, until time.Time, looked func(*store.EventRow) bool) map[uuid.UUID][]told {
	interactions := map[uuid.UUID][]*profiles.Interaction{}
	rows := map[*profiles.Interaction]*store.EventRow{}
	for _, r := range w.rows {
		if r.At.Before(from) || !r.At.Before(until) || !looked(r) {
			continue
		}
		x := &profiles.Interaction{At: r.At, OriginalAt: r.OriginalAt, Order: r.Order, Client: r.Client, MessageID: r.MessageID, Source: r.Source}
		rows[x] = r
		interactions[w.homes[r.Observation]] = append(interactions[w.homes[r.Observation]], x)
	}
	people := map[uuid.UUID][]told{}
	for profile, all := range interactions {
		profiles.Arrange(all)
		for _, x := range all {
			people[profile] = append(people[profile], told{rows[x], x.OrderedAt})
		}
	}
	return people
}

// selection draws a selection, and the same as a function.
func (w *world) selection(label string) (computed.Selection, func(*store.EventRow) bool) {
	some := rapid.SliceOfNDistinct(rapid.SampledFrom(names), 1, 2, rapid.ID).Draw(w.T, label)
	s := computed.Selection{Events: some}
	named := func(r *store.EventRow) bool { return slices.Contains(some, r.Name) }
	switch rapid.IntRange(0, 5).Draw(w.T, label+" more") {
	case 0:
		s.Channels = []string{"web"}
		return s, func(r *store.EventRow) bool { return named(r) && r.Channel == "web" }
	case 1:
		s.Where = []computed.Condition{{Field: "properties.plan", Is: computed.Text("pro")}}
		return s, func(r *store.EventRow) bool { return named(r) && r.Properties == `{"plan":"pro"}` }
	}
	return s, named
}

// span draws a scope.
func (w *world) span() (report.Request, time.Time, time.Time) {
	hour := func(label string, least, most int) time.Time {
		return epoch.Add(time.Duration(rapid.IntRange(least, most).Draw(w.T, label)) * time.Hour)
	}
	from, until := hour("from", 0, 8), hour("until", 9, 22)
	return report.Request{From: from.Format(time.RFC3339), Until: until.Format(time.RFC3339)}, from, until
}
