package state

import (
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/stream"
	"tributary/profiles/live"
)

// telled commits a step that tells of some observations at a time.
func telled(t tb, s *Store, name string, at time.Time, ids ...uuid.UUID) {
	t.Helper()
	w := workspace(t, s, name)
	w.Advance(at, stream.Position{})
	for _, id := range ids {
		if _, known, err := w.Assignment(id); err != nil || !known {
			must(t, err)
			must(t, w.Assign(identity.Assignment{Observation: id, Profile: id, Standing: identity.StandingFounder}))
		}
		w.Tell(live.Entry{Kind: live.SegmentEntered, Observation: id, Ref: "s"})
	}
	must(t, s.Tx().Commit())
}

func numbers(t tb, s *Store, name string, behind uint64) (list []uint64, missed uint64) {
	t.Helper()
	head, err := s.LiveHead(name)
	must(t, err)
	page, err := s.LivePage(name, behind, head.Last, 1<<20, live.Want{})
	must(t, err)
	for _, e := range page.Entries {
		list = append(list, e.Number)
	}
	return list, page.Missed
}

func TestTheFeedIsBoundedByNumber(t *testing.T) {
	s, err := Open(Config{Dir: "state", FS: vfs.NewMem(), CacheBytes: 1 << 20, MemTableBytes: 1 << 20, LiveEntries: 100})
	must(t, err)
	defer func() { must(t, s.Close()) }()
	at := time.UnixMilli(1_000_000_000_000).UTC()
	ids := []uuid.UUID{{1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}}
	const steps = (trimLiveEvery + 200) / 8
	for range steps {
		telled(t, s, "w", at, ids...)
	}
	list, missed := numbers(t, s, "w", 0)
	if len(list) < 100 || len(list) > 100+trimLiveEvery || missed == 0 || list[0] != missed+1 || list[len(list)-1] != 8*steps {
		t.Errorf("%d entries from %d to %d are held, %d is missing", len(list), list[0], list[len(list)-1], missed)
	}
	if list, _ := numbers(t, s, "other", 0); len(list) > 0 {
		t.Errorf("another workspace has %v", list)
	}
}

func TestTheFeedIsBoundedByAge(t *testing.T) {
	s, err := Open(Config{Dir: "state", FS: vfs.NewMem(), CacheBytes: 1 << 20, MemTableBytes: 1 << 20, LiveAge: time.Hour})
	must(t, err)
	defer func() { must(t, s.Close()) }()
	at := time.UnixMilli(1_000_000_000_000).UTC()
	for n := range 12 {
		telled(t, s, "w", at.Add(time.Duration(n)*15*time.Minute), uuid.UUID{1}, uuid.UUID{2})
	}
	// The newest is at 165 minutes: what was told before 105 minutes is gone.
	list, missed := numbers(t, s, "w", 0)
	if fmt.Sprint(list) != "[15 16 17 18 19 20 21 22 23 24]" || missed != 14 {
		t.Errorf("held are %v, up to %d they are missing", list, missed)
	}
	if list, missed := numbers(t, s, "w", 20); len(list) != 4 || missed != 0 {
		t.Errorf("behind 20 are %v, %d missing", list, missed)
	}
}

// TestForgetLive: entries of who is gone go, and whom others name is no longer named; of this step too.
func TestForgetLive(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	defer func() { must(t, s.Close()) }()
	gone, stays := uuid.UUID{1}, uuid.UUID{2}
	telled(t, s, "w", time.UnixMilli(1), gone, stays)
	w := workspace(t, s, "w")
	before := s.LiveRevision("w")
	for range 2 { // written before, and in the step
		w.Tell(live.Entry{Kind: live.IdentityMerged, Observation: stays, Peer: gone, To: 3})
		w.Tell(live.Entry{Kind: live.SegmentLeft, Observation: gone, Ref: "s"})
		must(t, w.ForgetLive(func(id identity.ObservationID) bool { return id == gone }))
		must(t, s.Tx().Commit())
	}
	head, err := s.LiveHead("w")
	must(t, err)
	page, err := s.LivePage("w", 0, head.Last, 100, live.Want{})
	must(t, err)
	for _, e := range page.Entries {
		if e.Observation != stays || e.Peer != uuid.Nil {
			t.Errorf("%+v is held", e.Entry)
		}
	}
	if len(page.Entries) != 3 || page.Through != head.Last || s.LiveRevision("w") <= before {
		t.Errorf("%d entries are held through %d of %d, revision %d", len(page.Entries), page.Through, head.Last, s.LiveRevision("w"))
	}
}

