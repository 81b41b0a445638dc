package unify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles/outbox"
	"tributary/profiles/privacy"
	"tributary/profiles/unify"
)

// mark is in everything that anybody says about the one who is erased.
const mark = "zzyzx"

const definitionsOfAll = `
computed:
  - {name: orders, of: count, events: [order.placed]}
  - {name: things, of: last, events: [order.placed], value: properties.thing}
  - {name: orders_2h, of: count, events: [order.placed], window: 2h}
segments:
  - {name: buyers, when: {computed: orders, at_least: 1}}
  - {name: lately, when: {computed: orders_2h, at_least: 1}}
  - {name: pro, when: {trait: plan, is: pro}}
`

// planted are the kinds of key under which something of the subject is before.
const planted = "eikaflpgVWHGDRyABOnNU1"

// staysOf says, by the first byte of a key, what of an observation that is erased stays under it and why. Whoever
// adds a kind of key that holds anything of an observation has state.Space.Forget remove it; what must stay is
// written here, and in the README of privacy.
var staysOf = map[byte]string{
	'E':           "the erasure's own record: ids of observations, hashes",
	'U':           "the feed of segments: that a profile left, for those who have read that it entered",
	outbox.Prefix: "rows for the analytics store, until they are sent, which an erasure waits for",
}

// TestNothingStaysOfTheErased: of somebody of whom everything is kept that can be kept, nothing is found in the
// database once they are erased: neither the id of one of their observations, nor what they are known by, nor a
// word that was said by or about them.
func TestNothingStaysOfTheErased(t *testing.T) {
	config := private(t)
	config.JudgeAfter, config.PublishAfter, config.TickEvery, config.Now = time.Nanosecond, time.Nanosecond, time.Hour, time.Now
	r := open(t, vfs.NewMem(), config).start()
	defer func() { r.stop() }()
	v := plantAll(r)
	found := r.search(v)
	for _, kind := range []byte(planted) {
		if found[kind] == "" {
			t.Errorf("nothing of the subject was planted under %q", kind)
		}
	}

	e := r.erasure(1000, true, v.ids, v.events...)
	r.put(command(t, 1000, unify.PrivacyErase{Erasure: e}))
	r.quiet()
	r.judged()
	r.published()
	for kind, what := range r.search(v) {
		if staysOf[kind] == "" {
			t.Errorf("under %q is still %s", kind, what)
		}
	}
	if r.record(e.ID).Status != privacy.StatusErasing {
		t.Error("it was not carried out")
	}
	r.rewrite()
	for _, entry := range r.logged() {
		if bytes.Contains(entry.Value, []byte(mark)) || bytes.Contains(entry.Value, []byte("7700900123")) || strings.Contains(entry.MessageID, mark) {
			t.Errorf("the log holds %s", entry.Value)
		}
	}
	r.stop()
	must(t, r.fs.RemoveAll("state"))
	r = open(t, r.fs, config).start()
	r.quiet()
	r.judged()
	for kind, what := range r.search(v) {
		if staysOf[kind] == "" {
			t.Errorf("made again, under %q is %s", kind, what)
		}
	}
}

// victim is who is erased.
type victim struct {
	ids    []event.Identifier
	events []*event.Event
}

