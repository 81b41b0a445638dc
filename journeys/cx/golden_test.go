package cx_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/journeys/cx"
	"tributary/journeys/report"
)

// hours is a time of the first week of March.
func hours(day int, h float64) time.Time {
	return day0.AddDate(0, 0, day-1).Add(time.Duration(h * float64(time.Hour)))
}

// march is a small company's first weeks of March, of which every number below is worked out by hand.
//
//	c1  Mon 2   person 1  chat   bill  AI alone, confirmed, cost 0.02
//	c2  Wed 4   person 1  voice  bill  human, 30 s wait, 100+10+20 s; so c1 failed silently
//	c3  Mon 2   person 2  chat   line  AI, then handed off: human, wait not told but 60 s; 300 s talk, wrap 40 s
//	c4  Tue 3   person 3  voice  line  given up after 4 s: by mistake
//	c5  Tue 3   person 3  voice  line  given up after 90 s
//	c6  Tue 3   person 3  voice  line  two legs: 60 s, transferred, 200 s; a call back is agreed on
//	c7  Thu 5   person 3  voice  line  that call back, inbound: no contact
//	c8  Sun 15  person 1  chat   bill  AI alone, nobody confirms, cost 0.01: eleven days later, a new matter
func march() []said {
	n := 0
	say := func(who uint64, at time.Time, channel event.Channel, name, conversation string, f event.CX) said {
		n++
		f.ConversationID = conversation
		return said{who: who, at: at, id: fmt.Sprintf("g%03d", n), source: "desk", channel: channel, name: name, CX: f}
	}
	in, voice, chat := event.DirectionInbound, event.ChannelVoice, event.ChannelChat
	human, ai := event.AuthorHuman, event.AuthorAI
	sec := seconds
	return []said{
		say(1, hours(1, 9), chat, "conversation.started", "c1", event.CX{Direction: in, Topic: "bill"}),
		say(1, hours(1, 9.1), chat, "conversation.message", "c1", event.CX{AuthorRole: ai, Cost: sec(0.02)}),
		say(1, hours(1, 9.2), chat, "conversation.ended", "c1", event.CX{AuthorRole: ai, Resolution: event.ResolutionConfirmed}),

		say(1, hours(3, 9), voice, "conversation.started", "c2", event.CX{Direction: in, Topic: "bill"}),
		say(1, hours(3, 9.01), voice, "conversation.queued", "c2", event.CX{}),
		say(1, hours(3, 9.02), voice, "conversation.answered", "c2", event.CX{AuthorRole: human, AgentID: "a1", WaitS: sec(30), Team: "care"}),
		say(1, hours(3, 9.1), voice, "conversation.ended", "c2", event.CX{AuthorRole: human, AgentID: "a1", TalkS: sec(100), HoldS: sec(10), Resolution: event.ResolutionConfirmed}),
		say(1, hours(3, 9.2), voice, "conversation.wrapped", "c2", event.CX{AgentID: "a1", WrapS: sec(20)}),

		say(2, hours(1, 10), chat, "conversation.started", "c3", event.CX{Direction: in, Topic: "line"}),
		say(2, hours(1, 10.1), chat, "conversation.message", "c3", event.CX{AuthorRole: ai, Cost: sec(0.03)}),
		say(2, hours(1, 10.2), chat, "conversation.handed_off", "c3", event.CX{AuthorRole: ai}),
		say(2, hours(1, 11), chat, "conversation.queued", "c3", event.CX{LegID: "l2"}),
		say(2, hours(1, 11).Add(time.Minute), chat, "conversation.answered", "c3", event.CX{AuthorRole: human, AgentID: "a2", LegID: "l2", Team: "care"}),
		say(2, hours(1, 12), chat, "conversation.ended", "c3", event.CX{AuthorRole: human, TalkS: sec(300)}),
		say(2, hours(1, 12.1), chat, "conversation.wrapped", "c3", event.CX{WrapS: sec(40), LegID: "l2"}),

		say(3, hours(2, 8), voice, "conversation.started", "c4", event.CX{Direction: in, Topic: "line"}),
		say(3, hours(2, 8).Add(4*time.Second), voice, "conversation.abandoned", "c4", event.CX{}),
		say(3, hours(2, 9), voice, "conversation.started", "c5", event.CX{Direction: in, Topic: "line"}),
		say(3, hours(2, 9.1), voice, "conversation.abandoned", "c5", event.CX{WaitS: sec(90)}),

		say(3, hours(2, 10), voice, "conversation.started", "c6", event.CX{Direction: in, Topic: "line"}),
		say(3, hours(2, 10.1), voice, "conversation.answered", "c6", event.CX{AuthorRole: human, AgentID: "a1", WaitS: sec(0), LegID: "l1", Team: "care"}),
		say(3, hours(2, 10.2), voice, "conversation.transferred", "c6", event.CX{TalkS: sec(60), LegID: "l1"}),
		say(3, hours(2, 10.3), voice, "conversation.answered", "c6", event.CX{AuthorRole: human, AgentID: "a3", WaitS: sec(50), LegID: "l2", Team: "tech"}),
		say(3, hours(2, 10.35), voice, "callback.requested", "c6", event.CX{}),
		say(3, hours(2, 10.4), voice, "conversation.ended", "c6", event.CX{AuthorRole: human, TalkS: sec(200)}),

		say(3, hours(4, 10), voice, "conversation.started", "c7", event.CX{Direction: in, Topic: "line"}),
		say(3, hours(4, 10.1), voice, "callback.completed", "c7", event.CX{AuthorRole: human}),

		say(1, hours(14, 9), chat, "conversation.started", "c8", event.CX{Direction: in, Topic: "bill"}),
		say(1, hours(14, 9.1), chat, "conversation.message", "c8", event.CX{AuthorRole: ai, Cost: sec(0.01)}),
		say(1, hours(14, 9.2), chat, "conversation.ended", "c8", event.CX{AuthorRole: ai, Resolution: event.ResolutionAssumed}),
	}
}

