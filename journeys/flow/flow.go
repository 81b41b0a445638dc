// Package flow tells how people move: through the steps of a funnel, along which paths, whether they come back, and how
// long one thing takes after another.
//
// All of it is computed in ClickHouse out of the events of a report.Scope, by the people they belong to now. README.md
// says precisely what order events have.
package flow

import (
	"context"
	"strconv"
	"time"

	"tributary/ingest/event"
	"tributary/journeys/report"
	"tributary/profiles/computed"
	"tributary/sql/store"
)

// Flow makes the reports. It is safe for concurrent use.
type Flow struct {
	store  *store.Store
	reader *report.Reader
	names  store.Query[nameRow]
	now    func() time.Time
}

// New returns the reports over an open store.
func New(s *store.Store, reader *report.Reader, now func() time.Time) (*Flow, error) {
	names, err := store.Prepare[nameRow](s, "flow/names")
	if err != nil {
		return nil, err
	}
	return &Flow{store: s, reader: reader, names: names, now: now}, nil
}

// The bounds of a window, how long something may take.
const (
	maxWindow     = 366 * 24 * time.Hour
	defaultWindow = 30 * 24 * time.Hour
)

// parseWindow reads a whole number of seconds, minutes, hours or days, such as 30m or 7d; empty: 30 days.
func parseWindow(text, path string, faults *event.Errors) time.Duration {
	if text == "" {
		return defaultWindow
	}
	unit, known := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[text[len(text)-1]]
	n, err := strconv.ParseInt(text[:len(text)-1], 10, 32)
	if !known || err != nil || n < 1 || n > int64(maxWindow/unit) {
		faults.Add(path, "must be seconds, minutes, hours or days, such as 30m, 12h or 7d, from 1s to 366d")
		return defaultWindow
	}
	return time.Duration(n) * unit
}

// pick returns the picker of some selections; the bit of each is its place in the list.
func pick(faults *event.Errors, selections ...named) *computed.Picker {
	p := new(computed.Picker)
	for _, s := range selections {
		p.Add(*s.selection, s.path, faults)
	}
	return p
}

// named is a selection and where it stands in the request.
type named struct {
	path      string
	selection *computed.Selection
}

// query runs a statement that was made for one request.
func query[R any](ctx context.Context, f *Flow, name, sql string, params store.Params) ([]R, error) {
	return store.Compose[R](f.store, "journeys/"+name, sql).All(ctx, params)
}

// seconds of milliseconds.
func seconds(milli uint64) float64 { return float64(milli) / 1000 }
