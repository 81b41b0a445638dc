package analysis_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/analysis"
	"tributary/profiles/computed"
	"tributary/profiles/segment"
	"tributary/profiles/unify"
)

const first = `
computed:
  - {name: orders, of: count, events: [order.placed]}
  - {name: orders_3d, of: count, events: [order.placed], window: 72h}
  - {name: spent, of: sum, events: [order.placed], value: cx.amount, currency: EUR}
  - {name: seen_20d, of: exists, types: [track], window: 20d}
segments:
  - {name: buyers, when: {computed: orders, at_least: 3}}
  - {name: lately, when: {computed: orders_3d, at_least: 1}}
  - {name: pro, when: {trait: plan, is: pro}}
  - {name: gone, when: {counter: {name: order.placed}, at_least: 2}}
`

// second renames one, drops one, keeps the others, and adds two that have a history.
const second = `
computed:
  - {name: orders_ever, of: count, events: [order.placed]}
  - {name: orders_3d, of: count, events: [order.placed], window: 72h}
  - {name: seen_20d, of: exists, types: [track], window: 20d}
  - {name: last_product, of: last, events: [order.placed], value: cx.product}
  - {name: products, of: unique, events: [order.placed], value: cx.product}
segments:
  - {name: buyers, when: {computed: orders_ever, at_least: 2}}
  - {name: lately, when: {all: [{computed: orders_3d, at_least: 1}, {segment: buyers}]}}
  - {name: pro, when: {trait: plan, is: pro}}
  - {name: likes-tea, when: {computed: last_product, is: tea}}
  - {name: curious, when: {any: [{computed: products, at_least: 3}, {open: case}]}}
  - {name: asleep, when: {not: {computed: seen_20d, is: true}}}
`

// plan is what comes in, in the order in which it does.
type plan struct {
	rng     *rand.Rand
	events  []*event.Event
	people  int
	seconds int
}

func (p *plan) event(t testing.TB) *event.Event {
	t.Helper()
	p.seconds += p.rng.IntN(3600 * 12)
	received := epoch.Add(time.Duration(p.seconds) * time.Second)
	at := received.Add(-time.Duration(p.rng.ExpFloat64() * float64(72*time.Hour))).Truncate(time.Millisecond) // late
	if at.Before(epoch.Add(-60 * 24 * time.Hour)) {
		at = received
	}
	e := &event.Event{
		Workspace: "w", Source: fmt.Sprint("s", p.rng.IntN(2)), MessageID: fmt.Sprint("m", len(p.events)),
		Type: event.TypeTrack, Name: "order.placed", OriginalAt: at, At: at, ReceivedAt: received,
	}
	person := p.rng.IntN(p.people)
	ids := []event.Identifier{
		{Type: event.IDUser, Value: fmt.Sprint("u", person)}, {Type: event.IDAnonymous, Value: fmt.Sprint("a", person, "-", p.rng.IntN(3))},
	}
	if p.rng.IntN(3) == 0 { // who it is comes to light later, or not
		ids = ids[1:]
	}
	e.Identifiers = ids
	switch p.rng.IntN(6) {
	case 0:
		e.Type, e.Name = event.TypeIdentify, ""
		e.Traits = json.RawMessage(fmt.Sprintf(`{"plan":%q}`, []string{"pro", "free"}[p.rng.IntN(2)]))
	case 1:
		e.Name = []string{"case.opened", "case.resolved"}[p.rng.IntN(2)]
		e.CX = &event.CX{CaseID: fmt.Sprint("c", person)}
	default:
		e.CX = &event.CX{
			OrderID: e.MessageID, Amount: fmt.Sprintf("%d.%02d", p.rng.IntN(50), p.rng.IntN(100)), Currency: []string{"EUR", "USD"}[p.rng.IntN(2)],
			Product: []string{"tea", "coffee", "cake", "milk"}[p.rng.IntN(4)],
		}
	}
	p.events = append(p.events, e)
	return e
}

func (p *plan) records(t testing.TB, n int) (records []stream.Record) {
	for range n {
		r := record(t, p.event(t))
		r.Lane = stream.Lane(p.rng.IntN(stream.Lanes))
		records = append(records, r)
		if p.rng.IntN(8) == 0 { // again
			records = append(records, record(t, p.events[p.rng.IntN(len(p.events))]))
		}
	}
	p.rng.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	return records
}

