package embedded

import (
	"context"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2"

	"tributary/ingest/stream"
)

// BenchmarkStore writes batches of 100 records of four sources, each with a counter, to a bare Pebble
// as the log does, and reports what writing, flushing and compacting cost, in processor time and in
// bytes written beside the WAL: with the log's options, and with those of Pebble itself.
func BenchmarkStore(b *testing.B) {
	for name, options := range map[string]func(*pebble.Options){
		"log":    func(*pebble.Options) {},
		"pebble": plain,
	} {
		b.Run(name, func(b *testing.B) {
			c := Config{Dir: b.TempDir()}.withDefaults()
			o := pebbleOptions(&c, newGuard(&c), nil)
			options(o)
			db, err := pebble.Open(c.Dir, o)
			if err != nil {
				b.Fatal(err)
			}
			records := benchRecords(4, 100)
			var next [4]uint64
			before := cpuTime()
			b.ResetTimer()
			for n := 0; n < b.N; n += 100 {
				w := n / 100 % 4
				batch := db.NewBatch()
				for i := range records[w] {
					op := batch.SetDeferred(recordKeyLen, frameSize(&records[w][i]))
					putRecordKey(op.Key, stream.Partition(w), next[w])
					putFrame(op.Value, &records[w][i])
					_ = op.Finish()
					next[w]++
				}
				_ = batch.Set([]byte{prefixCounter, byte(w)}, make([]byte, 8), nil) // in each flush: they overlap
				if err := batch.Commit(pebble.Sync); err != nil {
					b.Fatal(err)
				}
			}
			m := db.Metrics() // what is under way is left out: let it run for a few seconds
			if err := db.Close(); err != nil {
				b.Fatal(err)
			}
			reportStore(b, m)
			b.ReportMetric((cpuTime()-before).Seconds()*1e6/float64(b.N), "cpu-s/million")
		})
	}
}

// plain undoes what the log sets otherwise than Pebble does.
func plain(o *pebble.Options) {
	var d pebble.Options
	d.EnsureDefaults()
	o.L0CompactionThreshold, o.L0StopWritesThreshold = d.L0CompactionThreshold, d.L0StopWritesThreshold
	o.TargetFileSizes = d.TargetFileSizes
	for level := range o.Levels {
		o.Levels[level].BlockSize = d.Levels[level].BlockSize
	}
	o.Experimental.ReadSamplingMultiplier = d.Experimental.ReadSamplingMultiplier
	o.Experimental.ValueSeparationPolicy = d.Experimental.ValueSeparationPolicy
}

func reportStore(b *testing.B, m *pebble.Metrics) {
	b.Helper()
	var written uint64
	for _, level := range m.Levels {
		written += level.TableBytesFlushed + level.TableBytesCompacted + level.BlobBytesCompacted // flushed ones are in both
	}
	b.ReportMetric(float64(written)/float64(b.N), "written-B/record")
}

// BenchmarkFollow appends as BenchmarkStore does, while two readers follow each partition.
func BenchmarkFollow(b *testing.B) {
	l := openBench(b)
	records := benchRecords(4, 100)
	ctx, cancel := context.WithCancel(context.Background())
	total := (b.N + 99) / 100 * 100
	before := cpuTime()
	b.ResetTimer()
	var readers sync.WaitGroup
	counts := make(chan int, 16)
	for range 2 {
		for _, p := range l.partitions {
			readers.Go(func() {
				r, err := l.Reader(p.id, 0)
				for err == nil {
					var entries []stream.Entry
					entries, err = r.Next(ctx, 1000)
					counts <- len(entries)
				}
			})
		}
	}
	appended := make(chan struct{})
	go func() {
		defer close(appended)
		parallel(b, 4, 100, func(w int) error {
			_, err := l.Append(ctx, records[w])
			return err
		})
	}()
	for seen := 0; seen < 2*total; {
		seen += <-counts
	}
	<-appended
	b.ReportMetric((cpuTime()-before).Seconds()*1e6/float64(b.N), "cpu-s/million")
	cancel()
	go func() { readers.Wait(); close(counts) }()
	for range counts { // until all readers have gone
		continue
	}
}
