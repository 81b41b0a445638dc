package state

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles/handoff"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// person is an observation of a number.
func person(n int) identity.ObservationID { return identity.ObservationID{1, 15: byte(n)} }

// handed is a step of the hand-off of a number, which is of the person of that number modulo 3.
type handed struct {
	person identity.ObservationID
	step   handoff.Step
}

func offered(n int) handed {
	at := noon.Add(time.Duration(n) * time.Minute)
	by := handoff.Party{Kind: handoff.KindAI, Actor: "key:1"}
	of := person(n % 3)
	return handed{of, handoff.Step{
		Handoff: uuid.UUID{2, 15: byte(n)}, OfferedAt: at, By: by, Name: event.NameHandoffOffered, At: at, MessageID: fmt.Sprint("offer-", n),
		Record: &handoff.Record{
			ID: uuid.UUID{2, 15: byte(n)}, Version: 1, From: by, Subject: of, CreatedAt: at, Status: handoff.StatusOffered,
			Conversation: fmt.Sprint("c-", n%2), To: handoff.To{Queue: []string{"", "refunds", "sales"}[n%3]},
		},
	}}
}

func stepped(n, seconds int, name, by string) handed {
	x := offered(n)
	x.step.Name, x.step.Record, x.step.By.ID = name, nil, by
	x.step.At = x.step.OfferedAt.Add(time.Duration(seconds) * time.Second)
	x.step.MessageID = fmt.Sprint(name, n, seconds, by)
	switch name {
	case event.NameHandoffAccepted, event.NameHandoffExtended:
		x.step.LeaseS = 60
	case event.NameHandoffReturned:
		x.step.Summary, x.step.Resolved = "done", true
	case event.NameHandoffRead:
		x.step.Parts = []string{"wants"}
	}
	return x
}

// found is all that a workspace says of hand-offs.
func found(t *testing.T, s *Store, now time.Time) (all []string) {
	t.Helper()
	note := func(way string) func(x *Handoff, _ []byte) (bool, error) {
		return func(x *Handoff, _ []byte) (bool, error) {
			r := x.History.Fold(now)
			holder := ""
			if r.Lease != nil {
				holder = r.Lease.Holder.ID
			}
			all = append(all, fmt.Sprint(way, " ", r.ID, " ", r.Status, " ", holder, " ", x.Observation))
			byID, err := s.Handoff("w", r.ID)
			if err == nil && (byID == nil || !reflect.DeepEqual(byID.History.Fold(now), r)) {
				t.Errorf("by its id %s is another", r.ID)
			}
			return true, err
		}
	}
	refunds := "refunds"
	must(t, s.EachHandoff("w", HandoffQuery{}, note("open")))
	must(t, s.EachHandoff("w", HandoffQuery{Queue: &refunds}, note("refunds")))
	must(t, s.EachHandoff("w", HandoffQuery{Conversation: "c-0"}, note("c-0")))
	must(t, s.EachHandoff("w", HandoffQuery{Conversation: "c-1"}, note("c-1")))
	return all
}

// TestHandoffsAreAFunctionOfTheSet: steps in any order, doubled, cut into steps of the writer at any place, with
// restarts between, say the same of who holds what and where it is found.
func TestHandoffsAreAFunctionOfTheSet(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var steps []handed
		for n := range 6 {
			steps = append(steps, offered(n))
		}
		names := []string{event.NameHandoffAccepted, event.NameHandoffExtended, event.NameHandoffReleased, event.NameHandoffReturned, event.NameHandoffRead}
		for range rapid.IntRange(0, 20).Draw(rt, "steps") {
			steps = append(steps, stepped(rapid.IntRange(0, 5).Draw(rt, "hand-off"), rapid.IntRange(1, 90).Draw(rt, "at"),
				rapid.SampledFrom(names).Draw(rt, "name"), rapid.SampledFrom([]string{"ada", "bob"}).Draw(rt, "by")))
		}
		now := noon.Add(10 * time.Minute)
		want := apply(t, nil, steps, now)
		got := apply(t, rt, rapid.Permutation(slices.Concat(steps, steps[:len(steps)/2])).Draw(rt, "order"), now)
		if !slices.Equal(want, got) {
			rt.Fatalf("in order\n%v, else\n%v", want, got)
		}
	})
}

