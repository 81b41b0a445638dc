package unify_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/profiles/unify"
)

// The power is cut while records are appended, applied and sent. Clients send again what was not
// acknowledged. In the end every acknowledged message is in the warehouse exactly once, and the
// counts add up.
func TestPowerLoss(t *testing.T) {
	rounds := 12
	if testing.Short() {
		rounds = 3
	}
	for seed := range rounds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			p := &plant{
				tb: t, fs: vfs.NewCrashableMem(), rng: rand.New(rand.NewPCG(11, uint64(seed))),
				sent: newWarehouse(t), acknowledged: map[string]bool{},
			}
			for range 6 {
				p.live()
			}
			p.check()
		})
	}
}

// plant is a machine that loses power now and then, with its clients and its warehouse.
type plant struct {
	tb
	fs           *vfs.MemFS
	rng          *rand.Rand
	sent         *warehouse
	acknowledged map[string]bool
	doubtful     []stream.Record // not acknowledged: to be sent again
	serial       int
}

func (p *plant) batch() []stream.Record {
	var records []stream.Record
	for range 1 + p.rng.IntN(12) {
		p.serial++
		e := ev(fmt.Sprint("s", p.rng.IntN(3)), fmt.Sprint("m", p.serial), p.serial, user(fmt.Sprint("u", p.rng.IntN(5))), anon(fmt.Sprint("a", p.rng.IntN(8))))
		r := record(p, e)
		r.Lane = stream.Lane(p.rng.IntN(stream.Lanes))
		records = append(records, r)
	}
	return records
}

// live runs the machine for a while and cuts its power in the middle of an append.
func (p *plant) live() {
	r := open(p, p.fs, unify.Config{StepRecords: 8, BulkRecords: 2, ReadAhead: 4}).start()
	if len(p.doubtful) > 0 {
		r.put(p.doubtful...)
		p.acknowledge(p.doubtful)
		p.doubtful = nil
	}
	for range 1 + p.rng.IntN(5) {
		records := p.batch()
		r.put(records...)
		p.acknowledge(records)
		if p.rng.IntN(2) == 0 {
			r.await(p.rng)
		}
		p.sent.send(r, p.rng)
	}
	p.doubtful = p.batch()
	done := make(chan error, 1)
	go func() {
		_, err := r.log.Append(context.Background(), p.doubtful)
		done <- err
	}()
	after := p.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: [...]int{0, 30, 100}[p.rng.IntN(3)], RNG: p.rng})
	must(p, <-done)
	r.stop()
	p.fs = after
}

func (p *plant) acknowledge(records []stream.Record) {
	for _, r := range records {
		p.acknowledged[r.MessageID] = true
	}
}

func (p *plant) check() {
	r := open(p, p.fs, unify.Config{}).start()
	r.settle()
	p.sent.drain(r)
	p.sent.check(r)
	stored := map[string]int{}
	for key, e := range p.sent.rows {
		if e.Table == outbox.TableEvents {
			stored[r.read(key.Position).MessageID]++
		}
	}
	for id := range p.acknowledged {
		if stored[id] != 1 {
			p.Errorf("message %s was acknowledged and is there %d times", id, stored[id])
		}
	}
	for id, n := range stored {
		if n != 1 {
			p.Errorf("message %s is there %d times", id, n)
		}
	}
	r.stop()
}

// read returns the log record at a position.
func (r *rig) read(pos stream.Position) stream.Entry {
	r.Helper()
	reader, err := r.log.Reader(pos.Partition, pos.Offset)
	must(r, err)
	entries, err := reader.Next(context.Background(), 1)
	must(r, err)
	must(r, reader.Close())
	return entries[0]
}
