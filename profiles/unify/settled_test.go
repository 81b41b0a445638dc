package unify_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/unify"
)

// idle waits until nothing is pending, and asks for no model.
func (r *rig) idle() unify.Status {
	r.Helper()
	r.settle()
	for range 3000 {
		s, err := r.worker.Status("w")
		must(r, err)
		if len(s.Pending) == 0 {
			return s
		}
		time.Sleep(5 * time.Millisecond)
	}
	r.Fatal("never idle")
	return unify.Status{}
}

func (r *rig) settleFor(d time.Duration) (unify.Status, error) {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	err := r.worker.Settle(ctx, "w")
	s, err2 := r.worker.Status("w")
	return s, errors.Join(err, err2)
}

// A state made again from the log.
func TestStateMadeAgainComesToTheSame(t *testing.T) {
	events := people(60)
	fs := vfs.NewMem()
	r := open(t, fs, unify.Config{}).start()
	for _, e := range events {
		r.put(record(t, e))
	}
	s := r.settleModel()
	want := r.partition(events)
	r.stop()
	must(t, fs.RemoveAll("state"))
	for _, steps := range []int{1024, 16, 64} {
		must(t, fs.RemoveAll("state"))
		r = open(t, fs, unify.Config{StepRecords: steps}).start()
		got := r.idle()
		if got.Settled && r.partition(events) != want {
			t.Errorf("steps of %d: settled as %+v, first as %+v: %d profiles, want %d", steps, got, s, lines(r.partition(events)), lines(want))
		} else {
			t.Logf("steps of %d: %+v, %d profiles, want %d", steps, got, lines(r.partition(events)), lines(want))
		}
		r.stop()
	}
}

// Half a model, then Settle.
func TestHalfAModelStopsNothing(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	for _, e := range people(10) {
		r.put(record(t, e))
	}
	r.put(command(t, 1000, unify.IdentityModel{Number: 1, ID: "a", Part: 0, Parts: 2, Data: []byte("x")}))
	r.settle()
	if s, err := r.settleFor(5 * time.Second); err != nil {
		t.Errorf("%v: %+v", err, s)
	}
}

// Nothing to learn from.
func TestSettlesWithNothingToLearnFrom(t *testing.T) {
	for name, f := range map[string]func(r *rig){
		"block": func(r *rig) { r.put(command(t, 1, unify.IdentityBlock{Type: "email", Value: "a@example.com"})) },
		"verdict": func(r *rig) {
			a, b := r.observation(ev("s", "1", 1, user("a"))), r.observation(ev("s", "1", 1, user("b")))
			r.put(command(t, 1, unify.IdentityLink{A: a, B: b, Verdict: unify.LinkMustMerge}))
			r.put(command(t, 2, unify.IdentityLink{A: b, B: a, Verdict: unify.LinkNeverMerge}))
		},
		"rules": func(r *rig) {
			r.put(command(t, 1, unify.IdentityRules{Rules: []byte(`{"strategy":"identifiers_only"}`)}))
		},
		"one":     func(r *rig) { r.put(record(t, people(1)[0])) },
		"two":     func(r *rig) { p := people(1); r.put(record(t, p[0]), record(t, p[1])) },
		"unnamed": func(r *rig) { r.put(record(t, ev("web", "1", 1, anon("a")))) },
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t, vfs.NewMem(), unify.Config{}).start()
			defer r.stop()
			f(r)
			r.settle()
			if s, err := r.settleFor(5 * time.Second); err != nil {
				t.Errorf("%v: %+v", err, s)
			}
		})
	}
}

// tapped is a log that something else comes to around a model.
type tapped struct {
	stream.Log
	armed         atomic.Bool
	before, after func() []stream.Record
}

func (l *tapped) Append(ctx context.Context, records []stream.Record) ([]stream.Position, error) {
	if len(records) == 1 && records[0].Kind == stream.KindCommand && strings.HasPrefix(records[0].MessageID, "model-") && l.armed.CompareAndSwap(true, false) {
		records = append(append(l.before(), records...), l.after()...)
	}
	return l.Log.Append(ctx, records)
}

func startTapped(r *rig, before, after func() []stream.Record) *tapped {
	log := &tapped{Log: r.log, before: before, after: after}
	startOver(r, log)
	return log
}

