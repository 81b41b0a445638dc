package unify_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/outbox"
)

// cutter cuts the power when the program says what became of promises.
type cutter struct {
	stream.Log
	fs     *vfs.MemFS
	rng    *rand.Rand
	skip   int // how many times it says so before
	moment int // 0: before it is in the log, 1: meanwhile, 2: behind it
	after  atomic.Pointer[vfs.MemFS]
}

func (c *cutter) Append(ctx context.Context, records []stream.Record) (at []stream.Position, err error) {
	if records[0].Source != event.SourceAgent || c.after.Load() != nil {
		return c.Log.Append(ctx, records)
	}
	if c.skip--; c.skip >= 0 {
		return c.Log.Append(ctx, records)
	}
	cut := func() {
		c.after.Store(c.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: [...]int{0, 30, 100}[c.rng.IntN(3)], RNG: c.rng}))
	}
	done := make(chan struct{})
	say := func() { at, err = c.Log.Append(ctx, records); close(done) }
	switch c.moment {
	case 0:
		cut()
		say()
	case 1:
		go say()
		cut()
	case 2:
		say()
		cut()
	}
	<-done
	return at, err
}

// TestWhatBecameOfPromisesIsSaidOnceThroughPowerLoss: the power is cut at the moment at which the program says that
// promises are kept or broken. In the end each is said once.
func TestWhatBecameOfPromisesIsSaidOnceThroughPowerLoss(t *testing.T) {
	const n = 12 // half of them are kept
	for seed := range 6 {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			var now atomic.Int64
			fs, due := vfs.NewCrashableMem(), epoch.Add(time.Hour)
			r := open(t, fs, ticking(&now))
			cut := &cutter{Log: r.log, fs: fs, rng: rand.New(rand.NewPCG(uint64(seed), 7)), skip: seed / 3, moment: seed % 3} //nolint:gosec // a moment
			r.through = cut
			r.start()
			promises, refunds := make([]*event.Event, n), make([]stream.Record, n/2)
			for i := range promises {
				promises[i] = pledge(fmt.Sprint(i), 1, due, user(fmt.Sprint("u", i)))
				r.put(record(t, promises[i]))
			}
			for i := range refunds {
				refunds[i] = record(t, refund(fmt.Sprint("r", i), 2, user(fmt.Sprint("u", i))))
			}
			r.settle()
			r.put(refunds...)
			r.until("what keeps some", func() bool { return cut.after.Load() != nil || r.promisesTo(promises[0])["0"].Noted })
			now.Store(due.UnixMilli() + 1) // so that what is broken is said apart from what is kept
			r.until("the moment", func() bool { return cut.after.Load() != nil })
			r.stop()

			config := ticking(&now)
			now.Store(due.UnixMilli() + 1)
			r = open(t, cut.after.Load(), config).start()
			defer r.stop()
			r.put(refunds...) // which some client would send again
			r.until("what became of all", func() bool {
				for i, p := range promises {
					c := r.promisesTo(p)[fmt.Sprint(i)]
					if i < n/2 && !c.Noted || i >= n/2 && c.Status != profiles.CommitmentBroken {
						return false
					}
				}
				return true
			})
			said := map[string]int{}
			for _, e := range r.entries() {
				if e.Table != outbox.TableEvents {
					continue
				}
				if x := r.read(e.Position); x.Source == event.SourceAgent {
					said[x.MessageID]++
				}
			}
			if len(said) < n {
				t.Errorf("%d are said of %d", len(said), n)
			}
			for id, times := range said {
				if times != 1 {
					t.Errorf("%s is said %d times", id, times)
				}
			}
		})
	}
}
