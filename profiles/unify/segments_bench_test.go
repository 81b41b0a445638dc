package unify_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tributary/ingest/stream"
	"tributary/profiles/unify"
)

// BenchmarkAnalyse applies the events of BenchmarkApply with 50 computed traits and 100 segments declared
// and with none, and judges who is in which as the program does, a second after. Half of the traits concern
// each event. cpu-us/op of the one over that of the other is what definitions cost on this path; changes/op are
// of who is in a segment.
func BenchmarkAnalyse(b *testing.B) {
	for _, c := range []struct {
		name             string
		traits, segments int
	}{{"none", 0, 0}, {"traits=50", 50, 0}, {"traits=50,segments=100", 50, 100}} {
		b.Run(c.name, func(b *testing.B) { benchAnalyse(b, manyDefinitions(c.traits, c.segments)) })
	}
}

func benchAnalyse(b *testing.B, document string) {
	r := openDisk(b)
	r.start()
	if document != "" { // before all else
		r.put(command(b, 0, unify.ProfilesDefinitions{Document: document}))
		r.settle()
	}
	r.apply(b, fillFrom(b, r, 0, warm, 10_000)) // everybody is known, and was judged
	r.cancel()
	must(b, <-r.done)
	positions := fillFrom(b, r, warm, b.N, 10_000)
	b.ReportAllocs()
	b.ResetTimer()
	before, told := cpu(b), r.told(b)
	r.start()
	r.apply(b, positions)
	b.StopTimer()
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N)/1e3, "cpu-us/op")
	b.ReportMetric(float64(r.told(b)-told)/float64(b.N), "changes/op")
	r.stop()
}

// warm is how many events come before those that are measured.
const warm = 80_000

// told is how many changes of membership there were.
func (r *rig) told(b *testing.B) uint64 {
	b.Helper()
	view, err := r.state.View("w")
	must(b, err)
	end, err := view.FeedEnd()
	must(b, errors.Join(err, view.Close()))
	return end.Number
}

// apply waits until all is applied up to some offsets, and judged.
func (r *rig) apply(b *testing.B, ends map[stream.Partition]uint64) {
	b.Helper()
	for p, next := range ends {
		must(b, r.worker.Applied(context.Background(), stream.Position{Partition: p, Offset: next - 1}))
	}
	for {
		busy, err := r.worker.Analysing("w")
		must(b, err)
		if !busy {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// manyDefinitions declares traits, half of them of events that the benchmark has, of all kinds and windows,
// and segments over them, over traits and over each other.
func manyDefinitions(traits, segments int) string {
	if traits == 0 {
		return ""
	}
	var s strings.Builder
	s.WriteString("computed:\n")
	for i := range traits {
		name := [...]string{"order.placed", "case.opened"}[i%2]
		window := [...]string{"", ", window: 24h", ", window: 30d", ", window: 90d"}[i/2%4]
		of := [...]string{"count", "sum, value: cx.amount, currency: EUR", "exists", "last, value: properties.page", "max, value: properties.n"}[i%5]
		fmt.Fprintf(&s, "  - {name: trait_%d, of: %s, events: [%s]%s, where: [{field: event.source, is_not: s%d}]}\n", i, of, name, window, i)
	}
	if segments > 0 {
		s.WriteString("segments:\n")
	}
	for i := range segments {
		least := [...]int{1, 2, 500, 1000}[i/4%4] // most people do not cross one with every event
		switch i % 4 {
		case 0:
			fmt.Fprintf(&s, "  - {name: segment-%d, when: {computed: trait_%d, at_least: %d}}\n", i, i*5%traits, least)
		case 1:
			fmt.Fprintf(&s, "  - {name: segment-%d, when: {all: [{trait: plan, is: pro}, {computed: trait_%d}]}}\n", i, i%traits)
		case 2:
			fmt.Fprintf(&s, "  - {name: segment-%d, when: {any: [{counter: {name: order.placed}, at_least: %d}, {not: {segment: segment-%d}}]}}\n", i, least, i-1)
		default:
			fmt.Fprintf(&s, "  - {name: segment-%d, when: {all: [{identifier: email}, {open: case}, {computed: trait_%d, at_least: 1}]}}\n", i, i%traits)
		}
	}
	return s.String()
}