// Rules that come and go around a model.
func TestRulesChangeWhileAModelComes(t *testing.T) {
	events := people(80)
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	for _, e := range events {
		r.put(record(t, e))
	}
	r.settleModel()
	want := r.partition(events)
	r.stop()

	for _, document := range []string{
		`{"blocked":[{"type":"email","pattern":".*"}]}`,
		`{"matching":{"merge_precision":0.9999}}`,
	} {
		r = open(t, vfs.NewMem(), unify.Config{})
		log := startTapped(r,
			func() []stream.Record {
				return []stream.Record{command(t, 5000, unify.IdentityRules{Rules: []byte(document)})}
			},
			func() []stream.Record {
				return []stream.Record{command(t, 5001, unify.IdentityRules{Rules: []byte(`{"blocked":[{"type":"email","pattern":"zzz"}]}`)})}
			})
		r.put(command(t, 4000, unify.IdentityRules{Rules: []byte(`{"blocked":[{"type":"email","pattern":"zzz"}]}`)}))
		for i, e := range events {
			if i == 200 {
				r.settleModel()
				log.armed.Store(true)
			}
			r.put(record(t, e))
		}
		s := r.settleModel()
		got := r.partition(events)
		t.Logf("%+v", s)
		if got != want {
			t.Errorf("%s there and back: settled as %+v with %d profiles, want %d", document, s, lines(got), lines(want))
		}
		r.stop()
	}
}

// Over the bound and generic by what was put off.
func TestBoundAndGenericValues(t *testing.T) {
	partition := func(bound int, together bool) (string, unify.Status) {
		var events []*event.Event
		r := open(t, vfs.NewMem(), unify.Config{})
		defer r.stop()
		engine, err := identity.New(identity.Config{Key: make([]byte, 32), DefaultRegion: "DE", ComponentBound: bound, GenericHolders: 10})
		must(t, err)
		r.engine = engine
		r.start()
		for i := range 10 {
			events = append(events, ev("web", fmt.Sprint(i), i, email("shared@example.com"), anon(fmt.Sprint("a", i))))
		}
		for _, e := range events {
			r.put(record(t, e))
		}
		r.idle()
		var late []stream.Record
		for i := 10; i < 14; i++ {
			e := ev("web", fmt.Sprint(i), i, email("shared@example.com"), anon(fmt.Sprint("a", i)))
			events = append(events, e)
			late = append(late, record(t, e))
		}
		if together {
			r.put(late...)
		} else {
			for _, l := range late {
				r.put(l)
				r.idle()
			}
		}
		s := r.idle()
		return r.partition(events), s
	}
	want, s := partition(0, true)
	t.Logf("%d profiles, %+v", lines(want), s)
	for _, bound := range []int{2, 5, 10, 11, 13} {
		for _, together := range []bool{true, false} {
			if got, s := partition(bound, together); got != want {
				t.Errorf("bound %d, together %t: %d profiles, want %d: %+v", bound, together, lines(got), lines(want), s)
			}
		}
	}
}

// Matching is switched off while a model is on its way, and on again.
func TestWeighingOffAndOnAgain(t *testing.T) {
	events := people(80)
	const base = `{"blocked":[{"type":"email","pattern":"zzz"}]}`
	var mail string
	for _, e := range events {
		if e.Source == "billing" && e.Record.ID == "17" {
			mail = e.Identifiers[0].Value
		}
	}
	partition := func(off bool) (string, unify.Status) {
		r := open(t, vfs.NewMem(), unify.Config{})
		defer r.stop()
		log := startTapped(r, func() []stream.Record {
			return []stream.Record{command(t, 5000, unify.IdentityRules{Rules: []byte(`{"matching":{"enabled":false}}`)})}
		}, func() []stream.Record { return nil })
		r.put(command(t, 4000, unify.IdentityRules{Rules: []byte(base)}))
		for i, e := range events {
			if i == 200 {
				r.settleModel()
				log.armed.Store(off)
			}
			r.put(record(t, e))
		}
		r.settleModel()
		r.idle()
		r.put(command(t, 6000, unify.IdentityBlock{Type: "email", Value: mail}))
		r.put(command(t, 6001, unify.IdentityUnblock{Type: "email", Value: mail}))
		r.put(command(t, 6002, unify.IdentityRules{Rules: []byte(base)}))
		s := r.idle()
		if !s.Settled {
			s = r.settleModel()
		}
		return r.partition(events), s
	}
	want, _ := partition(false)
	got, s := partition(true)
	t.Logf("%+v", s)
	if got != want {
		t.Errorf("off and on: settled as %+v with %d profiles, want %d", s, lines(got), lines(want))
	}
}

