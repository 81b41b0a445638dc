package unify_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles/computed"
	"tributary/profiles/unify"
)

// length is how many records the log holds.
func (r *rig) length() (n uint64) {
	r.Helper()
	infos, err := r.log.Partitions(context.Background())
	must(r, err)
	for _, info := range infos {
		n += info.Next
	}
	return n
}

// awaitSegments waits until somebody is in a segment, or nobody.
func (r *rig) awaitSegment(name string, members int) {
	r.Helper()
	deadline := time.Now().Add(2 * time.Minute)
	for len(r.segments()[name]) != members {
		if time.Now().After(deadline) {
			r.Fatalf("%s has %d members after two minutes, wanted %d", name, len(r.segments()[name]), members)
		}
		time.Sleep(time.Millisecond)
	}
}

// A window that empties lets its people go, though nothing comes in: the ticker appends to the log, and only
// then, what time it is.
func TestWindowEmptiesByItself(t *testing.T) {
	var now atomic.Int64
	now.Store(epoch.Add(time.Minute).UnixNano())
	looked := atomic.Int64{}
	config := soon
	config.TickEvery = time.Millisecond
	config.Now = func() time.Time { looked.Add(1); return time.Unix(0, now.Load()).UTC() }
	config.JudgeAfter = time.Nanosecond
	r := open(t, vfs.NewMem(), config).start()
	defer r.stop()
	r.put(command(t, 0, define(definitions)), record(t, order("shop", "1", 1, "8", user("a"))))
	r.settle()
	now.Add(int64(time.Second)) // JudgeAfter is over
	r.awaitSegment("lately", 1)
	before := r.length()
	for seen := looked.Load(); looked.Load() < seen+100; { // the ticker looks, and nothing is due
		time.Sleep(time.Millisecond)
	}
	if n := r.length(); n != before {
		t.Fatalf("the ticker appended %d records, and nothing was due", n-before)
	}
	now.Add(int64(3 * time.Hour))
	r.settle()
	for r.length() == before { // until the ticker appends
		time.Sleep(time.Millisecond)
	}
	now.Add(int64(time.Second))
	r.awaitSegment("lately", 0)
	after := r.length()
	for seen := looked.Load(); looked.Load() < seen+100; {
		time.Sleep(time.Millisecond)
	}
	if n := r.length(); n != after {
		t.Fatalf("the ticker goes on, and nothing is due: %d records more", n-after)
	}
	same(t, "the feed", r.folded(), r.segments())
}

// A consent that ends by itself takes its people out of the segment when the clock is there.
func TestConsentEndsByItself(t *testing.T) {
	r := open(t, vfs.NewMem(), soon).start()
	defer r.stop()
	r.put(command(t, 0, define(`segments: [{name: mailed, when: {consent: {channel: email, purpose: marketing}}}]`)))
	yes := says("1", 0, "email", "marketing", event.ConsentGranted, 1000, 1)
	yes.CX.ValidUntil = epoch.Add(time.Hour)
	r.put(record(t, yes))
	r.judged()
	who := map[string][]identity.ProfileID{"mailed": {r.profile(yes)}}
	same(t, "with consent", r.segments(), who)
	r.put(command(t, 3599, unify.ClockTick{At: epoch.Add(3599 * time.Second)}))
	r.judged()
	same(t, "a second before its end", r.segments(), who)
	r.put(command(t, 3600, unify.ClockTick{At: epoch.Add(time.Hour)}))
	r.judged()
	same(t, "at its end", r.segments(), map[string][]identity.ProfileID{})

	r.put(record(t, says("2", 0, "email", "marketing", event.ConsentGranted, 1061, 3700)))
	r.judged()
	same(t, "granted again", r.segments(), who)
	r.put(record(t, says("3", 0, "email", "marketing", event.ConsentRefused, 1062, 3800)))
	r.judged()
	same(t, "refused", r.segments(), map[string][]identity.ProfileID{})
	same(t, "the feed", r.folded(), r.segments())
}

