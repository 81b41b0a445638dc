package api

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/ingest/stream/embedded"
)

// forgetful is a log that keeps nothing.
type forgetful struct{}

func (forgetful) Append(context.Context, []stream.Record) ([]stream.Position, error) { return nil, nil }

// BenchmarkDisclosure answers the context of a customer of 200 events to 64 readers at a time: all of the server but
// the network, with no record of it, and with one on a disk.
func BenchmarkDisclosure(b *testing.B) {
	w := newWorld(b)
	var events []*event.Event
	for i := range 200 {
		cx := &event.CX{ConversationID: fmt.Sprintf("c%d", i/10), AuthorRole: event.AuthorCustomer, Text: "Where is my parcel? It was meant to come on Tuesday."}
		events = append(events, w.event(i, fmt.Sprintf("source%d", i%5), "conversation.message", cx, id(event.IDUser, "u1")))
	}
	w.put(events...)
	key := w.keyFor("support", "human")
	w.api.Timeout = time.Minute // a busy machine is no fault of the answer
	disk, err := embedded.Open(embedded.Config{Dir: b.TempDir(), Shards: 4, BallastBytes: -1})
	w.must(err)
	b.Cleanup(func() { w.must(disk.Close()) })
	for name, log := range map[string]Appender{"unrecorded": forgetful{}, "recorded": disk} {
		b.Run(name, func(b *testing.B) {
			w.api.Disclosures = log
			b.SetParallelism(64 / runtime.GOMAXPROCS(0))
			var mu sync.Mutex
			var all []time.Duration
			b.ReportAllocs()
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
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
		})
	}
}
