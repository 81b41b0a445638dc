// Package embedded keeps a stream.Log in one folder, on Pebble. One appender assigns the offsets
// and commits what callers gave meanwhile in one batch with one fsync.
package embedded

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"syscall"

	"github.com/cockroachdb/pebble/v2"

	"tributary/ingest/stream"
	"tributary/ingest/stream/scrub"
)

var (
	// ErrLocked is returned by Open when another process, or another Log, holds the folder.
	ErrLocked = errors.New("embedded log: folder is in use")
	// ErrShards is returned by Open when the log was created with another number of shards.
	ErrShards = errors.New("embedded log: number of shards differs")
	// ErrFormat is returned by Open when the folder holds a format that this program cannot read.
	ErrFormat = errors.New("embedded log: unknown format")
	// ErrReadOnly is returned by what would change a log that is open for reading alone.
	ErrReadOnly = errors.New("embedded log: open for reading alone")
	// ErrPartition is returned for a partition that the log does not have.
	ErrPartition = errors.New("embedded log: no such partition")
)

// Log is a stream.Log and a stream.Counter.
type Log struct {
	config Config
	db     *pebble.DB
	lock   *pebble.Lock
	guard  *guard

	scrubber *scrub.Scrubber

	partitions []*partition // live shards, then bulk shards: ordered by ID
	sources    sources
	queue      queue
	stopped    chan struct{} // the appender and its syncer have ended

	use    sync.RWMutex // held for reading while the database is used outside the appender
	closed chan struct{}
	once   sync.Once
	err    error // of Close
}

var (
	_ stream.Log     = (*Log)(nil)
	_ stream.Counter = (*Log)(nil)
)

// Open opens the log in c.Dir, or creates it.
func Open(c Config) (*Log, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	c = c.withDefaults()
	if c.ReadOnly {
		if _, err := c.FS.Stat(c.Dir); err != nil { // locking would begin a folder
			return nil, fmt.Errorf("open log: %w", err)
		}
	} else if err := c.FS.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	lock, err := lockFolder(&c)
	if err != nil {
		return nil, err
	}
	l := &Log{config: c, lock: lock, guard: newGuard(&c), closed: make(chan struct{}), stopped: make(chan struct{})}
	if !c.ReadOnly {
		if err := l.guard.layBallast(); err != nil {
			c.Logger.Warn("ballast is not there", "error", err)
		}
	}
	options := pebbleOptions(&c, l.guard, lock)
	l.scrubber = scrub.New(c.Dir, []byte{prefixSentinel}, options)
	if l.db, err = pebble.Open(c.Dir, options); err != nil {
		return nil, fmt.Errorf("open log: %w", errors.Join(err, lock.Close()))
	}
	if err := l.load(); err != nil {
		return nil, fmt.Errorf("open log: %w", errors.Join(err, l.db.Close(), lock.Close()))
	}
	l.queue.init()
	if c.ReadOnly {
		close(l.stopped)
		return l, nil
	}
	go l.run()
	return l, nil
}

func lockFolder(c *Config) (*pebble.Lock, error) {
	lock, err := pebble.LockDirectory(c.Dir, c.FS)
	switch {
	case err == nil:
		return lock, nil
	case errors.Is(err, syscall.EAGAIN), errors.Is(err, syscall.EACCES), err.Error() == "lock held by current process":
		return nil, fmt.Errorf("%w: %s", ErrLocked, c.Dir)
	}
	return nil, fmt.Errorf("lock folder of the log: %w", err)
}

// load reads what the log knows of itself.
func (l *Log) load() error {
	if err := l.loadMeta(); err != nil {
		return err
	}
	for lane := range stream.Lane(stream.Lanes) {
		for shard := range l.config.Shards {
			p := &partition{id: stream.PartitionOf(lane, uint16(shard))}
			if err := p.load(l.db); err != nil {
				return fmt.Errorf("partition %d: %w", p.id, err)
			}
			l.partitions = append(l.partitions, p)
		}
	}
	return l.sources.load(l.db, l.config.Shards)
}

// metaVersion is the number of the layout in keys.go. 2: counters are by day.
const metaVersion = 2

// loadMeta checks the format and the number of shards, or records them if the log is new.
func (l *Log) loadMeta() error {
	value, closer, err := l.db.Get([]byte{prefixMeta})
	if errors.Is(err, pebble.ErrNotFound) {
		if l.config.ReadOnly {
			return fmt.Errorf("%w: %s holds no log", ErrFormat, l.config.Dir)
		}
		meta := binary.BigEndian.AppendUint32([]byte{metaVersion}, uint32(l.config.Shards))
		return l.db.Set([]byte{prefixMeta}, meta, pebble.Sync)
	}
	if err != nil {
		return fmt.Errorf("read meta: %w", err)
	}
	defer closer.Close()
	if len(value) != 5 || value[0] != metaVersion {
		return fmt.Errorf("%w: %x, this program reads %d", ErrFormat, value[:min(1, len(value))], metaVersion)
	}
	switch shards := int(binary.BigEndian.Uint32(value[1:])); {
	case l.config.ReadOnly:
		l.config.Shards = shards
	case shards != l.config.Shards:
		return fmt.Errorf("%w: the log has %d, the configuration %d", ErrShards, shards, l.config.Shards)
	}
	return nil
}

// Partitions implements stream.Log.
func (l *Log) Partitions(ctx context.Context) ([]stream.PartitionInfo, error) {
	if err := l.usable(ctx); err != nil {
		return nil, err
	}
	infos := make([]stream.PartitionInfo, len(l.partitions))
	for i, p := range l.partitions {
		infos[i] = p.info()
	}
	return infos, nil
}

// Received implements stream.Counter.
func (l *Log) Received(ctx context.Context) (*stream.Received, error) {
	if err := l.usable(ctx); err != nil {
		return nil, err
	}
	return l.sources.received(l.partitions), nil
}

func (l *Log) usable(ctx context.Context) error {
	select {
	case <-l.closed:
		return stream.ErrClosed
	default:
		return ctx.Err()
	}
}

// partition returns the partition with the number.
func (l *Log) partition(id stream.Partition) (*partition, error) {
	if id.Lane() >= stream.Lanes || int(id.Shard()) >= l.config.Shards {
		return nil, fmt.Errorf("%w: %d", ErrPartition, id)
	}
	return l.partitions[int(id.Lane())*l.config.Shards+int(id.Shard())], nil
}

// Close implements stream.Log.
func (l *Log) Close() error {
	l.once.Do(func() {
		l.queue.close()
		<-l.stopped
		close(l.closed)
		l.use.Lock()
		defer l.use.Unlock()
		if l.err = errors.Join(l.db.Close(), l.lock.Close()); l.err != nil {
			l.err = fmt.Errorf("close log: %w", l.err)
		}
	})
	return l.err
}
