package embedded

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"tributary/ingest/stream"
)

const benchValue = 1024

// BenchmarkAppend measures durable records of 1 KB, beside what synced batches of the same size on
// a bare Pebble of the same options reach just before and after (ratio: of the records per second).
func BenchmarkAppend(b *testing.B) {
	for _, bc := range []struct{ writers, batch int }{{1, 1}, {32, 1}, {256, 1}, {1, 100}, {8, 100}} {
		b.Run(fmt.Sprintf("writers=%d/batch=%d", bc.writers, bc.batch), func(b *testing.B) {
			bare := benchBare(b, bc.writers, bc.batch)
			l := openBench(b)
			records := benchRecords(bc.writers, bc.batch)
			b.SetBytes(benchValue)
			b.ReportAllocs()
			b.ResetTimer()
			before := cpuTime()
			parallel(b, bc.writers, bc.batch, func(w int) error {
				_, err := l.Append(context.Background(), records[w])
				return err
			})
			rate := float64(b.N) / b.Elapsed().Seconds()
			b.ReportMetric(rate, "records/s")
			b.ReportMetric((cpuTime()-before).Seconds()*1e6/float64(b.N), "cpu-s/million")
			bare = (bare + benchBare(b, bc.writers, bc.batch)) / 2
			b.ReportMetric(rate/bare, "of-bare-pebble")
		})
	}
}

// BenchmarkRead measures reading back from the first record on, in steps of 1,000.
func BenchmarkRead(b *testing.B) {
	l := openBench(b)
	ctx := context.Background()
	batch := benchRecords(1, 1000)[0]
	for range 100 {
		if _, err := l.Append(ctx, batch); err != nil {
			b.Fatal(err)
		}
	}
	id := stream.PartitionOf(stream.LaneLive, stream.Shard("acme", "source-0", DefaultShards))
	infos, _ := l.Partitions(ctx)
	total := int(infos[id].Next)
	b.SetBytes(benchValue)
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; {
		r, err := l.Reader(id, 0)
		if err != nil {
			b.Fatal(err)
		}
		for at := 0; at < total && n < b.N; {
			entries, err := r.Next(ctx, 1000)
			if err != nil {
				b.Fatal(err)
			}
			at += len(entries)
			n += len(entries)
		}
		_ = r.Close()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

func openBench(b *testing.B) *Log {
	b.Helper()
	l, err := Open(Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := l.Close(); err != nil {
			b.Error(err)
		}
	})
	return l
}

func benchRecords(writers, batch int) [][]stream.Record {
	rng := rand.New(rand.NewPCG(1, 2))
	all := make([][]stream.Record, writers)
	for w := range all {
		for i := range batch {
			all[w] = append(all[w], stream.Record{
				Kind: stream.KindEvent, Workspace: "acme", Source: fmt.Sprintf("source-%d", w%4),
				MessageID: fmt.Sprintf("%08x-%04x", rng.Uint32(), i), ReceivedAt: time.UnixMilli(1_700_000_000_000),
				Value: benchPayload(rng),
			})
		}
	}
	return all
}

// benchPayload is text that compresses about as an event does.
func benchPayload(rng *rand.Rand) []byte {
	value := make([]byte, 0, benchValue)
	for len(value) < benchValue {
		value = fmt.Appendf(value, `{"property_%d":"%x"},`, rng.IntN(10), rng.Uint64())
	}
	return value[:benchValue]
}

// benchBare returns the records per second that bare Pebble reaches in about a quarter of a second.
func benchBare(b *testing.B, writers, batch int) float64 {
	b.Helper()
	c := Config{Dir: b.TempDir()}.withDefaults()
	o := pebbleOptions(&c, newGuard(&c), nil)
	db, err := pebble.Open(c.Dir, o)
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	records := benchRecords(writers, batch)
	var next, done atomic.Uint64
	start := time.Now()
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for time.Since(start) < 250*time.Millisecond {
				pb := db.NewBatch()
				for i := range records[w] {
					_ = pb.Set(recordKey(0, next.Add(1)), records[w][i].Value, nil)
				}
				if err := pb.Commit(pebble.Sync); err != nil {
					b.Error(err)
					return
				}
				_ = pb.Close()
				done.Add(uint64(batch))
			}
		})
	}
	wg.Wait()
	return float64(done.Load()) / time.Since(start).Seconds()
}

// parallel calls the function until the writers together have appended b.N records.
func parallel(b *testing.B, writers, batch int, do func(writer int) error) {
	b.Helper()
	var left atomic.Int64
	left.Store(int64((b.N + batch - 1) / batch))
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if err := do(w); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