func (p *plan) now() time.Time { return epoch.Add(time.Duration(p.seconds) * time.Second) }

// What is computed, and who is in which segment, is what a recomputation in SQL over all events comes to:
// after late and doubled events in any order, merges and splits, definitions that came later and have a
// history, and losses of power. What the feed and profile_changes tell adds up to it, each change once. A
// state that is made again from the log comes to the same.
func TestEqualsRecomputationInSQL(t *testing.T) {
	rounds := 4
	if testing.Short() {
		rounds = 1
	}
	for seed := range rounds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			p := &plan{rng: rand.New(rand.NewPCG(uint64(seed), 5)), people: 8}
			s := openStore(t)
			r := open(t, vfs.NewCrashableMem(), s)
			r.put(p.records(t, 30)...)
			r.put(r.command(1, p.now(), unify.ProfilesDefinitions{Document: first}))
			r.put(p.records(t, 30)...)
			r = r.powerLoss(p.rng)
			r.awaitTwo()
			r.put(r.command(2, p.now(), r.link(p.rng, unify.LinkMustMerge)))
			r.put(p.records(t, 20)...)
			r.settle()
			r.check()

			r.put(r.command(3, p.now(), unify.ProfilesDefinitions{Document: second}))
			r.put(p.records(t, 20)...)
			r = r.powerLoss(p.rng)
			r.awaitTwo()
			r.put(r.command(4, p.now(), r.link(p.rng, unify.LinkNeverMerge)), r.command(5, p.now(), r.link(p.rng, unify.LinkMustMerge)))
			r.put(p.records(t, 20)...)
			r.settle()
			r.check()

			r.put(r.command(6, p.now().Add(8*24*time.Hour), unify.ClockTick{At: p.now().Add(8 * 24 * time.Hour)}))
			r.settle()
			want := r.check()
			r.stop()

			again := r.rebuild()
			again.settle()
			if got := again.check(); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("made again from the log:\n%v\nbefore:\n%v", got, want)
			}
			again.stop()
		})
	}
}

// powerLoss cuts the power, at whatever unify is, and starts again.
func (r *rig) powerLoss(rng *rand.Rand) *rig {
	r.Helper()
	infos, err := r.log.Partitions(context.Background())
	must(r, err)
	if info := infos[rng.IntN(len(infos))]; info.Next > 0 {
		must(r, r.worker.Applied(context.Background(), stream.Position{Partition: info.ID, Offset: rng.Uint64N(info.Next)}))
	}
	r.halt(sending) // or it would send, for the state that is lost, after the cut
	after := r.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: [...]int{0, 50, 100}[rng.IntN(3)], RNG: rng})
	r.stop()
	return open(r.T, after, r.store)
}

// rebuild makes the state again from the log alone, with an analytics store of its own.
func (r *rig) rebuild() *rig {
	r.Helper()
	fs := r.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(1, 1))})
	must(r, fs.RemoveAll("state"))
	s := openStore(r.T)
	return open(r.T, fs, s)
}

// link is a command about two observations of the state.
func (r *rig) link(rng *rand.Rand, verdict unify.LinkVerdict) unify.IdentityLink {
	r.Helper()
	all := r.observations()
	for {
		a, b := all[rng.IntN(len(all))], all[rng.IntN(len(all))]
		if a != b {
			return unify.IdentityLink{A: a, B: b, Verdict: verdict}
		}
	}
}

func (r *rig) observations() []identity.ObservationID {
	r.Helper()
	view, err := r.state.View("w")
	must(r, err)
	defer func() { _ = view.Close() }()
	var all []identity.ObservationID
	must(r, view.EachObservation(identity.ObservationID{}, func(o *identity.Observation) error {
		all = append(all, o.ID)
		return nil
	}))
	return all
}

// awaitTwo waits until there are two observations to link.
func (r *rig) awaitTwo() {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	r.await(ctx, "observations", func() bool { return len(r.observations()) > 1 })
}

