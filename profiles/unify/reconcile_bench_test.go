package unify_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/ingest/stream"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// BenchmarkReconcilePending makes the accounts while nothing is applied; every operation is a record of
// 1 KB that is pending.
func BenchmarkReconcilePending(b *testing.B) {
	r := open(b, vfs.NewMem(), unify.Config{})
	defer r.stop()
	for n := 0; n < b.N; n += 500 {
		var batch []stream.Record
		for i := n; i < min(n+500, b.N); i++ {
			record := rejected(fmt.Sprint("s", i%7), i, "invalid")
			record.Value = []byte(`{"text":"` + strings.Repeat("lorem ipsum ", 80) + `"}`)
			batch = append(batch, record)
		}
		r.put(batch...)
	}
	b.SetBytes(1 << 10)
	b.ResetTimer()
	began := cpu(b)
	report, err := unify.Reconcile(b.Context(), r.log, r.state, unify.Selection{})
	must(b, err)
	b.ReportMetric(float64(cpu(b)-began)/1e3/float64(b.N), "cpu-µs/op")
	for _, d := range report.Days {
		if !d.Balanced() {
			b.Fatal("does not add up")
		}
	}
}

// BenchmarkCountQuarantine counts items by day, source and reason, as a page does every few seconds: as they were counted
// when they were put, and, where a bound lies within a day, one by one.
func BenchmarkCountQuarantine(b *testing.B) {
	const items = 100_000
	r := open(b, vfs.NewMem(), unify.Config{})
	defer r.stop()
	for n := 0; n < items; n += 500 {
		var batch []stream.Record
		for i := n; i < n+500; i++ {
			batch = append(batch, rejected(fmt.Sprint("s", i%7), i, "invalid"))
		}
		r.put(batch...)
	}
	r.start().settle()
	for name, since := range map[string]time.Time{"counted": {}, "one by one": epoch.Add(-time.Hour)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				counts, err := r.state.CountItems(state.ItemQuery{Workspace: "w", Status: state.StatusOpen, Since: since})
				must(b, err)
				var sum uint64
				for _, n := range counts {
					sum += n
				}
				if sum != items {
					b.Fatalf("%d items, want %d", sum, items)
				}
			}
		})
	}
}
