package unify_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/consent"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// speakers are how many people the tests below have below: each has a user id, an e-mail address, and one observation.
const speakers = 4

func subjectOf(i int) []event.Identifier {
	return []event.Identifier{user(fmt.Sprint("u", i)), email(fmt.Sprintf("p%d@example.com", i))}
}

// says makes an event in which a person says something at a minute, received at a second. Without a
// channel that reaches e-mail addresses it is said of the observation.
func says(id string, who int, channel event.Channel, purpose string, status event.Consent, minute, second int) *event.Event {
	e := ev("crm", id, second, subjectOf(who)...)
	e.Name, e.Channel, e.CX = event.NameConsentChanged, channel, &event.CX{Consent: status, Purpose: purpose}
	at := epoch.Add(time.Duration(minute-1000) * time.Minute)
	e.OriginalAt, e.At = at, at
	return e
}

// quiet waits until all is applied and nothing is left to carry.
func (r *rig) quiet() {
	r.Helper()
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		r.settle()
		waiting, err := r.state.Carried(state.Carried{}, 1)
		must(r, err)
		unseen, err := r.state.UnseenWorkspaces()
		must(r, err)
		if len(waiting) == 0 && len(unseen) == 0 {
			return
		}
	}
	r.Fatal("refusals are still being carried after two minutes")
}

// allowed lists what is allowed of whom: "contact point or observation channel purpose".
func (r *rig) allowed() map[string]bool {
	r.Helper()
	service, err := profiles.NewService(r.state, r.engine, profiles.Rules{})
	must(r, err)
	all := map[string]bool{}
	for i := range speakers {
		answer, err := service.Consent(context.Background(), "w", profiles.Address{identity.Identifier(subjectOf(i)[0])})
		if errors.Is(err, profiles.ErrNotFound) {
			continue
		}
		must(r, err)
		p := consent.Project(answer.Registers, epoch)
		for _, reg := range answer.Registers {
			name := reg.Contact.Value
			if !reg.IsContact() {
				name = reg.Observation.String()
			}
			for _, channel := range []event.Channel{"*", "email", "web"} {
				for _, purpose := range []string{"*", "marketing", "service"} {
					if p.Decide(reg.Subject, channel, purpose).Allowed {
						all[fmt.Sprintf("%s %s %s", name, channel, purpose)] = true
					}
				}
			}
		}
	}
	return all
}

func names(allowed map[string]bool) string {
	return strings.Join(slices.Sorted(maps.Keys(allowed)), "\n")
}

func within(t tb, what string, after, before map[string]bool) {
	t.Helper()
	for name := range after {
		if !before[name] {
			t.Fatalf("%s allowed %s", what, name)
		}
	}
}

func drawSays(t *rapid.T, n, second int) *event.Event {
	return says(fmt.Sprint("s", n), rapid.IntRange(0, speakers-1).Draw(t, "who"),
		rapid.SampledFrom([]event.Channel{"", "email", "web"}).Draw(t, "channel"),
		rapid.SampledFrom([]string{"*", "marketing", "service"}).Draw(t, "purpose"),
		rapid.SampledFrom([]event.Consent{event.ConsentGranted, event.ConsentGranted, event.ConsentRefused, event.ConsentPending}).Draw(t, "status"),
		rapid.IntRange(0, 12).Draw(t, "minute"), second)
}

func (r *rig) pair(t *rapid.T) (a, b identity.ObservationID) {
	i := rapid.IntRange(0, speakers-2).Draw(t, "a")
	j := rapid.IntRange(i+1, speakers-1).Draw(t, "b")
	return r.observation(ev("crm", "x", 0, subjectOf(i)...)), r.observation(ev("crm", "x", 0, subjectOf(j)...))
}

