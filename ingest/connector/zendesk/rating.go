package zendesk

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// metric is an event of a ticket's SLA clocks
// (https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_metric_events/).
type metric struct {
	ID       field.Text `json:"id"`
	TicketID field.Text `json:"ticket_id"`
	Metric   string     `json:"metric"`
	Type     string     `json:"type"`
	Time     field.Text `json:"time"`
	Deleted  bool       `json:"deleted"` // of a breach: the target was moved, and it is none any more
}

// metrics takes a page of metric events. That a target was met is not told: a fulfilled metric may be
// one without a target, or with one that was missed before.
func (p *puller) metrics(ctx context.Context, records []json.RawMessage, b *connector.Batch) error {
	all := make([]metric, len(records))
	var tickets []string
	for i, raw := range records {
		if err := field.Decode(raw, &all[i]); err != nil || id(all[i].ID) == "" || all[i].Type == "" {
			b.Reject("", "id", field.Wrong, raw)
			all[i].ID = ""
			continue
		}
		tickets = append(tickets, id(all[i].TicketID))
	}
	d, err := p.lookUp(ctx, tickets, nil)
	if err != nil {
		return err
	}
	for i := range all {
		m := &all[i]
		if m.ID == "" {
			continue
		}
		e := p.event(d.ticket(id(m.TicketID)), "metric:"+id(m.ID), p.cfg.Free("metric."+m.Type), m.Time.Time(), records[i])
		switch {
		case m.Type == "apply_sla":
			e.Name = event.NameSLAStarted
		case m.Type == "breach" && !m.Deleted:
			e.Name = event.NameSLABreached
		}
		e.CX.Disposition = m.Metric
		b.Add(e)
	}
	return nil
}

// rating is a satisfaction rating
// (https://developer.zendesk.com/api-reference/ticketing/ticket-management/satisfaction_ratings/).
type rating struct {
	ID          field.Text `json:"id"`
	TicketID    field.Text `json:"ticket_id"`
	RequesterID field.Text `json:"requester_id"`
	AssigneeID  field.Text `json:"assignee_id"`
	GroupID     field.Text `json:"group_id"`
	Score       string     `json:"score"`
	Comment     string     `json:"comment"`
	Reason      string     `json:"reason"`
	CreatedAt   field.Text `json:"created_at"`
	UpdatedAt   field.Text `json:"updated_at"`
}

// ratingOverlap is how far back ratings are asked for again. A rating is offered first and answered
// days later, as the same record, and it is not documented which of its times start_time looks at. It
// is less than the horizon in which repetitions are recognised.
const ratingOverlap = 5 * 24 * time.Hour

// ratings fetches a page of ratings, newest or oldest first as Zendesk likes.
func (p *puller) ratings(ctx context.Context, at *place, b *connector.Batch) (done bool, err error) {
	query := url.Values{"page[size]": {"100"}}
	if at.Start > 0 {
		query.Set("start_time", strconv.FormatInt(at.Start, 10))
	}
	if at.Cursor != "" {
		query.Set("page[after]", at.Cursor)
	}
	var answer struct {
		Ratings []json.RawMessage `json:"satisfaction_ratings"`
		Meta    struct {
			HasMore     bool   `json:"has_more"`
			AfterCursor string `json:"after_cursor"`
		} `json:"meta"`
	}
	if err := p.exports.Get(ctx, "/api/v2/satisfaction_ratings.json", query, &answer); err != nil {
		return false, err
	}
	all := make([]rating, len(answer.Ratings))
	var users []string
	for i, raw := range answer.Ratings {
		if err := field.Decode(raw, &all[i]); err != nil || id(all[i].ID) == "" {
			b.Reject("", "id", field.Wrong, raw)
			all[i].ID = ""
			continue
		}
		users = append(users, id(all[i].RequesterID))
	}
	d, err := p.lookUp(ctx, nil, users)
	if err != nil {
		return false, err
	}
	for i := range all {
		if r := &all[i]; r.ID != "" && !at.rated(r) {
			b.Add(p.rated(r, d, answer.Ratings[i]))
		}
	}
	if answer.Meta.HasMore && answer.Meta.AfterCursor != "" && answer.Meta.AfterCursor != at.Cursor {
		at.Cursor = answer.Meta.AfterCursor
		return false, nil
	}
	at.rewind(p.cfg.Now())
	return true, nil
}

// mark tells one state of a rating from the next.
func (r *rating) mark() string { return id(r.ID) + ":" + r.Score + ":" + string(r.UpdatedAt) }

// rated says whether this state of a rating was taken in an earlier round, and notes it if not.
func (at *place) rated(r *rating) bool {
	second := r.UpdatedAt.Time().Unix()
	switch mark := r.mark(); {
	case slices.Contains(at.Seen, mark):
		return true
	case second > at.Newest:
		at.Newest = second
		fallthrough
	default:
		if at.Seen = append(at.Seen, mark); len(at.Seen) > maxSeen/2 {
			at.Seen = at.Seen[1:]
		}
	}
	return false
}

// rewind begins the next round: at the newest rating, but not later than the overlap wants.
func (at *place) rewind(now time.Time) {
	at.Cursor = ""
	if at.Newest > 0 {
		at.Start = max(at.Start, min(at.Newest, now.Add(-ratingOverlap).Unix()))
	}
}

// rated is a rating in its present state. The legacy survey has two answers, so its scale is 0 to 1.
func (p *puller) rated(r *rating, d *directory, raw []byte) event.Event {
	ticket := id(r.TicketID)
	e := event.Event{
		MessageID: "rating:" + r.mark(), Name: p.cfg.Free("satisfaction_rating"), OriginalAt: r.UpdatedAt.Time(),
		Identifiers: p.identifiers(d.person(id(r.RequesterID))), Properties: raw,
		CX: &event.CX{
			CaseID: ticket, AboutConversationID: ticket, SurveyID: id(r.ID), Survey: event.SurveyCSAT,
			SurveyKind: event.SurveyTransactional, AgentID: id(r.AssigneeID), Team: id(r.GroupID),
		},
	}
	answer := func(score float64) {
		e.Name = event.NameSurveyAnswered
		e.CX.Score, e.CX.Scale, e.CX.AuthorRole = &score, "0-1", event.AuthorCustomer
		e.CX.Text, e.CX.Disposition = r.Comment, field.Clip(r.Reason)
	}
	switch {
	case r.Score == "offered":
		e.Name = event.NameSurveySent
	case strings.HasPrefix(r.Score, "good"):
		answer(1)
	case strings.HasPrefix(r.Score, "bad"):
		answer(0)
	}
	return e
}
