package state

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
)

// names adds to the step an event by which an observation states an account.
func names(t tb, s *Store, id uuid.UUID, account string, n int) {
	e := added(n, n)
	e.Name, e.CX = "invoice.issued", &event.CX{AccountID: account, Amount: "1.00", Currency: "EUR"}
	space := workspace(t, s, "w")
	space.State(id).Apply(e, stream.Position{Offset: uint64(n)})
	space.AddMembership(account, id).Apply(e)
	space.AddAccount(account, id, profiles.SayingOf(e)).ApplyAccount(e, stream.Position{Offset: uint64(n)})
	space.AddAccount(account, id, profiles.SayingTraits).ApplyAccount(e, stream.Position{Offset: uint64(n)})
}

// TestForgetTakesAccountsAlong: what an observation said of accounts goes with it, what the step had added
// included; what is added after it stays.
func TestForgetTakesAccountsAlong(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	gone, other := uuid.UUID{7, 7, 7, 7, 7, 7, 7, 7, 15: 1}, uuid.UUID{8, 8, 8, 8, 8, 8, 8, 8, 15: 2}
	names(t, s, gone, "committed", 1)
	names(t, s, other, "committed", 2)
	must(t, s.Tx().Commit())
	names(t, s, gone, "this-step", 3)
	must(t, workspace(t, s, "w").Forget(gone))
	must(t, s.Tx().Commit())

	iter, err := s.DB().NewIter(nil)
	must(t, err)
	for ok := iter.First(); ok; ok = iter.Next() {
		if bytes.Contains(iter.Key(), gone[:]) {
			t.Errorf("a key of kind %c still names who is forgotten", iter.Key()[0])
		}
	}
	must(t, iter.Close())
	check := func(account string, want ...uuid.UUID) {
		t.Helper()
		hot, err := s.Snapshot("w")
		must(t, err)
		ids, err := hot.(*Snapshot).AccountMembers(account, uuid.Nil, 10)
		must(t, err)
		parts, err := hot.(*Snapshot).AccountParts(account, 10)
		must(t, err)
		if !slices.Equal(ids, want) || len(parts) != 2*len(want) {
			t.Errorf("%s has members %v in %d parts, want %v", account, ids, len(parts), want)
		}
		must(t, hot.Close())
	}
	check("committed", other)
	check("this-step")

	names(t, s, other, "committed", 4)
	must(t, workspace(t, s, "w").Forget(other))
	names(t, s, other, "committed", 5) // it comes again
	must(t, s.Tx().Commit())
	check("committed", other)
	hot, err := s.Snapshot("w")
	must(t, err)
	m, err := hot.(*Snapshot).Membership("committed", other)
	must(t, err)
	if m.Mentions() != 1 {
		t.Errorf("%d events name the account, want the one that came after", m.Mentions())
	}
	must(t, hot.Close())
	must(t, s.Close())
}

// TestAccountsOfAnObservation are listed the shortest first, whatever their ids are.
func TestAccountsOfAnObservation(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	id := uuid.UUID{1}
	want := []string{"b", "a/b%2F", strings.Repeat("x", 127), strings.Repeat("a", 128), strings.Repeat("a", 300), strings.Repeat("a", 512)}
	for n, account := range want {
		names(t, s, id, account, n+1)
	}
	must(t, s.Tx().Commit())
	hot, err := s.Snapshot("w")
	must(t, err)
	for most := range len(want) + 2 {
		got, err := hot.(*Snapshot).AccountsOf(id, most)
		if must(t, err); !slices.Equal(got, want[:min(most, len(want))]) {
			t.Errorf("the first %d accounts are %d", most, len(got))
		}
	}
	for _, account := range want {
		if parts, err := hot.(*Snapshot).AccountParts(account, 9); err != nil || len(parts) != 2 || parts[0].Saying != profiles.SayingFacts {
			t.Errorf("%.9s has %d parts, %v", account, len(parts), err)
		}
		if ids, err := hot.(*Snapshot).AccountMembers(account, identity.ObservationID{}, 9); err != nil || len(ids) != 1 {
			t.Errorf("%.9s has %d members, %v", account, len(ids), err)
		}
	}
	must(t, hot.Close())
	must(t, s.Close())
}

// TestReadersStopInFrontOfTheirNeighbours: who finds nothing of a kind, or the last of it, does not fold the value that
// stands behind: here it cannot be folded.
func TestReadersStopInFrontOfTheirNeighbours(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	id := uuid.UUID{7, 15: 1}
	for range 2 { // a single one is not folded
		must(t, s.DB().Merge(newSpace("w").key(nil, kindSchema), []byte("no schema"), nil))
	}
	for range 2 {
		hot, err := s.Snapshot("w")
		must(t, err)
		_, err = hot.(*Snapshot).AccountsOf(id, 10)
		must(t, err)
		if hot.(*Snapshot).has(kindHandoff) {
			t.Error("nobody is handed over")
		}
		must(t, hot.Close())
		names(t, s, id, "acme", 1) // from here on there is a last one
		must(t, s.Tx().Commit())
	}
	must(t, s.Close())
}
