package zendesk

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"time"

	"tributary/ingest/connector/field"
)

// pageSize is how many records an export is asked for at once; 1000 is the most it gives.
const pageSize = "500"

// export is a page of an incremental export
// (https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/).
type export struct {
	AfterCursor string `json:"after_cursor"`
	EndTime     *int64 `json:"end_time"`
	EndOfStream *bool  `json:"end_of_stream"`

	Users   []json.RawMessage `json:"users"`
	Tickets []json.RawMessage `json:"tickets"`
	Events  []json.RawMessage `json:"ticket_events"`
	Metrics []json.RawMessage `json:"ticket_metric_events"`
}

func (x *export) records(stream string) []json.RawMessage {
	switch stream {
	case streamUsers:
		return x.Users
	case streamTickets:
		return x.Tickets
	case streamEvents:
		return x.Events
	}
	return x.Metrics
}

// byCursor fetches a page of a cursor-based export: the first by time, the others by cursor.
func (p *puller) byCursor(ctx context.Context, path, stream string, at *place, take func([]json.RawMessage) error) (bool, error) {
	query := url.Values{"per_page": {pageSize}}
	switch {
	case at.Cursor != "":
		query.Set("cursor", at.Cursor)
	case at.Start > p.latest():
		return true, nil
	default:
		query.Set("start_time", strconv.FormatInt(at.Start, 10))
	}
	var x export
	if err := p.exports.Get(ctx, path, query, &x); err != nil {
		return false, err
	}
	if err := take(x.records(stream)); err != nil {
		return false, err
	}
	moved := x.AfterCursor != "" && x.AfterCursor != at.Cursor
	if moved {
		at.Cursor = x.AfterCursor
	}
	return !moved || x.EndOfStream != nil && *x.EndOfStream, nil
}

// latest is the latest start time that the exports take: it must be a minute past.
func (p *puller) latest() int64 { return p.cfg.Now().Add(-time.Minute - time.Second).Unix() }

// maxSeen bounds the ids kept of one second, so that a checkpoint stays small. What is beyond comes
// again, with the same message ids.
const maxSeen = 300

// byTime fetches a page of a time-based export. It begins with the second with which the last page
// ended, so what was taken of that second is left out.
func (p *puller) byTime(ctx context.Context, path, stream string, at *place, take func([]json.RawMessage) error) (bool, error) {
	if at.Start > p.latest() {
		return true, nil
	}
	query := url.Values{"per_page": {pageSize}, "start_time": {strconv.FormatInt(at.Start, 10)}}
	if stream == streamEvents {
		query.Set("include", "comment_events")
	}
	var x export
	if err := p.exports.Get(ctx, path, query, &x); err != nil {
		return false, err
	}
	records := x.records(stream)
	end := at.Start
	if x.EndTime != nil {
		end = max(end, *x.EndTime)
	}
	fresh, last := at.unseen(records, end)
	if err := take(fresh); err != nil {
		return false, err
	}
	moved := end > at.Start
	at.remember(end, last)
	// A page that brings nothing new and does not move would come for ever.
	return x.EndOfStream != nil && *x.EndOfStream || !moved && len(fresh) == 0 || len(records) == 0, nil
}

// stamped is the id and time of a time-based record.
type stamped struct {
	ID        field.Text `json:"id"`
	Timestamp field.Text `json:"timestamp"`  // of ticket events, in seconds
	Time      field.Text `json:"time"`       // of metric events
	CreatedAt field.Text `json:"created_at"` // of ratings
}

func (s *stamped) second() int64 {
	for _, t := range [...]field.Text{s.Timestamp, s.Time, s.CreatedAt} {
		if at := t.Time(); !at.IsZero() {
			return at.Unix()
		}
	}
	return 0
}

// unseen leaves out the records that were taken already, and returns the ids of those of second end.
func (at *place) unseen(records []json.RawMessage, end int64) (fresh []json.RawMessage, last []string) {
	for _, raw := range records {
		var s stamped
		if err := field.Decode(raw, &s); err == nil {
			if s.second() == end && len(last) < maxSeen {
				last = append(last, string(s.ID))
			}
			if s.second() == at.Start && slices.Contains(at.Seen, string(s.ID)) {
				continue
			}
		}
		fresh = append(fresh, raw)
	}
	return fresh, last
}

// remember moves to second end, of which these were taken.
func (at *place) remember(end int64, ids []string) {
	if end == at.Start {
		for _, id := range at.Seen {
			if len(ids) < maxSeen && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	at.Start, at.Seen = end, ids
}