// surveysOfMarch are sent and answered about the conversations of march; casesOfMarch stand behind them.
func surveysOfMarch() []said {
	n := 0
	say := func(who uint64, at time.Time, name string, f event.CX) said {
		n++
		return said{who: who, at: at, id: fmt.Sprintf("s%03d", n), source: "survey", channel: event.ChannelSMS, name: name, CX: f}
	}
	csat, nps, score := event.SurveyCSAT, event.SurveyNPS, seconds
	return []said{
		say(1, hours(1, 12), "survey.sent", event.CX{SurveyID: "s1", Survey: csat, AboutConversationID: "c1"}),
		say(1, hours(1, 13), "survey.answered", event.CX{SurveyID: "s1", Survey: csat, Scale: "1-5", Score: score(5), AboutConversationID: "c1"}),
		say(1, hours(1, 14), "survey.answered", event.CX{SurveyID: "s1", Survey: csat, Scale: "1-5", Score: score(2), AboutConversationID: "c1"}), // thinks better of it
		say(2, hours(1, 14), "survey.sent", event.CX{SurveyID: "s2", Survey: csat, AboutConversationID: "c3"}),
		say(2, hours(1, 15), "survey.answered", event.CX{SurveyID: "s2", Survey: csat, Scale: "1-5", Score: score(4), AboutConversationID: "c3"}),
		say(3, hours(2, 15), "survey.sent", event.CX{SurveyID: "s3", Survey: csat, AboutConversationID: "c6"}),
		say(3, hours(4, 15), "survey.answered", event.CX{SurveyID: "s4", Survey: csat, Scale: "0-1", Score: score(1), AboutConversationID: "c6"}),
		say(3, hours(4, 16), "survey.answered", event.CX{SurveyID: "s5", Survey: csat, Score: score(1)}),
		say(1, hours(5, 9), "survey.answered", event.CX{Survey: nps, SurveyKind: event.SurveyRelationship, Scale: "0-10", Score: score(10)}),
		say(1, hours(6, 9), "survey.answered", event.CX{Survey: nps, SurveyKind: event.SurveyRelationship, Scale: "0-10", Score: score(6)}),
		say(2, hours(6, 9), "survey.answered", event.CX{Survey: nps, SurveyKind: event.SurveyRelationship, Scale: "0-10", Score: score(9)}),
		say(3, hours(6, 9), "survey.answered", event.CX{Survey: nps, SurveyKind: event.SurveyTransactional, Scale: "0-10", Score: score(7)}),
		say(3, hours(6, 9), "survey.answered", event.CX{Survey: event.SurveyCES, Scale: "1-7", Score: score(5)}),
		say(2, hours(6, 9), "survey.answered", event.CX{Survey: event.SurveyCES, Scale: "1-7", Score: score(4)}),
	}
}

