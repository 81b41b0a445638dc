package state

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
)

var people = flag.Int("people", 20_000, "how many profiles BenchmarkContext has on disk")

const (
	benchReaders = 64
	eventsOfEach = 6
	eventsPerS   = 10_000 // beside which is read
	stepEvents   = 100
)

// BenchmarkContext answers who a random customer is, in facts: all of a context call but HTTP, keys, policy and
// record. 64 readers, with nothing else going on and beside events; beside it, the time of one Get of the same
// database. Of more profiles: -people 1000000 (1 GB of disk).
func BenchmarkContext(b *testing.B) {
	s, err := Open(Config{Dir: b.TempDir()})
	must(b, err)
	defer func() { must(b, s.Close()) }()
	c := crowd{Store: s, people: *people}
	for first := 0; first < c.people; first += 1000 {
		c.arrive(b, first, min(first+1000, c.people))
	}
	must(b, s.db.Flush())
	must(b, s.db.Compact(context.Background(), []byte{0}, []byte{0xff}, true))
	engine, err := identity.New(identity.Config{Key: make([]byte, 32), DefaultRegion: "DE"})
	must(b, err)
	service, err := profiles.NewService(s, engine, profiles.Rules{})
	must(b, err)
	read := func() error {
		answer, err := service.Get(context.Background(), "w", profiles.Address{{Type: event.IDUser, Value: userOf(rand.IntN(c.people))}})
		if err == nil && len(profiles.NewContext(answer, profiles.ContextRequest{AsOf: time.Now()}).Facts) == 0 {
			err = fmt.Errorf("no facts")
		}
		return err
	}
	w := newSpace("w")
	b.Run("point", func(b *testing.B) {
		measure(b, func() error {
			_, closer, err := s.db.Get(w.idKey(nil, kindObserved, personOf(rand.IntN(c.people))))
			if err == nil {
				err = closer.Close()
			}
			return err
		})
	})
	b.Run("idle", func(b *testing.B) {
		measure(b, read)
		b.ReportMetric(float64(s.db.Metrics().DiskSpaceUsage())/float64(c.people), "disk-B/profile")
	})
	b.Run("ingest", func(b *testing.B) {
		stop, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			c.goOn(b, stop)
		}()
		measure(b, read)
		close(stop)
		<-done
	})
}

// crowd is customers with an observation and a few events each.
type crowd struct {
	*Store
	people int
	events int
}

func personOf(n int) uuid.UUID {
	return uuid.NewSHA1(uuid.Nil, []byte(userOf(n)))
}

func userOf(n int) string { return fmt.Sprintf("user-%d", n) }

func (c *crowd) event(n int) *event.Event {
	c.events++
	at := time.Unix(1_780_000_000+int64(c.events), 0).UTC()
	e := &event.Event{
		Workspace: "w", Source: []string{"web", "chat", "shop"}[c.events%3], MessageID: fmt.Sprintf("m-%09d", c.events), Type: event.TypeTrack,
		Name: "conversation.message", At: at, OriginalAt: at, ReceivedAt: at,
		CX: &event.CX{ConversationID: fmt.Sprintf("c-%d-%d", n, c.events%2), AuthorRole: event.AuthorCustomer, Text: strings.Repeat("Where is my parcel? ", 6)},
	}
	if c.events%3 == 0 {
		e.Type, e.Name, e.CX, e.Traits = event.TypeIdentify, "", nil, []byte(`{"plan":"pro","city":"Bonn","seats":3}`)
	}
	return e
}

// arrive puts customers where they are looked up.
func (c *crowd) arrive(b *testing.B, from, to int) {
	w := workspace(b, c.Store, "w")
	for n := from; n < to; n++ {
		id := personOf(n)
		_, err := w.Put(&Observed{Observation: identity.Observation{ID: id, Workspace: "w", Source: "web", FirstReceived: time.Unix(1_780_000_000, 0), Identifiers: []identity.Identifier{
			{Type: event.IDEmail, Value: fmt.Sprintf("someone-%d@example.com", n)}, {Type: event.IDUser, Value: userOf(n)},
		}}})
		must(b, err)
		must(b, w.Assign(identity.Assignment{Observation: id, Profile: id, Standing: identity.StandingFounder}))
		for range eventsOfEach {
			w.State(id).Apply(c.event(n), stream.Position{})
		}
	}
	must(b, c.Tx().Commit())
}

// goOn brings more events, at a steady rate.
func (c *crowd) goOn(b *testing.B, stop <-chan struct{}) {
	ticker := time.NewTicker(time.Second * stepEvents / eventsPerS)
	defer ticker.Stop()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
		}
		w, err := c.Tx().Workspace("w")
		if err != nil {
			b.Error(err)
			return
		}
		for range stepEvents {
			n := rand.IntN(c.people)
			w.State(personOf(n)).Apply(c.event(n), stream.Position{})
		}
		if err := c.Tx().Commit(); err != nil {
			b.Error(err)
			return
		}
	}
}

// measure calls f b.N times from all readers.
func measure(b *testing.B, f func() error) {
	var left atomic.Int64
	left.Store(int64(b.N))
	times := make([][]time.Duration, benchReaders)
	b.ReportAllocs()
	used := cpu(b)
	b.ResetTimer()
	var group sync.WaitGroup
	for i := range times {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				began := time.Now()
				if err := f(); err != nil {
					b.Error(err)
					return
				}
				times[i] = append(times[i], time.Since(began))
			}
		})
	}
	group.Wait()
	b.StopTimer()
	b.ReportMetric(float64((cpu(b)-used).Nanoseconds())/1000/float64(b.N), "CPU-µs/op")
	all := slices.Concat(times...)
	slices.Sort(all)
	for name, share := range map[string]int{"p50-µs": 500, "p99-µs": 990, "p99.9-µs": 999} {
		b.ReportMetric(float64(all[len(all)*share/1000].Nanoseconds())/1000, name)
	}
}

// cpu is what the process has used.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(os.NewSyscallError("getrusage", err))
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