// apply adds steps to a new state, and says what is found then. rt decides where it is committed and opened anew.
func apply(t *testing.T, rt *rapid.T, steps []handed, now time.Time) []string {
	t.Helper()
	fs := vfs.NewMem()
	s := openOn(t, fs)
	w := workspace(t, s, "w")
	for i := range steps {
		_, err := w.AddHandoff(steps[i].person, &steps[i].step)
		must(t, err)
		if rt == nil {
			continue
		}
		switch rapid.IntRange(0, 5).Draw(rt, "then") {
		case 0:
			must(t, s.Tx().Commit())
		case 1:
			must(t, s.Tx().Commit())
			must(t, s.Close())
			s = openOn(t, fs)
			w = workspace(t, s, "w")
		}
	}
	must(t, s.Tx().Commit())
	defer func() { must(t, s.Close()) }()
	return found(t, s, now)
}

// TestHandoffsAreBounded: of one person the last ones are kept, whatever order they come in, and what is not kept is
// not found.
func TestHandoffsAreBounded(t *testing.T) {
	var all []handed
	for n := range 3 * (MaxHandoffs + 5) {
		if n%3 == 0 {
			all = append(all, offered(n))
		}
	}
	forth := apply(t, nil, all, noon.Add(300*time.Minute))
	slices.Reverse(all)
	back := apply(t, nil, all, noon.Add(300*time.Minute))
	if !slices.Equal(forth, back) || len(forth) != 2*MaxHandoffs {
		t.Errorf("%d and %d are found", len(forth), len(back))
	}
}

func TestHandoffsPageByPage(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	defer func() { must(t, s.Close()) }()
	w := workspace(t, s, "w")
	for n := range 20 {
		x := offered(n)
		_, err := w.AddHandoff(x.person, &x.step)
		must(t, err)
	}
	must(t, s.Tx().Commit())
	seen := map[uuid.UUID]bool{}
	q := HandoffQuery{}
	for more := true; more; {
		n := 0
		must(t, s.EachHandoff("w", q, func(x *Handoff, cursor []byte) (bool, error) {
			seen[x.Key.ID], q.After = true, cursor
			n++
			return n < 3, nil
		}))
		more = n == 3
	}
	if len(seen) != 20 {
		t.Errorf("%d of 20 are seen", len(seen))
	}
	must(t, s.EachHandoff("other", HandoffQuery{}, func(*Handoff, []byte) (bool, error) {
		t.Error("another workspace sees one")
		return false, nil
	}))
}

func TestHandoffsGoWithTheirObservation(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	defer func() { must(t, s.Close()) }()
	w := workspace(t, s, "w")
	for n := range 6 {
		x := offered(n)
		_, err := w.AddHandoff(x.person, &x.step)
		must(t, err)
		if n == 2 {
			must(t, s.Tx().Commit())
		}
	}
	must(t, w.Forget(person(0)))
	must(t, s.Tx().Commit())
	for n := range 6 {
		x, err := s.Handoff("w", uuid.UUID{2, 15: byte(n)})
		must(t, err)
		if (x == nil) != (n%3 == 0) {
			t.Errorf("%d is there: %v", n, x != nil)
		}
	}
	if left := found(t, s, noon.Add(time.Hour)); len(left) != 4+2+4 {
		t.Errorf("found are %v", left)
	}
	for _, prefix := range [][]byte{w.key(nil, kindHandoff), w.key(nil, kindHandoffBy)} {
		must(t, scan(s.db, prefix, func(key, value []byte) error {
			id := person(0)
			if slices.Contains([]string{string(id[:])}, string(value)) || string(key[len(prefix):][:min(16, len(key)-len(prefix))]) == string(id[:]) {
				t.Errorf("a trace is left: %x", key)
			}
			return nil
		}))
	}
}
