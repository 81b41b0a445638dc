package stream

import (
	"context"
	"fmt"
	"time"
)

// SourceKey names a source within a workspace.
type SourceKey struct{ Workspace, Source string }

// Day is a UTC day, counted from 1970-01-01. What was received earlier counts as received then.
type Day uint32

const daySeconds = 24 * 60 * 60

// DayOf returns the day of a time.
func DayOf(t time.Time) Day { return Day(max(0, t.Unix()) / daySeconds) }

// ParseDay reads "2006-01-02", from 1970 on.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || t.Unix() < 0 {
		return 0, fmt.Errorf("must be a day from 1970 on, such as 2026-11-20")
	}
	return DayOf(t), nil
}

// Start is the day's first moment.
func (d Day) Start() time.Time { return time.Unix(int64(d)*daySeconds, 0).UTC() }

// String returns "2006-01-02".
func (d Day) String() string { return d.Start().Format(time.DateOnly) }

// SourceDay names what a source sent and was received on one day.
type SourceDay struct {
	SourceKey
	Day Day
}

// Received is how many counted records (Kind.Counted) a log ever took, trimmed ones
// included, as one view of one moment: those before Next are counted, and no others.
type Received struct {
	Counts map[SourceDay]uint64
	Next   map[Partition]uint64
}

// Counter is implemented by logs that count what they received by source and day, in the same
// atomic write as the records: an independent figure for reconciliation.
type Counter interface {
	Received(ctx context.Context) (*Received, error)
}
