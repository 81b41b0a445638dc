package store_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"
	"tributary/sql/storetest"
)

// BenchmarkInsert is the bare rate of inserting events: one goroutine, rows made beforehand, on the
// embedded engine. The whole path is measured as a share of it.
func BenchmarkInsert(b *testing.B) {
	for _, n := range []int{10_000, 50_000} {
		b.Run(fmt.Sprintf("rows=%d", n), func(b *testing.B) {
			s, err := store.New(chdb.Options(chdbtest.Engine(b), chdbtest.Database(b)), store.Config{})
			if err != nil {
				b.Fatal(err)
			}
			b.Cleanup(func() { _ = s.Close() })
			if _, err := s.Migrate(b.Context()); err != nil {
				b.Fatal(err)
			}
			rows := storetest.Rows(1, n)
			bytes := 0
			for _, r := range rows {
				bytes += len(r.Properties)
			}
			b.SetBytes(int64(bytes))
			b.ReportAllocs()
			if err := store.Insert(b.Context(), s, store.Events, rows, ""); err != nil {
				b.Fatal(err)
			}
			perRow := bytesPerRow(b, s) // of one block, as it came: the others repeat it
			before := cpuTime()
			b.ResetTimer()
			for range b.N {
				if err := store.Insert(b.Context(), s, store.Events, rows, ""); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric((cpuTime()-before).Seconds()/float64(n)/float64(b.N)*1e6, "cpu-s/Mrows")
			b.ReportMetric(perRow, "bytes/row")
		})
	}
}

func bytesPerRow(b *testing.B, s *store.Store) float64 {
	sizes, err := store.Prepare[store.TableSize](s, "operate/table_sizes")
	if err != nil {
		b.Fatal(err)
	}
	tables, err := sizes.All(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, t := range tables {
		if t.Table == store.Events.Name() {
			return t.BytesPerRow
		}
	}
	return 0
}

// cpuTime is what this process, the engine's threads included, has used: unlike the rate, it is
// much the same on a busy machine.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkSafeJSON is the Go side of the query column, for 1 KB of properties.
func BenchmarkSafeJSON(b *testing.B) {
	raw := storetest.Rows(1, 1)[0].Properties
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, leftOut := store.SafeJSON(raw); leftOut != 0 {
			b.Fatal(leftOut)
		}
	}
}
