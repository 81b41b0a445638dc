package zendesk

import (
	"strconv"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// Template is the JSON body of a webhook that a trigger or an automation calls, for plans without
// ticket events. Write one trigger for each thing that happens, and put its name in place of EVENT:
//
//	created, assigned, updated, pending, hold, resumed, solved, reopened, escalated, sla_breached
//
// It holds ids and times alone, and none of the words of customers, whose quotes could break the JSON;
// comments come by pull. Times are UTC, to the second.
const Template = `{
  "type": "tributary:ticket",
  "happened": "EVENT",
  "ticket": {
    "id": "{{ticket.id}}",
    "status": "{{ticket.status}}",
    "priority": "{{ticket.priority}}",
    "requester_id": "{{ticket.requester.id}}",
    "requester_external_id": "{{ticket.requester.external_id}}",
    "assignee_id": "{{ticket.assignee.id}}",
    "group_id": "{{ticket.group.id}}",
    "organization_id": "{{ticket.organization.id}}",
    "created_at": "{{ticket.created_at_with_timestamp}}",
    "updated_at": "{{ticket.updated_at_with_timestamp}}"
  }
}`

const triggerType = "tributary:ticket"

// trigger is the part of Template that a webhook event does not have.
type trigger struct {
	Happened string `json:"happened"`
	Ticket   struct {
		detail
		CreatedAt           field.Text `json:"created_at"`
		RequesterExternalID field.Text `json:"requester_external_id"`
	} `json:"ticket"`
}

// triggered maps what a trigger sent. Statuses in a template are in the account's own words, so what
// happened counts, and not the status.
func (w *webhook) triggered(b *connector.Batch, d *delivery, body []byte) {
	t := d.Ticket.ticket()
	t.requester.external = string(d.Ticket.RequesterExternalID)
	at := d.Ticket.UpdatedAt.Time()
	switch {
	case t.id == "":
		b.Reject("", "ticket.id", field.Wrong, body)
		return
	case at.IsZero():
		b.Reject("", "ticket.updated_at", field.Wrong, body)
		return
	}
	b.Add(w.happened(t, d.Happened, at, d.Ticket.CreatedAt.Time(), body))
}

func (w *webhook) happened(t *ticket, what string, at, created time.Time, body []byte) event.Event {
	switch what {
	case "created":
		if !created.IsZero() {
			at = created
		}
		return w.created(t, at, body)
	case "pending", "hold", "solved":
		return w.changed(t, fieldStatus, "", what, at, body)
	case "assigned":
		return w.changed(t, fieldAgent, "", t.agent, at, body)
	}
	key := "trigger:" + t.id + ":" + what + ":" + strconv.FormatInt(at.Unix(), 10)
	e := w.event(t, key, event.NameCaseUpdated, at, body)
	switch what {
	case "reopened":
		e.Name = event.NameCaseReopened
	case "resumed":
		e.Name = event.NameCaseResumed
	case "escalated":
		e.Name = event.NameCaseEscalated
	case "sla_breached":
		e.Name = event.NameSLABreached
	case "updated":
	default:
		e.Name = w.cfg.Free("trigger." + strings.ToLower(what))
	}
	return e
}