// Who is restricted is in no segment, and who is used again is in theirs, though both be said while they wait to be
// judged.
func TestRestrictedWhileTheyWait(t *testing.T) {
	config := private(t)
	config.JudgeAfter, config.Now, config.TickEvery = time.Nanosecond, soon.Now, soon.TickEvery
	config.StepRecords, config.BulkRecords = 2, 1 // one live record a step: the second finds the mark of the first
	r := open(t, vfs.NewMem(), config).start()
	defer r.stop()
	one := order("shop", "1", 1, "8", user("a"))
	r.put(command(t, 0, define(`segments: [{name: buyers, when: {identifier: user_id}}]`)), record(t, one))
	r.judged()
	of := []identity.ObservationID{r.observation(one)}
	in, none := map[string][]identity.ProfileID{"buyers": {r.profile(one)}}, map[string][]identity.ProfileID{}
	same(t, "who bought", r.segments(), in)
	r.put(command(t, 2, unify.PrivacyRestrict{Observations: of}), command(t, 3, unify.PrivacyUnrestrict{Observations: of}))
	r.judged()
	same(t, "restricted, and used again", r.segments(), in)
	r.put(command(t, 4, unify.PrivacyRestrict{Observations: of}))
	r.judged()
	same(t, "restricted", r.segments(), none)
	r.put(command(t, 5, unify.PrivacyUnrestrict{Observations: of}), command(t, 6, unify.PrivacyRestrict{Observations: of}))
	r.judged()
	same(t, "used again, and restricted", r.segments(), none)
	same(t, "the feed", r.folded(), r.segments())
}

// A profile that was merged into another while new definitions came is in no segment any more: judging everybody by
// them does not come by it.
func TestMergedWhileDefinitionsChange(t *testing.T) {
	config := soon
	config.StepRecords, config.BulkRecords = 2, 1 // one live record a step: the second finds the marks of the first
	r := open(t, vfs.NewMem(), config).start()
	defer r.stop()
	one, other := order("shop", "1", 1, "8", user("a")), order("shop", "2", 2, "8", user("b"))
	const buyers = `segments: [{name: buyers, when: {identifier: user_id}}]`
	r.put(command(t, 0, define(buyers)), record(t, one), record(t, other))
	r.judged()
	if n := len(r.segments()["buyers"]); n != 2 {
		t.Fatalf("%d are in, not two", n)
	}
	r.put(command(t, 3, unify.IdentityLink{A: r.observation(one), B: r.observation(other), Verdict: unify.LinkMustMerge}),
		command(t, 4, define(`segments: [{name: buyers, when: {identifier: user_id}}, {name: mailed, when: {identifier: email}}]`)))
	r.judged()
	same(t, "who is left", r.segments(), map[string][]identity.ProfileID{"buyers": {r.profile(one)}})
	same(t, "the feed", r.folded(), r.segments())
}

// Who is erased is in no segment, and nothing is left of what was computed of them or set of them.
func TestErasedIsInNoSegment(t *testing.T) {
	config := private(t)
	config.JudgeAfter, config.Now, config.TickEvery = soon.JudgeAfter, soon.Now, soon.TickEvery
	r := open(t, vfs.NewMem(), config).start()
	defer r.stop()
	r.put(command(t, 0, define(definitions)))
	a, b := order("shop", "1", 1, "20", user("a")), order("shop", "2", 2, "20", user("b"))
	r.put(record(t, a), record(t, b), record(t, order("shop", "3", 3, "20", user("a"))))
	r.settle()
	r.put(command(t, 4, unify.TraitSet{Trait: "sql:score", Values: []unify.TraitValue{{Observation: r.observation(a), Value: []byte("1")}}}))
	r.judged()
	same(t, "before", r.segments(), map[string][]identity.ProfileID{
		"buyers": {r.profile(a)}, "spenders": {r.profile(a)}, "lately": sorted(r.profile(a), r.profile(b)),
	})
	erased, other := r.observation(a), r.profile(b)
	e := r.erasure(100, false, []event.Identifier{user("a")}, a)
	r.put(command(t, 100, unify.PrivacyErase{Erasure: e}))
	r.judged()
	same(t, "after", r.segments(), map[string][]identity.ProfileID{"lately": {other}})

	view, err := r.state.View("w")
	must(t, err)
	defer func() { _ = view.Close() }()
	var values computed.Values
	must(t, view.KeptValues(1, erased, &values))
	set, err := view.SetTraits(erased)
	must(t, err)
	standing, err := view.Standing(erased)
	must(t, err)
	if !values.Empty() || len(set) > 0 || len(standing.Memberships) > 0 || !standing.Due.IsZero() {
		t.Errorf("left of who was erased: values %t, set %v, standing %v", !values.Empty(), set, standing)
	}
	values.Reset()
	must(t, view.KeptValues(1, r.observation(b), &values))
	if values.Empty() {
		t.Error("nothing is left of somebody else")
	}
}

func sorted(ids ...identity.ProfileID) []identity.ProfileID {
	if compareIDs(ids[0], ids[1]) > 0 {
		ids[0], ids[1] = ids[1], ids[0]
	}
	return ids
}
