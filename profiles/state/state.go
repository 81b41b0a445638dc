// Package state is the hot state of one unify worker: who is who, what is kept of each
// observation, and how far the log has been applied. It is a Pebble instance of its own; the
// outbox lives in it too, so that one batch commits both.
//
// One goroutine writes, through the Tx; any number read, through snapshots. The layout is in
// keys.go. Nothing here is the only copy of anything: the log and ClickHouse hold all of it.
package state

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"tributary/ingest/stream"
	"tributary/ingest/stream/scrub"
	"tributary/profiles"
)

var (
	// ErrClosed is returned after Close.
	ErrClosed = errors.New("state: closed")
	// ErrFormat is returned by Open for a folder that another version of the layout wrote.
	ErrFormat = errors.New("state: unknown layout")
	// ErrCorrupt is returned when a stored value cannot be read back.
	ErrCorrupt = errors.New("state: corrupt value")
)

// format is the number of the layout in keys.go. A state of another one is not opened: it is
// rebuilt from the log and ClickHouse.
const format = 7

// Store is an open hot state. It is safe for concurrent use, its Tx is not.
type Store struct {
	config Config
	db     *pebble.DB
	tx     *Tx

	definitionsRevision atomic.Uint64
	docs                atomic.Uint64 // grows with every change of a document
	stale               atomic.Int64  // profiles that wait for their row

	privacy  privacyIndex
	live     liveWatch
	presence presence

	scrubber *scrub.Scrubber

	readers sync.WaitGroup // Close waits for them

	mu        sync.Mutex
	closed    bool
	applied   map[stream.Partition]uint64
	committed chan struct{} // closed and replaced when applied grows
}

var _ profiles.HotStore = (*Store)(nil)

// Open opens the state in config.Dir, made if it is not there. The folder is locked: a second
// process gets an error.
func Open(config Config) (*Store, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("open state: %w", err)
	}
	config = config.withDefaults()
	options := config.options()
	defer options.Cache.Unref()
	scrubber := scrub.New(config.Dir, sentinel, options)
	db, err := pebble.Open(config.Dir, options)
	if err != nil {
		return nil, fmt.Errorf("open state: %w", err)
	}
	s := &Store{scrubber: scrubber, config: config, db: db, applied: map[stream.Partition]uint64{}, committed: make(chan struct{})}
	if err := s.load(); err != nil {
		return nil, errors.Join(fmt.Errorf("open state: %w", err), db.Close())
	}
	return s, nil
}

func (s *Store) load() error {
	if err := s.checkFormat(); err != nil {
		return err
	}
	offsets, err := readOffsets(s.db)
	if err != nil {
		return err
	}
	s.applied = offsets
	if err := s.loadPrivacy(); err != nil {
		return err
	}
	if err := s.endFeeds(); err != nil {
		return err
	}
	if err := s.countItemsOnce(); err != nil {
		return err
	}
	s.tx, err = newTx(s)
	return err
}

func (s *Store) checkFormat() error {
	value, err := get(s.db, []byte{kindFormat})
	switch {
	case err != nil:
		return err
	case value == nil:
		return s.db.Set([]byte{kindFormat}, []byte{format}, pebble.Sync)
	case len(value) != 1 || value[0] != format:
		return fmt.Errorf("%w %x, this program reads %d", ErrFormat, value, format)
	}
	return nil
}

// StaleProfiles is how many profiles wait for their row in ClickHouse to be written anew.
func (s *Store) StaleProfiles() int { return int(s.stale.Load()) }

// DB is the database, for the outbox, which keeps to its own prefix.
func (s *Store) DB() *pebble.DB { return s.db }

// Tx is the one writer. It is for one goroutine.
func (s *Store) Tx() *Tx { return s.tx }

// Offsets returns, by partition, the next offset to apply: every record before it is applied.
func (s *Store) Offsets() map[stream.Partition]uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	offsets := make(map[stream.Partition]uint64, len(s.applied))
	for p, next := range s.applied {
		offsets[p] = next
	}
	return offsets
}

// Applied says whether the record at a position of the log is applied: whoever reads now sees
// what it did.
func (s *Store) Applied(pos stream.Position) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.applied[pos.Partition] > pos.Offset
}

// Wait returns nil once the record at pos is applied, or ctx's error.
func (s *Store) Wait(ctx context.Context, pos stream.Position) error {
	for {
		s.mu.Lock()
		done, committed := s.applied[pos.Partition] > pos.Offset, s.committed
		s.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-committed:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", pos, ctx.Err())
		}
	}
}

// advance publishes offsets that were just committed.
func (s *Store) advance(offsets map[stream.Partition]uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for p, next := range offsets {
		s.applied[p] = next
	}
	close(s.committed)
	s.committed = make(chan struct{})
}

// Sync makes everything durable that is committed so far.
func (s *Store) Sync() error {
	if err := s.db.LogData(nil, pebble.Sync); err != nil {
		return fmt.Errorf("sync state: %w", err)
	}
	return nil
}

// acquire keeps the database open until release.
func (s *Store) acquire() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	s.readers.Add(1)
	return nil
}

func (s *Store) release() { s.readers.Done() }

// Close waits for readers' snapshots to be closed, makes everything durable and releases the
// folder. The Tx and the outbox must not be in use. Closing twice is safe.
func (s *Store) Close() error {
	s.mu.Lock()
	closed := s.closed
	s.closed = true
	s.mu.Unlock()
	if closed {
		return nil
	}
	s.readers.Wait()
	s.tx.Abort()
	err := s.Sync()
	if err := errors.Join(err, s.db.Close()); err != nil {
		return fmt.Errorf("close state: %w", err)
	}
	return nil
}

// readOffsets reads the committed offsets.
func readOffsets(r pebble.Reader) (map[stream.Partition]uint64, error) {
	offsets := map[stream.Partition]uint64{}
	err := scan(r, []byte{kindOffset}, func(key, value []byte) error {
		if len(key) != 5 || len(value) != 8 {
			return fmt.Errorf("%w: offset", ErrCorrupt)
		}
		offsets[stream.Partition(binary.BigEndian.Uint32(key[1:]))] = binary.BigEndian.Uint64(value)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read offsets: %w", err)
	}
	return offsets, nil
}