// Whatever is said, merged and split in whatever order: merging allows nothing, splitting allows nothing
// and takes nothing away, and a state that is made again from the log allows the same.
func TestConsentThroughMergesAndSplits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := open(t, vfs.NewMem(), unify.Config{}).start()
		defer func() { r.stop() }()
		second := 0
		for i := range speakers {
			r.put(record(t, ev("crm", fmt.Sprint("hello", i), 0, subjectOf(i)...)))
		}
		r.quiet()
		for range rapid.IntRange(3, 14).Draw(t, "actions") {
			second++
			before := r.allowed()
			switch rapid.SampledFrom([]string{"says", "says", "says", "merge", "merge", "split", "restart"}).Draw(t, "action") {
			case "says":
				r.put(record(t, drawSays(t, second, second)))
				r.quiet()
			case "merge":
				a, b := r.pair(t)
				r.put(command(t, second, unify.IdentityLink{A: a, B: b, Verdict: unify.LinkMustMerge}))
				r.quiet()
				within(t, "a merge", r.allowed(), before)
			case "split":
				a, b := r.pair(t)
				together := r.together()
				r.put(command(t, second, unify.IdentityLink{A: a, B: b, Verdict: unify.LinkNeverMerge}))
				r.quiet()
				within(t, "a split", r.allowed(), before)
				if !refines(r.together(), together) { // who is kept from one may go to another
					continue
				}
				if now := r.allowed(); names(now) != names(before) {
					t.Fatalf("before the split:\n%s\nafter:\n%s", names(before), names(now))
				}
			case "restart":
				r.stop()
				r = open(t, r.fs, unify.Config{}).start()
				r.quiet()
			}
		}
		want := names(r.allowed())
		r.rebuild()
		if got := names(r.allowed()); got != want {
			t.Fatalf("before:\n%s\nmade again:\n%s", want, got)
		}
	})
}

// together says which pairs of speakers are one profile.
func (r *rig) together() map[[2]int]bool {
	r.Helper()
	pairs := map[[2]int]bool{}
	for i := range speakers {
		for j := range i {
			pairs[[2]int{i, j}] = r.profile(ev("crm", "x", 0, subjectOf(i)...)) == r.profile(ev("crm", "x", 0, subjectOf(j)...))
		}
	}
	return pairs
}

func refines(after, before map[[2]int]bool) bool {
	for pair, one := range after {
		if one && !before[pair] {
			return false
		}
	}
	return true
}

// rebuild makes the state again from the log.
func (r *rig) rebuild() {
	r.Helper()
	r.cancel()
	must(r, <-r.done)
	must(r, r.state.Close())
	must(r, r.log.Close())
	must(r, r.fs.RemoveAll("state"))
	*r = *open(r.tb, r.fs, r.config).start()
	r.quiet()
}

// The same records in any order, in any lane and cut, come to the same.
func TestConsentDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		engine := &rig{tb: t, engine: newEngine(t)}
		var records []stream.Record
		for i := range speakers {
			records = append(records, record(t, ev("crm", fmt.Sprint("hello", i), 0, subjectOf(i)...)))
		}
		for n := range rapid.IntRange(1, 16).Draw(t, "says") {
			x := record(t, drawSays(t, n, n))
			if rapid.Bool().Draw(t, "bulk") {
				x.Lane = stream.LaneBulk
			}
			records = append(records, x)
		}
		for n := range rapid.IntRange(0, 5).Draw(t, "links") {
			a, b := engine.pair(t)
			verdict := rapid.SampledFrom([]unify.LinkVerdict{unify.LinkMustMerge, unify.LinkMustMerge, unify.LinkNeverMerge}).Draw(t, "verdict")
			records = append(records, command(t, 100+n, unify.IdentityLink{A: a, B: b, Verdict: verdict}))
		}
		run := func(records []stream.Record) string {
			r := open(t, vfs.NewMem(), unify.Config{StepRecords: rapid.IntRange(2, 40).Draw(t, "step"), BulkRecords: 1})
			defer r.stop()
			r.put(records...)
			r.start().quiet()
			return names(r.allowed())
		}
		want := run(records)
		if got := run(rapid.Permutation(records).Draw(t, "order")); got != want {
			t.Fatalf("in one order:\n%s\nin another:\n%s", want, got)
		}
	})
}

// A grant of long ago, that comes in late or is replayed, does not beat a refusal of yesterday.
func TestOldGrantDoesNotBeatNewerRefusal(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	r.put(record(t, says("no", 0, "email", "marketing", event.ConsentRefused, 20, 1)))
	r.put(record(t, says("yes", 0, "email", "marketing", event.ConsentGranted, 10, 2)))
	r.quiet()
	if got := names(r.allowed()); got != "" {
		t.Errorf("allowed: %s", got)
	}
	r.put(record(t, says("again", 0, "email", "marketing", event.ConsentGranted, 30, 3)))
	r.quiet()
	if !r.allowed()["p0@example.com email marketing"] {
		t.Error("a grant since does not stand")
	}
	rows := rowsOf[store.ConsentRow](t, r.entries(), outbox.TableConsentChanges)
	if len(rows) != 3 || rows[0].Contact != "p0@example.com" || rows[0].Status != "refused" {
		t.Errorf("rows %+v", rows)
	}
}

