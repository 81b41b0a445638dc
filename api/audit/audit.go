// Package audit reads the audit trail: what administrators and programs with keys did, or tried. Its lines
// are made where commands are applied (profiles/unify), come to the analytics store exactly once, and hold
// no value of a customer.
package audit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tributary/api/cursor"
	"tributary/sql/store"
)

// The bounds of a page.
const (
	DefaultLimit = 100
	MaxLimit     = 1000
)

// ErrCursor is returned for a cursor that is none.
var ErrCursor = errors.New("audit: the cursor is not one of the audit trail")

// Request asks for a page of a workspace's trail. Empty texts and zero times select everything.
type Request struct {
	Workspace    string
	Since, Until time.Time // from Since on, before Until
	Actor        string    // key:<id>, jwt:<hash>:<hash> or socket:<uid>
	Action       string
	Outcome      string
	Cursor       string // Page.Next of the page before
	Limit        int    // default DefaultLimit
}

// Line is a line of the trail.
type Line struct {
	At          time.Time `json:"at" policy:"meta"`
	Actor       string    `json:"actor" policy:"meta"`
	OnBehalf    string    `json:"on_behalf,omitempty" policy:"meta"` // who decided, as the actor put it
	Action      string    `json:"action" policy:"meta"`
	SubjectKind string    `json:"subject_kind,omitempty" policy:"meta"`
	Subject     string    `json:"subject,omitempty" policy:"meta"`
	Outcome     string    `json:"outcome" policy:"meta"` // done, refused or failed
	Reason      string    `json:"reason,omitempty" policy:"meta"`
	RequestID   string    `json:"request_id,omitempty" policy:"meta"`
}

// Page is a page of the trail, the newest line first.
type Page struct {
	Lines []Line `json:"lines" policy:"-"`
	// Next asks for the next older page; absent: there is none.
	Next string `json:"next_cursor,omitempty" policy:"meta"`
}

// row is a row of audit/page.sql.
type row struct {
	Actor        string    `ch:"actor"`
	OnBehalf     string    `ch:"on_behalf"`
	Action       string    `ch:"action"`
	SubjectKind  string    `ch:"subject_kind"`
	Subject      string    `ch:"subject"`
	Outcome      string    `ch:"outcome"`
	Reason       string    `ch:"reason"`
	RequestID    string    `ch:"request_id"`
	At           time.Time `ch:"at"`
	LogPartition uint32    `ch:"log_partition"`
	LogOffset    uint64    `ch:"log_offset"`
	Ordinal      uint32    `ch:"ordinal"`
}

// Trail reads the analytics store. What was done shows there as soon as the sink has sent it.
type Trail struct{ page store.Query[row] }

// New returns the trail that a store holds.
func New(s *store.Store) (*Trail, error) {
	page, err := store.Prepare[row](s, "audit/page")
	if err != nil {
		return nil, fmt.Errorf("read audit trail: %w", err)
	}
	return &Trail{page}, nil
}

// farFuture is later than any line: the engine's DateTime64(3) ends in 2299.
var farFuture = time.Date(2299, 1, 1, 0, 0, 0, 0, time.UTC)

// Page reads a page. It fails with ErrCursor or with the error of the store.
func (t *Trail) Page(ctx context.Context, r Request) (*Page, error) {
	after, ok := cursor.Parse(r.Cursor)
	if !ok {
		return nil, ErrCursor
	}
	if r.Limit == 0 {
		r.Limit = DefaultLimit
	}
	if r.Until.IsZero() {
		r.Until = farFuture
	}
	since := int64(0)
	if !r.Since.IsZero() {
		since = max(0, r.Since.UnixMilli())
	}
	rows, err := t.page.All(ctx, store.Params{
		"workspace": r.Workspace, "since": since, "until": r.Until.UnixMilli(),
		"actor": r.Actor, "action": r.Action, "outcome": r.Outcome, "limit": r.Limit + 1,
		"cursor_at": after.At, "cursor_partition": after.Partition, "cursor_offset": after.Offset, "cursor_ordinal": after.Ordinal,
	})
	if err != nil {
		return nil, fmt.Errorf("read audit trail: %w", err)
	}
	page := &Page{Lines: []Line{}}
	for i, row := range rows {
		if i == r.Limit {
			last := rows[i-1]
			page.Next = cursor.Place{At: last.At.UnixMilli(), Partition: last.LogPartition, Offset: last.LogOffset, Ordinal: last.Ordinal}.String()
			break
		}
		page.Lines = append(page.Lines, Line{
			At: row.At.UTC(), Actor: row.Actor, OnBehalf: row.OnBehalf, Action: row.Action, SubjectKind: row.SubjectKind,
			Subject: row.Subject, Outcome: row.Outcome, Reason: row.Reason, RequestID: row.RequestID,
		})
	}
	return page, nil
}
