// Package embeddedtest opens logs for tests.
package embeddedtest

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/ingest/stream/embedded"
)

// Open opens a log in memory, whose disk never fills. It is closed when the test ends, after what the test's own
// clean-up closes.
func Open(t testing.TB, shards int) *embedded.Log {
	t.Helper()
	log, err := embedded.Open(embedded.Config{
		Dir: "log", FS: vfs.NewMem(), Shards: shards, MemTableBytes: 1 << 20, BallastBytes: -1,
		FreeSpace: func() (embedded.Space, error) { return embedded.Space{Free: 1 << 50, Total: 1 << 50}, nil },
		Fatal:     func(err error) { panic(err) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	return log
}
