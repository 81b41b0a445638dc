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
	"tributary/sql/store"
)

// born is a person in the naive retention.
type born struct {
	at   time.Time
	back []time.Time // later, ascending
}

func naiveRetention(w *world, from, until time.Time, births, returns func(*store.EventRow) bool) map[uuid.UUID]*born {
	people := map[uuid.UUID]*born{}
	for _, r := range w.rows {
		if births(r) && !r.At.Before(from) && r.At.Before(until) {
			p := people[w.homes[r.Observation]]
			if p == nil {
				p = &born{at: r.At}
				people[w.homes[r.Observation]] = p
			}
			if r.At.Before(p.at) {
				p.at = r.At
			}
		}
	}
	for _, r := range w.rows {
		if p := people[w.homes[r.Observation]]; p != nil && returns(r) && r.At.After(p.at) {
			p.back = append(p.back, r.At)
		}
	}
	return people
}

// periodOf is the beginning of a time's period, by the calendar alone.
func periodOf(by flow.Period, at time.Time, zone *time.Location) time.Time {
	local := at.In(zone)
	y, m, d := local.Date()
	switch by {
	case flow.Day:
	case flow.Week:
		for time.Date(y, m, d, 0, 0, 0, 0, zone).Weekday() != time.Monday {
			d--
		}
	case flow.Month:
		d = 1
	}
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}

func after(by flow.Period, begins time.Time, k int) time.Time {
	switch by {
	case flow.Day:
		return begins.AddDate(0, 0, k)
	case flow.Week:
		return begins.AddDate(0, 0, 7*k)
	default:
		return begins.AddDate(0, k, 0)
	}
}

// TestRetentionEqualsNaive: cells, their maturity and the people behind them, in zones with and without a change of
// the clocks.
func TestRetentionEqualsNaive(t *testing.T) {
	r := newRig(t)
	rapid.Check(t, func(rt *rapid.T) {
		w := r.newWorld(rt)
		zone, err := time.LoadLocation(rapid.SampledFrom([]string{"UTC", "America/New_York", "Asia/Kathmandu"}).Draw(rt, "zone"))
		if err != nil {
			rt.Fatal(err)
		}
		request := flow.RetentionRequest{By: rapid.SampledFrom([]flow.Period{flow.Day, flow.Week, flow.Month}).Draw(rt, "by"), Periods: 3}
		var from, until time.Time
		request.Request, from, until = w.span()
		request.Zone = zone.String()
		var births, returns func(*store.EventRow) bool
		request.Born, births = w.selection("born")
		request.Returns, returns = w.selection("returns")
		got, err := w.Retention(rt.Context(), w.workspace, request)
		if err != nil {
			rt.Fatal(err)
		}
		people := naiveRetention(w, from, until, births, returns)
		cohorts := map[string][]uuid.UUID{}
		for id, p := range people {
			begins := periodOf(request.By, p.at, zone).Format(time.DateOnly)
			cohorts[begins] = append(cohorts[begins], id)
		}
		if len(got.Cohorts) != len(cohorts) {
			rt.Fatalf("%d cohorts, want %d", len(got.Cohorts), len(cohorts))
		}
		for _, c := range got.Cohorts {
			members := cohorts[c.Begins]
			if c.People != uint64(len(members)) {
				rt.Fatalf("cohort %s has %d people, want %d", c.Begins, c.People, len(members))
			}
			begins := periodOf(request.By, people[members[0]].at, zone)
			for k, cell := range c.Cells {
				first, end := after(request.By, begins, k), after(request.By, begins, k+1)
				came := map[uuid.UUID]bool{}
				for _, id := range members {
					came[id] = slices.ContainsFunc(people[id].back, func(at time.Time) bool { return !at.Before(first) && at.Before(end) })
				}
				n := uint64(0)
				for _, yes := range came {
					if yes {
						n++
					}
				}
				if cell.People != n || cell.Immature != end.After(now) {
					rt.Fatalf("cohort %s, cell %d: %+v, want %d people", c.Begins, k, cell, n)
				}
				if k == 0 {
					behindCell(w, request, c.Begins, k, came)
				}
			}
		}
	})
}

// behindCell compares who came back and who did not.
func behindCell(w *world, request flow.RetentionRequest, cohort string, k int, came map[uuid.UUID]bool) {
	for _, missing := range []bool{false, true} {
		ask := flow.RetentionPeopleRequest{RetentionRequest: request, Cohort: cohort, Period: k, Missing: missing}
		page, err := w.RetentionPeople(w.Context(), w.workspace, ask)
		if err != nil {
			w.Fatal(err)
		}
		n := 0
		for _, yes := range came {
			if yes != missing {
				n++
			}
		}
		if len(page.People) != n {
			w.Fatalf("cohort %s, cell %d, missing %v: %d people, want %d", cohort, k, missing, len(page.People), n)
		}
		for _, p := range page.People {
			if yes, known := came[p.Profile]; !known || yes == missing || len(p.Events) != map[bool]int{false: 2, true: 1}[missing] {
				w.Fatalf("cohort %s, cell %d, missing %v: %+v", cohort, k, missing, p)
			}
		}
	}
}

func TestRetentionTellsEveryFault(t *testing.T) {
	r := newRig(t)
	_, err := r.RetentionPeople(t.Context(), "acme", flow.RetentionPeopleRequest{
		RetentionRequest: flow.RetentionRequest{Request: report.Request{From: "2026-03-01"}, By: "fortnight", Periods: 61},
		Page:             flow.Page{Limit: 1001}, Cohort: "spring", Period: 62,
	})
	var faults event.Errors
	if !errors.As(err, &faults) {
		t.Fatal(err)
	}
	var fields []string
	for _, f := range faults {
		fields = append(fields, f.Field)
	}
	if want := []string{"by", "periods", "born", "returns", "limit", "cohort", "period"}; !slices.Equal(fields, want) {
		t.Errorf("faults of %q, want %q", fields, want)
	}
}
