package unify_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/unify"
)

// ticking is a configuration whose clock the test moves, and which looks at it often.
func ticking(now *atomic.Int64) unify.Config {
	now.Store(epoch.UnixMilli())
	return unify.Config{TickEvery: 5 * time.Millisecond, Now: func() time.Time { return time.UnixMilli(now.Load()).UTC() }}
}

func pledge(id string, second int, due time.Time, ids ...event.Identifier) *event.Event {
	e := ev("crm", "made-"+id, second, ids...)
	e.Name = event.NameCommitmentMade
	e.CX = &event.CX{CommitmentID: id, Text: "A refund", DueAt: due, Amount: "25.00", Currency: "EUR", AuthorRole: event.AuthorHuman}
	e.Properties = json.RawMessage(`{"kind":"refund"}`)
	return e
}

func refund(id string, second int, ids ...event.Identifier) *event.Event {
	e := ev("billing", id, second, ids...)
	e.Name, e.CX = event.NameRefundIssued, &event.CX{Amount: "25", Currency: "EUR"}
	return e
}

// promisesTo returns what became of the promises to whom an event is about.
func (r *rig) promisesTo(e *event.Event) map[string]profiles.Commitment {
	r.Helper()
	hot, err := r.state.Snapshot("w")
	must(r, err)
	defer func() { _ = hot.Close() }()
	to, err := profiles.PromisedTo(context.Background(), hot, r.observation(e), epoch.AddDate(1, 0, 0))
	must(r, err)
	all := map[string]profiles.Commitment{}
	if to != nil {
		for _, c := range to.Commitments {
			all[c.ID] = c
		}
	}
	return all
}

// until polls, for at most two minutes.
func (r *rig) until(what string, is func() bool) {
	r.Helper()
	for end := time.Now().Add(2 * time.Minute); !is(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			r.Fatalf("%s does not come", what)
		}
	}
}

// TestPromisesAreFoundKeptAndBroken: by what comes in and by time alone, and the log says so once, whatever starts again.
func TestPromisesAreFoundKeptAndBroken(t *testing.T) {
	var now atomic.Int64
	r := open(t, vfs.NewMem(), ticking(&now)).start()
	due := epoch.Add(time.Hour)
	kept, broken := pledge("kept", 1, due, user("a")), pledge("broken", 1, due, user("b"))
	r.put(record(t, kept), record(t, broken), record(t, refund("r1", 2, user("a"))))
	r.until("commitment.kept", func() bool { return r.promisesTo(kept)["kept"].Noted })
	if c := r.promisesTo(kept)["kept"]; c.Status != profiles.CommitmentKept || c.Late || c.Evidence.MessageID != "r1" || c.Evidence.Source != "billing" {
		t.Errorf("kept: %+v", c)
	}
	if c := r.promisesTo(broken)["broken"]; c.Status != profiles.CommitmentMade {
		t.Errorf("before it is due: %+v", c)
	}
	now.Store(due.UnixMilli() + 1)
	r.until("commitment.broken", func() bool { return r.promisesTo(broken)["broken"].Status == profiles.CommitmentBroken })
	r.put(record(t, refund("r2", 7200, user("b"))))
	r.until("commitment.kept of the late one", func() bool { return r.promisesTo(broken)["broken"].Noted })
	if c := r.promisesTo(broken)["broken"]; c.Status != profiles.CommitmentKept || !c.Late {
		t.Errorf("kept late: %+v", c)
	}
	r.cancel()
	must(t, <-r.done)
	r.start()
	marker := pledge("marker", 3, epoch.Add(2*time.Second), user("c")) // due already: once it is broken, all was looked at
	r.put(record(t, marker))
	r.until("what is due already", func() bool { return r.promisesTo(marker)["marker"].Status == profiles.CommitmentBroken })
	if c := r.counts(event.SourceAgent); c.Stored != 4 { // two that were broken, two that were kept
		t.Errorf("the log has %+v", c)
	}
	r.stop()
}

