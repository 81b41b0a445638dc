package journeys_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/journeys"
	"tributary/profiles"
	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"
	"tributary/sql/storetest"
)

// world is a profile of two observations, in the hot state and in the archive, and all of its events in
// the order in which they are to be told, newest first.
type world struct {
	*hotState
	archive *journeys.Events
	bench   *storetest.Bench
	want    []string
}

func newWorld(t *testing.T, events []*event.Event) *world {
	t.Helper()
	w := &world{bench: storetest.Engine{Options: func() *clickhouse.Options {
		return chdb.Options(chdbtest.Engine(t), "")
	}}.Store(t)}
	members := make([]profiles.Member, 2)
	for i := range members {
		id := storetest.Observation(uint64(i))
		members[i] = profiles.Member{
			Observation: &identity.Observation{ID: id}, Assignment: identity.Assignment{Observation: id, Profile: storetest.Observation(0)},
			State: &profiles.State{},
		}
	}
	var rows []*store.EventRow
	var all []*profiles.Interaction
	for i, e := range events {
		who := i % len(members)
		members[who].State.Apply(e, stream.Position{Offset: uint64(i)})
		row := store.NewEventRow(e, store.Place{LogOffset: uint64(i)}, members[who].Observation.ID, nil)
		rows = append(rows, &row)
		all = append(all, &profiles.Interaction{
			At: e.At, OriginalAt: e.OriginalAt, Order: e.Order, Client: e.Client(), MessageID: e.MessageID, Source: e.Source,
		})
	}
	if err := store.Insert(t.Context(), w.bench.Store, store.Events, rows, ""); err != nil {
		t.Fatal(err)
	}
	merged := &store.IdentityMapRow{Workspace: "acme", Version: 1, Observation: storetest.Observation(1), Profile: storetest.Observation(0), ChangedAt: epoch}
	if err := store.Insert(t.Context(), w.bench.Store, store.IdentityMap, []*store.IdentityMapRow{merged}, ""); err != nil {
		t.Fatal(err)
	}
	if err := w.bench.ReloadIdentity(t.Context()); err != nil {
		t.Fatal(err)
	}
	profiles.Arrange(all)
	for _, x := range slices.Backward(all) {
		w.want = append(w.want, x.MessageID+" "+x.Source)
	}
	w.hotState = &hotState{profiles.Answer{Profile: profiles.Fold(storetest.Observation(0), members, profiles.Rules{})}}
	var err error
	if w.archive, err = journeys.NewEvents(w.bench.Store); err != nil {
		t.Fatal(err)
	}
	return w
}

// pages returns all events, page by page. With cold, the archive alone is asked.
func (w *world) pages(t *testing.T, limit int, cold bool) []string {
	t.Helper()
	hot := *w.hotState
	if cold {
		hot.answer.Profile.Whole, hot.answer.Profile.Complete = 0, time.Now()
	}
	timeline, err := journeys.NewTimeline(&hot, w.archive, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for cursor := ""; ; {
		page, err := timeline.Page(t.Context(), journeys.Request{Workspace: "acme", Cursor: cursor, Limit: limit})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range page.Events {
			got = append(got, x.MessageID+" "+x.Source)
		}
		if cursor = page.Next; cursor == "" {
			return got
		}
	}
}

// inOrder asks the view that analysts ask.
func (w *world) inOrder(t *testing.T) []string {
	t.Helper()
	var rows []struct {
		Name string `ch:"name"`
	}
	err := w.bench.Conn.Select(t.Context(), &rows, `
		SELECT concat(message_id, ' ', source) AS name
		FROM events_in_order(workspace = {workspace:String}, since = '2000-01-01', until = '2100-01-01')
		WHERE profile = {profile:UUID}
		ORDER BY ordered_at DESC, client DESC, original_at DESC, client_order DESC, message_id DESC, source DESC`,
		clickhouse.Named("workspace", "acme"), clickhouse.Named("profile", storetest.Observation(0)))
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(rows))
	for i := range rows {
		names[i] = rows[i].Name
	}
	return names
}

