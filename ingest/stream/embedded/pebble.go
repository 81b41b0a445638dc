package embedded

import (
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// reclaimAfter is how long a trimmed range may wait for its tombstone to reach a table. Pebble
// then drops the tables that lie wholly within the range without reading them.
const reclaimAfter = 10 * time.Second

func pebbleOptions(c *Config, g *guard, lock *pebble.Lock) *pebble.Options {
	logger := pebbleLogger{c.Logger, c.Fatal}
	o := &pebble.Options{
		FS:                 vfs.OnDiskFull(c.FS, g.spend),
		Lock:               lock,
		Logger:             logger,
		FormatMajorVersion: pebble.FormatValueSeparation,
		// Pebble takes the memory of its memtables out of the cache: without room for them a small
		// cache holds nothing at all.
		CacheSize:                   c.CacheBytes + 2*c.MemTableBytes,
		MemTableSize:                uint64(c.MemTableBytes),
		MemTableStopWritesThreshold: 4,
		// Appends are synced anyway; these spread the writing of tables and of large batches.
		BytesPerSync:    1 << 20,
		WALBytesPerSync: 1 << 20,
		// Two cores serve everything else too.
		CompactionConcurrencyRange: func() (int, int) { return 1, 2 },
		MaxOpenFiles:               500,
		FlushDelayDeleteRange:      reclaimAfter,
	}
	o.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionFastest })
	return o
}

// pebbleLogger passes on what Pebble says.
type pebbleLogger struct {
	*slog.Logger
	fatal func(error)
}

func (l pebbleLogger) Infof(format string, args ...any) {
	l.Debug("pebble", "detail", fmt.Sprintf(format, args...))
}

func (l pebbleLogger) Errorf(format string, args ...any) {
	l.Error("pebble", "detail", fmt.Sprintf(format, args...))
}

// Fatalf is called when a write to the log or to the manifest failed. Pebble cannot go on: it does
// not know what is on disk until it reads it again.
func (l pebbleLogger) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	l.Error("log is unusable until a restart", "error", err)
	l.fatal(err)
}

func exit(error) { os.Exit(1) }
