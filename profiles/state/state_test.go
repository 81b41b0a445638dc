package state

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"tributary/identity"
	"tributary/ingest/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type tb interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func openOn(t tb, fs vfs.FS) *Store {
	t.Helper()
	s, err := Open(Config{Dir: "state", FS: fs, CacheBytes: 1 << 20, MemTableBytes: 1 << 20, Entries: 16})
	must(t, err)
	return s
}

func must(t tb, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func workspace(t tb, s *Store, name string) *Space {
	t.Helper()
	w, err := s.Tx().Workspace(name)
	must(t, err)
	return w
}

func TestConfigReportsEveryFault(t *testing.T) {
	err := Config{CacheBytes: 1, MemTableBytes: 1, Entries: 1, Horizon: time.Hour}.Validate()
	if err == nil || fmt.Sprint(err) != "dir: is empty\ncache_bytes: 1 is less than 1 MiB\nmem_table_bytes: 1 is not between 1 MiB and 1 GiB\nentries: 1 is less than 16\nhorizon: 1h0m0s is not a number of whole days" {
		t.Errorf("faults: %v", err)
	}
}

func TestStepIsVisibleOnlyWhenCommitted(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	defer func() { must(t, s.Close()) }()
	id := uuid.UUID{1}
	w := workspace(t, s, "w")
	_, err := w.Put(&Observed{Observation: identity.Observation{ID: id, Identifiers: []identity.Identifier{{Type: "email", Value: "x"}}}})
	must(t, err)
	s.Tx().SetOffset(3, 8)
	pos := stream.Position{Partition: 3, Offset: 7}
	see := func() (holders int) {
		hot, err := s.Snapshot("w")
		must(t, err)
		defer func() { _ = hot.Close() }()
		ids, err := hot.Holders(identity.Identifier{Type: "email", Value: "x"})
		must(t, err)
		return len(ids)
	}
	if see() != 0 || s.Applied(pos) {
		t.Error("a step is visible before it is committed")
	}
	done := make(chan error, 1)
	go func() { done <- s.Wait(t.Context(), pos) }()
	must(t, s.Tx().Commit())
	must(t, <-done)
	if see() != 1 || !s.Applied(pos) || s.Applied(stream.Position{Partition: 3, Offset: 8}) {
		t.Error("a committed step is not visible, or more than that")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Wait(ctx, stream.Position{Partition: 9}); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting for nothing ends with %v", err)
	}
}

func TestAbortedStepLeavesNothing(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	defer func() { must(t, s.Close()) }()
	w := workspace(t, s, "w")
	counts, err := w.Counts("web", time.Unix(0, 0))
	must(t, err)
	counts.Stored++
	_, err = w.NextVersion()
	must(t, err)
	s.Tx().Remember(MessageHash{1}, Mark{Received: time.Unix(0, 0)})
	s.Tx().Abort()
	w = workspace(t, s, "w")
	if counts, err = w.Counts("web", time.Unix(0, 0)); err != nil || counts.Stored != 0 || w.Version() != 0 {
		t.Errorf("left: %+v, version %d, %v", counts, w.Version(), err)
	}
	if _, seen, err := s.Tx().Seen(MessageHash{1}, time.Unix(0, 0)); seen || err != nil {
		t.Errorf("message seen: %v, %v", seen, err)
	}
}

func TestWorkspacesDoNotSeeEachOther(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	defer func() { must(t, s.Close()) }()
	id, email := uuid.UUID{1}, identity.Identifier{Type: "email", Value: "x"}
	names := []string{"a", "ab", "a\x01", "\x01a", ""}
	for i, name := range names {
		w := workspace(t, s, name)
		for range i {
			_, err := w.NextVersion()
			must(t, err)
		}
		_, err := w.Put(&Observed{Observation: identity.Observation{ID: id, Source: name, Identifiers: []identity.Identifier{email}}})
		must(t, err)
		must(t, w.Assign(identity.Assignment{Observation: id, Profile: uuid.UUID{byte(i)}, Standing: identity.StandingMember}))
	}
	must(t, s.Tx().Commit())
	for i, name := range names {
		hot, err := s.Snapshot(name)
		must(t, err)
		o, err := hot.Observation(id)
		must(t, err)
		holders, err := hot.Holders(email)
		must(t, err)
		members, err := hot.Members(uuid.UUID{byte(i)})
		must(t, err)
		version, err := hot.IdentityVersion()
		must(t, err)
		if o.Source != name || len(holders) != 1 || len(members) != 1 || version != uint64(i) {
			t.Errorf("workspace %q sees %q, %d holders, %d members, version %d", name, o.Source, len(holders), len(members), version)
		}
		must(t, hot.Close())
		must(t, hot.Close())
	}
}

func TestEqualShortKeysKeepBothOutOfMerging(t *testing.T) {
	for _, apart := range []bool{false, true} {
		s := openOn(t, vfs.NewMem())
		first, second := uuid.UUID{1, 15: 9}, uuid.UUID{2, 15: 9}
		email := identity.Identifier{Type: "email", Value: "x"}
		put := func(id uuid.UUID) []*Observed {
			collided, err := workspace(t, s, "w").Put(&Observed{Observation: identity.Observation{ID: id, Identifiers: []identity.Identifier{email}}})
			must(t, err)
			return collided
		}
		if got := put(first); len(got) != 0 {
			t.Fatalf("collided with %v", got)
		}
		if apart {
			must(t, s.Tx().Commit())
			s.Tx().Abort() // forgets what is cached
		}
		if got := put(second); len(got) != 1 || got[0].ID != first || len(got[0].Identifiers) != 1 {
			t.Fatalf("collided with %v", got)
		}
		must(t, s.Tx().Commit())
		w := workspace(t, s, "w")
		holders, err := w.Holders(email)
		must(t, err)
		o, err := w.Observation(first)
		must(t, err)
		if len(holders) != 0 || len(o.Identifiers) != 0 {
			t.Errorf("%d holders, identifiers %v", len(holders), o.Identifiers)
		}
		must(t, s.Close())
	}
}

func TestFormerProfile(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	defer func() { must(t, s.Close()) }()
	p, q, r := uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}
	assign := func(o, profile uuid.UUID) {
		must(t, workspace(t, s, "w").Assign(identity.Assignment{Observation: o, Profile: profile, Standing: identity.StandingMember}))
		must(t, s.Tx().Commit())
	}
	parts := func(id uuid.UUID) string {
		hot, err := s.Snapshot("w")
		must(t, err)
		defer func() { _ = hot.Close() }()
		ids, err := hot.Parts(id, 0)
		must(t, err)
		out := ""
		for _, id := range ids {
			out += fmt.Sprint(id[0])
		}
		return out
	}
	assign(p, p)
	assign(q, p)
	assign(r, r)
	if parts(p) != "" {
		t.Error("a profile has parts")
	}
	assign(q, r)
	assign(p, r)
	if parts(p) != "" {
		t.Error("a merged profile has parts")
	}
	assign(q, q)
	if parts(p) != "23" {
		t.Errorf("parts %q of the profile whose members are in 2 and 3", parts(p))
	}
	assign(p, p)
	if parts(p) != "" {
		t.Error("a profile that came back has parts")
	}
}