// TestPromisesFollowMergesAndSplits: a deed of another observation keeps a promise while both are one person's.
func TestPromisesFollowMergesAndSplits(t *testing.T) {
	var now atomic.Int64
	r := open(t, vfs.NewMem(), ticking(&now)).start()
	defer r.stop()
	made, paid := pledge("p", 1, time.Time{}, user("a")), refund("r", 2, email("b@example.com"))
	r.put(record(t, made), record(t, paid))
	r.settle()
	pa, pb := r.observation(made), r.observation(paid)
	status := func() profiles.CommitmentStatus { return r.promisesTo(made)["p"].Status }
	if s := status(); s != profiles.CommitmentMade {
		t.Fatalf("apart: %s", s)
	}
	r.put(command(t, 3, unify.IdentityLink{A: pa, B: pb, Verdict: unify.LinkMustMerge}))
	r.until("commitment.kept", func() bool { return r.promisesTo(made)["p"].Noted })
	r.put(command(t, 4, unify.IdentityLink{A: pa, B: pb, Verdict: unify.LinkNeverMerge}))
	r.until("the split", func() bool { return r.profile(made) != r.profile(paid) })
	if s := status(); s != profiles.CommitmentMade {
		t.Errorf("split: %s", s)
	}
	r.put(command(t, 5, unify.IdentityLink{A: pa, B: pb, Verdict: unify.LinkMustMerge}))
	r.until("the merger", func() bool { return r.profile(made) == r.profile(paid) })
	if s := status(); s != profiles.CommitmentKept {
		t.Errorf("merged again: %s", s)
	}
}

// TestDeedsOfAnAccount: what nobody is named by keeps a promise that names the account, for who has a part in it.
func TestDeedsOfAnAccount(t *testing.T) {
	var now atomic.Int64
	r := open(t, vfs.NewMem(), ticking(&now)).start()
	defer r.stop()
	now.Store(epoch.Add(time.Hour).UnixMilli())
	made, paid := pledge("p", 1, time.Time{}, user("a")), refund("r", 2)
	stranger := pledge("q", 1, time.Time{}, user("b"))
	made.CX.AccountID, paid.CX.AccountID = "acc-1", "acc-1"
	written := agentSaid("s", 3, r.observation(stranger), event.NameCommitmentMade)
	written.CX.CommitmentID, written.CX.AccountID, written.Properties = "mine", "acc-1", json.RawMessage(`{"kind":"refund"}`)
	r.put(record(t, stranger), record(t, made), record(t, written), record(t, paid))
	r.until("commitment.kept", func() bool { return r.promisesTo(made)["p"].Noted })
	if c := r.promisesTo(made)["p"]; c.Evidence.AccountID != "acc-1" {
		t.Errorf("got %+v", c)
	}
	if c := r.promisesTo(stranger)["mine"]; c.Status != profiles.CommitmentMade {
		t.Errorf("what an agent writes makes nobody a member: %+v", c)
	}
}

func agentSaid(id string, second int, o [16]byte, name string) *event.Event {
	e := ev(event.SourceAgent, id, second)
	e.Name, e.Observation, e.CX = name, o, &event.CX{AuthorRole: event.AuthorHuman, Text: "said"}
	return e
}

