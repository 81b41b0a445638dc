// Package disclosure reports what was disclosed of a person: who or what read which fields, what for and when.
// The records are made by the API before an answer is written, come to the analytics store exactly once, and hold
// no value of a customer.
package disclosure

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"tributary/api/cursor"
	"tributary/identity"
	"tributary/sql/store"
)

// The bounds of a page.
const (
	DefaultLimit = 100
	MaxLimit     = 1000
)

// ErrCursor is returned for a cursor that is none.
var ErrCursor = errors.New("disclosure: the cursor is not one of a report")

// ErrBehind is returned when the analytics store does not catch up in time: a report would not be complete.
var ErrBehind = errors.New("disclosure: the analytics store is behind the log")

// Request asks for a page of a person's report.
type Request struct {
	Workspace    string
	Observations []identity.ObservationID // all of the person
	Cursor       string                   // Page.Next of the page before
	Limit        int                      // default DefaultLimit
}

// Line is one reading.
type Line struct {
	At      time.Time
	Kind    string // store.DisclosureAnswer or store.DisclosureListed
	Profile uuid.UUID
	Actor   string
	Purpose string
	Reader  string
	Level   string
	Route   string
	Request string
	Classes []string
	Shown   []string // paths of fields
	Masked  []string
	Hidden  []string // withheld
}

// Page is a page of a report, the newest reading first.
type Page struct {
	Lines []Line
	Next  string // empty: there is nothing older
}

// row is a row of disclosures/page.sql.
type row struct {
	Kind            string    `ch:"kind"`
	Profile         uuid.UUID `ch:"profile"`
	IdentityVersion uint64    `ch:"identity_version"`
	Actor           string    `ch:"actor"`
	Purpose         string    `ch:"purpose"`
	Reader          string    `ch:"reader"`
	Level           string    `ch:"level"`
	Route           string    `ch:"route"`
	RequestID       string    `ch:"request_id"`
	Classes         []string  `ch:"classes"`
	Shown           []string  `ch:"shown"`
	Masked          []string  `ch:"masked"`
	Withheld        []string  `ch:"withheld"`
	DisclosedAt     time.Time `ch:"disclosed_at"`
	LogPartition    uint32    `ch:"log_partition"`
	LogOffset       uint64    `ch:"log_offset"`
	Ordinal         uint32    `ch:"ordinal"`
}

// Report reads the analytics store, once it holds all that was disclosed when it was asked.
type Report struct {
	page  store.Query[row]
	ready func(ctx context.Context) error
}

// New returns the reports that a store holds. ready returns once the store has every disclosure that was in the
// log when it was called; see Ready.
func New(s *store.Store, ready func(ctx context.Context) error) (*Report, error) {
	page, err := store.Prepare[row](s, "disclosures/page")
	if err != nil {
		return nil, fmt.Errorf("read disclosures: %w", err)
	}
	return &Report{page, ready}, nil
}

// Page reads a page. It fails with ErrCursor, ErrBehind, ctx's error or that of the store.
func (t *Report) Page(ctx context.Context, r Request) (*Page, error) {
	after, ok := cursor.Parse(r.Cursor)
	if !ok {
		return nil, ErrCursor
	}
	if r.Cursor == "" { // what came later than the first page is not older than any of its lines
		if err := t.ready(ctx); err != nil {
			return nil, err
		}
	}
	if r.Limit == 0 {
		r.Limit = DefaultLimit
	}
	keys := make([]uint64, len(r.Observations))
	for i, o := range r.Observations {
		keys[i] = store.ObservationKey(o)
	}
	rows, err := t.page.All(ctx, store.Params{
		"workspace": r.Workspace, "observations": keys, "limit": r.Limit + 1,
		"cursor_at": after.At, "cursor_partition": after.Partition, "cursor_offset": after.Offset, "cursor_ordinal": after.Ordinal,
	})
	if err != nil {
		return nil, fmt.Errorf("read disclosures: %w", err)
	}
	page := &Page{Lines: []Line{}}
	for i := range rows {
		if i == r.Limit {
			last := &rows[i-1]
			page.Next = cursor.Place{At: last.DisclosedAt.UnixMilli(), Partition: last.LogPartition, Offset: last.LogOffset, Ordinal: last.Ordinal}.String()
			break
		}
		page.Lines = append(page.Lines, newLine(&rows[i]))
	}
	return page, nil
}

func newLine(r *row) Line {
	return Line{
		At: r.DisclosedAt.UTC(), Kind: r.Kind, Profile: r.Profile, Actor: r.Actor, Purpose: r.Purpose, Reader: r.Reader, Level: r.Level,
		Route: r.Route, Request: r.RequestID, Classes: r.Classes, Shown: r.Shown, Masked: r.Masked, Hidden: r.Withheld,
	}
}
