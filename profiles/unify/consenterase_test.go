package unify_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
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

// What somebody refuses for others' contact points in an event that is applied after their erasure, and is erased,
// holds all the same; of a contact point that nobody else has nothing is kept.
func TestErasureKeepsRefusalsThatComeLater(t *testing.T) {
	r := open(t, vfs.NewMem(), private(t)).start()
	defer func() { r.stop() }()
	landline := event.Identifier{Type: event.IDPhone, Value: "+4930901820"}
	says := func(id string, who, minute int, status event.Consent, also ...event.Identifier) *event.Event {
		e := says(id, who, event.ChannelVoice, "marketing", status, minute, minute)
		e.Identifiers = append([]event.Identifier{subjectOf(who)[0], landline}, also...)
		return e
	}
	yes, hello := says("yes", 1, 10, event.ConsentGranted), ev("crm", "hello", 11, subjectOf(0)...)
	r.put(record(t, yes), record(t, hello))
	r.quiet()
	check := func(when string) {
		t.Helper()
		service, err := profiles.NewService(r.state, r.engine, profiles.Rules{})
		must(t, err)
		answer, err := service.ContactConsent(context.Background(), "w", identity.Identifier(landline))
		must(t, err)
		d := consent.Project([]consent.Register{answer.Own}, epoch).Decide(answer.Own.Subject, event.ChannelVoice, "marketing")
		if d.Allowed || d.Reason != consent.ReasonCarried {
			t.Errorf("%s: %+v", when, d)
		}
		for _, entry := range r.logged() {
			if when == "rewritten" && bytes.Contains(entry.Value, []byte("7700900456")) {
				t.Errorf("the log holds %s", entry.Value)
			}
		}
		hot, err := r.state.Snapshot("w")
		must(t, err)
		defer func() { must(t, hot.Close()) }()
		own := consent.Contact(identity.Identifier{Type: event.IDPhone, Value: "+447700900456"})
		if ledger, err := hot.(profiles.ConsentFacts).Consent(own); err != nil || !ledger.Empty() {
			t.Errorf("%s, a phone of theirs is known still: %v", when, err)
		}
	}
	r.put(command(t, 100, unify.PrivacyErase{Erasure: r.erasure(100, false, subjectOf(0), hello)}))
	r.quiet()
	late := record(t, says("no", 0, 30, event.ConsentRefused, event.Identifier{Type: event.IDPhone, Value: "+447700900456"}))
	late.Lane = stream.LaneBulk
	r.put(late)
	r.quiet()
	if c := r.counts("crm"); c.Erased != 1 {
		t.Errorf("counted: %+v", c)
	}
	check("come late")
	r.rebuild()
	check("made again")
	r.rewrite()
	check("rewritten")
	r.rebuild()
	check("made again from the log without them")
}

// Whoever of several speakers is erased, a grant of a contact point that they share never comes to stand against a
// refusal that any of them gave later: not in the state, nor in one made again from the log as it was or without
// them. A state made again allows just what those who stay have granted since.
func TestRefusalsOutliveTheirSpeakers(t *testing.T) {
	landline := event.Identifier{Type: event.IDPhone, Value: "+4930901820"}
	rapid.Check(t, func(t *rapid.T) {
		r := open(t, vfs.NewMem(), private(t)).start()
		defer func() { r.stop() }()
		var granted, refused int // the latest minute; of grants, by those who stay
		say := func(n int, lane stream.Lane) {
			who, minute := rapid.IntRange(0, 2).Draw(t, "who"), rapid.IntRange(1, 30).Draw(t, "minute")
			status := rapid.SampledFrom([]event.Consent{event.ConsentGranted, event.ConsentRefused}).Draw(t, "status")
			switch {
			case status == event.ConsentRefused:
				refused = max(refused, minute)
			case who != 0:
				granted = max(granted, minute)
			}
			e := says(fmt.Sprint("says", n), who, event.ChannelVoice, "marketing", status, minute, n)
			e.Identifiers = []event.Identifier{subjectOf(who)[0], landline}
			x := record(t, e)
			x.Lane = lane
			r.put(x)
		}
		var hello []*event.Event
		for i := range 3 {
			hello = append(hello, ev("crm", fmt.Sprint("hello", i), 0, append(subjectOf(i), landline)...))
			r.put(record(t, hello[i]))
		}
		for n := range rapid.IntRange(1, 8).Draw(t, "before") {
			say(1+n, stream.Lane(n%2))
		}
		r.quiet()
		check := func(when string, exact bool) {
			service, err := profiles.NewService(r.state, r.engine, profiles.Rules{})
			must(t, err)
			answer, err := service.ContactConsent(context.Background(), "w", identity.Identifier(landline))
			must(t, err)
			d := consent.Project([]consent.Register{answer.Own}, epoch).Decide(answer.Own.Subject, event.ChannelVoice, "marketing")
			if want := granted > refused; d.Allowed && !want || exact && d.Allowed != want {
				t.Errorf("%s: %+v, though it was granted at %d and refused at %d", when, d, granted, refused)
			}
		}
		r.put(command(t, 100, unify.PrivacyErase{Erasure: r.erasure(100, false, subjectOf(0), hello[0])}))
		for n := range rapid.IntRange(0, 3).Draw(t, "after") { // received before, and applied after
			say(50+n, stream.LaneBulk)
		}
		r.quiet()
		check("erased", false)
		r.rebuild()
		check("made again", true)
		r.rewrite()
		r.rebuild()
		check("made again from the log without them", true)
	})
}