// check compares all there is with a recomputation, and returns who is in which segment.
func (r *rig) check() map[string][]identity.ProfileID {
	r.Helper()
	program, err := r.book.Program("w")
	must(r, err)
	now := r.clock()
	inSQL := map[string]map[identity.ProfileID]json.RawMessage{}
	for _, d := range program.Definitions.Computed {
		inSQL[d.Name] = r.recompute(program.Computed, d.Name, now)
	}
	want := map[string][]identity.ProfileID{}
	for id, p := range r.profiles() {
		r.compareTraits(p, inSQL)
		facts := segment.Facts{Profile: p, Computed: func(name string) json.RawMessage { return absent(program.Computed, name, inSQL[name][id]) }}
		for i, in := range program.Segments.Evaluate(&facts, nil) {
			if in {
				name := program.Segments.Names()[i]
				want[name] = append(want[name], id)
			}
		}
	}
	got := map[string][]identity.ProfileID{}
	for _, name := range program.Segments.Names() {
		members, _, err := r.service().Members("w", name, identity.ProfileID{}, 1000)
		must(r, err)
		for _, m := range members {
			got[name] = append(got[name], m.Profile)
		}
	}
	for _, list := range want {
		slices.SortFunc(list, func(a, b identity.ProfileID) int { return slices.Compare(a[:], b[:]) })
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		r.Fatalf("segments are\n%v\nrecomputed:\n%v", got, want)
	}
	r.checkChanges(got)
	r.checkPublished(got)
	return got
}

// checkPublished compares profile_segments with the members.
func (r *rig) checkPublished(want map[string][]identity.ProfileID) {
	r.Helper()
	rows, err := r.store.conn.Query(context.Background(), `
		SELECT segment, arraySort(p -> toString(p), groupArray(profile))
		FROM profile_segments FINAL ARRAY JOIN segments AS segment
		WHERE workspace = 'w' AND length(segments) = length(since) GROUP BY segment`)
	must(r, err)
	got := map[string][]identity.ProfileID{}
	for rows.Next() {
		var name string
		var profiles []uuid.UUID
		must(r, rows.Scan(&name, &profiles))
		got[name] = profiles
	}
	must(r, errors.Join(rows.Err(), rows.Close()))
	if fmt.Sprint(got) != fmt.Sprint(want) {
		r.Fatalf("profile_segments has\n%v\nmembers are\n%v", got, want)
	}
	for name := range want {
		p, err := r.service().Published("w", name)
		must(r, err)
		if p != (analysis.Published{AsOf: p.AsOf, Ready: true}) || p.AsOf.IsZero() {
			r.Fatalf("of %s it says %+v though all is there", name, p)
		}
	}
}

// absent is what Evaluate says of nothing, which a statement of SQL leaves out.
func absent(p *computed.Program, name string, value json.RawMessage) json.RawMessage {
	if value != nil {
		return value
	}
	results, _ := p.Evaluate(&computed.Values{}, epoch)
	if r, ok := results.Lookup(name); ok {
		return r.Value
	}
	return nil
}

func (r *rig) recompute(p *computed.Program, name string, now time.Time) map[identity.ProfileID]json.RawMessage {
	r.Helper()
	query, params, err := p.SQL(name, "w", now)
	must(r, err)
	var args []any
	for _, key := range slices.Sorted(maps.Keys(params)) {
		args = append(args, clickhouse.Named(key, params[key]))
	}
	rows, err := r.store.conn.Query(context.Background(), query, args...)
	must(r, err)
	all := map[identity.ProfileID]json.RawMessage{}
	for rows.Next() {
		var profile uuid.UUID
		var value string
		var exact bool
		var left uint64
		must(r, rows.Scan(&profile, &value, &exact, &left))
		all[profile] = computed.Literal(value)
	}
	must(r, errors.Join(rows.Err(), rows.Close()))
	return all
}

