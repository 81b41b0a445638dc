package unify_test

import (
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles/outbox"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// TestRulesAreObeyedAndTakenBack: other rules decide about the past too, and taking them back brings
// back what was.
func TestRulesAreObeyedAndTakenBack(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	events := people(100)
	for _, e := range events {
		r.put(record(t, e))
	}
	r.settleModel()
	before := r.partition(events)
	second := 10_000
	rules := func(document string) string {
		second++
		r.put(command(t, second, unify.IdentityRules{Rules: []byte(document)}))
		if s := r.settleModel(); !s.Settled {
			t.Fatalf("not settled: %+v", s)
		}
		return r.partition(events)
	}
	if n := lines(rules(`{"strategy":"identifiers_only"}`)); n <= lines(before) {
		t.Errorf("%d profiles where nothing is weighed, %d where it is", n, lines(before))
	}
	late := ev("crm", "late", 9_999, email(events[2].Identifiers[0].Value))
	late.Record, late.Attributes = &event.Record{ID: "late"}, events[2].Attributes
	r.put(record(t, late)) // comes while nothing is weighed
	if got := rules(`{}`); got != before {
		t.Error("taking the rules back did not bring back what was")
	}
	if r.profile(late) != r.profile(events[2]) {
		t.Error("what came while nothing was weighed is not weighed afterwards")
	}
	if n := lines(rules(`{"blocked":[{"type":"email","pattern":".*"}],"matching":{"merge_precision":0.9999}}`)); n <= lines(before) {
		t.Errorf("%d profiles without e-mails and hardly a doubt, %d with", n, lines(before))
	}
	if got := rules(`{}`); got != before {
		t.Error("unblocking did not bring back what was")
	}
	var told int
	for _, d := range rowsOf[store.IdentityDecisionRow](t, r.entries(), outbox.TableIdentityDecisions) {
		if d.Kind == store.DecisionCommand && d.Rule == "identity.rules" {
			told++
		}
	}
	if told != 4 {
		t.Errorf("%d changes of rules were told of", told)
	}
}

// TestBlockingTakesEvidenceAway: a blocked identifier is not weighed either, until it is unblocked.
func TestBlockingTakesEvidenceAway(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	events := people(100)
	var mail string
	for _, e := range events {
		if e.Source == "billing" && e.Record.ID == "17" {
			mail = e.Identifiers[0].Value
		}
		r.put(record(t, e))
	}
	r.settleModel()
	before := r.partition(events)
	r.put(command(t, 10_000, unify.IdentityBlock{Type: "email", Value: mail}))
	r.settleModel()
	if r.partition(events) == before {
		t.Log("nothing hung on that e-mail alone")
	}
	r.put(command(t, 10_001, unify.IdentityUnblock{Type: "email", Value: mail}))
	r.settleModel()
	if r.partition(events) != before {
		t.Error("unblocking did not bring back what was")
	}
}

// TestBoundDelaysAndDoesNotChange: with a bound that nearly every component is over, the outcome is
// the same once nothing is pending.
func TestBoundDelaysAndDoesNotChange(t *testing.T) {
	events := people(60)
	partition := func(bound int) string {
		r := open(t, vfs.NewMem(), unify.Config{})
		defer r.stop()
		engine, err := identity.New(identity.Config{Key: make([]byte, 32), DefaultRegion: "DE", ComponentBound: bound})
		must(t, err)
		r.engine = engine
		r.start()
		for _, e := range events {
			r.put(record(t, e))
		}
		r.settleModel()
		return r.partition(events)
	}
	if partition(2) != partition(0) {
		t.Error("the bound changed who is who")
	}
}

func lines(s string) int { return strings.Count(s, "\n") + 1 }
