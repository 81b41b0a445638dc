package embedded

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/ingest/stream"
)

// Defaults of Config.
const (
	DefaultShards        = 8
	DefaultMaxValueBytes = 4 << 20
	DefaultCacheBytes    = 8 << 20
	DefaultMemTableBytes = 16 << 20
	DefaultBallastBytes  = 64 << 20
)

var (
	defaultBulkWatermark = Watermark{Bytes: 4 << 30, Percent: 10}
	defaultLiveWatermark = Watermark{Bytes: 1 << 30, Percent: 3}
)

// Config says where and how a log is kept. The zero value of every field but Dir is its default.
type Config struct {
	// Dir is the folder of the log, made if it is not there. One process at a time holds it.
	Dir string
	// Shards is the number of partitions in each lane, 1 to stream.MaxShards. It is fixed when the
	// log is created; opening with another number gives ErrShards. Default 8.
	Shards int
	// MaxValueBytes is the largest value of a record. Default 4 MiB.
	MaxValueBytes int
	// CacheBytes is the size of Pebble's block cache. Readers follow the end of the log, which is
	// in memory anyway: the cache serves those who catch up. Default 8 MiB.
	CacheBytes int64
	// MemTableBytes is how much Pebble gathers in memory before it writes a table; up to four of
	// them exist under load. Default 16 MiB.
	MemTableBytes int64
	// BulkWatermark and LiveWatermark say at how little free space Append refuses a lane with
	// stream.ErrFull. What lies below the live one is the reserve in which the log flushes,
	// compacts and restarts. Defaults: less than 4 GiB or 10% for bulk, 1 GiB or 3% for live,
	// whichever is the smaller.
	BulkWatermark, LiveWatermark Watermark
	// BallastBytes is the size of a file that is given up when the disk is full in spite of the
	// watermarks, since others write to it too. Default 64 MiB; negative for none.
	BallastBytes int64
	// FreeSpace tells the space of the disk that Dir is on. Default: what the file system says.
	FreeSpace func() (Space, error)
	// ReadOnly opens a log that is there, whatever its number of shards, and changes nothing in its
	// folder: ErrReadOnly is what Append and Trim return.
	ReadOnly bool
	// Fatal is called with what makes the log unusable, such as a write that failed; it must not
	// return. All that was acknowledged is on disk and is there after a restart. Default: exit
	// with status 1.
	Fatal func(error)
	// FS is the file system. Default: the machine's.
	FS vfs.FS
	// Logger receives what operators need to know. Default: nothing is logged.
	Logger *slog.Logger
}

// Validate reports every fault of the configuration, each with its field.
func (c Config) Validate() error {
	c = c.withDefaults()
	var faults []error
	fault := func(field, format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s: %s", field, fmt.Sprintf(format, args...)))
	}
	if c.Dir == "" {
		fault("dir", "is empty")
	}
	if c.Shards < 1 || c.Shards > stream.MaxShards {
		fault("shards", "%d is not between 1 and %d", c.Shards, stream.MaxShards)
	}
	if c.MaxValueBytes < 1 || c.MaxValueBytes > maxAppendBytes {
		fault("max_value_bytes", "%d is not between 1 and %d", c.MaxValueBytes, maxAppendBytes)
	}
	if c.CacheBytes < 1<<20 {
		fault("cache_bytes", "%d is less than 1 MiB", c.CacheBytes)
	}
	if c.MemTableBytes < 1<<20 || c.MemTableBytes > 1<<30 {
		fault("mem_table_bytes", "%d is not between 1 MiB and 1 GiB", c.MemTableBytes)
	}
	for _, w := range []struct {
		field string
		Watermark
	}{{"bulk_watermark", c.BulkWatermark}, {"live_watermark", c.LiveWatermark}} {
		if w.Percent < 0 || w.Percent >= 100 {
			fault(w.field+".percent", "%g is not between 0 and 100", w.Percent)
		}
	}
	return errors.Join(faults...)
}

func (c Config) withDefaults() Config {
	setDefault(&c.Shards, DefaultShards)
	setDefault(&c.MaxValueBytes, DefaultMaxValueBytes)
	setDefault(&c.CacheBytes, DefaultCacheBytes)
	setDefault(&c.MemTableBytes, DefaultMemTableBytes)
	setDefault(&c.BallastBytes, DefaultBallastBytes)
	setDefault(&c.BulkWatermark, defaultBulkWatermark)
	setDefault(&c.LiveWatermark, defaultLiveWatermark)
	if c.FS == nil {
		c.FS = vfs.Default
	}
	if c.FreeSpace == nil {
		c.FreeSpace = diskSpace(c.FS, c.Dir)
	}
	if c.Fatal == nil {
		c.Fatal = exit
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
