package unify_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/schema"
	"tributary/ingest/stream"
	"tributary/ingest/stream/embedded"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// BenchmarkApply applies events of about 1 KB, by 10,000 people, from a log on disk: reading,
// decoding, deduplication, identity, states, counts and outbox. cpu-us/op is what the process
// spends on one event, on all cores and with Pebble's compactions.
func BenchmarkApply(b *testing.B) {
	r := openDisk(b)
	positions := fill(b, r, b.N, 10_000)
	b.SetBytes(benchSize)
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu(b)
	r.start()
	for p, next := range positions {
		must(b, r.worker.Applied(context.Background(), stream.Position{Partition: p, Offset: next - 1}))
	}
	b.StopTimer()
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N)/1e3, "cpu-us/op")
	m := r.state.DB().Metrics()
	b.ReportMetric(float64(m.WAL.BytesWritten)/float64(b.N), "wal-B/op")
	b.ReportMetric(float64(m.Total().TableBytesFlushed+m.Total().TableBytesCompacted)/float64(b.N), "table-B/op")
	if balance := r.balance(); len(balance) == 0 {
		b.Fatal("nothing was applied")
	}
	r.stop()
}

const benchSize = 1024

func openDisk(b *testing.B) *rig {
	b.Helper()
	r := &rig{tb: b, fs: vfs.Default, engine: newEngine(b), config: unify.Config{Now: time.Now}}
	dir := b.TempDir()
	var err error
	r.log, err = embedded.Open(embedded.Config{Dir: dir + "/log", BallastBytes: -1})
	must(b, err)
	r.state, err = state.Open(state.Config{Dir: dir + "/state"})
	must(b, err)
	r.outbox, err = outbox.Open(r.state.DB())
	must(b, err)
	return r
}

// BenchmarkApplyShared applies events of ever new people who all have one telephone, which is
// generic long before the end: 20,000 of them cost the same each as 2,000.
func BenchmarkApplyShared(b *testing.B) {
	for _, people := range []int{2_000, 20_000} {
		b.Run(fmt.Sprint(people), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				r := openDisk(b)
				batch := make([]stream.Record, people)
				for i := range batch {
					batch[i] = record(b, ev("shop", fmt.Sprintf("m-%d", i), i/1000, user(fmt.Sprintf("user-%d", i)),
						event.Identifier{Type: event.IDPhone, Value: "+4930901820"}))
				}
				r.put(batch...)
				b.StartTimer()
				r.start().settle()
				b.StopTimer()
				r.stop()
				b.StartTimer()
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*people), "us/event")
		})
	}
}

// fill appends n events and returns where each partition ends.
func fill(b *testing.B, r *rig, n, people int) map[stream.Partition]uint64 {
	b.Helper()
	return fillFrom(b, r, 0, n, people)
}

// fillFrom appends n events, of which the first has a number.
func fillFrom(b *testing.B, r *rig, from, n, people int) map[stream.Partition]uint64 {
	b.Helper()
	rng := rand.New(rand.NewPCG(1, uint64(2+from)))
	ends := map[stream.Partition]uint64{}
	var batch []stream.Record
	for i := range n {
		batch = append(batch, record(b, benchEvent(from+i, rng.IntN(people))))
		if len(batch) == 500 || i == n-1 {
			for _, p := range r.put(batch...) {
				ends[p.Partition] = max(ends[p.Partition], p.Offset+1)
			}
			batch = batch[:0]
		}
	}
	return ends
}

var padding = bytes.Repeat([]byte("lorem ipsum dolor "), 40)

func benchEvent(i, person int) *event.Event {
	e := ev([]string{"web", "app", "shop"}[i%3], fmt.Sprintf("m-%012d", i), i/1000, user(fmt.Sprintf("user-%d", person)), anon(fmt.Sprintf("0f8fad5b-d9cb-469f-a165-%012d", person)))
	e.Channel = event.ChannelWeb
	e.Properties = fmt.Appendf(nil, `{"order_id":"o-%d","total":%d.50,"sku":"sku-%d","note":"`, i, i%200, i%500)
	rest := benchSize - 420 - len(e.Properties)
	e.Properties = append(append(e.Properties, padding[:rest]...), `"}`...)
	return e
}

