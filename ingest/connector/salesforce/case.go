package salesforce

import (
	"strings"

	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// serviceCase holds the standard fields of a case that are looked at
// (https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_case.htm).
type serviceCase struct {
	Subject     string     `json:"Subject"`
	Description string     `json:"Description"`
	Type        string     `json:"Type"`
	Reason      string     `json:"Reason"`
	Status      string     `json:"Status"`
	Priority    string     `json:"Priority"`
	Origin      string     `json:"Origin"`
	Owner       string     `json:"OwnerId"`
	IsClosed    field.Text `json:"IsClosed"`
	ClosedDate  field.Raw  `json:"ClosedDate"`
	IsEscalated field.Text `json:"IsEscalated"`
	Email       string     `json:"SuppliedEmail"` // as the customer gave them
	Phone       string     `json:"SuppliedPhone"`
	Name        string     `json:"SuppliedName"`
}

// caseChanged names what happened to a case. Change events alone say that: an outbound message is the
// case as it is. An update that names nobody is the customer's by the case's own id, which the case's
// creation carries too.
func (w *webhook) caseChanged(e *event.Event, c *change) {
	var s serviceCase
	if c.what == "" || field.Read(c.fields, &s) != nil {
		return
	}
	if e.CX == nil {
		e.CX = &event.CX{}
	}
	cx := e.CX
	cx.CaseID, cx.Priority = field.Clip(c.record), field.Clip(s.Priority)
	cx.Disposition = field.Clip(s.Status)
	if cx.Topic = field.Clip(s.Reason); cx.Topic == "" {
		cx.Topic = field.Clip(s.Type)
	}
	switch {
	case strings.HasPrefix(s.Owner, "005"): // a user
		cx.AgentID = field.Clip(s.Owner)
	case strings.HasPrefix(s.Owner, "00G"): // a group, which a queue is
		cx.Queue = field.Clip(s.Owner)
	}
	field.Identify(e, event.Identifier{Type: event.IDEmail, Value: s.Email})
	field.Identify(e, event.Identifier{Type: event.IDPhone, Value: s.Phone})
	field.Identify(e, w.config.Identifier("case_id", c.record))
	field.Describe(e, event.AttrName, s.Name)
	switch c.what {
	case "create":
		e.Name, e.Channel, cx.Text = event.NameCaseOpened, channels[s.Origin], s.Description
		if cx.Text == "" {
			cx.Text = s.Subject
		}
		if e.Channel != "" {
			cx.Direction, cx.AuthorRole = event.DirectionInbound, event.AuthorCustomer
		}
	case "update":
		e.Name = s.updated(cx)
	}
}

// channels are the origins that Salesforce has from the start.
var channels = map[string]event.Channel{
	"Email": event.ChannelEmail, "Phone": event.ChannelVoice, "Web": event.ChannelWeb, "Chat": event.ChannelChat,
}

// updated names an update by the weightiest field among those that changed.
func (s *serviceCase) updated(cx *event.CX) string {
	switch {
	case s.IsClosed == "true" || field.Given(s.ClosedDate):
		cx.Resolution = event.ResolutionAssumed
		return event.NameCaseResolved
	case s.IsClosed == "false":
		return event.NameCaseReopened
	case s.IsEscalated == "true":
		return event.NameCaseEscalated
	case s.Owner != "":
		return event.NameCaseAssigned
	}
	return event.NameCaseUpdated
}
