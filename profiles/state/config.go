package state

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// Defaults of Config.
const (
	DefaultCacheBytes    = 256 << 20
	DefaultMemTableBytes = 32 << 20
	DefaultEntries       = 16384
	DefaultHorizon       = 7 * 24 * time.Hour
	DefaultLiveEntries   = 1_000_000
	DefaultLiveAge       = 24 * time.Hour
)

// A day is what horizons are multiples of.
const day = 24 * time.Hour

// Config says where and how the state is kept. The zero value of every field but Dir is its default.
type Config struct {
	// Dir is the folder of the state, made if it is not there. One process at a time holds it.
	Dir string
	// CacheBytes is the size of Pebble's block cache. Default 256 MiB.
	CacheBytes int64
	// MemTableBytes is how much Pebble gathers in memory before it writes a table; up to four of
	// them exist under load. Default 32 MiB.
	MemTableBytes int64
	// Entries bounds how many observations, states and so on the writer keeps decoded between
	// steps: between one and two times this number of each, and twice that of blocking keys. Default
	// 16384.
	Entries int
	// Horizon is how long a message id is remembered, whole days. Default 7 days.
	Horizon time.Duration
	// LiveEntries and LiveAge bound the feed of changes of a workspace: how many of the newest entries are
	// kept, and how long by the workspace's clock. Defaults: 1,000,000 and 24 hours. LiveEntries -1: there
	// is no feed.
	LiveEntries int
	LiveAge     time.Duration
	// FS is the file system. Default: the machine's.
	FS vfs.FS
	// Logger receives what operators need to know. Default: nothing is logged.
	Logger *slog.Logger
}

// Validate reports every fault of the configuration, each with its field.
func (c Config) Validate() error {
	c = c.withDefaults()
	var faults []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	fault(c.Dir == "", "dir: is empty")
	fault(c.CacheBytes < 1<<20, "cache_bytes: %d is less than 1 MiB", c.CacheBytes)
	fault(c.MemTableBytes < 1<<20 || c.MemTableBytes > 1<<30, "mem_table_bytes: %d is not between 1 MiB and 1 GiB", c.MemTableBytes)
	fault(c.Entries < 16, "entries: %d is less than 16", c.Entries)
	fault(c.Horizon < day || c.Horizon%day != 0, "horizon: %s is not a number of whole days", c.Horizon)
	fault(c.LiveEntries < -1, "live_entries: %d is less than -1", c.LiveEntries)
	fault(c.LiveAge < time.Minute, "live_age: %s is less than a minute", c.LiveAge)
	return errors.Join(faults...)
}

func (c Config) withDefaults() Config {
	if c.CacheBytes == 0 {
		c.CacheBytes = DefaultCacheBytes
	}
	if c.MemTableBytes == 0 {
		c.MemTableBytes = DefaultMemTableBytes
	}
	if c.Entries == 0 {
		c.Entries = DefaultEntries
	}
	if c.Horizon == 0 {
		c.Horizon = DefaultHorizon
	}
	if c.LiveEntries == 0 {
		c.LiveEntries = DefaultLiveEntries
	}
	if c.LiveAge == 0 {
		c.LiveAge = DefaultLiveAge
	}
	if c.FS == nil {
		c.FS = vfs.Default
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// options suit a state that is small, written all the time and read by key: filters answer for
// the message ids that were never seen, which is nearly every lookup.
func (c Config) options() *pebble.Options {
	o := &pebble.Options{
		// Pebble takes the memory of its memtables out of the cache: without room for them a small
		// cache holds nothing at all.
		Cache:                       pebble.NewCache(c.CacheBytes + 2*c.MemTableBytes),
		FS:                          c.FS,
		FormatMajorVersion:          pebble.FormatTableFormatV6,
		Logger:                      pebbleLogger{c.Logger},
		Merger:                      merger,
		MemTableSize:                uint64(c.MemTableBytes),
		MemTableStopWritesThreshold: 4,
		L0CompactionThreshold:       8,
		L0StopWritesThreshold:       24,
		WALBytesPerSync:             1 << 20,
		BytesPerSync:                1 << 20,
	}
	o.Levels[0].FilterPolicy = bloom.FilterPolicy(10)
	o.Levels[0].IndexBlockSize = 256 << 10 // one index per table: a lookup reads two blocks, not three
	o.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionFastest })
	return o
}

// pebbleLogger passes on what Pebble says when something is wrong.
type pebbleLogger struct{ logger *slog.Logger }

func (l pebbleLogger) Infof(string, ...any) {}

func (l pebbleLogger) Errorf(format string, args ...any) {
	l.logger.Error("state database", "detail", fmt.Sprintf(format, args...))
}

// Fatalf must not return: Pebble calls it when it can no longer keep what it promised.
func (l pebbleLogger) Fatalf(format string, args ...any) {
	l.Errorf(format, args...)
	panic("state: " + fmt.Sprintf(format, args...))
}
