package flow_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/journeys/flow"
	"tributary/profiles/computed"
	"tributary/sql/store"
)

// funnelDraw is a request, and the same as functions.
type funnelDraw struct {
	flow.FunnelRequest
	from, until time.Time
	window      time.Duration
	steps       []func(*store.EventRow) bool
	exclusions  []func(*store.EventRow) bool
}

func (w *world) funnel() *funnelDraw {
	d := &funnelDraw{window: 4 * time.Hour}
	d.Request, d.from, d.until = w.span()
	d.Window = "4h"
	d.Order = rapid.SampledFrom([]flow.Order{"", flow.Ordered, flow.Strict, flow.Any}).Draw(w.T, "order")
	d.Breakdown = rapid.SampledFrom([]string{"", "event.channel", "event.source", "cx.topic"}).Draw(w.T, "breakdown")
	for i := range rapid.IntRange(2, 4).Draw(w.T, "steps") {
		s, holds := w.selection(fmt.Sprint("step ", i))
		d.Steps, d.steps = append(d.Steps, flow.Step{Selection: s}), append(d.steps, holds)
	}
	if d.Order != flow.Any && rapid.Bool().Draw(w.T, "exclude") {
		s, holds := w.selection("exclusion")
		after := rapid.IntRange(1, len(d.steps)-1).Draw(w.T, "after")
		x := flow.Exclusion{After: after, Before: rapid.IntRange(after+1, len(d.steps)).Draw(w.T, "before"), Selection: s}
		d.Exclusions, d.exclusions = append(d.Exclusions, x), append(d.exclusions, holds)
	}
	return d
}

// attempt walks from a beginning and returns the events of the steps.
func (d *funnelDraw) attempt(events []told, begin int) []told {
	if d.Order == flow.Any {
		return d.anyAttempt(events, begin)
	}
	reached := []told{events[begin]}
	for _, e := range events[begin+1:] {
		step := len(reached)
		if step == len(d.steps) || e.t.Sub(reached[0].t) > d.window {
			break
		}
		if d.steps[step](e.EventRow) {
			reached = append(reached, e)
			continue
		}
		strict := d.Order == flow.Strict && slices.ContainsFunc(d.steps, func(in func(*store.EventRow) bool) bool { return in(e.EventRow) })
		excluded := len(d.exclusions) > 0 && d.exclusions[0](e.EventRow) && d.Exclusions[0].After <= step && step < d.Exclusions[0].Before
		if strict || excluded {
			break
		}
	}
	return reached
}

func (d *funnelDraw) anyAttempt(events []told, begin int) (reached []told) {
	done := make([]bool, len(d.steps))
	for _, e := range events[begin:] {
		if e.t.Sub(events[begin].t) > d.window {
			break
		}
		for k, in := range d.steps {
			if !done[k] && in(e.EventRow) {
				done[k] = true
				reached = append(reached, e)
			}
		}
	}
	return reached
}

// begins says whether an attempt may begin with an event.
func (d *funnelDraw) begins(e told) bool {
	return e.t.Before(d.until) && (d.steps[0](e.EventRow) || d.Order == flow.Any && slices.ContainsFunc(d.steps, func(in func(*store.EventRow) bool) bool { return in(e.EventRow) }))
}

// naive computes the furthest attempt of each person who began.
func (d *funnelDraw) naive(w *world) map[uuid.UUID][]told {
	looked := func(r *store.EventRow) bool {
		return slices.ContainsFunc(append(slices.Clone(d.steps), d.exclusions...), func(in func(*store.EventRow) bool) bool { return in(r) })
	}
	furthest := map[uuid.UUID][]told{}
	for profile, events := range w.arranged(d.from, d.until.Add(d.window), looked) {
		for i, e := range events {
			if !d.begins(e) {
				continue
			}
			if reached := d.attempt(events, i); len(reached) > len(furthest[profile]) {
				furthest[profile] = reached
			}
		}
	}
	return furthest
}

// counts are the people of each step, and the times since the first.
func counts(steps int, people map[uuid.UUID][]told, in func(told) bool) (n []uint64, medians, p90s []float64) {
	for k := range steps {
		var took []time.Duration
		for _, reached := range people {
			if len(reached) > k && in(reached[0]) {
				took = append(took, reached[k].t.Sub(reached[0].t))
			}
		}
		slices.Sort(took)
		n = append(n, uint64(len(took)))
		median, p90 := 0.0, 0.0
		if len(took) > 0 {
			median, p90 = took[len(took)/2].Seconds(), took[len(took)*9/10].Seconds()
		}
		medians, p90s = append(medians, median), append(p90s, p90)
	}
	return n, medians, p90s
}

func sameSteps(t *rapid.T, what string, got []flow.StepCount, n []uint64, medians, p90s []float64) {
	t.Helper()
	for k, s := range got {
		if s.People != n[k] {
			t.Fatalf("%s: step %d has %d people, want %d", what, k+1, s.People, n[k])
		}
		if k > 0 && n[k] > 0 && (s.SinceFirst.MedianS != medians[k] || s.SinceFirst.P90S != p90s[k]) {
			t.Fatalf("%s: step %d took %+v, want %v and %v", what, k+1, *s.SinceFirst, medians[k], p90s[k])
		}
	}
}