// halves are the two parts of a model that came as one.
func halves(t tb, r stream.Record) []stream.Record {
	c, err := unify.ParseCommand(r.Value)
	must(t, err)
	var parts []stream.Record
	for i := range 2 {
		m := c.(unify.IdentityModel)
		half := len(m.Data) / 2
		m.Part, m.Parts = i, 2
		m.Data = [][]byte{m.Data[:half], m.Data[half:]}[i]
		part, err := unify.NewRecord("w", fmt.Sprint(r.MessageID, "-", i), epoch, m)
		must(t, err)
		parts = append(parts, part)
	}
	return parts
}

// split is a log in which models come in halves with rules between them, once.
type split struct {
	stream.Log
	t     tb
	armed atomic.Bool
	rules [3]string // before, between and after
}

func (l *split) Append(ctx context.Context, records []stream.Record) ([]stream.Position, error) {
	if len(records) != 1 || !strings.HasPrefix(records[0].MessageID, "model-") || !l.armed.CompareAndSwap(true, false) {
		return l.Log.Append(ctx, records)
	}
	parts := halves(l.t, records[0])
	var all []stream.Record
	for i, document := range l.rules {
		if document != "" {
			all = append(all, command(l.t, 5000+i, unify.IdentityRules{Rules: []byte(document)}))
		}
		if i < 2 {
			all = append(all, parts[i])
		}
	}
	return l.Log.Append(ctx, all)
}

func startOver(r *rig, log stream.Log) {
	c := r.config
	c.Log, c.State, c.Engine, c.Outbox = log, r.state, r.engine, r.outbox.Writer
	var ticks atomic.Int64
	c.Now = func() time.Time { return epoch.Add(time.Duration(ticks.Add(5)) * time.Millisecond) }
	var err error
	r.worker, err = unify.New(c)
	must(r, err)
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel, r.done = cancel, make(chan error, 1)
	go func() { r.done <- r.worker.Run(ctx) }()
}

const baseRules = `{"blocked":[{"type":"email","pattern":"zzz"}]}`

// Rules that change between the parts of a model.
func TestRulesChangeBetweenPartsOfAModel(t *testing.T) {
	const other = `{"matching":{"merge_precision":0.95}}`
	for _, rules := range [][3]string{{"", "", ""}, {other, baseRules, ""}, {"", other, ""}, {"", other, baseRules}, {other, "", ""}} {
		r := open(t, vfs.NewMem(), unify.Config{})
		log := &split{Log: r.log, t: t, rules: rules}
		startOver(r, log)
		r.put(command(t, 4000, unify.IdentityRules{Rules: []byte(baseRules)}))
		for i, e := range people(20) {
			if i == 50 {
				r.settleModel()
				log.armed.Store(true)
			}
			r.put(record(t, e))
		}
		r.settle()
		s, err := r.settleFor(5 * time.Second)
		if err != nil {
			t.Errorf("%q: %v: %+v", rules, err, s)
		}
		r.stop()
	}
}

// held is a log that takes no models.
type held struct {
	stream.Log
	armed atomic.Bool
}

func (l *held) Append(ctx context.Context, records []stream.Record) ([]stream.Position, error) {
	if strings.HasPrefix(records[0].MessageID, "model-") && l.armed.Load() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return l.Log.Append(ctx, records)
}

