package sink

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"tributary/ingest/stream"
	"tributary/profiles/outbox"
)

func TestEveryThirdInsertFails(t *testing.T) {
	for kind, name := range map[fault]string{
		faultBefore: "before", faultPartial: "partial", faultAfter: "after", faultLate: "late",
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, 2)
			r.faults.choose = func(n int, _ Block) fault {
				if n%3 == 0 {
					return kind
				}
				return faultNone
			}
			for range 4 {
				r.receive(150)
				r.unify()
				r.check(r.run(nil))
			}
			r.faults.late.Wait()
			r.expect(nil)
		})
	}
}

func TestStoreIsAwayForAWhile(t *testing.T) {
	r := newRig(t, 3)
	r.receive(300)
	r.unify()
	r.faults.lose(60)
	r.check(r.run(nil))
	r.expect(nil)
}

// TestStopWhileStoreIsAway: a stop does not wait for the store, and nothing is lost by it.
func TestStopWhileStoreIsAway(t *testing.T) {
	r := newRig(t, 4)
	r.receive(300)
	r.unify()
	r.faults.lose(1 << 30)
	s, err := New(r.cfg, Parts{Queue: r.box.Queue, Log: r.log, Store: r.faults, Refuser: r.refused})
	r.check(err)
	ctx, cancel := context.WithCancel(context.Background())
	s.hook = func(st step) error {
		if st == stepBeforeSend {
			cancel()
		}
		return nil
	}
	r.check(s.Run(ctx))
	if r.box.Queue.Sent() != 0 {
		t.Fatalf("sent %d", r.box.Queue.Sent())
	}
	r.faults.lose(0)
	r.check(r.run(nil))
	r.expect(nil)
}

// TestStatementOfAnEarlierRunComesLate: a statement that the run before had sent arrives only after
// the next run has found its rows missing and sent them again. It must come to nothing.
func TestStatementOfAnEarlierRunComesLate(t *testing.T) {
	r := newRig(t, 12)
	r.receive(50)
	r.unify()
	ctx, cancel := context.WithCancel(context.Background())
	r.faults.release = make(chan struct{})
	r.faults.choose = func(int, Block) fault {
		r.faults.gone = 1 << 30
		cancel()
		return faultLate
	}
	s, err := New(r.cfg, Parts{Queue: r.box.Queue, Log: r.log, Store: r.faults, Refuser: r.refused})
	r.check(err)
	r.check(s.Run(ctx))

	r.faults.choose = nil
	r.faults.lose(0)
	r.check(r.run(nil))
	r.expect(nil)
	close(r.faults.release)
	r.faults.late.Wait()
	r.expect(nil)
}