func casesOfMarch() []said {
	n := 0
	say := func(who uint64, at time.Time, name, id string, f event.CX) said {
		n++
		f.CaseID = id
		return said{who: who, at: at, id: fmt.Sprintf("k%03d", n), source: "desk", name: name, CX: f}
	}
	return []said{
		say(1, day0.AddDate(-1, 0, 0), "case.opened", "k0", event.CX{Team: "care"}), // a year ago, and still open
		say(1, hours(1, 9), "case.opened", "k1", event.CX{Team: "care"}),
		say(1, hours(2, 9), "case.resolved", "k1", event.CX{}),
		say(1, hours(4, 9), "case.reopened", "k1", event.CX{}),
		say(1, hours(5, 9), "case.resolved", "k1", event.CX{}),
		say(1, hours(1, 9), "sla.met", "k1", event.CX{}),
		say(1, hours(2, 9), "sla.breached", "k1", event.CX{}),
		say(2, hours(3, 9), "case.opened", "k2", event.CX{Team: "care"}),
		say(2, hours(3, 10), "sla.met", "k2", event.CX{}),
		say(2, hours(3, 11), "case.assigned", "k2", event.CX{Team: "tech"}),
	}
}

func TestNumbersOfMarch(t *testing.T) {
	w := newWorld(t)
	w.put("acme", slices.Concat(march(), surveysOfMarch(), casesOfMarch())...)
	for _, c := range []struct {
		metric string
		by     cx.Dimension
		want   []string
	}{
		// All but c7, which is the call back that was agreed on in c6.
		{"contacts", "", []string{"| 7 of 7, 0 immature"}},
		{"contacts", cx.ByChannel, []string{"chat| 3 of 3, 0 immature", "voice| 4 of 4, 0 immature"}},
		// First about a topic: c1, c3, c6 (c4 and c5 were not handled), c8. c2 follows c1. c7 is no contact.
		{"fcr", "", []string{"|callback_agreed 1/1 of 1, 0 immature", "|plain 2/3 of 3, 0 immature"}},
		{"fcr", cx.ByTopic, []string{"bill|plain 1/2 of 2, 0 immature", "line|callback_agreed 1/1 of 1, 0 immature", "line|plain 1/1 of 1, 0 immature"}},
		{"fcr_any_topic", "", []string{"|callback_agreed 1/1 of 1, 0 immature", "|plain 2/3 of 3, 0 immature"}},
		// c2 follows c1, c5 follows c4, c6 follows c5.
		{"repeat_contact_rate", "", []string{"| 3/7 of 7, 0 immature"}},
		{"repeat_contact_rate", cx.ByChannel, []string{"chat| 0/3 of 3, 0 immature", "voice| 3/4 of 4, 0 immature"}},
		// c2 130 s, c3 340 s, c6 260 s.
		{"aht_contact", "", []string{"| 730/3 of 3, 0 immature"}},
		// Four legs: c2, c3, two of c6.
		{"aht_leg", "", []string{"| 730/4 of 4, 0 immature"}},
		{"aht_leg", cx.ByTeam, []string{"care| 530/3 of 3, 0 immature", "tech| 200/1 of 1, 0 immature"}},
		{"chat_concurrency", "", []string{"| 3540000/3540000 of 1, 0 immature"}},
		// 30, 60 (told by the times) and 0.
		{"speed_of_answer", "", []string{"| 90/3 of 3, 0 immature"}},
		{"speed_of_answer_median", "", []string{"| 30 of 3, 0 immature"}},
		// c5 of c2, c3, c5, c6; c4 is a short one.
		{"abandonment_rate", "", []string{"| 1/4 of 4, 0 immature"}},
		{"transfer_rate", "", []string{"| 1/4 of 4, 0 immature"}},
		{"ai_containment", "", []string{"| 2/3 of 3, 0 immature"}},
		{"ai_confirmed_resolution", "", []string{"| 1/3 of 3, 0 immature"}},
		{"ai_silent_failure", "", []string{"| 1/2 of 2, 0 immature"}},
		{"ai_handoff_rate", "", []string{"| 1/3 of 3, 0 immature"}},
		{"ai_cost_per_contact", "", []string{"| 0.06/3 of 3, 0 immature"}},
		{"ai_cost_per_resolution", "", []string{"| 0.06/1 of 3, 0 immature"}},
		{"csat", "", []string{"|0-1 1/1 of 1, 0 immature", "|1-5 1/2 of 2, 0 immature", "|undeclared none of 1, 0 immature"}},
		{"csat", cx.ByAgentKind, []string{"ai|1-5 0/1 of 1, 0 immature", "human|0-1 1/1 of 1, 0 immature", "human|1-5 1/1 of 1, 0 immature", "|undeclared none of 1, 0 immature"}},
		{"nps", "", []string{"|relationship 0/2 of 2, 0 immature", "|transactional 0/1 of 1, 0 immature"}},
		{"ces", "", []string{"|1-7 1/2 of 2, 0 immature"}},
		{"survey_response_rate", "", []string{"|csat 2/3 of 3, 0 immature"}},
		{"reopen_rate", "", []string{"| 1/2 of 2, 0 immature"}},
		{"sla_met", "", []string{"| 1/2 of 2, 0 immature"}},
		{"backlog", "", []string{"| 2 of 2, 0 immature"}},
	} {
		got := lines(w.ask(cx.Question{Metric: c.metric, Scope: scope("acme"), By: c.by}))
		slices.Sort(c.want)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s by %q:\n%q, want\n%q", c.metric, c.by, got, c.want)
		}
	}
	w.byDay(t)
	w.drilled(t)
}