// Rules come, the worker is started again, an e-mail is blocked and unblocked, and the rules go,
// all before a model is made.
func TestRulesRestartsAndBlocks(t *testing.T) {
	var events []*event.Event
	for i, e := range people(80) { // a name and an e-mail are all that most say
		if i%3 == 0 {
			continue
		}
		e.Attributes = map[string]string{event.AttrFirstName: e.Attributes[event.AttrFirstName], event.AttrLastName: fmt.Sprint("Muster", "abcdefgh"[i/3%8:i/3%8+1])}
		events = append(events, e)
	}
	for i := range 4 {
		again, blocks := i&1 == 1, i&2 == 0
		fs := vfs.NewMem()
		r := open(t, fs, unify.Config{})
		log := &held{Log: r.log}
		startOver(r, log)
		r.put(command(t, 4000, unify.IdentityRules{Rules: []byte(baseRules)}))
		for _, e := range events {
			r.put(record(t, e))
		}
		r.settleModel()
		want := r.partition(events)
		log.armed.Store(true)
		r.put(command(t, 5000, unify.IdentityRules{Rules: []byte(`{"blocked":[{"type":"email","pattern":".*"}]}`)}))
		r.idle()
		if again {
			r.stop()
			r = open(t, fs, unify.Config{})
			log = &held{Log: r.log}
			log.armed.Store(true)
			startOver(r, log)
		}
		n := 6000
		for _, e := range events {
			for _, id := range e.Identifiers {
				if !blocks {
					continue
				}
				r.put(command(t, n, unify.IdentityBlock{Type: "email", Value: id.Value}), command(t, n+1, unify.IdentityUnblock{Type: "email", Value: id.Value}))
				n += 2
			}
		}
		r.put(command(t, n, unify.IdentityRules{Rules: []byte(baseRules)}))
		s := r.idle()
		got := r.partition(events)
		t.Logf("started again: %t, blocks: %t: %+v: %d profiles, want %d", again, blocks, s, lines(got), lines(want))
		if s.Settled && got != want {
			t.Errorf("started again: %t, blocks: %t: settled, and another partition", again, blocks)
		}
		r.stop()
	}
}

// More than the model can bear comes and goes before another is made.
func TestFarBehindAndBack(t *testing.T) {
	events := people(20)
	r := open(t, vfs.NewMem(), unify.Config{})
	log := &held{Log: r.log}
	startOver(r, log)
	defer func() { r.stop() }()
	for _, e := range events {
		r.put(record(t, e))
	}
	r.settleModel()
	want := r.partition(events)
	log.armed.Store(true)
	var junk []*event.Event
	for i := range 240 {
		e := ev("junk", fmt.Sprint("junk-", i), 3000+i)
		e.Record = &event.Record{ID: fmt.Sprint(i), Version: "1"}
		e.Attributes = map[string]string{event.AttrName: fmt.Sprintf("Quux%d Zork%d", i, i)}
		junk = append(junk, e)
		r.put(record(t, e))
	}
	r.idle()
	n := 6000
	for _, e := range events {
		for _, id := range e.Identifiers {
			r.put(command(t, n, unify.IdentityBlock{Type: "email", Value: id.Value}), command(t, n+1, unify.IdentityUnblock{Type: "email", Value: id.Value}))
			n += 2
		}
	}
	r.idle()
	for i, e := range junk {
		gone := ev("junk", fmt.Sprint("gone-", i), 9000+i)
		gone.Record = &event.Record{ID: e.Record.ID, Version: "2", Deleted: true}
		r.put(record(t, gone))
	}
	s := r.idle()
	got := r.partition(events)
	t.Logf("%+v: %d profiles, want %d", s, lines(got), lines(want))
	if s.Settled && got != want {
		t.Error("settled, and another partition")
	}
}

// slow is a clock by which every step takes its time, so that chores are cut into pieces.
func slow() func() time.Time {
	var ticks atomic.Int64
	return func() time.Time { return epoch.Add(time.Duration(ticks.Add(1)) * time.Millisecond) }
}

