package unify_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/computed"
	"tributary/profiles/unify"
)

// late is a history that was read at some time, and is answered later.
type late struct {
	events []unify.PastEvent
	read   chan struct{} // closed when it was read
	answer chan struct{} // is closed when it may be answered
}

func (l *late) Ready(context.Context) error { return nil }

func (l *late) Events(ctx context.Context, _ string, _ stream.Partition, from, to uint64, _ int) (events []unify.PastEvent, next uint64, err error) {
	for _, e := range l.events {
		if e.Offset >= from && e.Offset < to {
			events = append(events, e)
		}
	}
	if len(events) > 0 {
		close(l.read)
		select {
		case <-l.answer:
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
	return events, to, nil
}

// What was erased between that history was read and that it was taken in does not come back, though the
// person does.
func TestErasedHistoryIsNotTakenIn(t *testing.T) {
	a := order("shop", "1", 1, "20", user("a"))
	config := private(t)
	config.JudgeAfter, config.Now, config.TickEvery = soon.JudgeAfter, soon.Now, soon.TickEvery
	history := &late{read: make(chan struct{}), answer: make(chan struct{})}
	config.History = history
	r := open(t, vfs.NewMem(), config)
	id := r.observation(a)
	history.events = []unify.PastEvent{{Offset: r.put(record(t, a))[0].Offset, Observation: id, Event: a}}
	r.start()
	defer r.stop()
	r.settle()
	r.put(command(t, 2, define(definitions)))
	<-history.read
	r.put(command(t, 100, unify.PrivacyErase{Erasure: r.erasure(100, false, []event.Identifier{user("a")}, a)}))
	r.settle()
	r.put(record(t, order("shop", "2", 200, "3", user("a"))))
	r.settle()
	close(history.answer)
	r.judged()

	view, err := r.state.View("w")
	must(t, err)
	defer func() { _ = view.Close() }()
	var values computed.Values
	must(t, view.KeptValues(1, id, &values))
	program, err := computed.Compile([]computed.Definition{{Name: "orders", Of: computed.FuncCount, Events: []string{"order.placed"}}})
	must(t, err)
	results, _ := program.Evaluate(&values, epoch.Add(200*time.Second))
	same(t, "orders of who was erased and came again", string(results[0].Value), "1")
}

// A panic over one workspace's event does not keep another's people in a segment whose time is over.
func TestTimeGoesOnAfterAPanic(t *testing.T) {
	r := open(t, vfs.NewMem(), soon)
	a, bad := order("shop", "1", 1, "8", user("a")), order("shop", "2", 2, "8", user("b"))
	bad.Workspace = "v"
	other := r.observation(bad)
	r.faulty = &faultyEngine{Engine: r.engine, resolve: func(_ identity.Facts, seeds []identity.ObservationID) bool { return slices.Contains(seeds, other) }}
	r.start()
	defer r.stop()
	r.put(command(t, 0, define(definitions)), record(t, a))
	r.judged()
	same(t, "after an order", r.segments(), map[string][]identity.ProfileID{"lately": {r.profile(a)}})
	r.put(record(t, bad))
	r.settle()
	r.put(command(t, 3*3600, unify.ClockTick{At: epoch.Add(3 * time.Hour)}))
	r.judged()
	same(t, "three hours later", r.segments(), map[string][]identity.ProfileID{})
}
