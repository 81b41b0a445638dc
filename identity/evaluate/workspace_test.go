package evaluate

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tributary/identity"
	"tributary/identity/match"
	"tributary/ingest/event"
)

// someone makes a record of one of a few people, with slips, so that records hang together in
// every way.
func someone(t *rapid.T, id string) *match.Record {
	pick := func(label string, list ...string) string { return rapid.SampledFrom(list).Draw(t, label) }
	r := &match.Record{ID: id}
	name := match.PersonName{
		Given:  pick("given", "", "William", "Bill", "Anna", "Ann", "Jonh", "John", "J"),
		Family: pick("family", "Smith", "Smyth", "Miller", "Smith Jr", "Smith Sr", ""),
	}
	if name != (match.PersonName{}) {
		r.Names = []match.PersonName{name}
	}
	r.Births = appendSet(nil, pick("birth", "", "1970-01-02", "1970-02-01", "1970-01-03", "1981-11-30"))
	r.Emails = appendSet(nil, pick("mail", "", "a.smith7@x.org", "asmith@x.org", "a.smth7@x.org", "b.miller12@y.org"))
	r.Emails = appendSet(r.Emails, pick("mail2", "", "", "team@z.org"))
	r.Phones = appendSet(nil, pick("phone", "", "+1 206 741 2260", "206-741-2260", "2067412261", "+1 425 999 0017"))
	if v := pick("city", "", "Seattle", "Renton"); v != "" {
		r.Addresses = []match.Address{{Line: pick("line", "", "12 Oak St", "12 Oak Street", "14 Oak St"), City: v}}
	}
	for _, kind := range []string{"account", "login"} {
		if v := pick(kind, "", "", "", "A100", "A101", "B733"); v != "" {
			r.IDs = append(r.IDs, match.ID{Kind: kind, Value: v})
		}
	}
	return r
}

var someSpec = &Spec{IDs: []ID{
	{Name: "account", Column: "account", Several: true}, {Name: "login", Column: "login", Several: true, Certain: true},
}}

// history is a workspace with what happened to it.
type history struct {
	*workspace
	records map[string]*match.Record
	links   map[[2]string]identity.Verdict
	blocked map[identity.Identifier]bool
}

func newHistory(t *rapid.T) *history {
	w, err := newWorkspace(someSpec, match.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &history{w, map[string]*match.Record{}, map[[2]string]identity.Verdict{}, map[identity.Identifier]bool{}}
}

func (h *history) id(record string) identity.ObservationID {
	return h.observe(&match.Record{ID: record}).ID
}

// without is a record without its blocked values, as it is to be compared.
func (h *history) without(r *match.Record) *match.Record {
	out := *r
	out.Emails = slices.DeleteFunc(slices.Clone(r.Emails), func(v string) bool { return h.blocked[identity.Identifier{Type: event.IDEmail, Value: v}] })
	return &out
}

// block blocks an identifier, or no more: what was compared by it is linked anew.
func (h *history) block(id identity.Identifier, blocked bool) error {
	if h.blocked[id] = blocked; blocked {
		h.facts.Block(id)
	} else {
		h.facts.Unblock(id)
	}
	holders, err := h.facts.Holders(id)
	if err != nil {
		return err
	}
	seeds := slices.Clone(holders)
	for _, o := range holders {
		was, _ := h.facts.Observation(o)
		near, err := h.linker.Put(was, nil)
		if err != nil {
			return err
		}
		seeds = append(seeds, near...)
		h.prepared[o] = h.prepare(o, h.without(h.records[h.names[o]]))
		if _, err := h.linker.Put(nil, was); err != nil {
			return err
		}
	}
	h.changed = true
	return h.step(seeds)
}

func (h *history) put(r *match.Record) error {
	h.records[r.ID] = r
	if err := h.workspace.put(r); err != nil {
		return err
	}
	if o := h.id(r.ID); len(h.without(r).Emails) < len(r.Emails) {
		was, _ := h.facts.Observation(o)
		near, err := h.linker.Put(was, nil)
		if err != nil {
			return err
		}
		h.prepared[o] = h.prepare(o, h.without(r))
		if _, err := h.linker.Put(nil, was); err != nil {
			return err
		}
		return h.step(append(near, o))
	}
	return nil
}

// check compares every assignment with one made from scratch of the same facts under the same model,
// all in one call.
func (h *history) check(t *rapid.T) {
	t.Helper()
	again := newHistory(t)
	again.blocked = h.blocked
	again.linker = again.linkerOver(h.linker.Model(), match.NewMemory(again.facts.Observation))
	var seeds []identity.ObservationID
	for id, r := range h.records {
		o := again.observe(r)
		again.keep(o, id, again.prepare(o.ID, h.without(r)))
		if _, err := again.linker.Put(nil, &o); err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, o.ID)
	}
	for pair, verdict := range h.links {
		again.facts.Link(h.id(pair[0]), h.id(pair[1]), verdict)
	}
	for id, blocked := range h.blocked {
		if blocked {
			again.facts.Block(id)
		}
	}
	outcome, err := again.engine.Resolve(context.Background(), again.facts, again.linker, seeds)
	if err != nil {
		t.Fatal(err)
	}
	if len(outcome.Assignments) != len(h.assignments) {
		t.Fatalf("%d assignments, from scratch %d", len(h.assignments), len(outcome.Assignments))
	}
	for _, want := range outcome.Assignments {
		if got := h.assignments[want.Observation]; !reflect.DeepEqual(got, want) {
			t.Fatalf("%s:\n%+v, from scratch\n%+v", h.names[want.Observation], got, want)
		}
	}
}