// TestFunnelEqualsNaive: whatever happened and whatever is asked, the funnel, its groups and the people behind its
// steps are those of a plain walk over the events.
func TestFunnelEqualsNaive(t *testing.T) {
	r := newRig(t)
	rapid.Check(t, func(rt *rapid.T) {
		w := r.newWorld(rt)
		d := w.funnel()
		people := d.naive(w)
		got, err := w.Funnel(rt.Context(), w.workspace, d.FunnelRequest)
		if err != nil {
			rt.Fatal(err)
		}
		n, medians, p90s := counts(len(d.steps), people, func(told) bool { return true })
		sameSteps(rt, "all", got.Steps, n, medians, p90s)
		for _, g := range got.Groups {
			n, medians, p90s := counts(len(d.steps), people, func(e told) bool { return string(d.value(e)) == string(g.Value) })
			sameSteps(rt, "group "+string(g.Value), g.Steps, n, medians, p90s)
		}
		d.behind(w, people)
	})
}

// value is what the breakdown finds in an event.
func (d *funnelDraw) value(e told) json.RawMessage {
	text := map[string]string{"event.channel": e.Channel, "event.source": e.Source}[d.Breakdown]
	if text == "" {
		return json.RawMessage("null")
	}
	return computed.Literal("=" + text)
}

// behind compares the people behind a step, page by page.
func (d *funnelDraw) behind(w *world, people map[uuid.UUID][]told) {
	ask := flow.FunnelPeopleRequest{FunnelRequest: d.FunnelRequest, Page: flow.Page{Limit: 2}}
	ask.Step = rapid.IntRange(1, len(d.steps)).Draw(w.T, "step")
	ask.Dropped = rapid.Bool().Draw(w.T, "dropped")
	seen := map[uuid.UUID]bool{}
	for {
		page, err := w.FunnelPeople(w.Context(), w.workspace, ask)
		if err != nil {
			w.Fatal(err)
		}
		for _, p := range page.People {
			reached := people[p.Profile]
			if seen[p.Profile] || len(p.Events) != len(reached) {
				w.Fatalf("%s: %d events, want %d", p.Profile, len(p.Events), len(reached))
			}
			seen[p.Profile] = true
			for k, e := range reached {
				if p.Events[k] != (flow.Ref{Source: e.Source, MessageID: e.MessageID}) || !p.At[k].Equal(e.t) {
					w.Fatalf("%s: step %d is %+v at %v, want %s at %v", p.Profile, k+1, p.Events[k], p.At[k], e.MessageID, e.t)
				}
			}
		}
		if ask.After = page.Next; ask.After == uuid.Nil {
			break
		}
	}
	for profile, reached := range people {
		if want := len(reached) == ask.Step || len(reached) > ask.Step && !ask.Dropped; seen[profile] != want {
			w.Fatalf("%s, who reached %d: shown %v behind step %d (dropped %v)", profile, len(reached), seen[profile], ask.Step, ask.Dropped)
		}
	}
}

// TestMergeThenSplitLeavesTheFunnel: row for row.
func TestMergeThenSplitLeavesTheFunnel(t *testing.T) {
	r := newRig(t)
	rapid.Check(t, func(rt *rapid.T) {
		w := r.newWorld(rt)
		d := w.funnel()
		d.KnownAt = now.Format(time.RFC3339)
		ask := func() []byte {
			got, err := w.Funnel(rt.Context(), w.workspace, d.FunnelRequest)
			if err != nil {
				rt.Fatal(err)
			}
			got.IdentityVersion = 0
			text, err := json.Marshal(got)
			if err != nil {
				rt.Fatal(err)
			}
			return text
		}
		before := ask()
		who := w.pickObservation("merged")
		home := w.homes[who]
		w.move(move{who, w.pickObservation("into")})
		w.move(move{who, home})
		if after := ask(); !bytes.Equal(before, after) {
			rt.Fatalf("was %s\nis %s", before, after)
		}
	})
}

func TestFunnelTellsEveryFault(t *testing.T) {
	r := newRig(t)
	_, err := r.Funnel(t.Context(), "acme", flow.FunnelRequest{
		Order: "backwards", Window: "1w", Breakdown: "traits.email",
		Steps: []flow.Step{
			{Selection: computed.Selection{}},
			{Selection: computed.Selection{Events: []string{"a"}, Where: []computed.Condition{{Field: "cx.nothing", Is: computed.Text("x")}}}},
		},
		Exclusions: []flow.Exclusion{{After: 2, Before: 1, Selection: computed.Selection{Channels: []string{"pigeon"}}}},
	})
	var faults event.Errors
	if !errors.As(err, &faults) {
		t.Fatal(err)
	}
	var fields []string
	for _, f := range faults {
		fields = append(fields, f.Field)
	}
	want := []string{"from", "window", "order", "steps[0]", "steps[1].where[0].field", "exclusions[0]", "exclusions[0].channels[0]", "breakdown"}
	if !slices.Equal(fields, want) {
		t.Errorf("faults of %q, want %q", fields, want)
	}
}

func TestFunnelOfNobody(t *testing.T) {
	r := newRig(t)
	request := flow.FunnelRequest{Steps: []flow.Step{{Selection: computed.Selection{Events: []string{"a"}}}, {Selection: computed.Selection{Events: []string{"b"}}}}, Breakdown: "event.channel"}
	request.From = "2026-03-01"
	got, err := r.Funnel(t.Context(), "nobody", request)
	if err != nil || len(got.Steps) != 2 || got.Steps[0].People != 0 || got.Steps[1].OfFirst != nil || len(got.Groups) != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}
