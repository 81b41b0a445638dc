package flow_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/journeys/flow"
	"tributary/journeys/report"
	"tributary/profiles/computed"
	"tributary/sql/store"
)

// pair is a start and the end after it, if there was one.
type pair struct{ start, end *told }

func naivePairs(w *world, from, until time.Time, window time.Duration, every bool, starts, ends func(*store.EventRow) bool) map[uuid.UUID][]pair {
	people := map[uuid.UUID][]pair{}
	looked := func(r *store.EventRow) bool { return starts(r) || ends(r) }
	for profile, events := range w.arranged(from, until.Add(window), looked) {
		for i := range events {
			if !starts(events[i].EventRow) || !events[i].t.Before(until) || !every && len(people[profile]) > 0 {
				continue
			}
			p := pair{start: &events[i]}
			for j := i + 1; j < len(events) && p.end == nil && events[j].t.Sub(p.start.t) <= window; j++ {
				if ends(events[j].EventRow) {
					p.end = &events[j]
				}
			}
			people[profile] = append(people[profile], p)
		}
	}
	return people
}

func TestTimeBetweenEqualsNaive(t *testing.T) {
	r := newRig(t)
	rapid.Check(t, func(rt *rapid.T) {
		w := r.newWorld(rt)
		request := flow.BetweenRequest{Window: "5h", Pairs: rapid.SampledFrom([]flow.Pairs{"", flow.FirstPair, flow.EveryStart}).Draw(rt, "pairs")}
		var from, until time.Time
		request.Request, from, until = w.span()
		var starts, ends func(*store.EventRow) bool
		request.Starts, starts = w.selection("starts")
		request.Ends, ends = w.selection("ends")
		people := naivePairs(w, from, until, 5*time.Hour, request.Pairs == flow.EveryStart, starts, ends)
		got, err := w.Between(rt.Context(), w.workspace, request)
		if err != nil {
			rt.Fatal(err)
		}
		var took []time.Duration
		begun := 0
		for _, pairs := range people {
			for _, p := range pairs {
				begun++
				if p.end != nil {
					took = append(took, p.end.t.Sub(p.start.t))
				}
			}
		}
		slices.Sort(took)
		if got.Starts != uint64(begun) || got.Ended != uint64(len(took)) || got.Sample.People != uint64(len(people)) {
			rt.Fatalf("%d of %d starts of %d people ended, want %d of %d of %d", got.Ended, got.Starts, got.Sample.People, len(took), begun, len(people))
		}
		for _, q := range got.Quantiles {
			if want := took[int(q.Level*float64(len(took)))].Seconds(); q.Seconds != want {
				rt.Fatalf("quantile %v is %v, want %v", q.Level, q.Seconds, want)
			}
		}
		total := uint64(0)
		for _, b := range got.Histogram {
			n := uint64(0)
			for _, d := range took {
				if d.Seconds() >= b.FromS && (b.BelowS == nil || d.Seconds() < *b.BelowS) {
					n++
				}
			}
			if b.Count != n {
				rt.Fatalf("%+v, want %d", b, n)
			}
			total += n
		}
		if total != uint64(len(took)) {
			rt.Fatalf("bins hold %d, want %d", total, len(took))
		}
		betweenPeople(w, request, people)
	})
}

// betweenPeople compares who took less than an hour, who took longer, and who did not end.
func betweenPeople(w *world, request flow.BetweenRequest, people map[uuid.UUID][]pair) {
	for _, part := range []struct {
		ask flow.BetweenPeopleRequest
		fit func(pair) bool
	}{
		{flow.BetweenPeopleRequest{BelowS: 3600}, func(p pair) bool { return p.end != nil && p.end.t.Sub(p.start.t) < time.Hour }},
		{flow.BetweenPeopleRequest{FromS: 3600}, func(p pair) bool { return p.end != nil && p.end.t.Sub(p.start.t) >= time.Hour }},
		{flow.BetweenPeopleRequest{Unended: true}, func(p pair) bool { return p.end == nil }},
	} {
		part.ask.BetweenRequest = request
		page, err := w.BetweenPeople(w.Context(), w.workspace, part.ask)
		if err != nil {
			w.Fatal(err)
		}
		want := 0
		for _, pairs := range people {
			if slices.ContainsFunc(pairs, part.fit) {
				want++
			}
		}
		if len(page.People) != want {
			w.Fatalf("%+v: %d people, want %d", part.ask, len(page.People), want)
		}
		for _, p := range page.People {
			i := slices.IndexFunc(people[p.Profile], part.fit)
			if i < 0 {
				w.Fatalf("%+v: %s is not of it", part.ask, p.Profile)
			}
			if first := people[p.Profile][i]; p.Events[0].MessageID != first.start.MessageID || !part.ask.Unended && p.Events[1].MessageID != first.end.MessageID {
				w.Fatalf("%+v: %s by %+v", part.ask, p.Profile, p.Events)
			}
		}
	}
}

func TestTimeBetweenTellsEveryFault(t *testing.T) {
	r := newRig(t)
	_, err := r.BetweenPeople(t.Context(), "acme", flow.BetweenPeopleRequest{
		BetweenRequest: flow.BetweenRequest{Request: report.Request{From: "2026-03-01"}, Pairs: "all", Window: "0d", Ends: computed.Selection{Events: []string{"a"}}},
		FromS:          10, BelowS: 5,
	})
	var faults event.Errors
	if !errors.As(err, &faults) || len(faults) != 4 {
		t.Error(err)
	}
}