// The index, the members and the caches agree with a plain model of them, through commits, aborts
// and restarts, with caches that hold nearly nothing.
func TestWriterAgreesWithModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fs := vfs.NewMem()
		s := openOn(t, fs)
		committed, step := newModel(), newModel()
		for range rapid.IntRange(1, 60).Draw(t, "operations") {
			id := uuid.UUID{rapid.ByteRange(1, 6).Draw(t, "id"), 15: rapid.ByteRange(1, 60).Draw(t, "short")}
			w := workspace(t, s, "w")
			switch rapid.IntRange(0, 9).Draw(t, "operation") {
			case 0, 1, 2:
				o := &Observed{Observation: identity.Observation{ID: id, Identifiers: drawHeld(t)}}
				if len(step.claims(id)) == 0 {
					_, err := w.Put(o)
					must(t, err)
					step.held[id] = o.Identifiers
				}
			case 3, 4, 5:
				if len(step.held) == 0 { // only what is stored is assigned
					continue
				}
				id := rapid.SampledFrom(slices.SortedFunc(maps.Keys(step.held), compareIDs)).Draw(t, "stored")
				profile := uuid.UUID{rapid.ByteRange(1, 4).Draw(t, "profile")}
				must(t, w.Assign(identity.Assignment{Observation: id, Profile: profile, Standing: identity.StandingMember}))
				step.profile[id] = profile
			case 6, 7:
				must(t, s.Tx().Commit())
				committed = step.clone()
			case 8:
				s.Tx().Abort()
				step = committed.clone()
			case 9:
				must(t, s.Close())
				s, step = openOn(t, fs), committed.clone()
			}
			step.check(t, workspace(t, s, "w"))
		}
		must(t, s.Close())
	})
}

func drawHeld(t *rapid.T) []identity.Identifier {
	var ids []identity.Identifier
	for _, v := range []string{"x", "y", "z"} {
		if rapid.Bool().Draw(t, v) {
			ids = append(ids, identity.Identifier{Type: "email", Value: v})
		}
	}
	return ids
}

