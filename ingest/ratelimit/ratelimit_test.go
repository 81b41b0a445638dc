package ratelimit

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestStandingIsTold(t *testing.T) {
	for _, tt := range []struct {
		quota        Quota
		take         int
		policy, left string
		wait         time.Duration
	}{
		{Quota{}, 5, "", "", 0},
		{Quota{Rate: 10}, 0, `"read";q=10;w=1`, `"read";r=10;t=0`, 0},
		{Quota{Rate: 10, Burst: 25}, 5, `"read";q=25;w=3`, `"read";r=20;t=1`, 0},
		{Quota{Rate: 10, Burst: 20}, 20, `"read";q=20;w=2`, `"read";r=0;t=2`, 100 * time.Millisecond},
		{Quota{Rate: 10, Burst: 20}, 120, `"read";q=20;w=2`, `"read";r=0;t=12`, 10100 * time.Millisecond},
		{Quota{Rate: .5}, 1, `"read";q=1;w=2`, `"read";r=0;t=2`, 2 * time.Second},
	} {
		s := New().Take("k", tt.quota, tt.take, epoch)
		h := http.Header{}
		s.SetHeader(h, "read")
		if h.Get("RateLimit-Policy") != tt.policy || h.Get("RateLimit") != tt.left || s.Wait().Round(time.Millisecond) != tt.wait {
			t.Errorf("%+v less %d: %q, %q, wait %s", tt.quota, tt.take, h.Get("RateLimit-Policy"), h.Get("RateLimit"), s.Wait())
		}
	}
}

func TestAKeysOwnRateHasItsShareOfTheBurst(t *testing.T) {
	for _, tt := range []struct {
		q    Quota
		rate float64
		want Quota
	}{
		{Quota{Rate: 10, Burst: 20}, 0, Quota{10, 20}},
		{Quota{Rate: 10, Burst: 20}, 5, Quota{5, 10}},
		{Quota{}, 5, Quota{5, 0}},
	} {
		if got := tt.q.Or(tt.rate); got != tt.want {
			t.Errorf("%+v or %v is %+v, want %+v", tt.q, tt.rate, got, tt.want)
		}
	}
}

// TestNobodyGetsMoreThanTheQuota: whatever a key asks and when, it is let through at most burst and rate
// times the time that passed; and once it waited as long as it was told, it is let through.
func TestNobodyGetsMoreThanTheQuota(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := Quota{Rate: rapid.Float64Range(.1, 100).Draw(t, "rate"), Burst: rapid.Float64Range(1, 50).Draw(t, "burst")}
		l, now, let := New(), epoch, 0
		for range rapid.IntRange(1, 100).Draw(t, "requests") {
			now = now.Add(time.Duration(rapid.IntRange(0, 500).Draw(t, "ms")) * time.Millisecond)
			s, ok := l.TakeOne("k", q, now)
			if ok {
				let++
				continue
			}
			if later, ok := l.TakeOne("k", q, now.Add(s.Wait()+time.Microsecond)); !ok {
				t.Fatalf("told to wait %s, and refused then, with %v left", s.Wait(), later.Left)
			}
			now = now.Add(s.Wait() + time.Microsecond)
			let++
		}
		if most := q.Burst + q.Rate*now.Sub(epoch).Seconds(); float64(let) > most+1e-3 {
			t.Fatalf("%d were let through, %v may be", let, most)
		}
	})
}

func TestFullBucketsAreForgotten(t *testing.T) {
	l, q := New(), Quota{Rate: 10}
	for i := range 3 * leastSweep {
		l.Take(fmt.Sprint(i), q, 1, epoch.Add(time.Duration(i)*time.Millisecond))
	}
	if len(l.buckets) > 2*leastSweep {
		t.Errorf("%d buckets are kept", len(l.buckets))
	}
}
