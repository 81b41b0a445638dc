package api

import (
	"net/http"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"tributary/api/auth"
	"tributary/ingest/event"
	"tributary/profiles/live"
)

// BenchmarkStream appends one event at a time, and waits until every listener, each with a connection of its own,
// has read the whole change: log, apply, disclosure and HTTP included. first-us/op and last-us/op are the medians
// from the append to the first and last of them; cpu-us/op is that of the process, which both ends are.
func BenchmarkStream(b *testing.B) {
	for _, listeners := range []int{1, 1000} {
		b.Run(strconv.Itoa(listeners), func(b *testing.B) { streamTo(b, listeners) })
	}
}

func streamTo(b *testing.B, listeners int) {
	w := newWorld(b)
	w.api.Live.PerKey, w.api.Live.Total, w.api.Live.Heartbeat, w.api.Live.Recheck = listeners, listeners, time.Minute, DefaultRecheck
	server := w.serve()
	server.Client().Transport.(*http.Transport).MaxConnsPerHost = 0
	key := w.key(auth.KindRead, "acme", auth.ScopeStreamRead)
	arrived := make(chan time.Time, listeners)
	var open sync.WaitGroup
	for range listeners {
		e := w.listen(server, key, "?types="+string(live.ProfileChanged), "")
		e.until("open")
		open.Go(func() {
			for {
				if _, more := e.next(); !more {
					return
				}
				arrived <- time.Now()
			}
		})
	}
	first, last := make([]time.Duration, 0, b.N), make([]time.Duration, 0, b.N)
	b.ResetTimer()
	before := spent(b)
	for n := range b.N {
		began := time.Now()
		w.put(w.event(n, "web", "Viewed", nil, id(event.IDUser, "u1")))
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
	b.ReportMetric(float64(spent(b)-before)/float64(b.N)/1e3, "cpu-us/op")
	w.api.EndStreams()
	open.Wait()
}

func spent(b *testing.B) int64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
