package ratelimit

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
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
		{Quota{Rate: 10}, 0, `"events";q=10;qu="events";w=1`, `"events";r=10;t=1`, 0},
		{Quota{Rate: 10, Burst: 25}, 5, `"events";q=25;qu="events";w=3`, `"events";r=20;t=2`, 0},
		{Quota{Rate: 10, Burst: 20}, 20, `"events";q=20;qu="events";w=2`, `"events";r=0;t=1`, 100 * time.Millisecond},
		{Quota{Rate: 10, Burst: 20}, 120, `"events";q=20;qu="events";w=2`, `"events";r=0;t=11`, 10100 * time.Millisecond},
		{Quota{Rate: .5}, 1, `"events";q=1;qu="events";w=2`, `"events";r=0;t=2`, 2 * time.Second},
	} {
		s := New().Take("k", tt.quota, tt.take, epoch)
		h := http.Header{}
		s.SetHeader(h, "events")
		if h.Get("RateLimit-Policy") != tt.policy || h.Get("RateLimit") != tt.left || s.Wait().Round(time.Millisecond) != tt.wait {
			t.Errorf("%+v less %d: %q, %q, wait %s", tt.quota, tt.take, h.Get("RateLimit-Policy"), h.Get("RateLimit"), s.Wait())
		}
	}
}

// The grammar of both fields: lists of one item, a String, with parameters that are non-negative Integers
// of at most 15 digits, or a String (RFC 9651, sections 3.1, 3.3.1, 3.3.3), w and t of at least 1.
var (
	policyField   = regexp.MustCompile(`^"([a-z]+)";q=(0|[1-9]\d{0,14})(?:;qu="([a-z]+)")?;w=([1-9]\d{0,14})$`)
	standingField = regexp.MustCompile(`^"([a-z]+)";r=(0|[1-9]\d{0,14});t=([1-9]\d{0,14})$`)
)

// TestHeadersAreAsTheDraftHasThem: whatever the quota and however a key stands, both fields are of the
// draft's grammar, name the same policy, promise no more than the rate, and do not end before Retry-After.
func TestHeadersAreAsTheDraftHasThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q := Quota{Rate: rapid.Float64Range(.01, 1e6).Draw(t, "rate"), Burst: rapid.Float64Range(0, 1e9).Draw(t, "burst")}
		unit := rapid.SampledFrom([]string{RequestUnit, "events"}).Draw(t, "unit")
		s := New().Take("k", q, rapid.IntRange(0, 1e9).Draw(t, "taken"), epoch)
		h := http.Header{}
		s.SetHeader(h, unit)
		policy, standing := policyField.FindStringSubmatch(h.Get("RateLimit-Policy")), standingField.FindStringSubmatch(h.Get("RateLimit"))
		if policy == nil || standing == nil {
			t.Fatalf("not of the grammar: %q, %q", h.Get("RateLimit-Policy"), h.Get("RateLimit"))
		}
		if policy[1] != unit || standing[1] != unit || (policy[3] == "") != (unit == RequestUnit) {
			t.Fatalf("names %q and %q, unit %q", policy[1], standing[1], policy[3])
		}
		left, window := number(standing[2]), number(standing[3])
		if left > number(policy[2]) || left > s.Rate*window+1e-3 {
			t.Fatalf("%v are left for %v seconds, of %v at %v a second", left, window, policy[2], s.Rate)
		}
		if wait := s.Wait(); wait > 0 && number(RetryAfter(wait)) < window {
			t.Fatalf("Retry-After %s is before the end of the window, %v", RetryAfter(wait), window)
		}
	})
}

func number(digits string) float64 {
	n, err := strconv.Atoi(digits)
	if err != nil {
		panic(err)
	}
	return float64(n)
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
