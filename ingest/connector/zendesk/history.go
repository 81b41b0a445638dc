package zendesk

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// users takes a page of users.
func (p *puller) users(records []json.RawMessage, b *connector.Batch) {
	for _, raw := range records {
		var u exported
		if err := field.Decode(raw, &u); err != nil || id(u.ID) == "" {
			b.Reject("", "id", field.Wrong, raw)
			continue
		}
		b.Add(p.record(&u, raw))
	}
}

// tickets takes a page of tickets as they are now. What happened to them comes with their events: the
// state as such is free, but a deletion is told here alone.
func (p *puller) tickets(ctx context.Context, records []json.RawMessage, b *connector.Batch) error {
	all := make([]full, len(records))
	var requesters []string
	for i, raw := range records {
		if err := field.Decode(raw, &all[i]); err != nil || id(all[i].ID) == "" {
			b.Reject("", "id", field.Wrong, raw)
			all[i].ID = ""
			continue
		}
		requesters = append(requesters, id(all[i].RequesterID))
	}
	d, err := p.lookUp(ctx, nil, requesters)
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].ID != "" {
			b.Add(p.state(&all[i], d, records[i]))
		}
	}
	return nil
}

// state is a ticket as it is now. The generated timestamp moves with changes of the system too.
func (p *puller) state(f *full, d *directory, raw []byte) event.Event {
	t := f.ticket()
	t.requester = d.person(t.requester.id)
	stamp := f.GeneratedTimestamp
	if stamp == "" {
		stamp = f.UpdatedAt
	}
	if strings.EqualFold(f.Status, "deleted") {
		e := p.event(t, "ticket:"+t.id+":deleted:"+string(stamp), event.NameCaseResolved, f.UpdatedAt.Time(), raw)
		e.CX.Resolution, e.CX.Disposition = event.ResolutionNone, "deleted"
		return e
	}
	e := p.event(t, "ticket:"+t.id+":state:"+string(stamp), p.cfg.Free("ticket"), f.UpdatedAt.Time(), raw)
	e.CX.Disposition = f.Status
	return e
}

// audit is an update of a ticket with all that changed in it
// (https://developer.zendesk.com/documentation/ticketing/reference-guides/ticket-audit-events-reference/).
type audit struct {
	ID        field.Text        `json:"id"`
	TicketID  field.Text        `json:"ticket_id"`
	CreatedAt field.Text        `json:"created_at"`
	Timestamp field.Text        `json:"timestamp"`
	Via       via               `json:"via"`
	Children  []json.RawMessage `json:"child_events"`

	children []child
}

// child is a part of an audit. The export names the field that was set or changed as a key of its own,
// the audits API with field_name and value, to which its documentation refers; either is read.
type child struct {
	ID            field.Text  `json:"id"`
	Type          string      `json:"event_type"`
	AuthorID      field.Text  `json:"author_id"`
	Body          string      `json:"body"`
	PlainBody     string      `json:"plain_body"`
	Public        bool        `json:"public"`
	PreviousValue field.Text  `json:"previous_value"`
	Status        *field.Text `json:"status"`
	AssigneeID    *field.Text `json:"assignee_id"`
	GroupID       *field.Text `json:"group_id"`
	Priority      *field.Text `json:"priority"`
	FieldName     string      `json:"field_name"`
	Value         *field.Text `json:"value"`
}

// set is the field with a name of its own that a part sets or changes, and its value; "" if it is
// another, or has none any more.
func (c *child) set() (what string, value field.Text) {
	for _, one := range [...]struct {
		what  string
		value *field.Text
	}{{fieldStatus, c.Status}, {fieldAgent, c.AssigneeID}, {fieldGroup, c.GroupID}, {fieldPriority, c.Priority}} {
		if one.value == nil && c.FieldName == one.what {
			one.value = c.Value
		}
		if one.value != nil {
			return one.what, *one.value
		}
	}
	return "", ""
}

