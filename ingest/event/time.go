package event

import (
	"errors"
	"time"
)

// The range of times an event may have: what DateTime64 holds as the driver of ClickHouse sends it,
// in nanoseconds of 64 bits. A time outside of it is refused rather than moved, because nobody could
// tell later what it had been.
var (
	MinTime = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	MaxTime = time.Date(2261, 12, 31, 23, 59, 59, 999_000_000, time.UTC)
)

// MaxAhead is how far a corrected time may lie after the received time. What lies further was made
// by a wrong clock, since nothing can be reported before it happens: such an event is dated to its
// arrival, and OriginalAt keeps what the client said.
const MaxAhead = 5 * time.Minute

// ErrTime is the error of ParseTime.
var ErrTime = errors.New("must be an ISO 8601 date and time between the years 1900 and 2261")

// layouts are tried in this order. Go reads fractions of a second after any layout's seconds.
var layouts = []string{
	time.RFC3339,
	"2006-01-02T15:04:05Z0700",
	"2006-01-02T15:04:05",
	"2006-01-02T15:04Z07:00",
	"2006-1-2T15:04:05Z07:00",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05",
	"20060102T150405Z0700",
	time.DateOnly,
}

// ParseTime reads an ISO 8601 date and time; without a zone it is UTC, without a time midnight.
// It returns ErrTime for anything else and for times outside of MinTime and MaxTime.
func ParseTime(text string) (time.Time, error) {
	for _, layout := range layouts {
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if t = millis(t); !inRange(t) {
			return time.Time{}, ErrTime
		}
		return t, nil
	}
	return time.Time{}, ErrTime
}

// Stamp sets the four times. Zero original means that the client did not say when it happened: it
// is then the time of sending, or else of receiving. Zero sent means that the client's clock
// cannot be compared with ours, and At is OriginalAt; else At is corrected for the difference,
//
//	At = OriginalAt + (ReceivedAt - SentAt)
//
// (https://segment.com/docs/connections/spec/common/#timestamps). Whatever comes out, At is within
// range and at most MaxAhead after ReceivedAt.
func (e *Event) Stamp(original, sent, received time.Time) {
	e.ReceivedAt = millis(received)
	if original.IsZero() {
		e.OriginalAt, e.SentAt, e.At = e.ReceivedAt, time.Time{}, e.ReceivedAt
		if !sent.IsZero() {
			e.OriginalAt = millis(sent)
		}
		return
	}
	e.OriginalAt, e.At = millis(original), millis(original)
	if !sent.IsZero() {
		e.SentAt = millis(sent)
		if at := e.OriginalAt.Add(e.ReceivedAt.Sub(e.SentAt)); inRange(at) {
			e.At = at
		}
	}
	if e.At.Sub(e.ReceivedAt) > MaxAhead {
		e.At = e.ReceivedAt
	}
}

func millis(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

func inRange(t time.Time) bool { return !t.Before(MinTime) && !t.After(MaxTime) }
