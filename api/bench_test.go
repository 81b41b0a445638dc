package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"tributary/api/auth"
	"tributary/ingest/event"
)

// BenchmarkContextCall answers the context of a customer of five sources and 200 events, all of the
// server but the network, with 32 readers.
func BenchmarkContextCall(b *testing.B) {
	w := newWorld(b)
	var events []*event.Event
	for i := range 200 {
		source := fmt.Sprintf("source%d", i%5)
		cx := &event.CX{ConversationID: fmt.Sprintf("c%d", i/10), AuthorRole: event.AuthorCustomer, Text: "Where is my parcel? It was meant to come on Tuesday."}
		events = append(events, w.event(i, source, "conversation.message", cx, id(event.IDUser, "u1"), id(source+".contact_id", "x")))
	}
	w.put(events...)
	key := w.key(auth.KindRead, "acme")
	var mu sync.Mutex
	var all []time.Duration
	b.ReportAllocs()
	before := processorTime(b)
	b.RunParallel(func(pb *testing.PB) {
		var own []time.Duration
		for pb.Next() {
			r := httptest.NewRequest(http.MethodGet, "/v1/profiles/user_id:u1/context", nil)
			r.Header.Set("Authorization", "Bearer "+key)
			answer := httptest.NewRecorder()
			start := time.Now()
			w.api.Handler().ServeHTTP(answer, r)
			own = append(own, time.Since(start))
			if answer.Code != http.StatusOK {
				b.Errorf("answers %d", answer.Code)
			}
		}
		mu.Lock()
		defer mu.Unlock()
		all = append(all, own...)
	})
	b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(b.N), "cpu-µs/op")
	slices.Sort(all)
	b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
}

// processorTime is what the process has used: what else runs on the machine does not count.
func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