// deafLog refuses the program's own commands for a while.
type deafLog struct {
	stream.Log
	refused atomic.Int32
}

func (l *deafLog) Append(_ context.Context, _ []stream.Record) ([]stream.Position, error) {
	l.refused.Add(1)
	return nil, errors.New("the log is out of reach")
}

// What was carried and did not get into the log is sent after a restart, and then stands in a state that is
// made again though the log splits them before it merges them.
func TestCarriedRefusalReachesTheLog(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{})
	a, b := ev("crm", "a", 0, subjectOf(0)...), ev("crm", "b", 0, subjectOf(1)...)
	whole := r.log
	deaf := &deafLog{Log: whole}
	r.config.Log = deaf
	c := r.config
	c.Log, c.State, c.Engine, c.Outbox = deaf, r.state, r.engine, r.outbox.Writer
	c.Now = func() time.Time { return epoch }
	worker, err := unify.New(c)
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- worker.Run(ctx) }()
	r.worker = worker
	apply := func(records ...stream.Record) {
		r.put(records...)
		r.settle()
	}
	apply(record(t, a), record(t, b))
	apply(record(t, says("yes", 0, "email", "marketing", event.ConsentGranted, 10, 1)))
	apply(record(t, says("no", 1, "email", "marketing", event.ConsentRefused, 20, 2)))
	if !r.allowed()["p0@example.com email marketing"] {
		t.Fatal("what is granted is not allowed")
	}
	apply(command(t, 3, unify.IdentityLink{A: r.observation(a), B: r.observation(b), Verdict: unify.LinkMustMerge}))
	apply(command(t, 4, unify.IdentityLink{A: r.observation(a), B: r.observation(b), Verdict: unify.LinkNeverMerge}))
	if r.profile(a) == r.profile(b) || len(r.allowed()) > 0 {
		t.Fatalf("after the split, allowed: %s", names(r.allowed()))
	}
	for deadline := time.Now().Add(2 * time.Minute); deaf.refused.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing is sent to the log")
		}
	}
	cancel()
	must(t, <-done)
	must(t, r.state.Close())
	must(t, r.log.Close())
	r = open(t, r.fs, unify.Config{}).start()
	defer func() { r.stop() }()
	r.quiet()
	if carried := carriedRows(t, r); len(carried) != 1 || carried[0].Contact != "p0@example.com" || carried[0].OriginContact != "p1@example.com" {
		t.Errorf("rows of what was carried: %+v", carried)
	}
	r.rebuild()
	if len(r.allowed()) > 0 || r.profile(a) == r.profile(b) {
		t.Errorf("made again, allowed: %s", names(r.allowed()))
	}
	r.put(record(t, says("since", 0, "email", "marketing", event.ConsentGranted, 30, 5)))
	r.quiet()
	if !r.allowed()["p0@example.com email marketing"] {
		t.Error("a later grant does not lift what was carried")
	}
}

func carriedRows(t tb, r *rig) []store.ConsentRow {
	return slices.DeleteFunc(rowsOf[store.ConsentRow](t, r.entries(), outbox.TableConsentChanges), func(row store.ConsentRow) bool { return !row.Carried })
}

// A phone of a household is a contact point of its own: what is said of it holds for all who have it.
func TestSharedContactPoint(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	landline := event.Identifier{Type: event.IDPhone, Value: "+4930901820"}
	say := func(id, who string, minute int, status event.Consent, ids ...event.Identifier) {
		e := says(id, 0, "voice", "marketing", status, minute, minute)
		e.Identifiers = append([]event.Identifier{user(who)}, ids...)
		r.put(record(t, e))
	}
	say("1", "ann", 1, event.ConsentGranted, landline)
	say("2", "bob", 2, event.ConsentRefused, landline)
	r.quiet()
	service, err := profiles.NewService(r.state, r.engine, profiles.Rules{})
	must(t, err)
	answer, err := service.ContactConsent(context.Background(), "w", identity.Identifier(landline))
	must(t, err)
	for _, x := range answer.Profiles {
		p := consent.Project(x.Registers, epoch)
		if d := p.Decide(answer.Own.Subject, "voice", "marketing"); d.Allowed || d.Reason != consent.ReasonRefused {
			t.Errorf("in %s: %+v", x.Profile, d)
		}
	}
	if len(answer.Profiles) == 0 || answer.All != len(answer.Profiles) {
		t.Errorf("%d profiles of %d have it", len(answer.Profiles), answer.All)
	}
}