type model struct {
	held    map[uuid.UUID][]identity.Identifier
	profile map[uuid.UUID]uuid.UUID
}

func newModel() *model {
	return &model{held: map[uuid.UUID][]identity.Identifier{}, profile: map[uuid.UUID]uuid.UUID{}}
}

func (m *model) clone() *model {
	c := newModel()
	for k, v := range m.held {
		c.held[k] = v
	}
	for k, v := range m.profile {
		c.profile[k] = v
	}
	return c
}

// claims returns the others that have the 64-bit key of id.
func (m *model) claims(id uuid.UUID) (others []uuid.UUID) {
	for other := range m.held {
		if other != id && identity.ObservationKey(other) == identity.ObservationKey(id) {
			others = append(others, other)
		}
	}
	return others
}

func (m *model) check(t tb, w *Space) {
	t.Helper()
	for _, v := range []string{"x", "y", "z"} {
		i := identity.Identifier{Type: "email", Value: v}
		want := map[uuid.UUID]bool{}
		for id, held := range m.held {
			for _, h := range held {
				if h == i {
					want[id] = true
				}
			}
		}
		holders, err := w.Holders(i)
		must(t, err)
		same(t, slices.SortedFunc(slices.Values(holders), compareIDs), want)
	}
	for p := byte(1); p <= 4; p++ {
		want := map[uuid.UUID]bool{}
		for id, profile := range m.profile {
			if profile == (uuid.UUID{p}) {
				want[id] = true
			}
		}
		members, err := w.Members(uuid.UUID{p})
		must(t, err)
		same(t, members, want)
	}
}

func same(t tb, got []uuid.UUID, want map[uuid.UUID]bool) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%v, want %v", got, want)
	}
	for i, id := range got {
		if !want[id] || i > 0 && compareIDs(got[i-1], id) >= 0 {
			t.Fatalf("%v, want %v, ascending", got, want)
		}
	}
}

func TestMessageIDsAreRememberedForTheHorizon(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	tx := s.Tx()
	start := time.Date(2026, 1, 1, 23, 59, 59, 0, time.UTC)
	id := MessageHash{7}
	tx.Remember(id, Mark{Received: start, Payload: 5})
	must(t, tx.Commit())
	for after, want := range map[time.Duration]bool{
		0: true, time.Minute: true, DefaultHorizon: true, DefaultHorizon + time.Millisecond: false,
		-DefaultHorizon: true, 30 * day: false,
	} {
		mark, seen, err := tx.Seen(id, start.Add(after))
		must(t, err)
		if seen != want || seen && (mark.Payload != 5 || !mark.Received.Equal(start)) {
			t.Errorf("%s later: seen %v, mark %+v", after, seen, mark)
		}
	}
	must(t, tx.Expire(start.Add(DefaultHorizon)))
	must(t, tx.Commit())
	if _, seen, _ := tx.Seen(id, start); !seen {
		t.Error("forgotten within the horizon")
	}
	must(t, tx.Expire(start.Add(2*DefaultHorizon)))
	must(t, tx.Commit())
	if _, seen, _ := tx.Seen(id, start.Add(DefaultHorizon)); !seen {
		t.Error("forgotten before a record that waits in the log for a horizon asks")
	}
	must(t, tx.Expire(start.Add(3*DefaultHorizon)))
	must(t, tx.Commit())
	if _, seen, _ := tx.Seen(id, start); seen || len(tx.marks.known) != 0 {
		t.Error("not forgotten after the horizon")
	}
	must(t, s.Close())
}

func TestCloseWaitsForReadersAndRefusesNewOnes(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	hot, err := s.Snapshot("w")
	must(t, err)
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	for {
		other, err := s.Snapshot("w")
		if errors.Is(err, ErrClosed) {
			break
		}
		must(t, err)
		must(t, other.Close())
	}
	if _, err := hot.Members(uuid.UUID{1}); err != nil {
		t.Errorf("a reader that was there before is cut off: %v", err)
	}
	must(t, hot.Close())
	must(t, <-closed)
	must(t, s.Close())
	if _, err := s.Tally(); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestUnknownLayoutIsNotOpened(t *testing.T) {
	fs := vfs.NewMem()
	s := openOn(t, fs)
	must(t, s.DB().Set([]byte{kindFormat}, []byte{format + 1}, nil))
	must(t, s.Close())
	if _, err := Open(Config{Dir: "state", FS: fs}); !errors.Is(err, ErrFormat) {
		t.Errorf("opened with %v", err)
	}
}
