package unify_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/profiles/consent"
	"tributary/profiles/unify"
)

// Who is erased is gone from what is kept of consent too, but what they refused goes on to hold for others: for
// the address it was carried to, and for the phone of the household. That stands when the state is made again,
// from the log as it was and from the log without them.
func TestErasureKeepsRefusalsAgainstOthers(t *testing.T) {
	r := open(t, vfs.NewMem(), private(t)).start()
	defer func() { r.stop() }()
	landline := event.Identifier{Type: event.IDPhone, Value: "+4930901820"}
	gone, stays := ev("crm", "a", 0, append(subjectOf(0), landline)...), ev("crm", "b", 0, append(subjectOf(1), landline)...)
	calls := func(id string, who int, status event.Consent, minute int) *event.Event {
		e := says(id, who, event.ChannelVoice, "marketing", status, minute, minute)
		e.Identifiers = []event.Identifier{subjectOf(who)[0], landline}
		if who == 0 {
			e.CX.Evidence = "what u0 said"
		}
		return e
	}
	no := says("no", 0, event.ChannelEmail, "marketing", event.ConsentRefused, 20, 2)
	no.CX.Evidence = "what u0 said"
	alone := says("alone", 0, "web", "profiling", event.ConsentRefused, 21, 3)
	alone.CX.Evidence = "what u0 said"
	for _, e := range []*event.Event{
		gone, stays, no, alone, says("yes", 1, event.ChannelEmail, "marketing", event.ConsentGranted, 10, 1),
		calls("calls", 1, event.ConsentGranted, 10), calls("never", 0, event.ConsentRefused, 30),
	} {
		r.put(record(t, e))
	}
	r.quiet()
	a, b := r.observation(gone), r.observation(stays)
	r.put(command(t, 40, unify.IdentityLink{A: a, B: b, Verdict: unify.LinkMustMerge}))
	r.quiet()
	r.put(command(t, 41, unify.IdentityLink{A: a, B: b, Verdict: unify.LinkNeverMerge}))
	r.quiet()
	if r.profile(gone) == r.profile(stays) {
		t.Fatal("they are not split")
	}
	check := func(when string) {
		t.Helper()
		service, err := profiles.NewService(r.state, r.engine, profiles.Rules{})
		must(t, err)
		for _, x := range []struct {
			id      event.Identifier
			channel event.Channel
			said    int
		}{{subjectOf(1)[1], event.ChannelEmail, 2}, {landline, event.ChannelVoice, 2}, {subjectOf(0)[1], event.ChannelEmail, 0}} {
			answer, err := service.ContactConsent(context.Background(), "w", identity.Identifier(x.id))
			must(t, err)
			all := answer.Own.Ledger.Statements()
			if len(all) != x.said {
				t.Fatalf("%s, of %s: %+v", when, x.id.Value, all)
			}
			for _, s := range all {
				if s.Status == event.ConsentRefused && (s.Evidence != "" || s.Origin != answer.Own.Subject || s.Speaker != [16]byte{}) {
					t.Errorf("%s, of %s it is known still: %+v", when, x.id.Value, s)
				}
			}
			d := consent.Project([]consent.Register{answer.Own}, epoch).Decide(answer.Own.Subject, x.channel, "marketing")
			want := consent.ReasonCarried
			if x.said == 0 {
				want = consent.ReasonMissing
			}
			if d.Allowed || d.Reason != want {
				t.Errorf("%s, of %s: %+v", when, x.id.Value, d)
			}
		}
		for _, l := range []consent.Subject{consent.Person(a), consent.Contact(identity.Identifier(subjectOf(0)[1]))} {
			hot, err := r.state.Snapshot("w")
			must(t, err)
			ledger, err := hot.(profiles.ConsentFacts).Consent(l)
			must(t, err)
			must(t, hot.Close())
			if !ledger.Empty() {
				t.Errorf("%s, %v has said %+v", when, l, ledger.Statements())
			}
		}
	}
	e := r.erasure(100, false, subjectOf(0), gone)
	r.put(command(t, 100, unify.PrivacyErase{Erasure: e}))
	r.quiet()
	check("erased")
	r.rebuild()
	check("made again")
	r.rewrite()
	for _, entry := range r.logged() {
		if bytes.Contains(entry.Value, []byte("p0@")) || bytes.Contains(entry.Value, []byte("what u0 said")) {
			t.Errorf("the log holds %s", entry.Value)
		}
	}
	r.rebuild()
	check("made again from the log without them")
}
