package chatwoot

import (
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// identifiers are those of a contact.
func (w *webhook) identifiers(p *person) []event.Identifier {
	if p.Type != "" && p.Type != "contact" {
		return nil
	}
	return field.Identifiers(
		w.cfg.Identifier("contact_id", string(p.ID)),
		event.Identifier{Type: event.IDUser, Value: string(p.Identifier)},
		event.Identifier{Type: event.IDEmail, Value: string(p.Email)},
		event.Identifier{Type: event.IDPhone, Value: string(p.Phone)},
	)
}

// event is one of a conversation's, about its contact.
func (w *webhook) event(c *conversation, id, name string, body []byte) event.Event {
	team := c.Meta.Team.Name
	if team == "" {
		team = c.Meta.Team.ID
	}
	return event.Event{
		MessageID: id, Name: name, Channel: channels[string(c.Channel)], Properties: body,
		Identifiers: w.identifiers(&c.Meta.Sender),
		CX: &event.CX{
			ConversationID: string(c.ID), Priority: string(c.Priority), Team: field.Clip(string(team)),
			AgentID: string(c.Meta.Assignee.ID),
		},
	}
}

// message maps a message that was written or changed.
func (w *webhook) message(d *delivery, id string, body []byte) event.Event {
	c := &d.Conversation
	survey := d.ContentType == "input_csat"
	if d.Event == "message_updated" {
		if r := &d.ContentAttributes.Submitted.Rating; survey && r.Rating != nil {
			return w.rated(c, d, body)
		}
		return w.event(c, id, w.cfg.Free(d.Event), body)
	}
	e := w.event(c, "message:"+string(d.ID), event.NameConversationMessage, body)
	e.OriginalAt = d.CreatedAt.Time()
	e.CX.AuthorRole, e.CX.Text = author(d), d.Content
	e.CX.Direction = event.DirectionOutbound
	e.CX.AgentID = ""
	switch e.CX.AuthorRole {
	case event.AuthorCustomer:
		e.CX.Direction = event.DirectionInbound
		if d.Sender.ID != "" {
			e.Identifiers = w.identifiers(&d.Sender)
		}
	case event.AuthorHuman, event.AuthorAI:
		e.CX.AgentID = string(d.Sender.ID)
	default: // the system is nobody
	}
	switch {
	case survey:
		e.Name, e.CX.Survey, e.CX.SurveyKind = event.NameSurveySent, event.SurveyCSAT, event.SurveyTransactional
		e.CX.SurveyID, e.CX.AboutConversationID = string(d.ID), string(c.ID)
	case d.MessageType == "activity" || d.MessageType == "2":
		e.Name, e.CX.Direction = w.cfg.Free("activity"), ""
	case d.Private:
		e.Name = w.cfg.Free("private_note")
	}
	return e
}

// author says who wrote a message. message_type is a word in webhooks and a number in older ones.
func author(d *delivery) event.AuthorRole {
	switch {
	case d.MessageType == "incoming" || d.MessageType == "0":
		return event.AuthorCustomer
	case d.Sender.Type == "agent_bot" || d.Sender.Type == "captain_assistant":
		return event.AuthorAI
	case (d.MessageType == "outgoing" || d.MessageType == "1") && d.Sender.ID != "":
		return event.AuthorHuman
	}
	return event.AuthorSystem
}

// rated is the customer's answer to a survey. When it came is not told.
func (w *webhook) rated(c *conversation, d *delivery, body []byte) event.Event {
	r := &d.ContentAttributes.Submitted.Rating
	e := w.event(c, "rating:"+string(d.ID), event.NameSurveyAnswered, body)
	e.CX.ConversationID, e.CX.AboutConversationID = "", string(c.ID)
	e.CX.SurveyID, e.CX.Survey, e.CX.SurveyKind = string(d.ID), event.SurveyCSAT, event.SurveyTransactional
	e.CX.Score, e.CX.Scale, e.CX.Text, e.CX.AuthorRole = r.Rating, "1-5", string(r.Feedback), event.AuthorCustomer
	return e
}

// conversation maps a conversation that began or changed.
func (w *webhook) conversation(d *delivery, id string, body []byte) event.Event {
	c := &conversation{ID: d.ID, Channel: d.Channel, Status: d.Status, Priority: d.Priority, UpdatedAt: d.UpdatedAt, Meta: d.Meta}
	e := w.event(c, id, w.cfg.Free(d.Event), body)
	e.OriginalAt = c.UpdatedAt.Time()
	status, moved := d.changed("status")
	_, assigned := d.changed("assignee_id")
	_, teamed := d.changed("team_id")
	switch {
	case d.Event == "conversation_created":
		e.Name, e.MessageID = event.NameConversationStarted, "conversation:"+string(c.ID)+":started"
		if at := d.CreatedAt.Time(); !at.IsZero() {
			e.OriginalAt = at
		}
	case d.Event == "conversation_status_changed" && c.Status == "resolved":
		e.Name, e.CX.Resolution, e.CX.AuthorRole = event.NameConversationEnded, event.ResolutionAssumed, event.AuthorHuman
		if moved && status.Previous == "pending" {
			e.CX.AuthorRole = event.AuthorAI
		}
	case d.Event == "conversation_status_changed" && moved && status.Previous == "pending" && c.Status == "open":
		e.Name, e.CX.AuthorRole = event.NameConversationHandedOff, event.AuthorAI
	case d.Event == "conversation_updated" && assigned && c.Meta.Assignee.ID != "":
		e.Name = event.NameConversationOffered
	case d.Event == "conversation_updated" && teamed && c.Meta.Team.ID != "":
		e.Name, e.CX.Queue = event.NameConversationQueued, e.CX.Team
	}
	e.CX.Disposition = string(c.Status)
	return e
}

// contact is a contact as it is now.
func (w *webhook) contact(d *delivery, id string, body []byte) event.Event {
	p := person{ID: d.ID, Name: d.Name, Email: d.Email, Phone: d.Phone, Identifier: d.Identifier}
	return event.Event{
		MessageID: id, Type: event.TypeIdentify, Name: event.NameContactUpdated, Traits: body,
		Record:      &event.Record{ID: "contact:" + string(p.ID)},
		Identifiers: w.identifiers(&p),
		Attributes:  field.Attributes(event.AttrName, string(p.Name)),
	}
}
