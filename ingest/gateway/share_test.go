package gateway

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/ingest/stream"
)

// lanes returns how many events of each anonymous id lie in the live and in the bulk lane.
func (r *rig) lanes(t *testing.T) map[string][stream.Lanes]int {
	t.Helper()
	found := map[string][stream.Lanes]int{}
	for _, entry := range r.records(t) {
		_, rest, _ := strings.Cut(string(entry.Value), `"type":"anonymous_id","value":"`)
		who, _, _ := strings.Cut(rest, `"`)
		n := found[who]
		n[entry.Lane]++
		found[who] = n
	}
	return found
}

func callsOf(who string, n int) string {
	calls := make([]string, n)
	for i := range calls {
		calls[i] = fmt.Sprintf(`{"type":"track","event":"a","anonymousId":%q}`, who)
	}
	return strings.Join(calls, ",")
}

func TestHotClientWaitsAndOthersDoNot(t *testing.T) {
	var passed atomic.Int64 // the clock, in nanoseconds after noon
	clock := func() time.Time { return noon.Add(time.Duration(passed.Load())) }
	r := newRig(t, Config{ClientEventsPerSecond: 2, ClientBurst: 4, Now: clock}, nil)
	send := func(path, body string) {
		t.Helper()
		if a := r.post(t, path, body); a.status != 200 {
			t.Fatalf("%s: %d %s", path, a.status, a.body)
		}
	}
	send("/v1/batch", `{"batch":[`+callsOf("hot", 100)+`,`+callsOf("calm", 3)+`]}`)
	send("/v1/track", `{"event":"a","anonymousId":"hot"}`)
	send("/v1/track", `{"event":"a","anonymousId":"calm"}`)
	send("/v1/batch", `{"writeKey":"`+importKey+`","batch":[`+callsOf("past", 1)+`]}`)
	passed.Store(int64(time.Second))
	send("/v1/batch", `{"batch":[`+callsOf("hot", 10)+`]}`)
	passed.Store(int64(time.Minute))
	send("/v1/track", `{"event":"a","anonymousId":"hot"}`)
	got := r.lanes(t)
	for who, want := range map[string][stream.Lanes]int{"hot": {5 + 2 + 1, 96 + 8}, "calm": {4, 0}} {
		if got[who] != want {
			t.Errorf("%s: %d live and %d bulk, want %d and %d", who, got[who][0], got[who][1], want[0], want[1])
		}
	}
	if n := r.BeyondShare(); n != 96+8 {
		t.Errorf("%d are counted as beyond their share", n)
	}
	registry := prometheus.NewRegistry()
	m, err := NewMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.BeyondShare(registry, r.Gateway); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	told := -1.0
	for _, f := range families {
		if f.GetName() == "tributary_gateway_client_beyond_share_total" {
			told = f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	if told != 96+8 {
		t.Errorf("the metric says %v", told)
	}
}

// bulkFull is a log whose disk has reached the watermark of the bulk lane.
type bulkFull struct{ Log }

func (l bulkFull) Append(ctx context.Context, records []stream.Record) ([]stream.Position, error) {
	for _, r := range records {
		if r.Lane == stream.LaneBulk {
			return nil, stream.ErrFull
		}
	}
	return l.Log.Append(ctx, records)
}

func TestHotClientIsTakenWhenTheBulkLaneIsFull(t *testing.T) {
	r := newRig(t, Config{ClientEventsPerSecond: 1, ClientBurst: 1}, func(l Log) Log { return bulkFull{l} })
	if a := r.post(t, "/v1/batch", `{"batch":[`+callsOf("hot", 10)+`]}`); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if got := r.lanes(t)["hot"]; got != [stream.Lanes]int{10, 0} || r.BeyondShare() != 0 {
		t.Errorf("%v, %d counted as beyond", got, r.BeyondShare())
	}
	if a := r.post(t, "/v1/batch", `{"writeKey":"`+importKey+`","batch":[`+callsOf("past", 1)+`]}`, "Authorization", ""); a.status != 503 {
		t.Errorf("an import: %d", a.status)
	}
}

// Whoever keeps to the rate is within its share, whatever a hundred hot clients and a hundred thousand
// calm ones do; a hot one has its rate and its burst, and no more.
func TestSharesAreExactForWhoeverIsAlone(t *testing.T) {
	const rate, burst, seconds = 10, 50, 20
	s := newShares(rate, burst)
	random := rand.New(rand.NewPCG(5, 5))
	hot := make([]uint64, 100)
	had := map[uint64]int{}
	for i := range hot {
		hot[i] = random.Uint64()
	}
	watched := random.Uint64()
	for ms := range seconds * 1000 {
		now := noon.Add(time.Duration(ms) * time.Millisecond)
		for range 10 {
			s.within(random.Uint64(), now) // of calm ones, each once
		}
		h := hot[ms%len(hot)]
		for range 100 {
			if s.within(h, now) {
				had[h]++
			}
		}
		if ms%100 == 0 && !s.within(watched, now) {
			t.Fatalf("after %d ms", ms)
		}
	}
	for _, n := range had {
		if n > rate*seconds+burst+1 {
			t.Errorf("a hot client had %d", n)
		}
	}
	if len(had) != len(hot) {
		t.Errorf("%d of %d hot clients had something", len(had), len(hot))
	}
}

func BenchmarkShares(b *testing.B) {
	s := newShares(DefaultClientEventsPerSecond, DefaultClientBurst)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		random, now := rand.New(rand.NewPCG(rand.Uint64(), 0)), time.Now()
		for pb.Next() {
			s.within(random.Uint64(), now)
		}
	})
}