// plantAll has everything kept of somebody that can be kept.
func plantAll(r *rig) *victim {
	r.Helper()
	v := &victim{
		ids: []event.Identifier{user("u-" + mark), email(mark + "@example.com"), anon("browser-" + mark), {Type: event.IDPhone, Value: "+447700900123"}},
	}
	r.put(command(r.tb, 1, define(definitionsOfAll)))
	first := order("shop", "1", 2, "10.00", v.ids[0], v.ids[1])
	first.Properties = json.RawMessage(`{"thing":"` + mark + `"}`)
	first.Traits = json.RawMessage(`{"plan":"pro","nick":"` + mark + `"}`)
	first.Attributes = map[string]string{event.AttrFirstName: mark, event.AttrLastName: mark, event.AttrStreet: mark + " 1", event.AttrCity: mark}
	first.CX.AccountID, first.CX.AccountKind, first.CX.AccountRole = "acme", event.AccountCompany, "owner"
	first.CX.ConversationID = "talk-" + mark
	second := ev("crm", "2", 3, v.ids[1], v.ids[3])
	second.Record = &event.Record{ID: "record-" + mark, Version: "1"}
	second.Attributes = first.Attributes
	third := ev("web", "3", 4, v.ids[2])
	consented := ev("shop", "4", 5, v.ids[0], v.ids[1])
	consented.Name, consented.Channel, consented.CX = event.NameConsentChanged, event.ChannelEmail, &event.CX{Consent: event.ConsentRefused, Purpose: "marketing", Evidence: "said " + mark}
	said := ev("shop", "5", 6, v.ids[0])
	said.Name, said.Channel, said.CX = event.NameConsentChanged, "web", &event.CX{Consent: event.ConsentRefused, Purpose: "profiling", Evidence: "said " + mark}
	older := ev("shop", "older", 0, user("older"))
	r.put(record(r.tb, older))
	other := order("shop", "other", 7, "5.00", user("other"))
	other.CX.AccountID = "acme"
	again := ev("web", "6", 8, v.ids[0])
	v.events = []*event.Event{first, second, third, consented, said, again}
	for _, e := range append(v.events, other) {
		r.put(record(r.tb, e))
	}
	r.quiet()
	a, b, c := r.observation(first), r.observation(other), r.observation(third)
	broken := record(r.tb, ev("shop", "7", 9, v.ids[0]))
	broken.Value = append(broken.Value[:len(broken.Value)-1], ",}"...)
	bad := rejected("shop", 10, "no name")
	bad.Value = []byte(`{"reason":"no name","field":"name","payload":{"mail":"` + mark + `@example.com"}}`)
	r.put(broken, bad)
	r.put(command(r.tb, 11, unify.IdentityLink{A: a, B: b, Verdict: unify.LinkMustMerge, Actor: "clerk", Note: "knows " + mark}))
	r.quiet()
	r.put(command(r.tb, 12, unify.IdentityLink{A: a, B: b, Verdict: unify.LinkNeverMerge, Note: "knows " + mark}))
	r.put(command(r.tb, 17, unify.IdentityLink{A: r.observation(older), B: a, Verdict: unify.LinkMustMerge}))
	r.quiet()
	r.put(command(r.tb, 18, unify.IdentityLink{A: r.observation(older), B: a, Verdict: unify.LinkNeverMerge}))
	r.put(command(r.tb, 13, unify.IdentityLink{A: a, B: c, Verdict: unify.LinkMustMerge, Note: "same " + mark}))
	r.put(command(r.tb, 14, unify.TraitSet{Trait: "sql:score", Values: []unify.TraitValue{
		{Observation: a, Value: json.RawMessage(`"` + mark + `"`)}, {Observation: b, Value: json.RawMessage(`"other"`)},
	}}))
	r.put(command(r.tb, 15, unify.PrivacyRestrict{Observations: []identity.ObservationID{a}, Reason: "4711"}))
	r.quiet()
	r.put(command(r.tb, 16, unify.PrivacyUnrestrict{Observations: []identity.ObservationID{a}}))
	r.quiet()
	r.judged()
	r.published()
	return v
}

// published waits until no profile waits to be published.
func (r *rig) published() {
	r.Helper()
	for deadline := time.Now().Add(2 * time.Minute); r.state.StaleProfiles() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			r.Fatal("profiles still wait to be published")
		}
	}
}

// search goes through the whole database for what is of somebody, and says what it found under each kind of key.
func (r *rig) search(v *victim) map[byte]string {
	r.Helper()
	needles := map[string][]byte{"a word of theirs": []byte(mark), "their phone": []byte("7700900123")}
	for _, e := range v.events {
		id := r.observation(e)
		needles["the id of "+e.MessageID] = id[:]
		needles["the id in text of "+e.MessageID] = []byte(id.String())
		key := identity.ObservationKey(id)
		var b [8]byte
		for i := range b {
			b[i] = byte(key >> (56 - 8*i))
		}
		needles["the 64-bit key of "+e.MessageID] = b[:]
	}
	found := map[byte]string{}
	it, err := r.state.DB().NewIterWithContext(context.Background(), &pebble.IterOptions{})
	must(r, err)
	defer func() { must(r, it.Close()) }()
	for valid := it.First(); valid; valid = it.Next() {
		key, value := it.Key(), it.Value()
		for what, needle := range needles {
			if bytes.Contains(key, needle) || bytes.Contains(value, needle) {
				found[key[0]] = fmt.Sprintf("%s, key %q, value %q", what, key, value)
			}
		}
	}
	must(r, it.Error())
	return found
}
