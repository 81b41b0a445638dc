package state

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/identity"
	"tributary/identity/match"
	"tributary/ingest/stream"
)

// kept is a plain model of the sets of all epochs.
type kept map[setName]map[match.Ref]bool

type setName struct {
	epoch  uint32
	linked bool
	key    uint64
}

func (k kept) change(n setName, r match.Ref, held bool) {
	if k[n] == nil {
		k[n] = map[match.Ref]bool{}
	}
	if k[n][r] = true; !held {
		delete(k[n], r)
	}
}

func (k kept) clone() kept {
	c := kept{}
	for n, refs := range k {
		c[n] = maps.Clone(refs)
	}
	return c
}

func (k kept) check(t tb, of func(epoch uint32) match.Store) {
	t.Helper()
	for n := range k {
		read := of(n.epoch).Sharing
		if n.linked {
			read = func(key uint64) ([]match.Ref, error) { return of(n.epoch).Linked(match.Ref(key)) }
		}
		got, err := read(n.key)
		must(t, err)
		if want := slices.Sorted(maps.Keys(k[n])); !slices.Equal(got, want) {
			t.Fatalf("%+v holds %v, want %v", n, got, want)
		}
	}
}

// TestMatchingAgreesWithModel keys and links in steps, some of them dropped, in two epochs that are
// dropped now and then, with caches that hold nearly nothing, while Pebble writes tables at any
// moment. Sets are read before and after they are changed.
func TestMatchingAgreesWithModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fs := vfs.NewMem()
		reopen := func() *Store {
			s := openOn(t, fs)
			s.tx.postings.cached.limit, s.tx.linked.cached.limit, s.tx.fresh.limit = 2, 2, 3
			return s
		}
		s := reopen()
		committed, step := kept{}, kept{}
		ref := rapid.Map(rapid.Uint32Range(1, 5), func(r uint32) match.Ref { return match.Ref(r) })
		epochs := rapid.Uint32Range(1, 2)
		matching := func(epoch uint32) match.Store { return workspace(t, s, "w").Matching(epoch) }
		t.Repeat(map[string]func(*rapid.T){
			"key": func(t *rapid.T) {
				n := setName{epochs.Draw(t, "epoch"), false, rapid.Uint64Range(1, 8).Draw(t, "key") << 60}
				r, held := ref.Draw(t, "ref"), rapid.Bool().Draw(t, "held")
				if held {
					must(t, matching(n.epoch).AddKey(n.key, r))
				} else {
					must(t, matching(n.epoch).RemoveKey(n.key, r))
				}
				step.change(n, r, held)
			},
			"link": func(t *rapid.T) {
				epoch, a, b := epochs.Draw(t, "epoch"), ref.Draw(t, "a"), ref.Draw(t, "b")
				held := rapid.Bool().Draw(t, "held")
				if held {
					must(t, matching(epoch).Link(a, b))
				} else {
					must(t, matching(epoch).Unlink(a, b))
				}
				step.change(setName{epoch, true, uint64(a)}, b, held)
				step.change(setName{epoch, true, uint64(b)}, a, held)
			},
			"read": func(t *rapid.T) {
				n := setName{epochs.Draw(t, "epoch"), false, rapid.Uint64Range(1, 8).Draw(t, "key") << 60}
				kept{n: step[n]}.check(t, matching)
			},
			"drop": func(t *rapid.T) {
				epoch := epochs.Draw(t, "epoch")
				must(t, workspace(t, s, "w").DropMatching(epoch))
				for n := range step {
					if n.epoch == epoch {
						step[n] = map[match.Ref]bool{}
					}
				}
			},
			"commit":  func(t *rapid.T) { must(t, s.Tx().Commit()); committed = step.clone() },
			"abort":   func(*rapid.T) { s.Tx().Abort(); step = committed.clone() },
			"flush":   func(t *rapid.T) { must(t, s.DB().Flush()) },
			"compact": func(t *rapid.T) { must(t, s.DB().Compact(context.Background(), []byte{0}, []byte{255}, false)) },
			"reopen":  func(t *rapid.T) { must(t, s.Close()); s, step = reopen(), committed.clone() },
			"check":   func(t *rapid.T) { step.check(t, matching) },
			"": func(t *rapid.T) {
				hot, err := s.View("w")
				must(t, err)
				committed.check(t, func(epoch uint32) match.Store { return hot.Matching(epoch) })
				must(t, hot.Close())
			},
		})
		must(t, s.Close())
	})
}

