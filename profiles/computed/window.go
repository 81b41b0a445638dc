package computed

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// Window is how far back a trait looks: whole hours from 1h, or days up to 366d. Empty means ever.
//
// A window is made of buckets, of an hour each up to 7d (168h) and of a UTC day beyond, and holds the
// bucket of now and those before it: of 30d, today and the 29 days before; of 24h, this hour and the 23
// before. An event counts from its corrected time's bucket on, and stops counting when that leaves.
type Window string

// What a window may be.
const (
	maxHourly = 7 * 24 * time.Hour
	maxWindow = 366 * 24 * time.Hour
)

var errWindow = errors.New("must be hours or days, such as 12h or 30d, from 1h to 366d; more than 7d in days")

// Duration returns the window's length; 0 for ever.
func (w Window) Duration() (time.Duration, error) {
	if w == "" {
		return 0, nil
	}
	digits, unit := string(w[:len(w)-1]), time.Hour
	switch w[len(w)-1] {
	case 'h':
	case 'd':
		unit *= 24
	default:
		return 0, errWindow
	}
	n, err := strconv.Atoi(digits)
	d := time.Duration(n) * unit
	if err != nil || n < 1 || n > 366*24 || strings.Trim(digits, "0123456789") != "" || digits[0] == '0' ||
		d > maxWindow || d > maxHourly && unit == time.Hour {
		return 0, errWindow
	}
	return d, nil
}

// span is a window in terms of buckets. The zero span is ever: one bucket, number 0, of all time.
type span struct {
	milli int64 // length of a bucket
	n     int64 // buckets that the window holds
}

func (w Window) span() span {
	d, err := w.Duration()
	switch {
	case d == 0 || err != nil:
		return span{}
	case d <= maxHourly:
		return span{milli: time.Hour.Milliseconds(), n: int64(d / time.Hour)}
	}
	return span{milli: 24 * time.Hour.Milliseconds(), n: int64(d / (24 * time.Hour))}
}

// bucket returns the number of the bucket that holds a time.
func (s span) bucket(at time.Time) int64 {
	if s.milli == 0 {
		return 0
	}
	milli := at.UnixMilli()
	b := milli / s.milli
	if milli%s.milli < 0 {
		b--
	}
	return b
}

// oldest returns the first bucket that the window holds at a time.
func (s span) oldest(now time.Time) int64 { return s.bucket(now) - max(s.n, 1) + 1 }

// leaves returns when the window no longer holds a bucket.
func (s span) leaves(bucket int64) time.Time { return time.UnixMilli((bucket + s.n) * s.milli).UTC() }

// keeps returns how many buckets are kept: those of the window, one more because the corrected time may
// be ahead of the clock by five minutes (event.MaxAhead), so that the newest may be the bucket after that
// of now, and one more so that now may be behind, by up to a bucket less those minutes.
func (s span) keeps() int {
	if s.milli == 0 {
		return 1
	}
	return int(s.n) + 2
}
