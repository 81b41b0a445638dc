package cx_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/event"
	"tributary/journeys/cx"
)

// set sets a target a minute after the one before, and returns its id.
func (w *world) set(goal cx.Goal, value float64) uuid.UUID {
	w.Helper()
	w.clock = w.clock.Add(time.Minute)
	goal.Value = &value
	set, err := w.targets.Set(w.Context(), "acme", uuid.New(), goal, cx.Author{})
	if err != nil {
		w.Fatal(err)
	}
	return set.ID
}

// standings writes targets and standings of an answer's points.
func standings(answer *cx.Answer) (list []string) {
	for _, p := range answer.Points {
		line := p.From.Format(time.DateOnly) + " " + p.Group + "|" + p.Series
		if t := p.Target; t != nil {
			line += fmt.Sprintf(" %g %s", t.Value, t.Standing)
			if t.Attainment != nil {
				line += fmt.Sprintf(" %.3f", *t.Attainment)
			}
		}
		list = append(list, line)
	}
	return list
}

// TestPlanAgainstActual: 30 contacts of which 27 are confirmed as resolved: 0.9, from 0.744 to 0.965.
func TestPlanAgainstActual(t *testing.T) {
	w := newWorld(t)
	w.put("acme", served(t.Name(), "human", "bill", 27, 30)...)
	month := cx.Question{Metric: "confirmed_resolution", Scope: scope("acme"), Grain: cx.GrainMonth}
	month.Scope.From = day0.AddDate(0, 0, -1) // the first of March
	month.Scope.Until = month.Scope.From.AddDate(0, 1, 0)
	holds := func(what string, q cx.Question, want string) {
		t.Helper()
		if got := fmt.Sprint(standings(w.ask(q))); got != "["+want+"]" {
			t.Errorf("%s: %s, want [%s]", what, got, want)
		}
	}
	holds("none", month, "2026-03-01 |")
	w.set(cx.Goal{Metric: month.Metric}, 0.7)
	first := w.clock
	holds("below the interval", month, "2026-03-01 | 0.7 met 1.286")
	w.set(cx.Goal{Metric: month.Metric}, 0.85)
	holds("the later one", month, "2026-03-01 | 0.85 undecided 1.059")
	w.set(cx.Goal{Metric: month.Metric, Grain: cx.GrainMonth}, 0.97)
	w.set(cx.Goal{Metric: month.Metric, Grain: cx.GrainDay}, 0.1)
	holds("that of the grain", month, "2026-03-01 | 0.97 missed 0.928")
	group := w.set(cx.Goal{Metric: month.Metric, By: cx.ByTopic, Group: "bill"}, 0.5)
	byTopic := month
	byTopic.By = cx.ByTopic
	holds("of a group", byTopic, "2026-03-01 bill| 0.5 met 1.800")

	narrow := month
	narrow.Scope.Channels = []string{"chat"}
	holds("a part of all", narrow, "2026-03-01 |")
	narrow.By = cx.ByChannel
	w.set(cx.Goal{Metric: month.Metric, By: cx.ByChannel, Group: "chat"}, 0.5)
	holds("a channel as a whole", narrow, "2026-03-01 chat| 0.5 met 1.800")

	w.clock = w.clock.Add(time.Minute)
	if _, err := w.targets.Remove(t.Context(), "acme", group, cx.Author{}); err != nil {
		t.Fatal(err)
	}
	holds("removed", byTopic, "2026-03-01 bill|")
	then := month
	then.Scope.KnownAt = first
	holds("as it was known", then, "2026-03-01 | 0.7 met 1.286")
	then.By, then.Scope.KnownAt = cx.ByTopic, w.clock.Add(-time.Second)
	holds("before it was removed", then, "2026-03-01 bill| 0.5 met 1.800")
}