func TestNumbersStayForEver(t *testing.T) {
	fs := vfs.NewMem()
	s := openOn(t, fs)
	number := func(epoch uint32, b byte) match.Ref {
		r, err := workspace(t, s, "w").Matching(epoch).Number(uuid.UUID{b})
		must(t, err)
		return r
	}
	if a, b, c := number(1, 1), number(2, 2), number(2, 1); a != 1 || b != 2 || c != 1 {
		t.Fatalf("numbers %d, %d, %d", a, b, c)
	}
	must(t, s.Tx().Commit())
	if r := number(1, 3); r != 3 {
		t.Fatalf("number %d", r)
	}
	s.Tx().Abort()
	if r := number(1, 4); r != 3 {
		t.Fatalf("number %d after a step that gave 3 was dropped", r)
	}
	must(t, workspace(t, s, "w").DropMatching(1))
	must(t, s.Tx().Commit())
	must(t, s.Close())
	s = openOn(t, fs)
	defer func() { must(t, s.Close()) }()
	if b, e := number(1, 2), number(1, 5); b != 2 || e != 4 {
		t.Fatalf("numbers %d, %d after a restart", b, e)
	}
	if _, known, err := workspace(t, s, "v").Matching(1).Find(uuid.UUID{1}); known || err != nil {
		t.Fatalf("another workspace knows a number: %v, %v", known, err)
	}
}

func TestNumberedObservation(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	defer func() { must(t, s.Close()) }()
	w, id := workspace(t, s, "w"), uuid.UUID{7}
	r, err := w.Matching(1).Number(id)
	must(t, err)
	if o, err := w.Matching(1).Observation(r); o != nil || err != nil {
		t.Fatalf("observation %v, %v, before it was stored", o, err)
	}
	_, err = w.Put(&Observed{Observation: identity.Observation{ID: id, Source: "crm"}})
	must(t, err)
	if o, err := w.Matching(2).Observation(r); o == nil || o.Source != "crm" || err != nil {
		t.Fatalf("observation %v, %v", o, err)
	}
	if o, err := w.Matching(1).Observation(r + 1); o != nil || err != nil {
		t.Fatalf("observation %v, %v of a number that was not given", o, err)
	}
}

func TestSnapshotOfMatchingStandsStill(t *testing.T) {
	s := openOn(t, vfs.NewMem())
	defer func() { must(t, s.Close()) }()
	id := uuid.UUID{1}
	m := workspace(t, s, "w").Matching(1)
	r, err := m.Number(id)
	must(t, err)
	must(t, m.AddKey(5, r))
	must(t, s.Tx().Commit())
	hot, err := s.View("w")
	must(t, err)
	defer func() { must(t, hot.Close()) }()
	must(t, m.AddKey(5, 9))
	must(t, m.Link(r, 9))
	must(t, workspace(t, s, "w").DropMatching(2))
	must(t, s.Tx().Commit())
	must(t, workspace(t, s, "w").DropMatching(1))
	must(t, s.Tx().Commit())
	must(t, s.DB().Compact(t.Context(), []byte{0}, []byte{255}, false))
	was := hot.Matching(1)
	sharing, err := was.Sharing(5)
	must(t, err)
	linked, err := was.Linked(r)
	must(t, err)
	found, err := was.Number(id)
	must(t, err)
	if !slices.Equal(sharing, []match.Ref{r}) || len(linked) != 0 || found != r {
		t.Errorf("sharing %v, linked %v, number %d", sharing, linked, found)
	}
	_, err = was.Number(uuid.UUID{2})
	for _, err := range []error{err, was.AddKey(1, 1), was.RemoveKey(1, 1), was.Link(1, 2), was.Unlink(1, 2)} {
		if !errors.Is(err, ErrReadOnly) {
			t.Errorf("writing to a snapshot: %v", err)
		}
	}
}

