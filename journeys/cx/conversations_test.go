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

// byEvent is cx_contacts as it was before there was a projection, under the name cx_contacts_by_event, and cx_surveys from the query of
// then: every event is read. Of events of one time the order is the one of today.
func (w *world) byEvent() {
	w.Helper()
	text, err := sql.Migrations.ReadFile("migrations/0044_cx_contacts_again.sql")
	if err != nil {
		w.Fatal(err)
	}
	view := strings.NewReplacer("VIEW cx_contacts ", "VIEW cx_contacts_by_event ",
		"tuple(at, message_id, source) AS place", `tuple(at, reinterpretAsFixedString(xxHash64(concat(message_id, '\0', source)))) AS place`).Replace(string(text))
	for _, statement := range []string{view, surveysByEvent} {
		if err := w.bench.Conn.Exec(w.Context(), statement); err != nil {
			w.Fatal(err)
		}
	}
}

// surveysByEvent is what is known of a survey, told in another way: by what is first and last of its events.
const surveysByEvent = `CREATE VIEW cx_surveys_by_event AS
	SELECT
		source, if(survey_id = '', message_id, survey_id) AS key, survey,
		any(survey_id) != '' AS identified,
		argMax(e.profile, (name = 'survey.answered', e.place)) AS profile,
		countIf(name = 'survey.sent') > 0 AS sent,
		minIf(at, name = 'survey.sent') AS sent_at,
		countIf(scored) > 0 AS answered,
		minIf(at, scored) AS begun_at,
		maxIf(at, scored) AS answered_at,
		argMaxIf(ifNull(e.score, 0), e.place, scored) AS score,
		argMaxIf(e.scale, e.place, scored) AS scale,
		argMaxIf(survey_kind, e.place, survey_kind != '') AS kind,
		argMaxIf(if(about_conversation_id = '', conversation_id, about_conversation_id), e.place, about_conversation_id != '' OR conversation_id != '') AS about,
		argMax(e.channel, (name = 'survey.answered', e.place)) AS channel,
		argMaxIf(e.topic, e.place, e.topic != '') AS topic,
		argMaxIf(e.team, e.place, e.team != '') AS team,
		argMaxIf(e.queue, e.place, e.queue != '') AS queue,
		argMaxIf(e.language, e.place, e.language != '') AS language,
		argMaxIf(e.product, e.place, e.product != '') AS product
	FROM (
		SELECT *, name = 'survey.answered' AND isNotNull(score) AS scored, tuple(at, reinterpretAsFixedString(xxHash64(concat(message_id, '\0', source)))) AS place
		FROM scope_events(workspace = {workspace:String}, since = {since:Int64}, until = {until:Int64}, known_at = {known_at:Int64},
			identity_as_of = {identity_as_of:UInt64}, channels = [], sources = [], agent_kinds = [], segments = [], restricted = {restricted:Array(UUID)})
		WHERE name IN ('survey.sent', 'survey.answered')
	) AS e
	GROUP BY source, key, survey`

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

// known are the rows of a view of contacts or surveys.
func (w *world) known(t *rapid.T, view, columns string, scope report.Scope) []string {
	return w.texts(t, `SELECT toString(tuple(`+columns+`)) AS row FROM `+view+`(workspace = {workspace:String}, since = {since:Int64}, until = {until:Int64},
		known_at = {known_at:Int64}, identity_as_of = {identity_as_of:UInt64}, restricted = {restricted:Array(UUID)}) ORDER BY row`, scope.Params())
}

// surveyColumns are what cx_surveys knows of a survey.
const surveyColumns = `source, key, survey, identified, profile, sent, sent_at, answered, begun_at, answered_at, score, scale, kind, about, channel, topic, team, queue,
	language, product`

// TestContactsAndSurveysAreThoseOfTheirEvents: random events, of which many come late or at one time, in several parts of the table that
// are merged at random; of random spans that begin and end at any time of a day, as known at random times, with people joined,
// split and restricted, as of now and as of a version, contacts and surveys read from the projections are row for row those of their events.
func TestContactsAndSurveysAreThoseOfTheirEvents(t *testing.T) {
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
			for view, columns := range map[string]string{"cx_contacts": contactColumns, "cx_surveys": surveyColumns} {
				got, want := w.known(rt, view, columns, s), w.known(rt, view+"_by_event", columns, s)
				if !slices.Equal(got, want) {
					rt.Fatalf("%s, %s to %s, known at %s, as of %d:\n%s\nwant\n%s", view, s.From, s.Until, s.KnownAt, asOf, strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
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

// TestMetricsAgreeWithoutProjection: every metric of a small company is the same whether the engine reads the projection or events, of all
// together and by a dimension, and the projection is what it reads.
func TestMetricsAgreeWithoutProjection(t *testing.T) {
	w := newWorld(t)
	w.put("acme", slices.Concat(march(), surveysOfMarch(), casesOfMarch())...)
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
			text = "SELECT toString(tuple(*)) AS row FROM (" + text + ") ORDER BY row"
			with, without := rows(text, params), rows(text+" SETTINGS optimize_use_projections = 0", params)
			if len(with) == 0 || !slices.Equal(with, without) {
				t.Errorf("%s by %q: %q, of events %q", m.ID, by, with, without)
			}
			if projection := map[string]string{"fcr": "conversations", "csat": "surveys"}[m.ID]; projection != "" {
				plan := rows("SELECT explain AS row FROM (EXPLAIN "+text+")", params)
				if !slices.ContainsFunc(plan, func(line string) bool { return strings.Contains(line, "ReadFromMergeTree ("+projection+")") }) {
					t.Errorf("the projection %s is not read:\n%s", projection, strings.Join(plan, "\n"))
				}
			}
		}
	}
}
