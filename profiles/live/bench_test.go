package live_test

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/stream"
	"tributary/profiles/live"
	"tributary/profiles/state"
)

// BenchmarkFanOut tells one entry at a time to some listeners, and waits until all have it. first-us/op and
// last-us/op are the medians from before the commit to the first and to the last listener; the commit is made
// durable in between. cpu-us/op is what the process spends on an entry.
func BenchmarkFanOut(b *testing.B) {
	for _, listeners := range []int{1, 1000} {
		b.Run(fmt.Sprint(listeners), func(b *testing.B) { fanOut(b, listeners) })
	}
}

func fanOut(b *testing.B, listeners int) {
	s, err := state.Open(state.Config{Dir: b.TempDir()})
	must(b, err)
	defer func() { must(b, s.Close()) }()
	hub := live.NewHub(live.Config{Source: s, Logger: slog.New(slog.DiscardHandler), Every: time.Microsecond})
	arrived := make(chan time.Time, listeners)
	var wait sync.WaitGroup
	for range listeners {
		l, err := hub.Listen("w")
		must(b, err)
		wait.Go(func() { hear(b, hub, l, arrived) })
	}
	tx := s.Tx()
	w, err := tx.Workspace("w")
	must(b, err)
	first, last := make([]time.Duration, 0, b.N), make([]time.Duration, 0, b.N)
	b.ResetTimer()
	before := cpu(b)
	for n := range b.N {
		id := uuid.UUID{byte(n), byte(n >> 8), byte(n >> 16)}
		began := time.Now()
		must(b, w.Assign(identity.Assignment{Observation: id, Profile: id, Standing: identity.StandingFounder}))
		w.Advance(began, stream.Position{Offset: uint64(n)})
		w.Tell(live.Entry{Kind: live.ProfileChanged, Observation: id})
		must(b, tx.Commit())
		one := (<-arrived).Sub(began)
		first = append(first, one)
		for range listeners - 1 {
			one = max(one, (<-arrived).Sub(began))
		}
		last = append(last, one)
	}
	b.StopTimer()
	slices.Sort(first)
	slices.Sort(last)
	b.ReportMetric(float64(first[b.N/2].Microseconds()), "first-us/op")
	b.ReportMetric(float64(last[b.N/2].Microseconds()), "last-us/op")
	b.ReportMetric(float64(cpu(b)-before)/float64(b.N)/1e3, "cpu-us/op")
	hub.Close()
	wait.Wait()
}

func hear(b *testing.B, hub *live.Hub, l *live.Listener, arrived chan<- time.Time) {
	defer l.Close()
	behind := l.Head().Last
	for {
		page, changed, err := l.Next(behind, 256, live.Want{})
		if err != nil {
			b.Error(err)
			return
		}
		for range page.Entries {
			arrived <- time.Now()
		}
		behind = page.Through
		select {
		case <-changed:
		case <-hub.Done():
			return
		}
	}
}

func must(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func cpu(b *testing.B) int64 {
	b.Helper()
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return u.Utime.Nano() + u.Stime.Nano()
}

// BenchmarkBehind reads a feed of 100,000 entries, each of somebody else, from the state, as who comes again does.
// cpu-us/entry is what the process spends on each that is held, wanted or not.
func BenchmarkBehind(b *testing.B) {
	s, err := state.Open(state.Config{Dir: b.TempDir()})
	must(b, err)
	defer func() { must(b, s.Close()) }()
	tx := s.Tx()
	w, err := tx.Workspace("w")
	must(b, err)
	const entries, step = 100_000, 1000
	one := uuid.NewSHA1(uuid.Nil, []byte{1})
	for n := range uint64(entries) {
		id := uuid.NewSHA1(uuid.Nil, binary.AppendUvarint(nil, n))
		must(b, w.Assign(identity.Assignment{Observation: id, Profile: id, Standing: identity.StandingFounder}))
		w.Tell(live.Entry{Kind: live.ProfileChanged, Observation: id})
		if n%step == step-1 {
			w.Advance(time.Now(), stream.Position{Offset: n})
			must(b, tx.Commit())
		}
	}
	for name, want := range map[string]live.Want{
		"all": {}, "type": {Entry: func(e *live.Entry) bool { return e.Kind == live.SegmentLeft }}, "one": {Of: one},
	} {
		b.Run(name, func(b *testing.B) {
			before := cpu(b)
			for range b.N {
				for behind := uint64(0); behind < entries; {
					page, err := s.LivePage("w", behind, entries, 256, want)
					must(b, err)
					behind = page.Through
				}
			}
			b.ReportMetric(float64(cpu(b)-before)/float64(b.N)/entries/1e3, "cpu-us/entry")
		})
	}
}
