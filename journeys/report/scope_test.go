package report_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"tributary/ingest/event"
	"tributary/journeys/report"
	"tributary/profiles/analysis"
	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"
	"tributary/sql/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(chdbtest.M{M: m}) }

func openStore(t *testing.T) *storetest.Bench {
	t.Helper()
	engine := chdbtest.Engine(t)
	return storetest.Engine{Options: func() *clickhouse.Options { return chdb.Options(engine, "") }, Kill: engine.Kill}.Store(t)
}

// row is what the scope's events are compared by.
type row struct {
	MessageID string    `ch:"message_id"`
	Profile   uuid.UUID `ch:"profile"`
}

func read(t *testing.T, b *storetest.Bench, s report.Scope) map[string]uuid.UUID {
	t.Helper()
	rows, err := store.Compose[row](b.Store, "test", "SELECT message_id, profile FROM "+report.Events).All(t.Context(), s.Params())
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]uuid.UUID{}
	for _, r := range rows {
		if _, twice := found[r.MessageID]; twice {
			t.Errorf("%s is there twice", r.MessageID)
		}
		found[r.MessageID] = r.Profile
	}
	return found
}

func insert[R any](t *testing.T, b *storetest.Bench, table *store.Table[R], rows []*R) {
	t.Helper()
	if err := store.Insert(t.Context(), b.Store, table, rows, ""); err != nil {
		t.Fatal(err)
	}
}

var epoch = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// events draws events of a few observations over 100 hours, received some time after.
func events(random *rand.Rand, n int) []*store.EventRow {
	rows := make([]*store.EventRow, n)
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	for i := range rows {
		at := epoch.Add(time.Duration(random.IntN(100*60)) * time.Minute)
		e := &event.Event{
			Workspace: "acme", MessageID: uuid.New().String(), Source: pick("crm", "shop"), Type: event.TypeTrack, Name: "x",
			Channel: event.Channel(pick("web", "chat", "voice")), At: at, OriginalAt: at,
			ReceivedAt: at.Add(time.Duration(random.IntN(600)) * time.Minute),
			CX:         &event.CX{AuthorRole: event.AuthorRole(pick("", "customer", "human", "ai"))},
		}
		r := store.NewEventRow(e, store.Place{LogOffset: uint64(i)}, storetest.Observation(random.Uint64N(8)), nil)
		rows[i] = &r
	}
	return rows
}

func TestEventsOfAScope(t *testing.T) {
	b := openStore(t)
	rows := events(rand.New(rand.NewPCG(1, 2)), 400)
	stranger := *rows[0]
	stranger.Workspace, stranger.LogOffset, stranger.MessageID = "other", 1000, "stranger"
	insert(t, b, store.Events, append(slices.Clone(rows), &stranger))
	members := []uuid.UUID{storetest.Observation(1), storetest.Observation(2)}
	var segments []*store.ProfileSegmentsRow
	in := func(workspace string, profile uuid.UUID, version uint64, names ...string) {
		segments = append(segments, &store.ProfileSegmentsRow{
			Place: store.Place{LogOffset: uint64(len(segments)), Ordinal: 9}, Workspace: workspace, Profile: profile, Version: version,
			Segments: names, Since: make([]int64, len(names)), UpdatedAt: epoch,
		})
	}
	in("acme", members[0], 1, "former", "vip")
	in("acme", members[0], 5, "vip")
	in("acme", members[1], 2, "new", "vip")
	in("acme", storetest.Observation(3), 4)
	in("acme", storetest.Observation(3), 3, "former", "vip")
	in("other", storetest.Observation(4), 6, "vip")
	insert(t, b, store.ProfileSegments, segments)
	base := report.Scope{Workspace: "acme", From: epoch, Until: epoch.Add(100 * time.Hour), Zone: time.UTC}
	for name, c := range map[string]struct {
		change func(*report.Scope)
		holds  func(*store.EventRow) bool
	}{
		"all": {func(*report.Scope) {}, func(*store.EventRow) bool { return true }},
		"span": {func(s *report.Scope) { s.From, s.Until = epoch.Add(time.Hour), epoch.Add(9*time.Hour) }, func(r *store.EventRow) bool {
			return !r.At.Before(epoch.Add(time.Hour)) && r.At.Before(epoch.Add(9*time.Hour))
		}},
		"channels":   {func(s *report.Scope) { s.Channels = []string{"chat", "voice"} }, func(r *store.EventRow) bool { return r.Channel != "web" }},
		"sources":    {func(s *report.Scope) { s.Sources = []string{"crm"} }, func(r *store.EventRow) bool { return r.Source == "crm" }},
		"agents":     {func(s *report.Scope) { s.AgentKinds = []report.AgentKind{report.AgentAI} }, func(r *store.EventRow) bool { return r.AuthorRole == "ai" }},
		"known at":   {func(s *report.Scope) { s.KnownAt = epoch.Add(50 * time.Hour) }, func(r *store.EventRow) bool { return !r.ReceivedAt.After(epoch.Add(50 * time.Hour)) }},
		"members":    {func(s *report.Scope) { s.Segment = "vip" }, func(r *store.EventRow) bool { return slices.Contains(members, r.Observation) }},
		"restricted": {func(s *report.Scope) { s.Restricted = members }, func(r *store.EventRow) bool { return !slices.Contains(members, r.Observation) }},
		"nobody":     {func(s *report.Scope) { s.Segment = "former" }, func(*store.EventRow) bool { return false }},
	} {
		t.Run(name, func(t *testing.T) {
			for _, version := range []uint64{0, 1} { // nobody was ever decided about: both ways say the same
				s := base
				c.change(&s)
				s.IdentityAsOf = version
				want := map[string]uuid.UUID{}
				for _, r := range rows {
					if c.holds(r) {
						want[r.MessageID] = r.Observation
					}
				}
				if got := read(t, b, s); !equal(got, want) {
					t.Errorf("as of %d: %d events, want %d", version, len(got), len(want))
				}
			}
		})
	}
}

