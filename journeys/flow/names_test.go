package flow_test

import (
	"cmp"
	"errors"
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/journeys/flow"
)

// TestNamesEqualNaive: the kinds of events of a scope; those that somebody made up, and that are of few people, are counted alone.
func TestNamesEqualNaive(t *testing.T) {
	r := newRig(t)
	rapid.Check(t, func(rt *rapid.T) {
		w := r.newWorld(rt)
		span, from, until := w.span()
		limit := rapid.IntRange(1, 5).Draw(rt, "limit")
		got, err := w.Names(rt.Context(), w.workspace, flow.NamesRequest{Request: span, Limit: limit})
		if err != nil {
			rt.Fatal(err)
		}
		counts, people := map[string]uint64{}, map[string]map[uuid.UUID]bool{}
		for _, row := range w.rows {
			if row.At.Before(from) || !row.At.Before(until) {
				continue
			}
			if counts[row.Name]++; people[row.Name] == nil {
				people[row.Name] = map[uuid.UUID]bool{}
			}
			people[row.Name][w.homes[row.Observation]] = true
		}
		want, heldBack := []string{}, 0
		for name := range counts {
			if len(people[name]) < flow.LeastGroup {
				heldBack++
				continue
			}
			want = append(want, name)
		}
		slices.SortFunc(want, func(a, b string) int {
			return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
		})
		leftOut := max(0, len(want)-limit)
		want = want[:len(want)-leftOut]
		names, told := []string{}, map[uuid.UUID]bool{}
		events := uint64(0)
		for _, name := range want {
			events += counts[name]
			maps.Copy(told, people[name])
		}
		if got.Sample.Events != events || got.Sample.People != uint64(len(told)) {
			rt.Fatalf("%+v, want %d events of %d people", got.Sample, events, len(told))
		}
		for _, n := range got.Events {
			names = append(names, n.Name)
			if n.Events != counts[n.Name] || n.People != uint64(len(people[n.Name])) || n.Type != "track" || len(n.Sources) == 0 {
				rt.Fatalf("%+v, want %d events of %d people", n, counts[n.Name], len(people[n.Name]))
			}
		}
		if !reflect.DeepEqual(names, want) || got.HeldBack != heldBack || got.LeftOut != leftOut {
			rt.Fatalf("%q, %d held back, %d left out, want %q, %d, %d", names, got.HeldBack, got.LeftOut, want, heldBack, leftOut)
		}
	})
}

func TestNamesTellEveryFault(t *testing.T) {
	r := newRig(t)
	_, err := r.Names(t.Context(), "acme", flow.NamesRequest{Limit: 1001})
	var faults event.Errors
	if !errors.As(err, &faults) || len(faults) != 2 {
		t.Error(err)
	}
}
