package gateway

import (
	"sync"
	"time"
)

// limiter is a token bucket for each key. A request is let in while its bucket holds anything and
// then takes as many tokens as it has events, so that a batch larger than the bucket passes and is
// paid for afterwards.
type limiter struct {
	rate  float64 // tokens a second; 0 for no limit
	burst float64

	mu      sync.Mutex
	buckets map[string]*bucket
}

type bucket struct {
	tokens float64
	filled time.Time
}

func newLimiter(rate, burst float64) *limiter {
	return &limiter{rate: rate, burst: burst, buckets: map[string]*bucket{}}
}

// wait returns 0 when a request of the key may come in, else how long until it may.
func (l *limiter) wait(key string, now time.Time) time.Duration {
	if l.rate == 0 {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.fill(key, now)
	if b.tokens >= 1 {
		return 0
	}
	return time.Duration((1 - b.tokens) / l.rate * float64(time.Second))
}

// take pays for n events that were let in.
func (l *limiter) take(key string, n int, now time.Time) {
	if l.rate == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fill(key, now).tokens -= float64(n)
}

func (l *limiter) fill(key string, now time.Time) *bucket {
	b, found := l.buckets[key]
	if !found {
		b = &bucket{tokens: l.burst, filled: now}
		l.buckets[key] = b
	}
	if passed := now.Sub(b.filled); passed > 0 {
		b.tokens = min(l.burst, b.tokens+passed.Seconds()*l.rate)
		b.filled = now
	}
	return b
}