// TestIncrementalEqualsFromScratch adds, replaces and removes records, gives and takes back verdicts,
// blocks and unblocks, and makes new models at random, and compares the outcome with that from scratch.
func TestIncrementalEqualsFromScratch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory(t)
		id := func(label string) string { return fmt.Sprintf("r%02d", rapid.IntRange(0, 30).Draw(t, label)) }
		mail := func() identity.Identifier {
			return identity.Identifier{Type: event.IDEmail, Value: rapid.SampledFrom([]string{"a.smith7@x.org", "team@z.org"}).Draw(t, "mail")}
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if err := h.random(t, rapid.IntRange(0, 11).Draw(t, "step"), id, mail); err != nil {
				t.Fatal(err)
			}
		}
		h.check(t)
		if err := h.settle(); err != nil {
			t.Fatal(err)
		}
		h.check(t)
	})
}

func (h *history) random(t *rapid.T, step int, id func(string) string, mail func() identity.Identifier) error {
	switch step {
	default:
		return h.put(someone(t, id("id")))
	case 5: // what another says
		r := someone(t, id("id"))
		if other := h.records[id("other")]; other != nil {
			same := *other
			same.ID = r.ID
			r = &same
		}
		return h.put(r)
	case 6:
		gone := id("gone")
		r := h.records[gone]
		if r == nil {
			return nil
		}
		delete(h.records, gone)
		return h.remove(r)
	case 7:
		a, b := id("a"), id("b")
		if a == b {
			return nil
		}
		verdict := rapid.SampledFrom([]identity.Verdict{identity.NeverMerge, identity.MustMerge}).Draw(t, "verdict")
		h.links[[2]string{min(a, b), max(a, b)}] = verdict
		h.facts.Link(h.id(a), h.id(b), verdict)
		return h.step([]identity.ObservationID{h.id(a), h.id(b)})
	case 8:
		for pair := range h.links {
			delete(h.links, pair)
			h.facts.Unlink(h.id(pair[0]), h.id(pair[1]))
			return h.step([]identity.ObservationID{h.id(pair[0]), h.id(pair[1])})
		}
		return nil
	case 9:
		return h.block(mail(), true)
	case 10:
		return h.block(mail(), false)
	case 11:
		return h.settle()
	}
}

// TestOrderDoesNotMatter loads one set in many orders, one by one, in batches and at once.
func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var records []*match.Record
		for i := range rapid.IntRange(2, 80).Draw(t, "n") {
			records = append(records, someone(t, fmt.Sprintf("r%03d", i)))
		}
		w, err := newWorkspace(someSpec, match.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.load(records); err != nil {
			t.Fatal(err)
		}
		c := Config{Shuffles: 2}
		if err := c.checkOrder(someSpec, records, &Report{Groups: w.groups()}); err != nil {
			t.Fatal(err)
		}
	})
}
