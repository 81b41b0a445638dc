package cx_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/journeys/cx"
	"tributary/journeys/report"
)

// TestValuesTogetherAreThoseApart: all metrics asked for at once are what each is alone, and their period before is what that period is
// when it is asked for itself.
func TestValuesTogetherAreThoseApart(t *testing.T) {
	w := newWorld(t)
	var all []string
	for _, m := range cx.Metrics() {
		all = append(all, m.ID)
	}
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		workspace, events := fmt.Sprintf("t%d", run), randomEvents(rt, 4)
		for i := range events {
			events[i].who += uint64(100_000 + 10*run)
		}
		if len(events) > 0 {
			w.put(workspace, events...)
		}
		ids := rapid.Permutation(all).Draw(rt, "ids")[:9]
		from := rapid.IntRange(3, 20).Draw(rt, "from")
		length := rapid.IntRange(1, from).Draw(rt, "length")
		grain := rapid.SampledFrom([]cx.Grain{cx.GrainNone, cx.GrainDay, cx.GrainWeek}).Draw(rt, "grain")
		request := func(from, until time.Time) cx.Request {
			return cx.Request{Request: report.Request{From: from.Format(time.RFC3339), Until: until.Format(time.RFC3339), Zone: "Europe/Berlin", KnownAt: now.Format(time.RFC3339)}}
		}
		ask := func(r cx.Request) []*cx.Answer {
			answers, err := w.reader.Values(t.Context(), workspace, ids, r)
			if err != nil {
				rt.Fatal(err)
			}
			return answers
		}
		begin, end := day0.AddDate(0, 0, from), day0.AddDate(0, 0, from+length)
		span, earlier := ask(request(begin, end)), ask(request(begin.Add(begin.Sub(end)), begin))
		beside := request(begin, end)
		beside.Grain, beside.Whole, beside.Before = grain, true, true
		together := ask(beside)
		for i, answer := range together {
			if answer.Metric.ID != ids[i] {
				rt.Fatalf("%s in the place of %s", answer.Metric.ID, ids[i])
			}
			agreeOn(rt, ids[i]+", whole", answer.Whole, span[i].Points)
			agreeOn(rt, ids[i]+", before", answer.Before, earlier[i].Points)
		}
		alone := rapid.SampledFrom(together).Draw(rt, "alone")
		one, err := w.reader.Metric(t.Context(), workspace, alone.Metric.ID, beside)
		if err != nil {
			rt.Fatal(err)
		}
		if !reflect.DeepEqual(one, alone) {
			rt.Fatalf("alone:\n%+v, together:\n%+v", one, alone)
		}
	})
}

func agreeOn(t *rapid.T, what string, got, want []cx.Point) {
	if !slices.EqualFunc(got, want, func(a, b cx.Point) bool { return reflect.DeepEqual(a, b) }) {
		t.Fatalf("%s:\n%+v, want\n%+v", what, got, want)
	}
}

// TestValuesAreAskedForByTheirNames: what is asked for is there, and once.
func TestValuesAreAskedForByTheirNames(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		metrics []string
		faults  string
	}{
		{nil, "metric"},
		{[]string{"csat", "bliss"}, "metric[1]"},
		{[]string{"csat", "fcr", "csat"}, "metric[2]"},
	} {
		_, err := w.reader.Values(t.Context(), "acme", c.metrics, cx.Request{Request: report.Request{From: "2026-03-01"}})
		if faults := faultsOf(t, err); !slices.Equal(faults, []string{c.faults}) {
			t.Errorf("%v: %v", c.metrics, err)
		}
	}
}

// faultsOf are the fields that an error is about.
func faultsOf(t *testing.T, err error) (fields []string) {
	t.Helper()
	var faults event.Errors
	if !errors.As(err, &faults) {
		t.Fatalf("%v", err)
	}
	for _, f := range faults {
		fields = append(fields, f.Field)
	}
	return fields
}
