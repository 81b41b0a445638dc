package sourcehealth

import (
	"context"
	"time"

	"tributary/sql/store"
)

// Rate is a row of counts/received_by_minute: how many events of a source were received in an hour, or in a minute of
// it. Both are Unix seconds; Minute 0: all of the hour that was before the minutes that were asked for.
type Rate struct {
	Source string `ch:"source"`
	Hour   uint32 `ch:"hour"`
	Minute uint32 `ch:"minute"`
	Events uint64 `ch:"events"`
}

// Reader reads rates from the analytics store.
type Reader struct{ query store.Query[Rate] }

// NewReader returns a reader of a store.
func NewReader(s *store.Store) (*Reader, error) {
	query, err := store.Prepare[Rate](s, "counts/received_by_minute")
	return &Reader{query}, err
}

// Since implements Rates.
func (r *Reader) Since(ctx context.Context, workspace string, hours, minutes time.Time) ([]Rate, error) {
	return r.query.All(ctx, store.Params{"workspace": workspace, "since": hours.Unix(), "minutes_since": minutes.Unix()})
}

// series is the rates of one source.
type series struct{ hours, minutes []uint64 }

func newSeries() *series { return &series{make([]uint64, Hours), make([]uint64, Minutes)} }

// seriesOf puts rates into their places, from the first hour and minute on. What is of the future is left out: a
// record's clock may be ahead of this one.
func seriesOf(rates []Rate, hours, minutes time.Time) map[string]*series {
	all := map[string]*series{}
	for _, r := range rates {
		s := all[r.Source]
		if s == nil {
			s = newSeries()
			all[r.Source] = s
		}
		if i := (int64(r.Hour) - hours.Unix()) / 3600; i >= 0 && i < Hours {
			s.hours[i] += r.Events
		}
		if i := (int64(r.Minute) - minutes.Unix()) / 60; r.Minute > 0 && i >= 0 && i < Minutes {
			s.minutes[i] += r.Events
		}
	}
	return all
}