// byDay asks by day in a zone, and of what is young.
func (w *world) byDay(t *testing.T) {
	q := cx.Question{Metric: "backlog", Scope: scope("acme"), Grain: cx.GrainDay}
	q.Scope.From, q.Scope.Until = day0, day0.AddDate(0, 0, 6)
	var got []float64
	for _, p := range w.ask(q).Points {
		got = append(got, *p.Value)
	}
	if want := []float64{2, 1, 2, 3, 2, 2}; !slices.Equal(got, want) {
		t.Errorf("open at the end of each day: %v, want %v", got, want)
	}
	days := lines(w.ask(cx.Question{Metric: "contacts", Scope: scope("acme"), Grain: cx.GrainDay}))
	began := []string{"2026-03-02T00 | 2 of 2, 0 immature", "2026-03-03T00 | 3 of 3, 0 immature", "2026-03-04T00 | 1 of 1, 0 immature", "2026-03-15T00 | 1 of 1, 0 immature"}
	if !slices.Equal(days, began) {
		t.Errorf("contacts by day %q, want %q", days, began)
	}
	q = cx.Question{Metric: "fcr", Scope: scope("acme"), Grain: cx.GrainDay}
	q.Scope.KnownAt = day0.AddDate(0, 0, 8) // c1 and c3 are old enough, c6 is not
	list := lines(w.ask(q))
	want := []string{"2026-03-02T00 |plain 1/2 of 2, 0 immature", "2026-03-03T00 |callback_agreed 1/1 of 1, 1 immature"}
	if !slices.Equal(list, want) {
		t.Errorf("fcr by day %q, want %q", list, want)
	}
	q.Scope.Zone, _ = time.LoadLocation("America/Los_Angeles")
	q.Metric, q.Grain = "ai_containment", cx.GrainMonth
	q.Scope.KnownAt = now
	for _, p := range w.ask(q).Points {
		if p.From.Location() != q.Scope.Zone || p.From.Before(q.Scope.From) || p.Until.After(q.Scope.Until) {
			t.Errorf("a bucket from %s until %s", p.From, p.Until)
		}
	}
}