// TestTargetsHoldForDays: days are those of the zone that is asked for; a bucket in which the target changes has none.
func TestTargetsHoldForDays(t *testing.T) {
	w := newWorld(t)
	w.put("acme", casesOfMarch()...)
	w.set(cx.Goal{Metric: "backlog", Until: "2026-03-04"}, 2)
	w.set(cx.Goal{Metric: "backlog", From: "2026-03-04"}, 1)
	q := cx.Question{Metric: "backlog", Scope: scope("acme"), Grain: cx.GrainDay}
	q.Scope.From, q.Scope.Until = day0, day0.AddDate(0, 0, 4)
	want := "[2026-03-02 | 2 met 1.000 2026-03-03 | 2 met 2.000 2026-03-04 | 1 missed 0.500 2026-03-05 | 1 missed 0.333]"
	if got := fmt.Sprint(standings(w.ask(q))); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	q.Grain = cx.GrainWeek
	if got := fmt.Sprint(standings(w.ask(q))); got != "[2026-03-02 |]" {
		t.Errorf("a week in which it changes: %s", got)
	}
}

// TestAWrongTargetIsNotSet: every fault at once, and nothing is kept.
func TestAWrongTargetIsNotSet(t *testing.T) {
	w := newWorld(t)
	value := 80.0
	for want, goal := range map[string]cx.Goal{
		"[metric]":                        {Metric: "aht_contact", Value: &value}, // better in neither direction
		"[value]":                         {Metric: "fcr"},
		"[value by]":                      {Metric: "csat", Value: &value, Group: "chat"},
		"[value group series grain from]": {Metric: "reopen_rate", Value: &value, By: cx.ByTeam, Series: "1-5", Grain: "year", From: "March"},
		"[until]":                         {Metric: "backlog", Value: &value, From: "2026-03-01", Until: "2026-03-01"},
	} {
		_, err := w.targets.Set(t.Context(), "acme", uuid.New(), goal, cx.Author{})
		var faults event.Errors
		fields := []string{}
		if errors.As(err, &faults) {
			for _, f := range faults {
				fields = append(fields, f.Field)
			}
		}
		if got := fmt.Sprint(fields); got != want {
			t.Errorf("%+v: %v, want %s", goal, got, want)
		}
	}
	if list, err := w.targets.List("acme"); err != nil || len(list) != 0 {
		t.Errorf("there are %+v, %v", list, err)
	}
}

// TestMeansHaveIntervals: 30 contacts of 10 s and 30 of 20 s. The mean is 15, its standard error sqrt(25 * 60/59 / 60); the median
// lies between the values of ranks 22 and 39.
func TestMeansHaveIntervals(t *testing.T) {
	w := newWorld(t)
	var list []said
	for i := range 60 {
		id := fmt.Sprintf("m%02d", i)
		list = append(list, said{
			who: uint64(i), at: hours(1, float64(i)/10), id: id, source: "desk", channel: event.ChannelVoice, name: "conversation.answered",
			CX: event.CX{ConversationID: id, Direction: event.DirectionInbound, AuthorRole: event.AuthorHuman, WaitS: seconds(10 + 10*float64(i%2))},
		})
	}
	w.put("acme", list...)
	w.set(cx.Goal{Metric: "speed_of_answer"}, 17)
	p := w.ask(cx.Question{Metric: "speed_of_answer", Scope: scope("acme")}).Points[0]
	if p.Interval == nil || fmt.Sprintf("%.4f %.4f", p.Interval.Low, p.Interval.High) != "13.7242 16.2758" || p.Target.Standing != cx.StandingMet {
		t.Errorf("mean %+v, interval %+v, target %+v", *p.Value, p.Interval, p.Target)
	}
	p = w.ask(cx.Question{Metric: "speed_of_answer_median", Scope: scope("acme")}).Points[0]
	if p.Interval == nil || *p.Interval != (cx.Interval{Low: 10, High: 20}) {
		t.Errorf("median %+v, interval %+v", *p.Value, p.Interval)
	}
	short := scope("acme")
	short.Until = hours(1, 2)
	if p := w.ask(cx.Question{Metric: "speed_of_answer", Scope: short}).Points[0]; p.Interval != nil || p.Target.Standing != cx.StandingUndecided {
		t.Errorf("of %d: %+v, %+v", p.Sample, p.Interval, p.Target)
	}
}
