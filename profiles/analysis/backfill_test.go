package analysis_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/ingest/event"
	"tributary/ingest/schema"
	"tributary/ingest/stream"
	"tributary/profiles/analysis"
	"tributary/profiles/unify"
)

const (
	counted = "computed:\n  - {name: orders, of: count, events: [order.placed]}\n" +
		"segments:\n  - {name: buyers, when: {computed: orders, at_least: 3}}\n"
	summed = "computed:\n  - {name: orders, of: count, events: [order.placed]}\n" +
		"  - {name: spent, of: sum, events: [order.placed], value: cx.amount, currency: EUR}\n" +
		"segments:\n  - {name: buyers, when: {computed: orders, at_least: 3}}\n"
)

// gate lets pieces of history through one at a time, each as large as it says.
type gate struct {
	unify.History
	pass   chan struct{} // a piece for each; closed: all
	piece  int
	away   atomic.Int64 // how often the analytics store is still away
	failed atomic.Int64
}

var errAway = errors.New("connection refused")

func (g *gate) Events(ctx context.Context, workspace string, p stream.Partition, from, to uint64, limit int) ([]unify.PastEvent, uint64, error) {
	select {
	case <-g.pass:
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
	if g.away.Add(-1) >= 0 {
		g.failed.Add(1)
		return nil, 0, errAway
	}
	if g.piece > 0 {
		limit = g.piece
	}
	return g.History.Events(ctx, workspace, p, from, to, limit)
}

// gated opens a rig whose history waits at a gate.
func gated(t *testing.T) (*rig, *gate) {
	t.Helper()
	g := &gate{pass: make(chan struct{})}
	return openWith(t, vfs.NewCrashableMem(), openStore(t), func(h unify.History) unify.History {
		g.History = h
		return g
	}), g
}

// orders are of two people, in turn.
func orders(t *testing.T, from, n int) (records []stream.Record) {
	t.Helper()
	for i := from; i < from+n; i++ {
		at := epoch.Add(time.Duration(i) * time.Second)
		records = append(records, record(t, &event.Event{
			Workspace: "w", Source: "shop", MessageID: fmt.Sprint("m", i), Type: event.TypeTrack, Name: "order.placed",
			OriginalAt: at, At: at, ReceivedAt: at, Identifiers: []event.Identifier{{Type: event.IDUser, Value: fmt.Sprint("u", i%2)}},
			CX: &event.CX{OrderID: fmt.Sprint(i), Amount: fmt.Sprint(i, ".25"), Currency: "EUR"},
		}))
	}
	return records
}

// progressed returns how far the definitions are.
func (r *rig) progressed() *analysis.Progress {
	r.Helper()
	view, err := r.state.View("w")
	must(r, err)
	encoded, err := view.Analysis()
	must(r, errors.Join(err, view.Close()))
	p, err := analysis.ReadProgress(encoded)
	must(r, err)
	return p
}

// until waits for a condition.
func (r *rig) until(what string, done func() bool) {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	r.await(ctx, what, done)
}

func (r *rig) applied(at []stream.Position) {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for _, p := range at {
		must(r, r.worker.Applied(ctx, p))
	}
}

// gifts is a contract that puts orders with a gift that is no text aside.
const gifts = `{"type":"object","properties":{"gift":{"type":"string"}}}`

// Events of the quarantine that are replayed while history is taken in, as they are or corrected, are counted
// once: by the definitions that are there they are no history any more, by those that come later they are.
func TestReplayDuringABackfillIsCountedOnce(t *testing.T) {
	r, g := gated(t)
	second := func(n int) time.Time { return epoch.Add(time.Duration(n) * time.Second) }
	contract := unify.SchemaSet{Source: "shop", Event: "order.placed", Contract: schema.Contract{Policy: schema.Quarantine, Schema: []byte(gifts)}}
	r.applied(r.put(r.command(0, second(-1), contract)))
	all := orders(t, 0, 8)
	garbage, gift := all[4], all[5]
	garbage.Value = []byte("{")
	var e event.Event
	must(t, event.DecodeInto(&e, gift.Value))
	e.Properties = []byte(`{"gift":7}`)
	gift = record(t, &e)
	at := r.put(all[0], all[1], all[2], all[3], garbage, gift)
	r.applied(at)
	r.applied(r.put(r.command(1, second(10), unify.ProfilesDefinitions{Document: counted})))
	corrected := unify.QuarantineReplay{Partition: at[4].Partition, Offset: at[4].Offset, With: all[4].Value}
	asItIs := unify.QuarantineReplay{Partition: at[5].Partition, Offset: at[5].Offset}
	r.applied(r.put(r.command(2, second(11), unify.SchemaRemove{Source: "shop", Event: "order.placed"})))
	r.applied(r.put(r.command(3, second(12), corrected), r.command(4, second(12), asItIs)))
	r.applied(r.put(r.command(5, second(13), unify.ProfilesDefinitions{Document: summed})))
	r.applied(r.put(r.command(6, second(14), corrected), r.command(7, second(14), asItIs))) // they are not open any more
	r.applied(r.put(all[6], all[7]))
	if p := r.progressed(); len(p.Generations) != 2 || p.Generations[0].History == nil || p.Generations[1].History == nil {
		t.Fatal("history was taken in before its gate was open")
	}
	close(g.pass)
	r.settle()
	if members := r.check()["buyers"]; len(members) != 2 {
		t.Errorf("buyers are %v, want both", members)
	}
	program, err := r.book.Program("w")
	must(t, err)
	for profile, n := range r.recompute(program.Computed, "orders", r.clock()) {
		if string(n) != "4" {
			t.Errorf("%s has %s orders, want 4", profile, n)
		}
	}
	r.stop()
}

// While the analytics store is away a backfill waits, and what comes in is applied; then it goes on.
func TestBackfillWaitsForTheAnalyticsStore(t *testing.T) {
	r, g := gated(t)
	g.away.Store(2)
	close(g.pass)
	r.applied(r.put(orders(t, 0, 6)...))
	r.applied(r.put(r.command(1, epoch.Add(10*time.Second), unify.ProfilesDefinitions{Document: counted})))
	r.until("a try while it is away", func() bool { return g.failed.Load() > 0 })
	r.applied(r.put(orders(t, 6, 6)...))
	r.settle()
	if n := g.failed.Load(); n != 2 {
		t.Errorf("%d tries while it was away, want 2", n)
	}
	if members := r.check()["buyers"]; len(members) != 2 {
		t.Errorf("buyers are %v, want both", members)
	}
	r.stop()
}

// A server that is killed in the middle of a backfill goes on where it was, and takes nothing in twice.
func TestBackfillGoesOnAfterAKill(t *testing.T) {
	r, g := gated(t)
	g.piece = 10
	r.applied(r.put(orders(t, 0, 100)...))
	r.applied(r.put(r.command(1, epoch.Add(200*time.Second), unify.ProfilesDefinitions{Document: summed})))
	rng := rand.New(rand.NewPCG(1, 7))
	for kill := range 3 {
		for range 2 {
			g.pass <- struct{}{}
		}
		g.pass <- struct{}{} // the two before it are taken in, or this one would not be asked for
		at := r.progressed().Generations[0].History
		if at == nil || at.Done < 20 {
			t.Fatalf("the history is at %+v, want the middle", at)
		}
		r.applied(r.put(orders(t, 100+3*kill, 3)...))
		r.halt(sending)
		after := r.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: []int{100, 50, 0}[kill], RNG: rng})
		r.stop()
		g = &gate{pass: make(chan struct{}), piece: 10}
		r = openWith(t, after, r.store, func(h unify.History) unify.History {
			g.History = h
			return g
		})
	}
	close(g.pass)
	r.settle()
	if members := r.check()["buyers"]; len(members) != 2 {
		t.Errorf("buyers are %v, want both", members)
	}
	r.stop()
}