func TestAStepThatIsDroppedTellsNothing(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	defer func() { must(t, s.Close()) }()
	telled(t, s, "w", time.UnixMilli(1), uuid.UUID{1})
	changed, stop := s.WatchLive("w")
	defer stop()
	workspace(t, s, "w").Tell(live.Entry{Kind: live.DefinitionsChanged})
	s.Tx().Abort()
	must(t, s.Tx().Commit())
	if list, _ := numbers(t, s, "w", 0); len(list) != 1 || len(changed) > 0 {
		t.Errorf("held are %v, %d signals", list, len(changed))
	}
	telled(t, s, "w", time.UnixMilli(2), uuid.UUID{1})
	if list, _ := numbers(t, s, "w", 1); fmt.Sprint(list) != "[2]" || len(changed) != 1 {
		t.Errorf("held are %v, %d signals", list, len(changed))
	}
}

// TestAPageHoldsWhatIsWanted: in pages that come to an end, though little is wanted.
func TestAPageHoldsWhatIsWanted(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	defer func() { must(t, s.Close()) }()
	a, b, c := uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}
	telled(t, s, "w", time.UnixMilli(1), a, b, c)
	w := workspace(t, s, "w")
	must(t, w.Assign(identity.Assignment{Observation: b, Profile: a, Standing: identity.StandingMember}))
	w.Tell(live.Entry{Kind: live.IdentitySplit, Observation: c, Peer: a})
	must(t, s.Tx().Commit())
	for n := range 10 {
		telled(t, s, "w", time.UnixMilli(int64(2+n)), c, c, c, c, c)
	}
	telled(t, s, "w", time.UnixMilli(20), b)
	splits := func(e *live.Entry) bool { return e.Kind == live.IdentitySplit }
	for name, x := range map[string]struct {
		want live.Want
		told string
	}{
		"by itself": {live.Want{Entry: splits}, "[4]"}, "of one": {live.Want{Of: b}, "[1 2 4 55]"},
		"both": {live.Want{Of: a, Entry: splits}, "[4]"}, "of nobody": {live.Want{Of: uuid.UUID{4}}, "[]"},
	} {
		told, pages := []uint64{}, 0
		for behind := uint64(0); behind < 55; pages++ {
			page, err := s.LivePage("w", behind, 55, 1, x.want)
			must(t, err)
			if page.Through <= behind {
				t.Fatalf("%s: behind %d is through %d", name, behind, page.Through)
			}
			behind = page.Through
			for _, e := range page.Entries {
				told = append(told, e.Number)
			}
		}
		if fmt.Sprint(told) != x.told || pages < 4 {
			t.Errorf("%s: %v in %d pages", name, told, pages)
		}
	}
}

// TestAFeedThatWasNotKeptIsAnother: what became so meanwhile was told to nobody, and nobody goes on behind it unawares.
func TestAFeedThatWasNotKeptIsAnother(t *testing.T) {
	fs, feeds := vfs.NewMem(), map[uint64]bool{}
	for n, entries := range []int{100, 100, -1, 100} {
		s, err := Open(Config{Dir: "state", FS: fs, CacheBytes: 1 << 20, MemTableBytes: 1 << 20, LiveEntries: entries})
		must(t, err)
		telled(t, s, "w", time.UnixMilli(int64(n)), uuid.UUID{1})
		head, err := s.LiveHead("w")
		must(t, err)
		if list, _ := numbers(t, s, "w", 0); len(list) != []int{1, 2, 0, 1}[n] {
			t.Errorf("run %d: %v are held", n, list)
		}
		feeds[head.Feed] = true
		must(t, s.Close())
	}
	if len(feeds) != 3 || !feeds[0] {
		t.Errorf("the feeds are %v", feeds)
	}
}