// Whatever happened to people since, a scope as of a version tells what the present one told then.
func TestIdentityAsOfAVersionStays(t *testing.T) {
	b := openStore(t)
	random := rand.New(rand.NewPCG(3, 4))
	insert(t, b, store.Events, events(random, 200))
	s := report.Scope{Workspace: "acme", From: epoch, Until: epoch.Add(100 * time.Hour), Zone: time.UTC}
	told := map[uint64]map[string]uuid.UUID{}
	for version := uint64(1); version <= 12; version++ {
		who, home := storetest.Observation(random.Uint64N(8)), storetest.Observation(random.Uint64N(8))
		place := store.Place{LogPartition: 1, LogOffset: version}
		insert(t, b, store.IdentityMap, []*store.IdentityMapRow{{Place: place, Workspace: "acme", Version: version, Observation: who, Profile: home, ChangedAt: epoch}})
		insert(t, b, store.IdentityDecisions, []*store.IdentityDecisionRow{{
			Place: place, Workspace: "acme", Version: version, Kind: store.DecisionAssigned, Observation: who, Profile: home, DecidedAt: epoch,
		}})
		if err := b.ReloadIdentity(t.Context()); err != nil {
			t.Fatal(err)
		}
		told[version] = read(t, b, s)
		hidden := s
		hidden.Restricted = []uuid.UUID{home} // with all who are one with them
		for _, as := range []uint64{0, version} {
			hidden.IdentityAsOf = as
			for id, profile := range read(t, b, hidden) {
				if profile == home || told[version][id] == home {
					t.Errorf("version %d as of %d: who is restricted is in it", version, as)
				}
			}
		}
	}
	for version, want := range told {
		s.IdentityAsOf = version
		if got := read(t, b, s); !equal(got, want) {
			t.Errorf("version %d: %d events, want %d", version, len(got), len(want))
		}
	}
}

func equal(a, b map[string]uuid.UUID) bool {
	if len(a) != len(b) {
		return false
	}
	for id, profile := range a {
		if b[id] != profile {
			return false
		}
	}
	return true
}

// published says of one segment how new its members are.
type published analysis.Published

func (p published) Published(_, name string) (analysis.Published, error) {
	if name != "vip" {
		return analysis.Published{}, analysis.ErrNoSegment
	}
	return analysis.Published(p), nil
}

func TestResolve(t *testing.T) {
	b := openStore(t)
	insert(t, b, store.IdentityMap, []*store.IdentityMapRow{{Workspace: "acme", Version: 9, Observation: storetest.Observation(1), Profile: storetest.Observation(2), ChangedAt: epoch}})
	behind := published{AsOf: now.Add(-time.Minute), Behind: true, Ready: true}
	r, err := report.NewReader(b.Store, behind, nil, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	about, err := r.Resolve(t.Context(), &report.Scope{Workspace: "acme", From: epoch, Until: now, Zone: time.UTC, Segment: "vip"}, "how many")
	if err != nil || about.IdentityVersion != 9 || !about.AsOf.Equal(now) || about.Scope.KnownAt == "" || *about.Segment != analysis.Published(behind) {
		t.Errorf("%+v, %v", about, err)
	}
	about, err = r.Resolve(t.Context(), &report.Scope{Workspace: "other", Zone: time.UTC, IdentityAsOf: 4}, "")
	if err != nil || about.IdentityVersion != 4 || about.Segment != nil {
		t.Errorf("%+v, %v", about, err)
	}
	if _, err := r.Resolve(t.Context(), &report.Scope{Segment: "none", Zone: time.UTC}, ""); !errors.Is(err, analysis.ErrNoSegment) {
		t.Error(err)
	}
}

// However many people are in a segment, the statement is as long.
func TestALargeSegment(t *testing.T) {
	b := openStore(t)
	rows := events(rand.New(rand.NewPCG(5, 6)), 50)
	insert(t, b, store.Events, rows)
	if err := b.Conn.Exec(t.Context(), `
		INSERT INTO profile_segments (workspace, profile, version, segments, since, updated_at, log_offset)
		SELECT 'acme', reinterpretAsUUID(reverse(unhex(leftPad(hex(number), 32, '0')))), number, if(number % 5 = 0, ['all', 'fifth'], ['all']),
			if(number % 5 = 0, [0, 0], [0]), toDateTime64(0, 3), number
		FROM numbers(100000)`); err != nil {
		t.Fatal(err)
	}
	segments := make([]*store.ProfileSegmentsRow, 8)
	for i := range segments {
		segments[i] = &store.ProfileSegmentsRow{
			Place: store.Place{LogOffset: uint64(i), Ordinal: 1}, Workspace: "acme", Profile: storetest.Observation(uint64(i)), Version: 1 << 40,
			Segments: []string{"all"}, Since: []int64{0}, UpdatedAt: epoch,
		}
	}
	insert(t, b, store.ProfileSegments, segments)
	for segment, want := range map[string]int{"all": len(rows), "fifth": 0} {
		s := report.Scope{Workspace: "acme", From: epoch, Until: now, Zone: time.UTC, Segment: segment}
		if got := read(t, b, s); len(got) != want {
			t.Errorf("%s: %d events, want %d", segment, len(got), want)
		}
	}
}