// audits takes a page of ticket events.
func (p *puller) audits(ctx context.Context, records []json.RawMessage, b *connector.Batch) error {
	all := make([]audit, len(records))
	var tickets, authors []string
	for i, raw := range records {
		a := &all[i]
		if wrong := a.read(raw, b); wrong != "" {
			b.Reject("", wrong, field.Wrong, raw)
			a.ID = ""
			continue
		}
		tickets = append(tickets, id(a.TicketID))
		for j := range a.children {
			authors = append(authors, id(a.children[j].AuthorID))
		}
	}
	d, err := p.lookUp(ctx, tickets, authors)
	if err != nil {
		return err
	}
	for i := range all {
		if all[i].ID != "" {
			p.audit(&all[i], d, records[i], b)
		}
	}
	return nil
}

// read decodes an audit and says which field is wrong, if one is. A child that is wrong is rejected
// alone.
func (a *audit) read(raw []byte, b *connector.Batch) (wrong string) {
	switch err := field.Decode(raw, a); {
	case err != nil:
		return field.Misfit[audit](raw)
	case id(a.ID) == "":
		return "id"
	case id(a.TicketID) == "":
		return "ticket_id"
	case a.Children == nil:
		return "child_events"
	}
	whole := a.Children
	a.Children = nil
	for i, part := range whole {
		var c child
		wrong := "event_type"
		if err := field.Decode(part, &c); err != nil {
			wrong = field.Misfit[child](part)
		} else if c.Type == "Comment" && id(c.ID) == "" {
			wrong = "id"
		} else if c.Type != "" {
			a.Children, a.children = append(a.Children, part), append(a.children, c)
			continue
		}
		b.Reject("", "child_events["+strconv.Itoa(i)+"]."+wrong, field.Wrong, part)
	}
	return ""
}

func (a *audit) at() time.Time {
	if at := a.CreatedAt.Time(); !at.IsZero() {
		return at
	}
	return a.Timestamp.Time()
}

// audit maps an update: an event for each part that has a name, and one for the rest of them, which
// the opening of a ticket has as well. The ticket's own fields are as they are now; agent, team and priority at that time are not known but
// where they changed.
func (p *puller) audit(a *audit, d *directory, raw []byte, b *connector.Batch) {
	t := d.ticket(id(a.TicketID))
	t.agent, t.group, t.priority = "", "", ""
	if c := a.Via.channel(); c != "" {
		t.channel = c
	}
	at := a.at()
	opened, rest := a.opening(t), false
	if opened {
		b.Add(p.created(t, at, raw))
	}
	for i := range a.children {
		c := &a.children[i]
		part := a.Children[i]
		what, value := c.set()
		switch {
		case c.Type == "Comment":
			b.Add(p.commented(t, c.comment(d), at, part))
		case c.Type == "Create":
			if what == fieldStatus && statusCounts(value) {
				b.Add(p.changed(t, what, "", string(value), at, part))
			}
		case c.Type == "Change" && what != "":
			b.Add(p.changed(t, what, string(c.PreviousValue), string(value), at, part))
		default:
			rest = true
		}
	}
	if rest && !opened || len(a.children) == 0 {
		b.Add(p.event(t, "audit:"+id(a.ID), event.NameCaseUpdated, at, raw))
	}
}

// opening says whether this update made the ticket, and puts its first values into t.
func (a *audit) opening(t *ticket) bool {
	opened := false
	for i := range a.children {
		c := &a.children[i]
		if c.Type != "Create" {
			continue
		}
		opened = true
		switch what, value := c.set(); what {
		case fieldPriority:
			t.priority = strings.ToLower(string(value))
		case fieldAgent:
			t.agent = id(value)
		case fieldGroup:
			t.group = id(value)
		}
	}
	return opened
}

// statusCounts says whether a ticket that begins with this status has moved already.
func statusCounts(status field.Text) bool {
	return status == "pending" || status == "hold" || status == "solved"
}

func (c *child) comment(d *directory) *comment {
	author := d.person(id(c.AuthorID))
	body := c.PlainBody
	if body == "" {
		body = c.Body
	}
	return &comment{id: id(c.ID), body: body, public: c.Public, author: author, staff: author.role != "" && author.role != endUser}
}