func cpu(b *testing.B) int64 {
	b.Helper()
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return u.Utime.Nano() + u.Stime.Nano()
}

// BenchmarkReadWhileApplying reads one person by identifier, with profile, members and states, from
// a snapshot each, while the worker applies a log. p99-us/op is of the reads.
func BenchmarkReadWhileApplying(b *testing.B) {
	r := openDisk(b)
	fill(b, r, 100_000, 10_000)
	r.start()
	took := make([]time.Duration, 0, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		began := time.Now()
		readPerson(b, r, i%10_000)
		took = append(took, time.Since(began))
	}
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-us/op")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-us/op")
	r.settle()
	r.stop()
}

func readPerson(b *testing.B, r *rig, person int) {
	b.Helper()
	hot, err := r.state.Snapshot("w")
	must(b, err)
	defer func() { must(b, hot.Close()) }()
	holders, err := hot.Holders(identity.Identifier{Type: event.IDUser, Value: fmt.Sprintf("user-%d", person)})
	must(b, err)
	for _, holder := range holders {
		a, _, err := hot.Assignment(holder)
		must(b, err)
		members, err := hot.Members(a.Profile)
		must(b, err)
		for _, member := range members {
			_, err := hot.State(member)
			must(b, err)
		}
	}
}

// BenchmarkDecode is what a reader spends on one event before it reaches the applier.
func BenchmarkDecode(b *testing.B) {
	engine := newEngine(b)
	records := make([]stream.Entry, 1000)
	for i := range records {
		records[i] = stream.Entry{Record: record(b, benchEvent(i, i))}
	}
	b.SetBytes(benchSize)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		unify.Decode(engine, records[i%len(records)])
	}
}

// BenchmarkApplyContracts is BenchmarkApply of events whose fields are inferred, as always, without a
// contract and with one that all of them keep.
func BenchmarkApplyContracts(b *testing.B) {
	for _, with := range []string{"none", "kept"} {
		b.Run(with, func(b *testing.B) {
			r := openDisk(b)
			if with == "kept" {
				for _, source := range []string{"web", "app", "shop"} {
					r.put(command(b, 0, unify.SchemaSet{Source: source, Contract: schema.Contract{
						Policy: schema.Drop, Schema: []byte(`{"type":"object","properties":{"order_id":{"type":"string"},"total":{"type":"number"},"sku":{"type":"string"}},"required":["order_id"]}`),
					}}))
				}
			}
			positions := fill(b, r, b.N, 10_000)
			b.ReportAllocs()
			b.ResetTimer()
			before := cpu(b)
			r.start()
			for p, next := range positions {
				must(b, r.worker.Applied(context.Background(), stream.Position{Partition: p, Offset: next - 1}))
			}
			b.StopTimer()
			b.ReportMetric(float64(cpu(b)-before)/float64(b.N)/1e3, "cpu-us/op")
			r.stop()
		})
	}
}

// BenchmarkApplyLive is BenchmarkApply without a feed of changes and with one.
func BenchmarkApplyLive(b *testing.B) {
	for _, with := range []string{"none", "feed"} {
		b.Run(with, func(b *testing.B) {
			r := openDisk(b)
			if with == "none" {
				must(b, r.state.Close())
				var err error
				r.state, err = state.Open(state.Config{Dir: b.TempDir() + "/state", LiveEntries: -1})
				must(b, err)
				r.outbox, err = outbox.Open(r.state.DB())
				must(b, err)
			}
			positions := fill(b, r, b.N, 10_000)
			b.ReportAllocs()
			b.ResetTimer()
			before := cpu(b)
			r.start()
			for p, next := range positions {
				must(b, r.worker.Applied(context.Background(), stream.Position{Partition: p, Offset: next - 1}))
			}
			b.StopTimer()
			b.ReportMetric(float64(cpu(b)-before)/float64(b.N)/1e3, "cpu-us/op")
			b.ReportMetric(float64(r.state.DB().Metrics().WAL.BytesWritten)/float64(b.N), "wal-B/op")
			r.stop()
		})
	}
}
