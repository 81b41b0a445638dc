// Package scrub makes sure that no file of a Pebble database holds what was deleted or overwritten.
//
// Pebble keeps old bytes in many places: in tables that no compaction has reached, in files of values
// that others still refer to, in write-ahead logs, which it reuses without emptying them, in manifests,
// which name the first and last key of every table there ever was.
package scrub

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Scrubber scrubs one database. It is made before the database is opened, since it changes options.
type Scrubber struct {
	dir string
	fs  vfs.FS
	// sentinel is a key that nothing else is kept under. It is set and deleted to give Pebble a reason to
	// flush and to compact.
	sentinel []byte

	busy  sync.Mutex
	exact atomic.Bool // files of values are rewritten whatever little of them is garbage
}

// New prepares the options of a database in dir: write-ahead logs are deleted instead of being reused,
// and manifests are begun anew as soon as they are worth it. The options' FS and the policy by which
// values are separated must be set already. Sentinel is a key that the database's owner does not use.
func New(dir string, sentinel []byte, o *pebble.Options) *Scrubber {
	s := &Scrubber{dir: dir, fs: o.FS, sentinel: sentinel}
	o.Cleaner = cleaner{}
	o.MaxManifestFileSize = 1
	if policy := o.Experimental.ValueSeparationPolicy; policy != nil {
		o.Experimental.ValueSeparationPolicy = func() pebble.ValueSeparationPolicy {
			p := policy()
			if s.exact.Load() {
				p.TargetGarbageRatio = 0
			}
			return p
		}
	}
	return s
}

// cleaner deletes files. For Pebble it is one of those that need a file's contents, as the archiving one
// is, so write-ahead logs come to it instead of being written over, tails and all. Its methods are those of
// the cleaner that lies less deep.
type cleaner struct {
	pebble.DeleteCleaner
	needy
}

type needy struct{ pebble.ArchiveCleaner }

// pause is how long Scrub waits before it looks again whether Pebble has done what it was asked for.
const pause = 20 * time.Millisecond

// Scrub returns once no file of the database holds a key or a value that was deleted or overwritten
// before the call. Reading and writing go on meanwhile. It costs writing anew what lies above the last
// level, the tables below it that overlap, and the files of values of which a part is no longer needed.
// Ended by ctx it can be called again.
func (s *Scrubber) Scrub(ctx context.Context, db *pebble.DB) error {
	s.busy.Lock()
	defer s.busy.Unlock()
	s.exact.Store(true)
	defer s.exact.Store(false)
	logs, err := s.files(".log")
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context, *pebble.DB) error{
		s.outliveSnapshots, s.compact, s.rewritePinned, s.rewriteValues, s.renewManifest, s.awaitCleaning,
	} {
		if err := step(ctx, db); err != nil {
			return fmt.Errorf("scrub %s: %w", s.dir, err)
		}
	}
	return s.awaitGone(ctx, logs)
}

// outliveSnapshots waits until no snapshot is open that may see what was deleted.
func (s *Scrubber) outliveSnapshots(ctx context.Context, db *pebble.DB) error {
	b := db.NewBatch()
	defer func() { _ = b.Close() }()
	if err := errors.Join(b.Delete(s.sentinel, nil), b.Commit(pebble.Sync)); err != nil {
		return err
	}
	return wait(ctx, func() (bool, error) {
		m := db.Metrics().Snapshots
		return m.Count == 0 || m.EarliestSeqNum > b.SeqNum(), nil
	})
}

// compact brings everything down, level by level, and with it all tombstones to what they delete.
func (s *Scrubber) compact(ctx context.Context, db *pebble.DB) error {
	if err := db.Flush(); err != nil {
		return err
	}
	return db.Compact(ctx, []byte{0}, greatest, true)
}

// greatest is a key behind all others.
var greatest = []byte(strings.Repeat("\xff", 16))

// rewritePinned writes tables anew in which old values were kept for snapshots that are gone by now: a
// compaction alone does not look at tables of the last level that nothing overlaps.
func (s *Scrubber) rewritePinned(ctx context.Context, db *pebble.DB) error {
	levels, err := db.SSTables(pebble.WithProperties())
	if err != nil {
		return err
	}
	for _, tables := range levels {
		for _, t := range tables {
			if t.Properties == nil || t.Properties.SnapshotPinnedKeys == 0 {
				continue
			}
			inside := append(append([]byte(nil), t.Smallest.UserKey...), s.sentinel...)
			if err := db.Delete(inside, pebble.NoSync); err != nil {
				return err
			}
			if err := db.Compact(ctx, t.Smallest.UserKey, append(t.Largest.UserKey, 0), false); err != nil {
				return err
			}
		}
	}
	return nil
}

// rewriteValues waits until Pebble has written the files of values anew of which a part is garbage.
func (s *Scrubber) rewriteValues(ctx context.Context, db *pebble.DB) error {
	return wait(ctx, func() (bool, error) {
		m := db.Metrics().BlobFiles
		if m.ValueSize == m.ReferencedValueSize {
			return true, nil
		}
		return false, s.stir(db) // Pebble looks what is to be done after a flush
	})
}

// stir makes a flush, and with it a change of the manifest.
func (s *Scrubber) stir(db *pebble.DB) error {
	if err := db.Delete(s.sentinel, pebble.NoSync); err != nil {
		return err
	}
	return db.Flush()
}

// awaitCleaning waits until no file is left that the database does not need.
func (s *Scrubber) awaitCleaning(ctx context.Context, db *pebble.DB) error {
	return wait(ctx, func() (bool, error) {
		m := db.Metrics()
		left := uint64(m.Table.ObsoleteCount) + uint64(m.Table.ZombieCount) + m.BlobFiles.ObsoleteCount + m.BlobFiles.ZombieCount
		return left == 0, nil
	})
}

// awaitGone waits until the files are not there any more.
func (s *Scrubber) awaitGone(ctx context.Context, names []string) error {
	return wait(ctx, func() (bool, error) {
		for _, name := range names {
			if _, err := s.fs.Stat(s.fs.PathJoin(s.dir, name)); err == nil {
				return false, nil
			}
		}
		return true, nil
	})
}

// files lists the names in the database's folder that have the ending.
func (s *Scrubber) files(ending string) ([]string, error) {
	all, err := s.fs.List(s.dir)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", s.dir, err)
	}
	var found []string
	for _, name := range all {
		if strings.HasSuffix(name, ending) {
			found = append(found, name)
		}
	}
	return found, nil
}

func wait(ctx context.Context, done func() (bool, error)) error {
	for {
		if ok, err := done(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}
