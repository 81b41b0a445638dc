package sink

import (
	"time"

	"tributary/profiles/outbox"
)

// Metrics is told what the sink does. Calls come from several goroutines and must be quick.
type Metrics interface {
	// Inserted: a statement was acknowledged that held so many rows.
	Inserted(table outbox.Table, rows int, took time.Duration)
	// Retried: a statement ended without an answer, or with an error.
	Retried(table outbox.Table)
	// Refused: a row went to the quarantine.
	Refused(table outbox.Table)
	// Restored: after a restart so many rows were not there and are inserted again.
	Restored(table outbox.Table, rows int)
}

type noMetrics struct{}

func (noMetrics) Inserted(outbox.Table, int, time.Duration) {}
func (noMetrics) Retried(outbox.Table)                      {}
func (noMetrics) Refused(outbox.Table)                      {}
func (noMetrics) Restored(outbox.Table, int)                {}

// Lag says how far ClickHouse is behind the outbox.
type Lag struct {
	Rows uint64
	// Age is how long ago the oldest event that is being sent was received. While the sink still
	// looks at what an earlier run left, it is how long that takes; 0 if nothing waits.
	Age time.Duration
}

// Lag returns the present lag. It is cheap and safe for concurrent use.
func (s *Sink) Lag() Lag {
	lag := Lag{Rows: s.queue.Last() - min(s.queue.Last(), s.queue.Sent())}
	s.mu.Lock()
	defer s.mu.Unlock()
	oldest := s.began
	if len(s.flying) > 0 {
		oldest = s.flying[0].oldest
	}
	if lag.Rows > 0 && !oldest.IsZero() {
		lag.Age = max(0, s.cfg.Now().Sub(oldest))
	}
	return lag
}