func (r *rig) compareTraits(p *profiles.Profile, inSQL map[string]map[identity.ProfileID]json.RawMessage) {
	r.Helper()
	ids := make([]identity.ObservationID, len(p.Observations))
	for i := range ids {
		ids[i] = p.Observations[i].ID
	}
	program, err := r.book.Program("w")
	must(r, err)
	sheet, err := r.service().Sheet("w", p.ID, ids)
	must(r, err)
	got := map[string]string{}
	for _, v := range sheet.Computed {
		if !v.Ready {
			r.Fatalf("%s is not ready", v.Name)
		}
		got[v.Name] = string(v.Value)
	}
	want := map[string]string{}
	for name, of := range inSQL {
		if value := absent(program.Computed, name, of[p.ID]); value != nil {
			want[name] = string(value)
		}
	}
	if !maps.Equal(got, want) {
		r.Fatalf("computed of %s:\n%v\nin SQL:\n%v", p.ID, got, want)
	}
}

// profiles are the folds of all people who are somebody.
func (r *rig) profiles() map[identity.ProfileID]*profiles.Profile {
	r.Helper()
	view, err := r.state.View("w")
	must(r, err)
	defer func() { _ = view.Close() }()
	members := map[identity.ProfileID][]profiles.Member{}
	for _, id := range r.observations() {
		a, known, err := view.Assignment(id)
		must(r, err)
		if !known || a.Standing == identity.StandingUnassigned {
			continue
		}
		m := profiles.Member{Assignment: a}
		m.Observation, err = view.Observation(id)
		must(r, err)
		m.State, err = view.State(id)
		must(r, err)
		members[a.Profile] = append(members[a.Profile], m)
	}
	all := map[identity.ProfileID]*profiles.Profile{}
	for id, list := range members {
		p := profiles.Fold(id, list, profiles.Rules{})
		all[id] = &p
	}
	return all
}

// checkChanges folds what the feed told, and what profile_changes holds.
func (r *rig) checkChanges(want map[string][]identity.ProfileID) {
	r.Helper()
	type key struct {
		segment string
		profile identity.ProfileID
	}
	told, total := map[key]bool{}, 0
	for _, name := range []string{"buyers", "lately", "pro", "gone", "likes-tea", "curious", "asleep"} {
		cursor := ""
		for {
			changes, next, err := r.service().Changes("w", name, cursor, 7)
			if errors.Is(err, analysis.ErrNoSegment) {
				break // not declared, and nothing more to tell
			}
			must(r, err)
			for _, c := range changes {
				k := key{name, c.Profile}
				if told[k] == c.Entered {
					r.Fatalf("%v is told twice: %t", k, c.Entered)
				}
				told[k] = c.Entered
				total++
			}
			if cursor = next; len(changes) == 0 {
				break
			}
		}
	}
	in := map[string][]identity.ProfileID{}
	for k, entered := range told {
		if entered {
			in[k.segment] = append(in[k.segment], k.profile)
		}
	}
	for _, list := range in {
		slices.SortFunc(list, func(a, b identity.ProfileID) int { return slices.Compare(a[:], b[:]) })
	}
	if fmt.Sprint(in) != fmt.Sprint(want) {
		r.Fatalf("the feed adds up to\n%v\nmembers are\n%v", in, want)
	}
	rows, err := r.store.conn.Query(context.Background(), `
		SELECT segment, profile, sum(n), count()
		FROM (SELECT profile, JSONExtract(after, 'Array(String)') AS entered, JSONExtract(before, 'Array(String)') AS gone FROM profile_changes WHERE kind = 'segments')
		ARRAY JOIN arrayConcat(entered, gone) AS segment, arrayConcat(arrayMap(s -> 1, entered), arrayMap(s -> -1, gone)) AS n
		GROUP BY segment, profile`)
	must(r, err)
	held, count := map[key]bool{}, 0
	for rows.Next() {
		var k key
		var n int64
		var c uint64
		must(r, rows.Scan(&k.segment, &k.profile, &n, &c))
		if n != 0 && n != 1 {
			r.Fatalf("rows of %v add up to %d", k, n)
		}
		held[k] = n == 1
		count += int(c)
	}
	must(r, errors.Join(rows.Err(), rows.Close()))
	if count != total {
		r.Fatalf("the feed told %d changes, profile_changes has %d", total, count)
	}
	if !maps.Equal(held, told) {
		r.Fatalf("profile_changes adds up to\n%v\nthe feed to\n%v", held, told)
	}
}