// TestNewRowsArriveWhileRunning: a sink that waits is woken, and what is there goes before it stops.
func TestNewRowsArriveWhileRunning(t *testing.T) {
	r := newRig(t, 5)
	s, err := New(r.cfg, Parts{Queue: r.box.Queue, Log: r.log, Store: r.faults, Refuser: r.refused})
	r.check(err)
	done := make(chan struct{}, 1000)
	s.hook = func(st step) error {
		if st == stepDone {
			done <- struct{}{}
		}
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	for range 5 {
		r.receive(10)
		r.unify()
		<-done
	}
	r.receive(200)
	r.unify()
	cancel()
	r.check(<-ended)
	if lag := s.Lag(); lag.Rows != 0 || lag.Age != 0 {
		t.Fatalf("lag %+v after draining", lag)
	}
	r.expect(nil)
	clean, err := r.box.Queue.Begin()
	r.check(err)
	if !clean {
		t.Fatal("the queue was not closed in good order")
	}
}

// TestRefusedRows: rows that the engine refuses are found among the others and quarantined.
func TestRefusedRows(t *testing.T) {
	r := newRig(t, 6)
	poison := map[Key]bool{}
	r.receive(200)
	for _, i := range []int{0, 77, 78, 199} {
		poison[Key{Position: r.places[i]}] = true
	}
	r.faults.poison = poison
	r.unify()
	r.check(r.run(nil))
	r.expect(poison)
	r.expectRefused(poison, reasonEngine)

	// After an unclean start they are not tried, and refused, again.
	clear(r.refused.all)
	_, err := r.box.Queue.Begin()
	r.check(err)
	r.check(r.run(nil))
	r.expect(poison)
	r.expectRefused(nil, "")

	r.faults.poison = nil // as a replay after a change of the schema: the same places again
	var entries []outbox.Entry
	for _, i := range []int{0, 77, 78, 199} {
		entries = append(entries, entriesOf(i, r.places[i])[0])
	}
	batch := r.db.NewBatch()
	r.check(r.box.Writer.Append(batch, entries))
	r.check(batch.Commit(nil))
	r.box.Writer.Notify()
	r.check(r.run(nil))
	r.expect(nil)
}

func (r *rig) expectRefused(want map[Key]bool, reason string) {
	r.t.Helper()
	if len(r.refused.all) != len(want) {
		r.t.Fatalf("%d rows refused, want %d: %+v", len(r.refused.all), len(want), r.refused.all)
	}
	for k := range want {
		if f, ok := r.refused.all[k]; !ok || f.Reason != reason {
			r.t.Errorf("%v: refusal %+v, want reason %s", k, f, reason)
		}
	}
}

// TestRecordsThatAreNoEvents: what cannot be made into a row is quarantined, its neighbours are not.
func TestRecordsThatAreNoEvents(t *testing.T) {
	r := newRig(t, 7)
	r.receive(50)
	bad, err := r.log.Append(context.Background(), []stream.Record{
		{Kind: stream.KindEvent, Workspace: "acme", Source: "source-1", MessageID: "x", ReceivedAt: start, Value: []byte(`{"at":`)},
		{Kind: stream.KindCommand, Workspace: "acme", Source: "source-1", MessageID: "y", ReceivedAt: start, Value: []byte(`{}`)},
	})
	r.check(err)
	gone := stream.Position{Partition: bad[0].Partition, Offset: 1 << 50}
	event := &outbox.EventColumns{}
	batch := r.db.NewBatch()
	r.check(r.box.Writer.Append(batch, []outbox.Entry{
		{Position: bad[0], Table: outbox.TableEvents, Event: event},
		{Position: bad[1], Table: outbox.TableEvents, Event: event},
		{Position: gone, Table: outbox.TableEvents, Event: event},
		{Position: bad[1], Ordinal: 1, Table: outbox.TableProfiles, Row: []byte(`{"workspace":"acme","version":"no number"}`)},
	}))
	r.check(batch.Commit(nil))
	r.unify()
	r.check(r.run(nil))
	r.expect(nil)
	for k, want := range map[Key]string{
		{Position: bad[0]}: reasonDecode, {Position: bad[1]}: reasonDecode,
		{Position: gone}: reasonGone, {Position: bad[1], Ordinal: 1}: reasonRow,
	} {
		if got := r.refused.all[k]; got.Reason != want {
			t.Errorf("%v: %+v, want reason %s", k, got, want)
		}
	}
	if got := r.refused.all[Key{Position: bad[1], Ordinal: 1}].Workspace; got != "acme" {
		t.Errorf("workspace %q", got)
	}
}

// TestOldTimes: events of 200 months go in without a refusal, also when they were received then,
// which makes 200 partitions; the engine takes 100 in one statement.
func TestOldTimes(t *testing.T) {
	months := func(i int) time.Time { return start.AddDate(0, -i, 0) }
	for name, received := range map[string]func(int) time.Time{"imported": nil, "received then": months} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, 8)
			r.cfg.MaxRows = 1000
			r.at, r.received = months, received
			r.receive(200)
			r.unify()
			r.check(r.run(nil))
			r.expect(nil)
			if len(r.refused.all) > 0 || r.faults.errors > 0 {
				t.Fatalf("%d rows refused, %d inserts failed", len(r.refused.all), r.faults.errors)
			}
		})
	}
}

func TestIdentityMapIsReloaded(t *testing.T) {
	r := newRig(t, 9)
	r.receive(8) // of which 0 and 7 belong to the profiles 1 and 8
	r.unify()
	reloaded := make(chan struct{})
	var once sync.Once
	r.faults.onReload = func() { once.Do(func() { close(reloaded) }) }
	s, err := New(r.cfg, Parts{Queue: r.box.Queue, Log: r.log, Store: r.faults, Refuser: r.refused})
	r.check(err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	<-reloaded
	cancel()
	r.check(<-ended)
	for i := range 8 {
		want := observation(i)
		if i%7 == 0 {
			want = observation(i + 1)
		}
		if got := r.profileOf(observation(i)); got != want {
			t.Errorf("observation %d belongs to %s, want %s", i, got, want)
		}
	}
}

// TestErrorOfTheOutboxEndsRun: nothing can be promised then.
func TestErrorOfTheOutboxEndsRun(t *testing.T) {
	r := newRig(t, 10)
	batch := r.db.NewBatch()
	r.check(batch.Set([]byte{outbox.Prefix, 'e', 0, 0, 0, 0, 0, 0, 0, 1}, []byte{99}, nil))
	r.check(batch.Commit(nil))
	r.check(r.db.Close())
	r.openState()
	if err := r.run(nil); !errors.Is(err, outbox.ErrCorrupt) {
		t.Fatalf("got %v", err)
	}
}
