package sink

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/twmb/franz-go/pkg/kfake"

	"tributary/ingest/stream"
	"tributary/ingest/stream/kafka"
	"tributary/profiles/outbox"
)

// beside is a rig of another process: the same log and store, a state of its own.
func (r *rig) beside(seed uint64) *rig {
	r.t.Helper()
	other := &rig{
		t: r.t, rng: rand.New(rand.NewPCG(seed, 0)), fs: vfs.NewCrashableMem(), refused: r.refused, cfg: r.cfg,
		at: r.at, received: r.received, log: r.log, places: r.places,
	}
	other.ch = &database{t: r.t, name: r.ch.name, host: r.ch.host, wire: &wire{rng: rand.New(rand.NewPCG(seed, 1))}}
	other.ch.open()
	other.store = NewStore(other.ch.Store)
	other.faults = &faults{Store: other.store, rng: rand.New(rand.NewPCG(seed, 2))}
	other.openState()
	r.t.Cleanup(func() {
		r.check(other.db.Close())
		other.ch.close()
	})
	return other
}

// TestStalledOwner stops an owner at each step of a span's way, between plan and insert above all, lets
// another take over and finish, and then wakes it: nothing of what it still sends gets in.
func TestStalledOwner(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	for i, at := range []step{stepRecovered, stepPlanned, stepBeforeSend, stepSent, stepBeforeDone, stepDone} {
		t.Run(string(at), func(t *testing.T) {
			own := func() stream.Lease {
				t.Helper()
				log, err := kafka.Open(t.Context(), kafka.Config{
					Brokers: c.ListenAddrs(), TopicPrefix: string(at) + ".", ReplicationFactor: 1, Partitions: 1, SessionTimeout: 2 * time.Second,
				})
				if err != nil {
					t.Fatal(err)
				}
				lease, err := log.Own(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := errors.Join(lease.Close(), log.Close()); err != nil {
						t.Error(err)
					}
				})
				return lease
			}
			first := newRig(t, uint64(100+i))
			first.receive(250)
			first.unify()
			lease := own()
			first.lease, first.offsets = lease, outbox.Offsets{}

			stalled, wake, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
			go func() {
				reached := false
				ended <- first.run(func(s step) error {
					if s == at && !reached {
						reached = true
						close(stalled)
						<-wake
					}
					return nil
				})
			}()
			<-stalled
			if err := lease.Close(); err != nil { // the stalled one does not know
				t.Fatal(err)
			}
			second := first.beside(uint64(200 + i))
			second.unify()
			second.lease, second.offsets = own(), outbox.Offsets{}
			second.check(second.run(nil))
			second.expect(nil)

			close(wake)
			if err := <-ended; !errors.Is(err, stream.ErrFenced) {
				t.Errorf("the stalled one ended with %v, want ErrFenced", err)
			}
			second.expect(nil)
		})
	}
}