// drilled: every number leads to what it was made of, page by page, each once.
func (w *world) drilled(t *testing.T) {
	for _, c := range []struct {
		metric string
		by     cx.Dimension
		group  string
		want   []string // id, and what it adds
	}{
		{"repeat_contact_rate", cx.ByChannel, "voice", []string{"c2 1", "c6 1", "c5 1", "c4 0"}},
		{"contacts", cx.ByChannel, "chat", []string{"c8 1", "c3 1", "c1 1"}},
		{"aht_leg", "", "", []string{"c2/g006 130", "c6/l2 200", "c6/l1 60", "c3/l2 340"}},
		{"backlog", "", "", []string{"k2 1", "k0 1"}},
		{"nps", "", "", []string{"s012 0", "s011 1", "s010 -1"}},
		{"sla_met", "", "", []string{"k2 1", "k1 0"}},
	} {
		q := cx.ItemQuestion{Question: cx.Question{Metric: c.metric, Scope: scope("acme"), By: c.by}, Group: &c.group, Limit: 2}
		var got []string
		for {
			page, err := w.reader.Items(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, item := range page.Items {
				got = append(got, fmt.Sprintf("%s %g", item.ID, item.Counts))
				if len(item.Events) == 0 || item.Profile == profileOf(99) {
					t.Errorf("%s: %s has no events", c.metric, item.ID)
				}
			}
			if q.Cursor = page.NextCursor; q.Cursor == "" {
				break
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s is made of %q, want %q", c.metric, got, c.want)
		}
	}
}

// TestWhatCountsPeopleIsMadeOf: of a person the last answer counts, under whatever channel that is, and leads to nothing under another.
func TestWhatCountsPeopleIsMadeOf(t *testing.T) {
	w := newWorld(t)
	answers := func(who uint64, day int, id string, channel event.Channel, score float64) said {
		return said{who: who, at: hours(day, 9), id: id, source: "survey", channel: channel, name: event.NameSurveyAnswered,
			CX: event.CX{SurveyID: id, Survey: "nps", Scale: "0-10", Score: &score}}
	}
	w.put("acme", answers(1, 1, "a", event.ChannelChat, 10), answers(1, 5, "b", event.ChannelVoice, 0), answers(2, 2, "c", event.ChannelChat, 9))
	q := cx.Question{Metric: "nps", Scope: scope("acme"), By: cx.ByChannel}
	for _, p := range w.ask(q).Points {
		page, err := w.reader.Items(t.Context(), cx.ItemQuestion{Question: q, Group: &p.Group})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, item := range page.Items {
			got = append(got, item.ID)
		}
		if want := map[string]string{"chat": "c", "voice": "b"}[p.Group]; p.Sample != 1 || !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %d, made of %q, want %s", p.Group, p.Sample, got, want)
		}
	}
}

// TestSampleAndInterval: what an answer says so that a number can be trusted.
func TestSampleAndInterval(t *testing.T) {
	w := newWorld(t)
	w.put("acme", march()...)
	answer := w.ask(cx.Question{Metric: "ai_containment", Scope: scope("acme")})
	p := answer.Points[0]
	if answer.Sample != (report.Sample{People: 2, Events: 3}) || answer.Definition == "" || answer.AsOf != now || !p.BelowMinimum {
		t.Errorf("answer %+v", answer)
	}
	if p.Interval == nil || math.Abs(p.Interval.Low-0.2077) > 1e-4 || math.Abs(p.Interval.High-0.9385) > 1e-4 {
		t.Errorf("interval of 2 of 3: %+v", p.Interval)
	}
	if other := w.ask(cx.Question{Metric: "ai_containment", Scope: scope("other")}); len(other.Points) != 0 {
		t.Errorf("another workspace: %+v", other.Points)
	}
	for name, q := range map[string]cx.Question{
		"no such metric":    {Metric: "bliss", Scope: scope("acme")},
		"no such breakdown": {Metric: "backlog", Scope: scope("acme"), By: cx.ByAgentKind},
		"no such grain":     {Metric: "backlog", Scope: scope("acme"), Grain: "year"},
	} {
		if _, err := w.reader.Ask(t.Context(), q); err == nil {
			t.Errorf("%s: is answered", name)
		}
	}
}
