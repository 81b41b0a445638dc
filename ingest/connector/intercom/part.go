package intercom

import (
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// part is something written or done in a conversation
// (https://developers.intercom.com/docs/references/2.14/rest-api/api.intercom.io/conversations/conversation_part).
type part struct {
	ID         field.Text `json:"id"`
	Type       string     `json:"part_type"`
	Body       string     `json:"body"`
	CreatedAt  field.Text `json:"created_at"`
	Author     author     `json:"author"`
	AssignedTo struct {
		Type string     `json:"type"`
		ID   field.Text `json:"id"`
	} `json:"assigned_to"`
}

// part maps one part: its words are a message or a note, whatever its type, and what it did is an event
// of its own. Parts from before after were taken in an earlier round. whole, if not nil, is what the
// part came in.
func (m mapper) part(c *conversation, text, whole []byte, after time.Time, b *connector.Batch) {
	var p part
	switch err := field.Decode(text, &p); {
	case err != nil, p.ID == "":
		b.Reject("", "conversation_parts[]."+wrong[part](text), field.Wrong, text)
		return
	case p.Type == "":
		b.Reject("", "conversation_parts[].part_type", field.Wrong, text)
		return
	}
	at := p.CreatedAt.Time()
	if !at.IsZero() && at.Before(after) {
		return
	}
	if whole == nil {
		whole = text
	}
	key := "part:" + string(c.ID) + ":" + string(p.ID)
	words := field.PlainText(p.Body)
	said := words != "" || p.Type == "comment" || p.Type == "quick_reply"
	if said {
		e := m.event(c, key, event.NameConversationMessage, &p.Author, at, whole)
		e.CX.Text = words
		e.CX.Direction = event.DirectionOutbound
		if e.CX.AuthorRole == event.AuthorCustomer {
			e.CX.Direction = event.DirectionInbound
		}
		if strings.HasPrefix(p.Type, "note") {
			e.Name = m.cfg.Free("note")
		}
		b.Add(e)
	}
	if name := m.did(c, &p); name != "" {
		e := m.event(c, key+":"+p.Type, name, &p.Author, at, whole)
		p.state(c, &e)
		b.Add(e)
	} else if !said {
		b.Add(m.event(c, key, m.cfg.Free("part."+p.Type), &p.Author, at, whole))
	}
}

// did names what a part did beside its words; "" if nothing that has a name.
func (m mapper) did(c *conversation, p *part) string {
	switch {
	case p.Type == "close":
		return event.NameConversationEnded
	case !strings.Contains(p.Type, "assign"):
		return ""
	case p.AssignedTo.ID == "": // nobody
		return m.cfg.Free("part." + p.Type)
	case p.Author.role() == event.AuthorAI && c.AIParticipated && c.resolutionState == "":
		return event.NameConversationHandedOff // and no state that tells of it
	case p.AssignedTo.Type == "team":
		return event.NameConversationQueued
	case p.Author.role() == event.AuthorHuman && p.Author.ID != p.AssignedTo.ID:
		return event.NameConversationTransferred
	}
	return event.NameConversationOffered
}

// state puts into an event what the part says of the conversation's state.
func (p *part) state(c *conversation, e *event.Event) {
	switch {
	case p.Type == "close":
		e.CX.Resolution = resolution(e.CX.AuthorRole, c.resolutionState)
	case p.AssignedTo.Type == "team":
		e.CX.AgentID, e.CX.Team, e.CX.Queue = "", string(p.AssignedTo.ID), string(p.AssignedTo.ID)
	default:
		e.CX.AgentID = string(p.AssignedTo.ID)
	}
}

// resolution is how sure it is that a closed conversation is settled. For one that a bot closed Fin's
// state says so; a human's closing is an assumption.
func resolution(by event.AuthorRole, fin string) event.Resolution {
	if by == event.AuthorHuman {
		return event.ResolutionAssumed
	}
	switch fin {
	case "confirmed_resolution":
		return event.ResolutionConfirmed
	case "assumed_resolution":
		return event.ResolutionAssumed
	case "":
		return ""
	}
	return event.ResolutionNone
}