// drawHistory draws what sources and people say, each list in its order.
func drawHistory(t *rapid.T) ([][]stream.Record, []*event.Event) {
	engine := newEngine(t)
	given := []string{"Ann", "Anne", "Bo", "Carla", "Deniz"}
	family := []string{"Lindqvist", "Lindqvits", "Takahashi", "Moreno", "Ross"}
	births := []string{"1980-01-02", "1980-02-01", "1975-05-05", "1990-12-31"}
	streets := []string{"Lindenweg 5", "Hafenstrasse 7", "Marktplatz 1"}
	var sources [][]stream.Record
	var events []*event.Event
	var known []uuid.UUID
	second := 0
	for s := range rapid.IntRange(1, 4).Draw(t, "sources") {
		var records []stream.Record
		source := fmt.Sprint("s", s)
		for n := range rapid.IntRange(1, 30).Draw(t, "records") {
			second += rapid.IntRange(0, 2).Draw(t, "seconds")
			e := ev(source, fmt.Sprint(source, "-", n), second)
			if rapid.Bool().Draw(t, "moved") {
				e.Stamp(epoch.Add(time.Duration(second)*time.Second), epoch.Add(-time.Duration(rapid.IntRange(0, 1000).Draw(t, "ago"))*time.Hour), epoch.Add(time.Duration(second)*time.Second))
			}
			e.Attributes = map[string]string{}
			maybe := func(name string, list []string, of int) {
				if rapid.IntRange(1, 10).Draw(t, name+"?") <= of {
					e.Attributes[name] = rapid.SampledFrom(list).Draw(t, name)
				}
			}
			maybe(event.AttrFirstName, given, 8)
			maybe(event.AttrLastName, family, 8)
			maybe(event.AttrBirthDate, births, 7)
			maybe(event.AttrStreet, streets, 4)
			if rapid.IntRange(0, 2).Draw(t, "mail?") == 0 {
				e.Identifiers = append(e.Identifiers, email(rapid.SampledFrom([]string{"one@example.com", "two@example.com", "ann.lindqvist@example.com"}).Draw(t, "mail")))
			}
			if rapid.IntRange(0, 2).Draw(t, "id?") == 0 {
				e.Identifiers = append(e.Identifiers, rapid.SampledFrom([]event.Identifier{user("u1"), user("u2"), anon("a1"), anon("a2"), {Type: event.IDPhone, Value: "+4930901820"}}).Draw(t, "id"))
			}
			if rapid.IntRange(0, 3).Draw(t, "record?") > 0 {
				e.Name = "contact.updated"
				e.Record = &event.Record{
					ID: fmt.Sprint(rapid.IntRange(0, 12).Draw(t, "record")), Version: fmt.Sprint(n),
					Deleted: rapid.IntRange(0, 7).Draw(t, "deleted") == 0,
				}
				if e.Record.Deleted {
					e.Attributes, e.Identifiers = nil, nil
				}
			}
			o, _ := engine.Observe(e)
			known = append(known, o.ID)
			events = append(events, e)
			records = append(records, record(t, e))
		}
		sources = append(sources, records)
	}
	var commands []stream.Record
	for n := range rapid.IntRange(0, 6).Draw(t, "commands") {
		commands = append(commands, drawOrder(t, 1000+n, known))
	}
	var tail []stream.Record
	for n := range rapid.IntRange(0, 14).Draw(t, "tail") {
		e := ev("tail", fmt.Sprint("tail-", n), 5000+n)
		if rapid.Bool().Draw(t, "moved") {
			ago := time.Duration(rapid.IntRange(0, 1000).Draw(t, "ago")) * time.Hour
			e.Stamp(epoch.Add(5000*time.Second), epoch.Add(-ago), epoch.Add(5000*time.Second))
		}
		for range rapid.IntRange(1, 2).Draw(t, "ids") {
			e.Identifiers = append(e.Identifiers, rapid.SampledFrom([]event.Identifier{email("one@example.com"), email("two@example.com"), user("u1"), user("u2"), user("u3"), anon("a1"), anon("a2"), anon("a3"), {Type: event.IDPhone, Value: "+4930901820"}}).Draw(t, "id"))
		}
		tail = append(tail, record(t, e))
	}
	return append(sources, commands, tail), events
}

