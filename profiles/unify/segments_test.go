package unify_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
	"tributary/profiles/unify"
	"tributary/sql/store"

	"github.com/cockroachdb/pebble/v2/vfs"
)

const definitions = `
computed:
  - {name: orders, of: count, events: [order.placed]}
  - {name: orders_2h, of: count, events: [order.placed], window: 2h}
  - {name: spent, of: sum, events: [order.placed], value: cx.amount, currency: EUR}
segments:
  - {name: buyers, when: {computed: orders, at_least: 2}}
  - {name: lately, when: {computed: orders_2h, at_least: 1}}
  - {name: spenders, when: {all: [{segment: buyers}, {computed: spent, above: 10}]}}
  - {name: pro, when: {trait: plan, is: pro}}
  - {name: mailed, when: {identifier: email}}
`

// soon judges at once.
var soon = unify.Config{JudgeAfter: time.Nanosecond, Now: time.Now, TickEvery: time.Hour}

func order(source, id string, second int, amount string, identifiers ...event.Identifier) *event.Event {
	e := ev(source, id, second, identifiers...)
	if amount != "" {
		e.CX = &event.CX{OrderID: id, Amount: amount, Currency: "EUR"}
	}
	return e
}

func define(document string) unify.Command {
	return unify.ProfilesDefinitions{Document: document}
}

// judged waits until nothing waits to be judged.
func (r *rig) judged() {
	r.Helper()
	r.settle()
	deadline := time.Now().Add(2 * time.Minute)
	for !r.analysed() {
		if time.Now().After(deadline) {
			r.Fatalf("profiles still wait to be judged")
		}
		time.Sleep(time.Millisecond)
	}
}

func (r *rig) analysed() bool {
	r.Helper()
	waiting, err := r.worker.Analysing("w")
	must(r, err)
	return !waiting
}

// members lists the profiles of each segment that has some.
func (r *rig) segments() map[string][]identity.ProfileID {
	r.Helper()
	view, err := r.state.View("w")
	must(r, err)
	defer func() { _ = view.Close() }()
	all := map[string][]identity.ProfileID{}
	for _, name := range []string{"buyers", "lately", "spenders", "pro", "mailed"} {
		members, err := view.SegmentMembers(name, identity.ProfileID{}, 1<<20)
		must(r, err)
		for _, m := range members {
			all[name] = append(all[name], m.Profile)
		}
	}
	return all
}

// folded is who is in each segment by what the feed told, read in pages.
func (r *rig) folded() map[string][]identity.ProfileID {
	r.Helper()
	view, err := r.state.View("w")
	must(r, err)
	defer func() { _ = view.Close() }()
	all := map[string][]identity.ProfileID{}
	for _, name := range []string{"buyers", "lately", "spenders", "pro", "mailed"} {
		in := map[identity.ProfileID]bool{}
		var place state.FeedPlace
		for {
			changes, next, err := view.SegmentChanges(name, place, 3)
			must(r, err)
			for _, c := range changes {
				if in[c.Profile] == c.Entered {
					r.Fatalf("%s: the feed tells twice that %s is in: %t", name, c.Profile, c.Entered)
				}
				in[c.Profile] = c.Entered
			}
			if place = next; len(changes) == 0 {
				break
			}
		}
		maps.DeleteFunc(in, func(_ identity.ProfileID, in bool) bool { return !in })
		if len(in) > 0 {
			all[name] = slices.SortedFunc(maps.Keys(in), compareIDs)
		}
	}
	return all
}

func compareIDs(a, b identity.ProfileID) int { return slices.Compare(a[:], b[:]) }

func same(t tb, what string, got, want any) {
	t.Helper()
	if a, b := fmt.Sprint(got), fmt.Sprint(want); a != b {
		t.Fatalf("%s:\n%s\nwanted:\n%s", what, a, b)
	}
}

func TestSegmentsFollowEvents(t *testing.T) {
	r := open(t, vfs.NewMem(), soon).start()
	defer r.stop()
	a := order("shop", "1", 1, "8", user("a"))
	r.put(command(t, 0, define(definitions)))
	r.settle()
	r.put(record(t, a))
	r.judged()
	pa := r.profile(a)
	same(t, "after one order", r.segments(), map[string][]identity.ProfileID{"lately": {pa}})

	r.put(record(t, order("shop", "2", 2, "8", user("a"))))
	r.judged()
	same(t, "after two", r.segments(), map[string][]identity.ProfileID{"buyers": {pa}, "lately": {pa}, "spenders": {pa}})

	r.put(command(t, 3*3600, unify.ClockTick{At: epoch.Add(3 * time.Hour)}))
	r.judged()
	same(t, "three hours later", r.segments(), map[string][]identity.ProfileID{"buyers": {pa}, "spenders": {pa}})
	same(t, "the feed", r.folded(), r.segments())

	r.put(command(t, 4*3600, define("")))
	r.judged()
	same(t, "without definitions", r.segments(), map[string][]identity.ProfileID{})
	same(t, "the feed", r.folded(), r.segments())

	var rows []string
	for _, row := range rowsOf[store.ProfileChangeRow](t, r.entries(), outbox.TableProfileChanges) {
		if row.Kind == "segments" {
			rows = append(rows, fmt.Sprintf("-%s+%s", row.Before, row.After))
		}
	}
	same(t, "rows", rows, []string{`-+["lately"]`, `-+["buyers","spenders"]`, `-["lately"]+`, `-["buyers","spenders"]+`})
}

func TestSegmentsFollowMergesAndSplits(t *testing.T) {
	r := open(t, vfs.NewMem(), soon).start()
	defer r.stop()
	a, b := order("shop", "1", 1, "", user("a")), order("shop", "2", 2, "", user("b"))
	r.put(command(t, 0, define(definitions)))
	r.settle()
	r.put(record(t, a), record(t, b))
	r.judged()
	pa, pb := r.profile(a), r.profile(b)
	apart := r.segments()
	if len(apart["lately"]) != 2 || len(apart["buyers"]) != 0 {
		t.Fatalf("apart: %v", apart)
	}
	r.put(command(t, 3, unify.IdentityLink{A: pa, B: pb, Verdict: unify.LinkMustMerge}))
	r.judged()
	if m := r.segments(); len(m["lately"]) != 1 || len(m["buyers"]) != 1 {
		t.Fatalf("merged: %v", m)
	}
	r.put(command(t, 4, unify.IdentityLink{A: pa, B: pb, Verdict: unify.LinkNeverMerge}))
	r.judged()
	same(t, "split", r.segments(), apart)
	same(t, "the feed", r.folded(), apart)
}
