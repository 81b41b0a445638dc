package store_test

import (
	"fmt"
	"testing"

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
			b.ResetTimer()
			for range b.N {
				if err := store.Insert(b.Context(), s, store.Events, rows, ""); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			b.StopTimer()
			sizes, err := store.Prepare[tableSize](s, "operate/table_sizes")
			if err != nil {
				b.Fatal(err)
			}
			all, err := sizes.All(b.Context(), nil)
			if err != nil {
				b.Fatal(err)
			}
			for _, t := range all {
				if t.Table == "events" {
					b.ReportMetric(t.BytesPerRow, "bytes/row")
				}
			}
		})
	}
}

type tableSize struct {
	Table             string  `ch:"table"`
	Rows              uint64  `ch:"rows"`
	BytesOnDisk       uint64  `ch:"bytes_on_disk"`
	BytesUncompressed uint64  `ch:"bytes_uncompressed"`
	Parts             uint64  `ch:"parts"`
	Partitions        uint64  `ch:"partitions"`
	BytesPerRow       float64 `ch:"bytes_per_row"`
}