// browsing is what some clients did: wrong clocks, slow requests, batches, pauses that end sessions, and
// message ids that two sources choose alike.
func browsing(random *rand.Rand, n int) []*event.Event {
	var events []*event.Event
	for c := range 1 + random.IntN(5) {
		skew := []time.Duration{0, 0, 90 * time.Second, -26 * time.Hour}[random.IntN(4)]
		now := epoch
		var batch []*event.Event
		for i := range n {
			now = now.Add([]time.Duration{0, time.Millisecond, time.Second, 3 * time.Minute, time.Hour}[random.IntN(5)])
			e := &event.Event{
				Workspace: "acme", Source: fmt.Sprint("web", c), MessageID: fmt.Sprintf("m-%02d", (i*37)%100), Type: event.TypeTrack,
				Name: "Viewed", OriginalAt: now.Add(-skew), Order: int64(i),
				Identifiers: []event.Identifier{{Type: event.IDAnonymous, Value: fmt.Sprint("client", c)}},
			}
			if random.IntN(3) == 0 {
				e.Name, e.CX = "conversation.message", &event.CX{ConversationID: "c"}
			}
			if batch = append(batch, e); random.IntN(2) == 0 && i < n-1 {
				continue
			}
			slow := time.Duration(random.Int64N(int64([]time.Duration{time.Second, 10 * time.Minute, 2 * time.Hour}[random.IntN(3)])))
			for _, e := range batch {
				e.Stamp(e.OriginalAt, now.Add(-skew), now.Add(slow))
			}
			events, batch = append(events, batch...), nil
		}
	}
	random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	return events
}

func TestEveryPathTellsOneOrder(t *testing.T) {
	for seed := range uint64(5) {
		random := rand.New(rand.NewPCG(seed, 4))
		w := newWorld(t, browsing(random, 5+random.IntN(30)))
		for _, limit := range []int{3 + random.IntN(9), 500} {
			for _, cold := range []bool{false, true} {
				if got := w.pages(t, limit, cold); !slices.Equal(got, w.want) {
					t.Fatalf("seed %d, pages of %d, cold %v: told\n%v, want\n%v", seed, limit, cold, got, w.want)
				}
			}
		}
		if got := w.inOrder(t); !slices.Equal(got, w.want) {
			t.Fatalf("seed %d: events_in_order says\n%v, want\n%v", seed, got, w.want)
		}
	}
}

func TestSlowRequestInvertsNothingOnAnyPath(t *testing.T) {
	said := func(id, client string, original, received int) *event.Event {
		e := &event.Event{
			Workspace: "acme", Source: "shop", MessageID: id, Type: event.TypeTrack, Name: id,
			Identifiers: []event.Identifier{{Type: event.IDAnonymous, Value: client}},
		}
		of := func(s int) time.Time { return epoch.Add(time.Duration(s) * time.Second) }
		e.Stamp(of(original), of(original), of(received))
		return e
	}
	for name, c := range map[string]struct {
		events []*event.Event
		want   string
	}{
		"slow request":       {[]*event.Event{said("paid", "a", 20, 21), said("cart", "a", 0, 60)}, "cart paid"},
		"another in between": {[]*event.Event{said("paid", "a", 20, 21), said("cart", "a", 0, 60), said("seen", "b", 10, 10)}, "seen cart paid"},
		"a clock an hour ahead": {
			[]*event.Event{said("paid", "a", 3620, 21), said("cart", "a", 3600, 60), said("seen", "b", 50, 50)}, "cart paid seen",
		},
		"another session": {[]*event.Event{said("late", "a", 0, 9000), said("next", "a", 20, 21)}, "next late"},
	} {
		w := newWorld(t, c.events)
		for path, newestFirst := range map[string][]string{
			"hot": w.pages(t, 1, false), "archive": w.pages(t, 1, true), "events_in_order": w.inOrder(t),
		} {
			var got []string
			for _, x := range slices.Backward(newestFirst) {
				got = append(got, strings.TrimSuffix(x, " shop"))
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%s, %s: told %v, want %s", name, path, got, c.want)
			}
		}
	}
}
