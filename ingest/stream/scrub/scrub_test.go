package scrub_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"tributary/ingest/stream/scrub"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// mark is what must not be found. Tables are not compressed here, so that it would be.
var mark = []byte("mark-4f1d-of-one-person")

const dir = "db"

// open returns a small database that flushes often, with or without files of values.
func open(t *testing.T, fs vfs.FS, values bool) (*pebble.DB, *scrub.Scrubber) {
	t.Helper()
	o := &pebble.Options{
		FS: fs, FormatMajorVersion: pebble.FormatValueSeparation, MemTableSize: 256 << 10, L0CompactionThreshold: 4,
		Logger: quiet{}, MemTableStopWritesThreshold: 4,
	}
	o.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionNone })
	if values {
		o.Experimental.ValueSeparationPolicy = func() pebble.ValueSeparationPolicy {
			return pebble.ValueSeparationPolicy{Enabled: true, MinimumSize: 64, TargetGarbageRatio: 0.9, MaxBlobReferenceDepth: math.MaxInt32}
		}
	}
	s := scrub.New(dir, []byte("sentinel"), o)
	db, err := pebble.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db, s
}

type quiet struct{}

func (quiet) Infof(string, ...any)           {}
func (quiet) Errorf(string, ...any)          {}
func (quiet) Fatalf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }

// holders lists the files of the folder that hold the mark.
func holders(t *testing.T, fs vfs.FS) (names []string) {
	t.Helper()
	all, err := fs.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		f, err := fs.Open(fs.PathJoin(dir, name))
		if err != nil {
			continue // removed meanwhile
		}
		content, err := io.ReadAll(f)
		if err := errors.Join(err, f.Close()); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, mark) {
			names = append(names, name)
		}
	}
	return names
}

func kinds(names []string) (found []string) {
	for _, name := range names {
		kind := name[max(0, len(name)-4):]
		if bytes.HasPrefix([]byte(name), []byte("MANIFEST")) {
			kind = "MANIFEST"
		}
		if !slices.Contains(found, kind) {
			found = append(found, kind)
		}
	}
	return found
}

// fill writes n keys, every tenth of which bears the mark in itself and in its value; those are returned.
// Each is written twice, so that old values lie about.
func fill(t *testing.T, db *pebble.DB, n int) (marked [][]byte) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 400)
	for range 2 {
		marked = nil
		for i := range n {
			for k := range noise {
				noise[k] = byte(rng.Uint32())
			}
			key, value := fmt.Appendf(nil, "%06d", i), slices.Clone(noise)
			if i%10 == 0 {
				key, value = fmt.Appendf(key, "-%s", mark), append(value, mark...)
				marked = append(marked, key)
			}
			if err := db.Set(key, value, pebble.NoSync); err != nil {
				t.Fatal(err)
			}
		}
	}
	return marked
}

func TestScrub(t *testing.T) {
	for name, c := range map[string]struct {
		values, snapshot bool
		also             string // kind of file that must hold the mark before
	}{
		"in tables":           {also: ".sst"},
		"in files of values":  {values: true, also: "blob"},
		"kept for a snapshot": {snapshot: true, also: ".sst"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background()
			fs := vfs.NewMem()
			db, s := open(t, fs, c.values)
			marked := fill(t, db, 4000)
			var snapshot *pebble.Snapshot
			if c.snapshot {
				snapshot = db.NewSnapshot()
			}
			for _, key := range marked {
				if err := db.Delete(key, pebble.NoSync); err != nil {
					t.Fatal(err)
				}
			}
			if c.snapshot { // its values are kept in the last level, which no later compaction overlaps
				if err := errors.Join(db.Flush(), db.Compact(ctx, []byte("0"), []byte("9"), false), snapshot.Close()); err != nil {
					t.Fatal(err)
				}
			} else if err := db.Set([]byte("wal"), mark, pebble.Sync); err != nil {
				t.Fatal(err)
			} else if err := db.Delete([]byte("wal"), pebble.Sync); err != nil {
				t.Fatal(err)
			}
			before := kinds(holders(t, fs))
			for _, kind := range []string{".log", "MANIFEST", c.also} {
				if kind == ".log" && c.snapshot {
					continue
				}
				if !slices.Contains(before, kind) {
					t.Errorf("the mark is in %v, want it in a %s too: the test sees nothing", before, kind)
				}
			}
			if err := s.Scrub(ctx, db); err != nil {
				t.Fatal(err)
			}
			if left := holders(t, fs); left != nil {
				t.Errorf("the mark is in %v", left)
			}
			for i := range 4000 {
				if i%10 == 0 {
					continue
				}
				if _, closer, err := db.Get(fmt.Appendf(nil, "%06d", i)); err != nil {
					t.Fatalf("key %d: %v", i, err)
				} else if err := closer.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestScrubWhileWriting: writers go on, and what they write stays.
func TestScrubWhileWriting(t *testing.T) {
	ctx := context.Background()
	fs := vfs.NewMem()
	db, s := open(t, fs, true)
	for _, key := range fill(t, db, 2000) {
		if err := db.Delete(key, pebble.NoSync); err != nil {
			t.Fatal(err)
		}
	}
	stop, done := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for ; ; n++ {
			select {
			case <-stop:
				done <- n
				return
			default:
			}
			if err := db.Set(fmt.Appendf(nil, "live-%d", n), make([]byte, 300), pebble.Sync); err != nil {
				t.Error(err)
			}
		}
	}()
	err := s.Scrub(ctx, db)
	close(stop)
	n := <-done
	if err != nil {
		t.Fatal(err)
	}
	if left := holders(t, fs); left != nil {
		t.Errorf("the mark is in %v", left)
	}
	for i := range n {
		_, closer, err := db.Get(fmt.Appendf(nil, "live-%d", i))
		if err != nil {
			t.Fatalf("key %d of %d: %v", i, n, err)
		}
		_ = closer.Close()
	}
}

// TestScrubEnds: a reader of old keeps files alive; the caller's patience decides.
func TestScrubEnds(t *testing.T) {
	db, s := open(t, vfs.NewMem(), false)
	fill(t, db, 100)
	snapshot := db.NewSnapshot()
	defer snapshot.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Scrub(ctx, db); !errors.Is(err, context.Canceled) {
		t.Errorf("scrub gives %v", err)
	}
}
