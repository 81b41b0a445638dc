package zendesk

import (
	"strconv"
	"strings"
	"time"

	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// ticket is what events say about the ticket they are of.
type ticket struct {
	id, subject, organization string
	priority                  string
	agent, group              string
	channel                   event.Channel
	requester                 person
}

// cx is the ticket's part of the typed fields.
func (t *ticket) cx() *event.CX {
	return &event.CX{
		CaseID: t.id, ConversationID: t.id, AccountID: t.organization, Topic: field.Clip(t.subject),
		Priority: t.priority, AgentID: t.agent, Team: t.group,
	}
}

// event is one of the ticket's, about its requester.
func (m mapper) event(t *ticket, messageID, name string, at time.Time, raw []byte) event.Event {
	return event.Event{
		MessageID: messageID, Name: name, Channel: t.channel, OriginalAt: at,
		Identifiers: m.identifiers(t.requester), CX: t.cx(), Properties: raw,
	}
}

// created is the opening of a ticket.
func (m mapper) created(t *ticket, at time.Time, raw []byte) event.Event {
	e := m.event(t, "ticket:"+t.id+":created", event.NameCaseOpened, at, raw)
	e.CX.Direction = event.DirectionInbound
	return e
}

// The fields whose changes have a name of their own.
const (
	fieldStatus   = "status"
	fieldAgent    = "assignee_id"
	fieldGroup    = "group_id"
	fieldPriority = "priority"
)

// changed is a change of one of these fields; previous is empty if it is not known.
func (m mapper) changed(t *ticket, what, previous, current string, at time.Time, raw []byte) event.Event {
	previous, current = strings.ToLower(previous), strings.ToLower(current)
	if current == "0" {
		current = "" // nobody
	}
	key := "ticket:" + t.id + ":" + what + ":" + current + ":" + strconv.FormatInt(at.Unix(), 10)
	e := m.event(t, key, event.NameCaseUpdated, at, raw)
	switch what {
	case fieldStatus:
		e.Name, e.CX.Resolution = statusName(previous, current)
		e.CX.Disposition = current
	case fieldAgent:
		if e.CX.AgentID = current; current != "" {
			e.Name = event.NameCaseAssigned
		}
	case fieldGroup:
		if e.CX.Team = current; current != "" {
			e.Name = event.NameCaseAssigned
		}
	case fieldPriority:
		e.CX.Priority = current
		if rank(previous) > 0 && rank(current) > rank(previous) {
			e.Name = event.NameCaseEscalated
		}
	}
	return e
}

// statusName names a change of status. Closed follows upon solved by itself: it resolves nothing.
func statusName(previous, current string) (string, event.Resolution) {
	switch current {
	case "pending":
		return event.NameCaseWaiting, ""
	case "hold":
		return event.NameCasePaused, ""
	case "solved":
		return event.NameCaseResolved, event.ResolutionAssumed
	case "deleted":
		return event.NameCaseResolved, event.ResolutionNone
	case "open", "new":
		switch previous {
		case "solved", "closed", "deleted":
			return event.NameCaseReopened, ""
		case "pending", "hold":
			return event.NameCaseResumed, ""
		}
	}
	return event.NameCaseUpdated, ""
}

// rank orders priorities; 0 is none.
func rank(priority string) int {
	switch priority {
	case "low":
		return 1
	case "normal":
		return 2
	case "high":
		return 3
	case "urgent":
		return 4
	}
	return 0
}

// comment is a message, or a note among agents.
type comment struct {
	id, body string
	public   bool
	author   person
	staff    bool
}

// commented is a comment. What a customer wrote is about its author, who may be somebody in copy; all
// else is about the requester.
func (m mapper) commented(t *ticket, c *comment, at time.Time, raw []byte) event.Event {
	e := m.event(t, "comment:"+c.id, event.NameConversationMessage, at, raw)
	if !c.public {
		e.Name = m.cfg.Free("ticket.comment_added")
	}
	e.CX.Text = c.body
	e.CX.AuthorRole = m.author(c.author.id, c.staff)
	e.CX.AgentID = ""
	switch e.CX.AuthorRole {
	case event.AuthorCustomer:
		e.CX.Direction = event.DirectionInbound
		if c.author.id != t.requester.id {
			e.Identifiers = m.identifiers(c.author)
		}
	case event.AuthorHuman, event.AuthorAI:
		e.CX.AgentID = c.author.id
		e.CX.Direction = event.DirectionOutbound
	default:
		e.CX.Direction = event.DirectionOutbound
	}
	return e
}