func drawOrder(t *rapid.T, second int, known []uuid.UUID) stream.Record {
	mail := rapid.SampledFrom([]string{"one@example.com", "two@example.com"}).Draw(t, "blocked")
	switch rapid.IntRange(0, 5).Draw(t, "order") {
	case 0:
		return command(t, second, unify.IdentityBlock{Type: event.IDEmail, Value: mail})
	case 1:
		return command(t, second, unify.IdentityUnblock{Type: event.IDEmail, Value: mail})
	case 2:
		return command(t, second, unify.IdentityRules{Rules: []byte(rapid.SampledFrom([]string{
			`{}`, `{"strategy":"identifiers_only"}`, `{"blocked":[{"type":"email","pattern":"one.*"}]}`,
			`{"matching":{"merge_precision":0.9}}`, `{"generic":{"holders":3}}`, `{"generic":{"spread":2}}`, `{"identifiers":[{"type":"email","limit":1}]}`, `{"identifiers":[{"type":"anonymous_id","limit":1,"window":"30d"},{"type":"phone","limit":1}]}`, `{"compound":[{"name":"both","of":["email","last_name"]}]}`, `{"contact":"agreeing_name"}`,
			`{"matching":{"enabled":false}}`,
		}).Draw(t, "rules"))})
	default:
		return drawCommand(t, second, known)
	}
}

// TestHistoriesSettleToTheSame: whatever comes, in whatever order, with other rules, models, restarts and losses
// of power in between: once it is settled who is who is the same.
func TestHistoriesSettleToTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sources, _ := drawHistory(t)
		seed := rapid.Uint64().Draw(t, "seed")
		bound := rapid.SampledFrom([]int{0, 0, 2, 5}).Draw(t, "bound")
		run := func(seed uint64, wild bool) (string, unify.Status) {
			rng := rand.New(rand.NewPCG(seed, 9))
			fs := vfs.NewCrashableMem()
			c := unify.Config{}
			if wild {
				c = unify.Config{StepRecords: 2 + rng.IntN(30), BulkRecords: 1, ReadAhead: 1 + rng.IntN(9), Now: slow(), PublishAfter: time.Hour}
			}
			start := func(fs *vfs.MemFS) *rig {
				r := open(t, fs, c)
				if wild {
					engine, err := identity.New(identity.Config{Key: make([]byte, 32), DefaultRegion: "DE", ComponentBound: bound})
					must(t, err)
					r.engine = engine
				}
				return r.start()
			}
			r := start(fs)
			var all []stream.Record
			rest := slices.Clone(sources)
			last := rest[len(rest)-1]
			if wild {
				rest = rest[:len(rest)-1]
			}
			for {
				left := 0
				for _, s := range rest {
					left += len(s)
				}
				if left == 0 {
					break
				}
				if i := rng.IntN(len(rest)); len(rest[i]) > 0 {
					all, rest[i] = append(all, rest[i][0]), rest[i][1:]
				}
			}
			for len(all) > 0 {
				n := min(len(all), 1+rng.IntN(20))
				r.put(all[:n]...)
				all = all[n:]
				if !wild {
					continue
				}
				switch rng.IntN(8) {
				case 0:
					r.settleModel()
				case 1:
					r.settle()
				case 2:
					_, _ = r.settleFor(time.Duration(rng.IntN(30)) * time.Millisecond)
				case 3:
					after := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: [...]int{0, 50, 100}[rng.IntN(3)], RNG: rng})
					r.stop()
					fs = after
					r = start(fs)
				}
			}
			r.settle()
			if wild {
				r.settleModel()
				for len(last) > 0 {
					n := min(len(last), 1+rng.IntN(3))
					r.put(last[:n]...)
					last = last[n:]
					if rng.IntN(2) == 0 {
						r.settle()
					}
				}
				r.settle()
			}
			s, err := r.settleFor(20 * time.Second)
			if err != nil {
				t.Fatalf("never settled: %v %+v", err, s)
			}
			d := dump(r, false)
			r.stop()
			return d, s
		}
		want, _ := run(seed, false)
		for i := range uint64(2) {
			got, s := run(seed+1+i, true)
			if got != want {
				t.Fatalf("wild %d %+v:\n%s", i, s, diff(got, want))
			}
		}
	})
}

func diff(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	var b strings.Builder
	for i := range max(len(g), len(w)) {
		x, y := "", ""
		if i < len(g) {
			x = g[i]
		}
		if i < len(w) {
			y = w[i]
		}
		if x != y {
			fmt.Fprintf(&b, "got  %s\nwant %s\n", x, y)
		}
	}
	return b.String()
}
