package cx_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/journeys/cx"
	"tributary/journeys/report"
	"tributary/sql"
	"tributary/sql/store"
	"tributary/sql/storetest"
)

// contactColumns are what cx_contacts knows of a conversation.
const contactColumns = `conversation_id, profile, started_at, ended_at, source, channel, direction, topic, language, product, team, queue, case_id, resolution,
	began, human, agent_kind, closed, abandoned, transferred, human_requested, handed_off, callback_requested, callback, eligible, handled, queued, queued_at,
	answered, answered_at, wait_ms, abandoned_at, given_up_ms, timed, talk_ms, hold_ms, wrap_ms, priced, cost_nano, ai_began, contained,
	next_any_at, next_topic_at, prev_any_at, prev_topic_at, prev_handled_any_at, prev_handled_topic_at`

// byEvent is cx_contacts as it was before there was a projection, under the name cx_contacts_by_event: every event is read. Of
// events of one time the order is the one of today.
func (w *world) byEvent() {
	w.Helper()
	text, err := sql.Migrations.ReadFile("migrations/0044_cx_contacts_again.sql")
	if err != nil {
		w.Fatal(err)
	}
	view := strings.NewReplacer("VIEW cx_contacts ", "VIEW cx_contacts_by_event ",
		"tuple(at, message_id, source) AS place", `tuple(at, reinterpretAsFixedString(xxHash64(concat(message_id, '\0', source)))) AS place`).Replace(string(text))
	if err := w.bench.Conn.Exec(w.Context(), view); err != nil {
		w.Fatal(err)
	}
}

type textRow struct {
	Row string `ch:"row"`
}

// texts are the rows of a statement, each as a text.
func (w *world) texts(t *rapid.T, statement string, params store.Params) []string {
	list, err := store.Compose[textRow](w.bench.Store, "texts", statement).All(w.Context(), params)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]string, len(list))
	for i, row := range list {
		all[i] = row.Row
	}
	return all
}

// contacts are the rows of a view of contacts.
func (w *world) contacts(t *rapid.T, view string, scope report.Scope) []string {
	return w.texts(t, `SELECT toString(tuple(`+contactColumns+`)) AS row FROM `+view+`(workspace = {workspace:String}, since = {since:Int64}, until = {until:Int64},
		known_at = {known_at:Int64}, identity_as_of = {identity_as_of:UInt64}, restricted = {restricted:Array(UUID)}) ORDER BY row`, scope.Params())
}

// TestContactsAreThoseOfTheirEvents: random events, of which many come late or at one time, in several parts of the table that
// are merged at random; of random spans that begin and end at any time of a day, as known at random times, with people joined,
// split and restricted, as of now and as of a version, contacts read from the projection are row for row those of their events.
func TestContactsAreThoseOfTheirEvents(t *testing.T) {
	w := newWorld(t)
	w.byEvent()
	run := uint64(0)
	rapid.Check(t, func(rt *rapid.T) {
		run++
		const people = 5
		base, workspace := 1_000_000+1000*run, fmt.Sprintf("c%d", run)
		events := randomEvents(rt, people)
		for i := range events {
			e := &events[i]
			e.who += base
			e.at = e.at.Add(time.Duration(rapid.SampledFrom([]int{0, 0, -1, 1, 3_600_000}).Draw(rt, "off")) * time.Millisecond)
			e.received = e.at.Add(time.Duration(rapid.SampledFrom([]int{0, 0, 1, 5, 24, 300}).Draw(rt, "late")) * time.Hour)
			e.Team, e.Language = rapid.SampledFrom([]string{"", "north", "south"}).Draw(rt, "team"), rapid.SampledFrom([]string{"", "de", "en"}).Draw(rt, "language")
			e.CaseID = rapid.SampledFrom([]string{"", "", "k1", "k2"}).Draw(rt, "case")
		}
		for part := range slices.Chunk(events, 1+len(events)/rapid.IntRange(1, 4).Draw(rt, "parts")) {
			w.put(workspace, part...)
		}
		ask := func(asOf uint64) {
			hour := func(label string, from, until int) time.Time {
				return day0.Add(time.Duration(rapid.IntRange(from, until).Draw(rt, label)) * time.Hour)
			}
			s := report.Scope{Workspace: workspace, From: hour("from", -60, 400), Until: hour("until", 200, 900), Zone: time.UTC, KnownAt: hour("known", 0, 1200), IdentityAsOf: asOf}
			if rapid.Bool().Draw(rt, "restricted?") {
				s.Restricted = []uuid.UUID{storetest.Observation(base + rapid.Uint64Range(0, people-1).Draw(rt, "restricted"))}
			}
			got, want := w.contacts(rt, "cx_contacts", s), w.contacts(rt, "cx_contacts_by_event", s)
			if !slices.Equal(got, want) {
				rt.Fatalf("%s to %s, known at %s, as of %d:\n%s\nwant\n%s", s.From, s.Until, s.KnownAt, asOf, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
		ask(0)
		joined := base + rapid.Uint64Range(1, people-1).Draw(rt, "joined")
		w.decide(workspace, joined, base, 1)
		ask(0)
		ask(1)
		if rapid.Bool().Draw(rt, "merge parts?") {
			if err := w.bench.Conn.Exec(w.Context(), "OPTIMIZE TABLE events FINAL"); err != nil {
				rt.Fatal(err)
			}
		}
		w.decide(workspace, joined, joined, 2)
		ask(0)
		ask(1)
	})
}

// TestMetricsAgreeWithoutProjection: every metric is the same whether the engine reads the projection or events, of all
// together and by a dimension, and the projection is what it reads.
func TestMetricsAgreeWithoutProjection(t *testing.T) {
	w := newWorld(t)
	events := rapid.Custom(func(rt *rapid.T) []said { return randomEvents(rt, 7) }).Example(41)
	w.put("acme", events...)
	rows := func(statement string, params store.Params) []string {
		var all []string
		list, err := store.Compose[textRow](w.bench.Store, "texts", statement).All(t.Context(), params)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range list {
			all = append(all, row.Row)
		}
		return all
	}
	for _, m := range cx.Metrics() {
		for _, by := range []cx.Dimension{"", m.By[len(m.By)-1]} {
			q := cx.Question{Metric: m.ID, By: by, Grain: cx.GrainDay, Scope: scope("acme")}
			text, params, err := w.reader.Statement(&q)
			if err != nil {
				t.Fatal(err)
			}
			text = "SELECT toString(tuple(*)) AS row FROM (" + text + ")"
			with, without := rows(text, params), rows(text+" SETTINGS optimize_use_projections = 0", params)
			if !slices.Equal(with, without) {
				t.Errorf("%s by %q: %q, of events %q", m.ID, by, with, without)
			}
			if m.ID == "fcr" {
				plan := rows("SELECT explain AS row FROM (EXPLAIN "+text+")", params)
				if !slices.ContainsFunc(plan, func(line string) bool { return strings.Contains(line, "ReadFromMergeTree (conversations)") }) {
					t.Errorf("the projection is not read:\n%s", strings.Join(plan, "\n"))
				}
			}
		}
	}
}
