package live_test

import (
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/stream"
	"tributary/profiles/live"
	"tributary/profiles/state"
)

// TestWhoIsSlowHoldsAPage, and nothing else of what was shared when it was read.
func TestWhoIsSlowHoldsAPage(t *testing.T) {
	s, err := state.Open(state.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	hub := live.NewHub(live.Config{Source: s, Logger: slog.New(slog.DiscardHandler), Ring: 4, Every: time.Microsecond})
	listener, err := hub.Listen("w")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { listener.Close(); hub.Close(); _ = s.Close() }()
	n := 0
	tell := func() {
		tx := s.Tx()
		w, err := tx.Workspace("w")
		if err != nil {
			t.Fatal(err)
		}
		n++
		id := uuid.UUID{byte(n)}
		if err := w.Assign(identity.Assignment{Observation: id, Profile: id, Standing: identity.StandingFounder}); err != nil {
			t.Fatal(err)
		}
		w.Advance(time.UnixMilli(int64(n)), stream.Position{Offset: uint64(n)})
		w.Tell(live.Entry{Kind: live.ProfileChanged, Observation: id})
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		await(t, "it is shared", func() bool { return listener.Head().Last == uint64(n) })
	}
	read := func(behind uint64) *live.Page {
		page, _, err := listener.Next(behind, 1, live.Want{})
		if err != nil || len(page.Entries) != 1 {
			t.Fatalf("behind %d there is %v, %v", behind, page, err)
		}
		return page
	}
	tell()
	tell()
	held, other := read(0), weak.Make(read(1).Entries[0])
	for range 20 { // both are out of the ring then
		tell()
	}
	await(t, "the other entry is let go", func() bool { runtime.GC(); return other.Value() == nil })
	if held.Entries[0].Number != 1 {
		t.Errorf("the page is %v", held.Entries)
	}
}

// gated is a state of which nothing is read while the gate is closed.
type gated struct {
	*state.Store
	gate sync.RWMutex
}

func (g *gated) LiveHead(workspace string) (live.Head, error) {
	g.gate.RLock()
	defer g.gate.RUnlock()
	return g.Store.LiveHead(workspace)
}

// TestWhatIsForgottenUnsharedIsMissed: what the state forgot before the feed had read it is not passed over in silence.
func TestWhatIsForgottenUnsharedIsMissed(t *testing.T) {
	s, err := state.Open(state.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	source := &gated{Store: s}
	hub := live.NewHub(live.Config{Source: source, Logger: slog.New(slog.DiscardHandler)})
	listener, err := hub.Listen("w")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { listener.Close(); hub.Close(); _ = s.Close() }()
	source.gate.Lock()
	for n, at := range []time.Duration{time.Hour, 2 * time.Hour, 3 * state.DefaultLiveAge} {
		w, err := s.Tx().Workspace("w")
		if err != nil {
			t.Fatal(err)
		}
		id := uuid.UUID{byte(n + 1)}
		if err := w.Assign(identity.Assignment{Observation: id, Profile: id, Standing: identity.StandingFounder}); err != nil {
			t.Fatal(err)
		}
		w.Advance(time.UnixMilli(at.Milliseconds()), stream.Position{Offset: uint64(n)})
		w.Tell(live.Entry{Kind: live.ProfileChanged, Observation: id})
		if err := s.Tx().Commit(); err != nil {
			t.Fatal(err)
		}
	}
	source.gate.Unlock()
	await(t, "the last is shared", func() bool { return listener.Head().Last == 3 })
	page, _, err := listener.Next(0, 10, live.Want{})
	if err != nil || page.Missed != 2 || len(page.Entries) != 1 || page.Entries[0].Number != 3 {
		t.Errorf("behind none there is %+v, %v", page, err)
	}
	if page, _, err = listener.Next(2, 10, live.Want{}); err != nil || page.Missed != 0 || len(page.Entries) != 1 {
		t.Errorf("behind what is missed there is %+v, %v", page, err)
	}
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}