// TestWhatAgentsWriteIsOfTheObservationThatItNames: it is kept with it, says nothing of who somebody is, comes to
// the same in any order, and goes with an erasure.
func TestWhatAgentsWriteIsOfTheObservationThatItNames(t *testing.T) {
	first := ev("shop", "1", 10, user("anna"))
	var ends []string
	for _, early := range []bool{false, true} {
		r := open(t, vfs.NewMem(), private(t)).start()
		note := agentSaid("n", 5, r.observation(first), event.NameNoteAdded) // received before, to see that it founds nothing
		all := []stream.Record{record(t, first), record(t, note)}
		if early {
			slices.Reverse(all)
		}
		for _, one := range all {
			r.put(one)
			r.settle()
		}
		hot, err := r.state.Snapshot("w")
		must(t, err)
		o, err := hot.Observation(r.observation(first))
		must(t, err)
		s, err := hot.State(r.observation(first))
		must(t, err)
		must(t, hot.Close())
		ends = append(ends, fmt.Sprint(o, s.Events()))
		if o.Source != "shop" || !o.FirstReceived.Equal(first.ReceivedAt) || s.Events() != 2 {
			t.Errorf("got %+v with %d events", o, s.Events())
		}
		e := r.erasure(100, true, []event.Identifier{user("anna")}, first)
		r.put(command(t, 100, unify.PrivacyErase{Erasure: e}))
		r.settle() // it has a partition of its own: what comes then comes later
		late := agentSaid("late", 50, r.observation(first), event.NameNoteAdded)
		r.put(record(t, late))
		r.settle()
		hot, err = r.state.Snapshot("w")
		must(t, err)
		if s, err := hot.State(r.observation(first)); err != nil || s != nil {
			t.Errorf("after the erasure there is %v, %v", s, err)
		}
		must(t, hot.Close())
		if c := r.counts(event.SourceAgent); c.Erased != 1 || c.Received != 2 { // that which was stored is counted when the rows are gone
			t.Errorf("counts: %+v", c)
		}
		r.stop()
	}
	if ends[0] != ends[1] {
		t.Errorf("the order tells:\n%s\n%s", ends[0], ends[1])
	}
}

// TestPromisesAreForgotten: nothing says where the promises to an erased person were.
func TestPromisesAreForgotten(t *testing.T) {
	r := open(t, vfs.NewMem(), private(t)).start()
	defer r.stop()
	made := pledge("p", 1, epoch.Add(time.Hour), user("anna"))
	made.CX.AccountID = "acc"
	r.put(record(t, made))
	r.settle()
	left := func() (n int) {
		view, err := r.state.View("w")
		must(t, err)
		defer func() { must(t, view.Close()) }()
		all, err := view.PledgedAfter(nil, time.Time{}, 10)
		as, err2 := view.PledgedAs("p")
		of, err3 := view.PledgedOf("acc")
		must(t, errors.Join(err, err2, err3))
		return len(all) + len(as) + len(of)
	}
	if n := left(); n != 3 {
		t.Fatalf("found by %d ways", n)
	}
	r.put(command(t, 100, unify.PrivacyErase{Erasure: r.erasure(100, true, []event.Identifier{user("anna")}, made)}))
	r.settle()
	if n := left(); n != 0 {
		t.Errorf("found by %d ways still", n)
	}
}

// TestPromisesTakeBoundedRoom: however often somebody is promised something, where promises are does not grow without end.
func TestPromisesTakeBoundedRoom(t *testing.T) {
	var now atomic.Int64
	r := open(t, vfs.NewMem(), ticking(&now)).start()
	defer r.stop()
	const many = 4000
	records := make([]stream.Record, many)
	var last *event.Event
	for i := range records {
		last = pledge(fmt.Sprintf("p-%04d", i), i, epoch.AddDate(1, 0, i), user("a"))
		records[i] = record(t, last)
	}
	r.put(records...)
	r.settle()
	view, err := r.state.View("w")
	must(t, err)
	defer func() { _ = view.Close() }()
	all, err := view.PledgedAfter(nil, time.Time{}, many)
	must(t, err)
	if len(all) < 128 || len(all) > many/2 {
		t.Errorf("%d of %d promises are found", len(all), many)
	}
	if kept := r.promisesTo(last); len(kept) != 128 {
		t.Errorf("%d are kept", len(kept))
	}
	for id := range r.promisesTo(last) {
		if as, err := view.PledgedAs(id); err != nil || len(as) != 1 {
			t.Errorf("a promise that is kept is not found, %v", err)
		}
	}
}
