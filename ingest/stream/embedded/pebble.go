package embedded

import (
	"fmt"
	"log/slog"
	"math"
	"os"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
)

// reclaimAfter is how long a trimmed range may wait for its tombstone to reach a table. Pebble
// then drops the tables that lie wholly within the range without reading them.
const reclaimAfter = 10 * time.Second

const (
	// blockBytes is how much is compressed at once. Records are read in long runs, never one by one.
	blockBytes = 32 << 10
	// tableBytes is the size of a table, the values that it refers to included: a flush makes one,
	// with one file of values.
	tableBytes = 64 << 20
	// separateBytes is the size from which a record is written once, into a file of values, instead
	// of again with every compaction of the table that has its key.
	separateBytes = 128
	// flushes is how many flushes lie side by side before their keys are merged. Readers at the end
	// of the log look into each of them, those that catch up into the merged ones.
	flushes = 8
)

func pebbleOptions(c *Config, g *guard, lock *pebble.Lock) *pebble.Options {
	logger := pebbleLogger{c.Logger, c.Fatal}
	o := &pebble.Options{
		FS:                 vfs.OnDiskFull(c.FS, g.spend),
		ReadOnly:           c.ReadOnly,
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
		L0CompactionThreshold:      flushes,
		L0StopWritesThreshold:      4 * flushes,
	}
	o.ApplyCompressionSettings(func() pebble.DBCompressionSettings { return pebble.DBCompressionFastest })
	for level := range o.Levels {
		o.Levels[level].BlockSize = blockBytes
		o.TargetFileSizes[level] = tableBytes
	}
	// Nothing is read twice, so no reading is a reason to compact.
	o.Experimental.ReadSamplingMultiplier = -1
	o.Experimental.ValueSeparationPolicy = separation
	return o
}

// separation keeps values out of compactions. A file of values goes once all of it is trimmed; as
// each has records of several partitions, files of which others still keep some are rewritten when
// half of all values are garbage.
func separation() pebble.ValueSeparationPolicy {
	return pebble.ValueSeparationPolicy{
		Enabled:            true,
		MinimumSize:        separateBytes,
		TargetGarbageRatio: 0.5,
		// However many files of values a table refers to, a scan reads them one after the other,
		// since offsets ascend: their number is no reason to write the values again.
		MaxBlobReferenceDepth: math.MaxInt32,
	}
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
