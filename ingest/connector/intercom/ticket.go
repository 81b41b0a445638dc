package intercom

import (
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// ticket is a customer, back-office or tracker ticket
// (https://developers.intercom.com/docs/references/2.14/rest-api/api.intercom.io/tickets/ticket).
type ticket struct {
	Type            string      `json:"type"`
	ID              field.Text  `json:"id"`
	CreatedAt       field.Text  `json:"created_at"`
	UpdatedAt       field.Text  `json:"updated_at"`
	AdminAssigneeID field.Text  `json:"admin_assignee_id"`
	TeamAssigneeID  field.Text  `json:"team_assignee_id"`
	Contacts        people      `json:"contacts"`
	State           ticketState `json:"ticket_state"`
	Attributes      struct {
		Title string `json:"_default_title_"`
	} `json:"ticket_attributes"`
	Parts struct {
		List []raw `json:"ticket_parts"`
	} `json:"ticket_parts"`
}

// ticketState is the category of a state, an object since version 2.12 and a text before.
type ticketState struct{ category string }

// UnmarshalJSON reads either form.
func (s *ticketState) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		var object struct {
			Category field.Text `json:"category"`
		}
		err := field.Decode(b, &object)
		s.category = string(object.Category)
		return err
	}
	var text field.Text
	err := text.UnmarshalJSON(b)
	s.category = string(text)
	return err
}

// ticket maps a notification about a ticket.
func (m mapper) ticket(n *notification, body []byte, b *connector.Batch) {
	var t ticket
	err := field.Decode(n.Data.Item, &t)
	if err == nil && other(t.Type, "ticket") {
		b.Add(m.free(n, body))
		return
	}
	if err != nil || t.ID == "" {
		b.Reject(string(n.ID), "data.item."+wrong[ticket](n.Data.Item), field.Wrong, body)
		return
	}
	if replies(n.Topic) {
		if len(t.Parts.List) == 0 {
			b.Reject(string(n.ID), "data.item.ticket_parts", field.Wrong, body)
		}
		c := &conversation{ID: t.ID, Title: t.Attributes.Title, TeamAssigneeID: t.TeamAssigneeID, Contacts: t.Contacts}
		before := len(b.Events)
		for _, text := range t.Parts.List {
			m.part(c, text, body, time.Time{}, b)
		}
		for i := range b.Events[before:] {
			b.Events[before+i].CX.CaseID = string(t.ID)
		}
		return
	}
	b.Add(m.caseEvent(n, &t, body))
}

func replies(topic string) bool {
	return topic == "ticket.admin.replied" || topic == "ticket.contact.replied" || topic == "ticket.note.created"
}

func (m mapper) caseEvent(n *notification, t *ticket, body []byte) event.Event {
	e := event.Event{
		MessageID: string(n.ID), Name: event.NameCaseUpdated, OriginalAt: n.CreatedAt.Time(), Properties: body,
		Identifiers: m.identifiers(&t.Contacts, &author{}),
		CX: &event.CX{
			CaseID: string(t.ID), ConversationID: string(t.ID), Topic: field.Clip(t.Attributes.Title),
			AgentID: string(t.AdminAssigneeID), Team: string(t.TeamAssigneeID), Disposition: t.State.category,
		},
	}
	switch n.Topic {
	case "ticket.created":
		e.MessageID, e.Name, e.OriginalAt = "ticket:"+string(t.ID)+":created", event.NameCaseOpened, t.CreatedAt.Time()
	case "ticket.admin.assigned", "ticket.team.assigned":
		e.Name = event.NameCaseAssigned
	case "ticket.rating.provided":
		e.Name = m.cfg.Free(n.Topic) // its form is not documented
	case "ticket.state.updated":
		switch t.State.category {
		case "waiting_on_customer":
			e.Name = event.NameCaseWaiting
		case "resolved":
			e.Name, e.CX.Resolution = event.NameCaseResolved, event.ResolutionAssumed
		}
	}
	return e
}
