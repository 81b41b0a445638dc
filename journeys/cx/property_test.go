package cx_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/journeys/cx"
)

var contactMetrics = []string{
	"contacts", "fcr", "fcr_any_topic", "repeat_contact_rate", "repeat_contact_rate_any_topic", "aht_contact", "speed_of_answer", "speed_of_answer_median",
	"abandonment_rate", "transfer_rate", "ai_containment", "ai_confirmed_resolution", "ai_silent_failure", "ai_silent_failure_topic",
	"ai_handoff_rate", "ai_cost_per_contact", "ai_cost_per_resolution", "confirmed_resolution",
}

// personal are the metrics that depend on who is who, and one of each other kind.
var personal = []string{
	"fcr", "fcr_any_topic", "repeat_contact_rate", "ai_silent_failure", "ai_silent_failure_topic", "ai_containment", "csat", "nps", "ces", "survey_response_rate",
}

var surveyMetrics = []string{"csat", "nps", "ces", "survey_response_rate"}

// randomEvents draws raw events of a few people: any name with any field, in any order, many at the same time.
func randomEvents(t *rapid.T, people uint64) []said {
	names := []string{
		"conversation.started", "conversation.started", "conversation.message", "conversation.message", "conversation.answered", "conversation.queued",
		"conversation.offered", "conversation.transferred", "conversation.human_requested", "conversation.handed_off", "conversation.abandoned",
		"conversation.ended", "conversation.ended", "conversation.wrapped", "conversation.identified", "ivr.step", "callback.requested",
		"callback.completed", "callback.failed", "survey.sent", "survey.answered", "survey.answered", "case.opened", "page viewed",
	}
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	maybe := func(label string, of ...float64) *float64 {
		if !rapid.Bool().Draw(t, label+"?") {
			return nil
		}
		return seconds(rapid.SampledFrom(of).Draw(t, label))
	}
	var list []said
	for i := range rapid.IntRange(0, 90).Draw(t, "events") {
		s := said{
			who: rapid.Uint64Range(0, people-1).Draw(t, "who"), id: fmt.Sprintf("m%02d", i), source: pick("source", "desk", "bot"),
			at:      day0.Add(time.Duration(rapid.IntRange(-8, 120).Draw(t, "at")) * 6 * time.Hour),
			channel: event.Channel(pick("channel", "", "chat", "voice")), name: pick("name", names...),
		}
		s.ConversationID = pick("conversation", "", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9")
		s.Direction = event.Direction(pick("direction", "", "inbound", "inbound", "outbound"))
		s.AuthorRole = event.AuthorRole(pick("author", "", "", "ai", "ai", "human", "customer"))
		s.Model = pick("model", "", "", "m")
		s.Topic = pick("topic", "", "", "bill", "line")
		s.Resolution = event.Resolution(pick("resolution", "", "", "confirmed", "assumed", "none"))
		s.WaitS, s.TalkS = maybe("wait", 0, 5, 9.999, 10, 61.5), maybe("talk", 0, 30, 100.25)
		s.HoldS, s.WrapS, s.Cost = maybe("hold", 3), maybe("wrap", 7.5), maybe("cost", 0, 0.0004, 1.25)
		if s.name == "survey.sent" || s.name == "survey.answered" {
			s.SurveyID = pick("survey id", "", "s1", "s2", "s3", "s4", "s5")
			s.Survey = event.Survey(pick("survey", "", "csat", "nps", "nps", "ces"))
			s.SurveyKind = event.SurveyKind(pick("kind", "", "relationship", "transactional"))
			s.Scale = pick("scale", "", "0-1", "1-5", "1-7", "0-10", "0-100")
			s.Score = maybe("score", 0, 1, 4, 5, 6, 7, 8, 9, 10)
		}
		list = append(list, s)
	}
	return list
}

// TestMetricsAgreeWithLoops: random raw events, some people joined; every metric is what plain loops make of them, by nothing
// and by channel, the same beside its days, as of the end and as of a day in between, and once people are apart again row for row what it was.
func TestMetricsAgreeWithLoops(t *testing.T) {
	w := newWorld(t)
	run := uint64(0)
	rapid.Check(t, func(rt *rapid.T) {
		run++
		const people = 5
		base, workspace := 1000*run, fmt.Sprintf("w%d", run)
		events := randomEvents(rt, people)
		known := rapid.SampledFrom([]time.Time{now, day0.AddDate(0, 0, 12)}).Draw(rt, "known")
		events = slices.DeleteFunc(events, func(e said) bool { return e.at.After(known) })
		for i := range events {
			events[i].who += base
		}
		if len(events) > 0 {
			w.put(workspace, events...)
		}
		q := cx.Question{Scope: scope(workspace)}
		q.Scope.KnownAt = known
		apart := func(who uint64) uint64 { return who }
		w.agree(rt, q, events, apart, cx.ByChannel, contactMetrics...)
		before := w.agree(rt, q, events, apart, "", personal...)
		joined, into := base+rapid.Uint64Range(1, people-1).Draw(rt, "joined"), base
		w.join(workspace, joined, into, 1)
		w.agree(rt, q, events, func(who uint64) uint64 {
			if who == joined {
				return into
			}
			return who
		}, "", personal...)
		w.join(workspace, joined, joined, 2)
		after := w.agree(rt, q, events, apart, "", personal...)
		if !slices.Equal(before, after) {
			rt.Fatalf("joined and split again:\n%q, before\n%q", after, before)
		}
	})
}

// agree compares metrics with the loops, and returns every number of them.
func (w *world) agree(t *rapid.T, q cx.Question, events []said, person func(uint64) uint64, by cx.Dimension, metrics ...string) (all []string) {
	conversations, surveys := talks(events, person), answers(events, person)
	from, until, known := q.Scope.From, q.Scope.Until, q.Scope.KnownAt
	for _, q.Metric = range metrics {
		var want counts
		if q.By = by; slices.Contains(surveyMetrics, q.Metric) {
			want = naiveSurvey(q.Metric, surveys, from, until, known)
		} else {
			want = naiveContact(q.Metric, conversations, by == cx.ByChannel, from, until, known)
		}
		got, expected := lines(w.ask(q)), want.lines(q.Metric)
		if !slices.Equal(got, expected) {
			t.Fatalf("%s by %q:\n%q, want\n%q", q.Metric, by, got, expected)
		}
		if byDay := q; q.Metric == metrics[len(events)%len(metrics)] {
			byDay.Grain, byDay.Whole = cx.GrainDay, true
			answer := w.ask(byDay)
			if got := lines(&cx.Answer{Points: answer.Whole}); !slices.Equal(got, expected) {
				t.Fatalf("%s by %q, the whole of its days:\n%q, want\n%q", q.Metric, by, got, expected)
			}
		}
		all = append(append(all, q.Metric), got...)
	}
	return all
}
