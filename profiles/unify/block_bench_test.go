package unify_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/unify"
)

// BenchmarkBlock takes back a value that held 10,000 people together: a shop's id that its till gives
// to every guest. Blocking decides about all of them again, unblocking too. Beside it stands how long
// they took to come in.
func BenchmarkBlock(b *testing.B) {
	const guests = 10_000
	for b.Loop() {
		b.StopTimer()
		r := openDisk(b)
		batch := make([]stream.Record, guests)
		var first *event.Event
		for i := range batch {
			e := ev("shop", fmt.Sprintf("m-%d", i), i/1000, email(fmt.Sprintf("guest-%d@example.com", i)),
				event.Identifier{Type: "shop.guest_id", Value: "till-4711"})
			if first == nil {
				first = e
			}
			batch[i] = record(b, e)
		}
		r.put(batch...)
		began := cpu(b)
		r.start().settleAll()
		came := cpu(b)
		if n := r.members(first); n != guests {
			b.Fatalf("%d of %d are one", n, guests)
		}
		b.StartTimer()
		r.put(command(b, 100, unify.IdentityBlock{Type: "shop.guest_id", Value: "till-4711"}))
		r.settleAll()
		b.StopTimer()
		blocked := cpu(b)
		if n := r.members(first); n != 1 {
			b.Fatalf("%d are one after the block", n)
		}
		r.put(command(b, 101, unify.IdentityUnblock{Type: "shop.guest_id", Value: "till-4711"}))
		r.settleAll()
		if n := r.members(first); n != guests {
			b.Fatalf("%d of %d are one again", n, guests)
		}
		b.ReportMetric(float64(came-began)/1e6, "came-cpu-ms")
		b.ReportMetric(float64(blocked-came)/1e6, "block-cpu-ms")
		b.ReportMetric(float64(cpu(b)-blocked)/1e6, "unblock-cpu-ms")
		r.stop()
		b.StartTimer()
	}
}

// settleAll waits until all is applied and no component is put off.
func (r *rig) settleAll() {
	r.Helper()
	r.settle()
	must(r, r.worker.Settle(context.Background(), "w"))
}

// members is how many observations the profile of an event's subject has.
func (r *rig) members(e *event.Event) int {
	r.Helper()
	hot, err := r.state.Snapshot("w")
	must(r, err)
	defer func() { _ = hot.Close() }()
	ids, err := hot.Members(r.profile(e))
	must(r, err)
	return len(ids)
}

// BenchmarkMatch applies the records of people as three systems know them, most of whom share nothing
// for certain: keying, linking, scoring, and taking over new models, on disk. Beside it stands what
// the same records cost where nothing is weighed.
func BenchmarkMatch(b *testing.B) {
	events := people(4_000)
	for name, rules := range map[string]string{"weighed": "{}", "rules-only": `{"matching":{"enabled":false},"contact":"agreeing_name"}`} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				r := openDisk(b)
				r.put(command(b, 0, unify.IdentityRules{Rules: []byte(rules)}))
				var batch []stream.Record
				for _, i := range rand.New(rand.NewPCG(1, 1)).Perm(len(events)) {
					batch = append(batch, record(b, events[i]))
				}
				r.put(batch...)
				b.StartTimer()
				began := cpu(b)
				r.start().settle()
				applied := cpu(b)
				r.settleAll()
				b.StopTimer()
				b.ReportMetric(float64(applied-began)/1e3/float64(len(events)), "applied-cpu-us/record")
				b.ReportMetric(float64(cpu(b)-began)/1e3/float64(len(events)), "settled-cpu-us/record")
				r.stop()
				b.StartTimer()
			}
			b.ReportMetric(float64(len(events)*b.N)/b.Elapsed().Seconds(), "settled-records/s")
		})
	}
}
