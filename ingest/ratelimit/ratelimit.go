// Package ratelimit bounds how much each key may ask or send in a second, and tells clients how they
// stand, in the header fields of draft-ietf-httpapi-ratelimit-headers-11.
package ratelimit

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Quota is how much a key may have.
type Quota struct {
	Rate  float64 // units a second, in the mean; 0: no limit
	Burst float64 // units at once; less than 1: a second's worth, and at least one
}

func (q Quota) withBurst() Quota {
	if q.Burst < 1 {
		q.Burst = max(q.Rate, 1)
	}
	return q
}

// Or returns the quota with another rate, if that is not 0, and the same number of seconds' worth as
// burst.
func (q Quota) Or(rate float64) Quota {
	if rate == 0 {
		return q
	}
	own := Quota{Rate: rate}
	if q.Rate > 0 {
		own.Burst = q.withBurst().Burst / q.Rate * rate
	}
	return own
}

// Standing is how a key stands.
type Standing struct {
	Quota
	Left float64 // units that it may have now; less than 0 after a batch larger than that
}

// Wait is how long the key has to wait: 0 while it has anything left.
func (s Standing) Wait() time.Duration {
	if s.Rate == 0 || s.Left >= 1 {
		return 0
	}
	return time.Duration((1 - s.Left) / s.Rate * float64(time.Second))
}

// RequestUnit is the quota unit that the draft has where a policy names none.
const RequestUnit = "requests"

// SetHeader tells a client how it stands with the quota of a unit, which names the policy as well:
//
//	RateLimit-Policy: "events";q=200;qu="events";w=2
//	RateLimit: "events";r=150;t=2
//
// q is the quota in w seconds, r is what is left of it, and t is the window for that: who spreads r over
// t seconds keeps to the rate, and is never refused. While nothing is left, t is the wait, as in
// Retry-After. Both fields are lists of one item (RFC 9651). Units but RequestUnit are said in qu; the
// draft's registry has no "events" yet, and without qu they would be read as requests. Without a limit
// nothing is told.
func (s Standing) SetHeader(h http.Header, unit string) {
	if s.Rate == 0 {
		return
	}
	policy := `"` + unit + `";q=` + strconv.Itoa(int(s.Burst))
	if unit != RequestUnit {
		policy += `;qu="` + unit + `"`
	}
	h.Set("RateLimit-Policy", policy+";w="+strconv.Itoa(max(1, ceil(s.Burst/s.Rate))))
	left := max(0, int(s.Left))
	window := s.Wait().Seconds()
	if left > 0 {
		window = float64(left) / s.Rate
	}
	h.Set("RateLimit", `"`+unit+`";r=`+strconv.Itoa(left)+";t="+strconv.Itoa(max(1, ceil(window))))
}

// RetryAfter is a wait as Retry-After has it: whole seconds, at least one.
func RetryAfter(wait time.Duration) string { return strconv.Itoa(max(1, ceil(wait.Seconds()))) }

// ceil rounds up; what is nothing but the float's error is left off.
func ceil(x float64) int { return int(math.Ceil(x - 1e-6)) }

// Limiter is a token bucket for each key. It is safe for concurrent use.
type Limiter struct {
	mu      sync.Mutex
	buckets map[string]*bucket
	sweep   int // as many buckets as there may be before full ones are dropped
}

type bucket struct {
	quota  Quota
	tokens float64
	filled time.Time
}

// leastSweep is below how many buckets none is looked for to drop.
const leastSweep = 4096

// New returns a limiter in which every key has all of its quota.
func New() *Limiter { return &Limiter{buckets: map[string]*bucket{}, sweep: leastSweep} }

// Look says how a key stands.
func (l *Limiter) Look(key string, q Quota, now time.Time) Standing { return l.take(key, q, 0, now) }

// Take pays for n units, whether the key has them or not, and says how it stands then: a batch larger
// than what is left passes, and is paid for afterwards.
func (l *Limiter) Take(key string, q Quota, n int, now time.Time) Standing {
	return l.take(key, q, float64(n), now)
}

// TakeOne pays for one unit if the key has it; ok says whether.
func (l *Limiter) TakeOne(key string, q Quota, now time.Time) (s Standing, ok bool) {
	if q.Rate == 0 {
		return Standing{Quota: q}, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.fill(key, q.withBurst(), now)
	if ok = b.tokens >= 1; ok {
		b.tokens--
	}
	return Standing{b.quota, b.tokens}, ok
}

func (l *Limiter) take(key string, q Quota, n float64, now time.Time) Standing {
	if q.Rate == 0 {
		return Standing{Quota: q}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.fill(key, q.withBurst(), now)
	b.tokens -= n
	return Standing{b.quota, b.tokens}
}

func (l *Limiter) fill(key string, q Quota, now time.Time) *bucket {
	b, found := l.buckets[key]
	if !found {
		l.drop(now)
		b = &bucket{quota: q, tokens: q.Burst, filled: now}
		l.buckets[key] = b
	}
	b.quota = q
	b.pour(now)
	return b
}

func (b *bucket) pour(now time.Time) {
	if passed := now.Sub(b.filled); passed > 0 {
		b.tokens += passed.Seconds() * b.quota.Rate
		b.filled = now
	}
	b.tokens = min(b.quota.Burst, b.tokens)
}

// drop forgets full buckets once there are many: a key without one has all of its quota anyway.
func (l *Limiter) drop(now time.Time) {
	if len(l.buckets) < l.sweep {
		return
	}
	for key, b := range l.buckets {
		if b.pour(now); b.tokens >= b.quota.Burst {
			delete(l.buckets, key)
		}
	}
	l.sweep = max(leastSweep, 2*len(l.buckets))
}