// TestPowerLossKeepsWholeSteps keys observations in steps, with their offset, and cuts the power. What
// is left is what the steps before some offset did, all of it.
func TestPowerLossKeepsWholeSteps(t *testing.T) {
	for seed := range uint64(20) {
		fs := vfs.NewCrashableMem()
		s := openOn(t, fs)
		for n := range uint64(200) {
			m := workspace(t, s, "w").Matching(1)
			r, err := m.Number(uuid.UUID{byte(n), 1})
			must(t, err)
			must(t, m.AddKey(n%7, r))
			must(t, m.Link(r, r+1))
			s.Tx().SetOffset(0, n+1)
			must(t, s.Tx().Commit())
			if n == 50 {
				must(t, s.Sync())
			}
		}
		crashed := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 50, RNG: rand.New(rand.NewPCG(seed, 0))})
		must(t, s.Close())
		s = openOn(t, crashed)
		n := s.Offsets()[stream.Partition(0)]
		if n < 51 {
			t.Fatalf("%d steps are left of 51 that were synced", n)
		}
		w := workspace(t, s, "w")
		held := 0
		for key := range uint64(7) {
			sharing, err := w.Matching(1).Sharing(key)
			must(t, err)
			held += len(sharing)
		}
		last, err := w.Matching(1).Linked(match.Ref(n + 1))
		must(t, err)
		if uint64(held) != n || !slices.Equal(last, []match.Ref{match.Ref(n)}) || uint64(w.numbered) != n {
			t.Fatalf("after %d steps: %d keys, links %v, %d numbers", n, held, last, w.numbered)
		}
		must(t, s.Close())
	}
}

// BenchmarkMatching keys and links 20,000 observations with 30 keys each, 26 of which nobody else has:
// in steps of 1,000, in the state and in maps. The unit is one observation.
func BenchmarkMatching(b *testing.B) {
	const observations, step = 20_000, 1_000
	b.Run("state", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			dir := b.TempDir()
			s, err := Open(Config{Dir: dir})
			must(b, err)
			for n := range observations {
				w, err := s.Tx().Workspace("default")
				must(b, err)
				keyOne(b, w.Matching(1), n)
				if n%step == step-1 {
					must(b, s.Tx().Commit())
				}
			}
			b.StopTimer()
			must(b, s.DB().Flush())
			must(b, s.DB().Compact(b.Context(), []byte{0}, []byte{255}, false))
			size, err := s.DB().EstimateDiskUsage([]byte{0}, []byte{255})
			must(b, err)
			b.ReportMetric(float64(size)/observations, "disk-B/observation")
			must(b, s.Close())
			b.StartTimer()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/observations, "ns/observation")
	})
	b.Run("map", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			m := match.NewMemory(nil)
			for n := range observations {
				keyOne(b, m, n)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/observations, "ns/observation")
	})
}

// check is must without Helper, which costs as much as what is measured.
func check(b tb, err error) {
	if err != nil {
		b.Fatal(err)
	}
}

// keyOne does what a Linker does with a new observation: it looks for those that share its keys,
// links it to a few of them, and adds the keys.
func keyOne(b tb, m match.Store, n int) {
	random := rand.New(rand.NewPCG(1, uint64(n)))
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:], random.Uint64())
	r, err := m.Number(id)
	check(b, err)
	var keys [30]uint64
	for i := range keys {
		keys[i] = random.Uint64()
		if i < 4 { // shared by about 2, 20, 200 and 2,000
			keys[i] = uint64(i)<<60 | random.Uint64N(uint64(20_000/[...]int{2, 20, 200, 2000}[i]))
		}
	}
	for i, key := range keys {
		sharing, err := m.Sharing(key)
		check(b, err)
		if i == 0 {
			for _, other := range sharing[:min(2, len(sharing))] {
				check(b, m.Link(r, other))
			}
		}
	}
	for _, key := range keys {
		check(b, m.AddKey(key, r))
	}
}
