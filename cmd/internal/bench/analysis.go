package bench

import (
	"context"
	"fmt"
	"strings"

	"tributary/profiles/unify"
)

// How many computed traits and segments the first aim speaks of, and what part of the whole path's
// throughput they may take.
const (
	analysisTraits   = 50
	analysisSegments = 100
	analysisAim      = 2.0 / 3
)

// analysis measures the whole path of the same events with nothing declared, with computed traits, and with
// segments over them, each on a server of its own.
func (b *bench) analysis(ctx context.Context) error {
	none, err := b.analysed(ctx, "none", 0, 0)
	if err != nil {
		return err
	}
	add := func(what string, w pathOutcome) {
		rate := func(w pathOutcome) float64 { return float64(w.events) / w.took.Seconds() }
		cost := func(w pathOutcome) float64 { return perMillion(w.used.server+w.used.engine, w.events) }
		b.report.add("whole path with "+what, rate(w), UnitPerSecond, "with none", rate(none), ratioAtLeast(analysisAim))
		b.report.add("  CPU of server and engine", cost(w), UnitCPU, "with none", cost(none), Aim{Bound: 1 / analysisAim, AtMost: true, OfRatio: true})
	}
	traits, err := b.analysed(ctx, "traits", analysisTraits, 0)
	if err != nil {
		return err
	}
	add(fmt.Sprintf("%d computed traits", analysisTraits), traits)
	segments, err := b.analysed(ctx, "segments", analysisTraits, analysisSegments)
	if err != nil {
		return err
	}
	add(fmt.Sprintf("%d computed traits, %d segments", analysisTraits, analysisSegments), segments)
	b.report.note("computed traits are of orders, answers to surveys and messages, over windows of a day to 90 days or ever; the segments go by them, by counters and by each other. On a machine that does other work compare CPU, not rates.")
	return nil
}

// analysed feeds a server that has a document of definitions.
func (b *bench) analysed(ctx context.Context, name string, traits, segments int) (w pathOutcome, err error) {
	b.say("whole path with definitions: " + name)
	defer b.discard("analysis-" + name)
	s, err := b.serve(ctx, b.folder("analysis-"+name), rolesAll)
	if err != nil {
		return w, err
	}
	defer func() { s.close() }()
	keys, err := s.writeKeys(ctx)
	if err != nil {
		return w, err
	}
	if traits > 0 {
		if _, err := s.admin.SetDefinitions(ctx, workspace, unify.ProfilesDefinitions{Document: definitions(traits, segments)}); err != nil {
			return w, fmt.Errorf("set definitions: %w", err)
		}
	}
	if w, err = b.feed(ctx, s, keys); err != nil {
		return w, err
	}
	return w, s.shut()
}

// definitions declares traits of the events that are sent, of all kinds and windows, and segments over them.
func definitions(traits, segments int) string {
	var s strings.Builder
	s.WriteString("computed:\n")
	for i := range traits {
		of := [...]string{
			"count, events: [order.placed]", "sum, events: [order.placed], value: cx.amount, currency: EUR", "count, events: [conversation.message]",
			"last, events: [survey.answered], value: cx.score", "mean, events: [survey.answered], value: cx.score", "exists, events: [conversation.message]",
			"max, events: [order.placed], value: cx.amount, currency: EUR",
		}[i%7]
		window := [...]string{"", ", window: 24h", ", window: 30d", ", window: 90d"}[i/7%4]
		fmt.Fprintf(&s, "  - {name: trait_%d, of: %s%s}\n", i, of, window)
	}
	if segments > 0 {
		s.WriteString("segments:\n")
	}
	for i := range segments {
		trait, least := i*7%traits, [...]int{1, 3, 10, 30}[i/4%4]
		switch i % 4 {
		case 0:
			fmt.Fprintf(&s, "  - {name: segment-%d, when: {computed: trait_%d, at_least: %d}}\n", i, trait, least)
		case 1:
			fmt.Fprintf(&s, "  - {name: segment-%d, when: {all: [{computed: trait_%d}, {satisfaction: {survey: csat, scale: 1-5}, below: 3}]}}\n", i, i%traits)
		case 2:
			fmt.Fprintf(&s, "  - {name: segment-%d, when: {any: [{counter: {name: order.placed}, at_least: %d}, {not: {segment: segment-%d}}]}}\n", i, least, i-1)
		default:
			fmt.Fprintf(&s, "  - {name: segment-%d, when: {all: [{open: conversation}, {computed: trait_%d, at_least: %d}]}}\n", i, trait, least)
		}
	}
	return s.String()
}
