package replay_test

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/ingest/stream"
	"tributary/profiles/replay"
)

// BenchmarkCopy copies records of 1 KB from one log on disk into another; every operation is a record.
func BenchmarkCopy(b *testing.B) {
	old, into := openLog(b, vfs.Default, b.TempDir(), 4), openLog(b, vfs.Default, b.TempDir(), 4)
	defer old.Close()
	defer into.Close()
	value := []byte(`{"text":"` + strings.Repeat("lorem ipsum ", 80) + `"}`)
	batch := make([]stream.Record, 0, 500)
	for n := range b.N {
		r := sent(stream.LaneLive, stream.KindEvent, fmt.Sprint("s", n%7), n)
		r.Value = value
		if batch = append(batch, r); len(batch) == cap(batch) || n == b.N-1 {
			put(b, old, batch...)
			batch = batch[:0]
		}
	}
	b.SetBytes(int64(len(value)))
	b.ReportAllocs()
	b.ResetTimer()
	began := cpu(b)
	must(b, replay.Run(b.Context(), old, into, replay.New("old", replay.Choice{}), forget))
	b.ReportMetric(float64((cpu(b)-began).Microseconds())/float64(b.N), "cpu-µs/op")
}

// cpu is what this process has used; a wall clock tells little on a busy machine.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
