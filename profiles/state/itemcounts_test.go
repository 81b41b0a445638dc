package state

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"tributary/ingest/stream"
)

// TestItemsAreCountedAsTheyAre: whatever is put, put again, aborted or lost with the power, every query counts what
// reading each item counts.
func TestItemsAreCountedAsTheyAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fs := vfs.NewCrashableMem()
		s := openOn(t, fs)
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			switch rng.IntN(8) {
			case 0:
				s = afterCrash(t, s, fs, rng)
				fs = s.config.FS.(*vfs.MemFS)
			case 1:
				putItems(t, s, rng)
				s.Tx().Abort()
			default:
				putItems(t, s, rng)
				must(t, s.Tx().Commit())
			}
			compareCounts(t, s)
		}
		must(t, s.Close())
	})
}

var someDay = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

func putItems(t tb, s *Store, rng *rand.Rand) {
	t.Helper()
	for range 1 + rng.IntN(8) {
		w := workspace(t, s, fmt.Sprint("w", rng.IntN(2)))
		must(t, w.PutItem(&Item{
			Position: stream.Position{Partition: stream.Partition(rng.IntN(2)), Offset: uint64(rng.IntN(4))}, Ordinal: uint32(rng.IntN(2)),
			Source: fmt.Sprint("s", rng.IntN(2)), Stage: "unify", Reason: fmt.Sprint("r", rng.IntN(3)),
			Status:     []Status{StatusOpen, StatusReplayed, StatusDiscarded, StatusErased}[rng.IntN(4)],
			ReceivedAt: someDay.Add(time.Duration(rng.IntN(96)) * time.Hour),
		}))
	}
}

func afterCrash(t tb, s *Store, fs *vfs.MemFS, rng *rand.Rand) *Store {
	t.Helper()
	left := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: rng.IntN(101), RNG: rng})
	must(t, s.Close())
	return openOn(t, left)
}

func compareCounts(t tb, s *Store) {
	t.Helper()
	for _, q := range []ItemQuery{
		{}, {Source: "s1"}, {Reason: "r2"}, {Status: StatusOpen}, {Source: "s0", Reason: "r0", Status: StatusErased},
		{Since: someDay.AddDate(0, 0, 1)}, {Until: someDay.AddDate(0, 0, 2)}, {Since: someDay.AddDate(0, 0, 1), Until: someDay.AddDate(0, 0, 3), Status: StatusReplayed},
		{Since: someDay.Add(30 * time.Hour)}, {Until: someDay.Add(50*time.Hour + time.Millisecond)},
	} {
		for _, q.Workspace = range []string{"w0", "w1", "none"} {
			got, err := s.CountItems(q)
			must(t, err)
			want, err := s.countEach(&q)
			must(t, err)
			if !maps.Equal(got, want) {
				t.Fatalf("%+v counts %v, of items there are %v", q, got, want)
			}
		}
	}
}

// TestItemsOfBeforeAreCountedOnce: a folder in which nothing was counted is counted when it is opened.
func TestItemsOfBeforeAreCountedOnce(t *testing.T) {
	fs := vfs.NewMem()
	s := openOn(t, fs)
	putItems(t, s, rand.New(rand.NewPCG(1, 1)))
	must(t, s.Tx().Commit())
	must(t, s.db.DeleteRange([]byte{kindItemCount}, []byte{kindItemCount + 1}, pebble.Sync))
	if counts, err := s.CountItems(ItemQuery{Workspace: "w0"}); err != nil || len(counts) > 0 {
		t.Fatalf("%v, %v: the folder is not as it was before", counts, err)
	}
	for range 2 {
		must(t, s.Close())
		s = openOn(t, fs)
		compareCounts(t, s)
	}
	must(t, s.Close())
}
