package zendesk

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// The headers of a signed delivery (https://developer.zendesk.com/documentation/webhooks/verifying/).
const (
	signatureHeader = "X-Zendesk-Webhook-Signature"
	timestampHeader = "X-Zendesk-Webhook-Signature-Timestamp"
)

// tolerance is generous: Zendesk does not say whether a delivery that it tries again is signed again,
// and what is repeated makes the same message ids.
const tolerance = 15 * time.Minute

type webhook struct {
	mapper
	secret []byte
}

func newWebhook(cfg connector.Config) (connector.Webhook, error) {
	if !cfg.Has("webhook_secret") {
		return nil, errors.New("webhook_secret: must be given to take webhooks")
	}
	return &webhook{mapper: newMapper(cfg), secret: cfg.Secret("webhook_secret")}, nil
}

// sign is base64(HMAC-SHA256(timestamp + body)).
func sign(secret []byte, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(timestamp))
	mac.Write(body)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Verify checks the signature, and that it is fresh.
func (w *webhook) Verify(r *connector.Request) error {
	signature, timestamp := r.Header.Get(signatureHeader), r.Header.Get(timestampHeader)
	if signature == "" || timestamp == "" {
		return connector.ErrUnsigned
	}
	if !field.Same(signature, sign(w.secret, timestamp, r.Body)) {
		return connector.ErrSignature
	}
	at := field.Time(timestamp)
	if at.IsZero() || !field.Fresh(at, r.Received, tolerance) {
		return connector.ErrStale
	}
	return nil
}

// delivery is a webhook event: detail is the ticket or user as it is then, event what changed
// (https://developer.zendesk.com/api-reference/webhooks/event-types/webhook-event-types/).
type delivery struct {
	Type   string     `json:"type"`
	ID     field.Text `json:"id"`
	Time   field.Text `json:"time"`
	Detail detail     `json:"detail"`
	Event  struct {
		Current  field.Text `json:"current"`
		Previous field.Text `json:"previous"`
		Comment  struct {
			ID       field.Text `json:"id"`
			Body     string     `json:"body"`
			IsPublic bool       `json:"is_public"`
			Author   struct {
				ID      field.Text `json:"id"`
				IsStaff bool       `json:"is_staff"`
			} `json:"author"`
		} `json:"comment"`
	} `json:"event"`
	trigger
}

// detail holds the fields of a ticket and those of a user; a delivery has one or the other.
type detail struct {
	ID             field.Text `json:"id"`
	Status         string     `json:"status"`
	Priority       string     `json:"priority"`
	Subject        string     `json:"subject"`
	RequesterID    field.Text `json:"requester_id"`
	AssigneeID     field.Text `json:"assignee_id"`
	GroupID        field.Text `json:"group_id"`
	OrganizationID field.Text `json:"organization_id"`
	UpdatedAt      field.Text `json:"updated_at"`
	Via            via        `json:"via"`

	Email      string     `json:"email"`
	ExternalID field.Text `json:"external_id"`
	Role       string     `json:"role"`
}

const eventType = "zen:event-type:"

// Decode reads one event: Zendesk sends no batches.
func (w *webhook) Decode(r *connector.Request) (connector.Batch, error) {
	var b connector.Batch
	d, body, err := field.Delivery[delivery](r.Body, &b)
	if d == nil {
		return b, err
	}
	// The older of the two spellings that the documentation has.
	name, known := strings.CutPrefix(strings.Replace(d.Type, "zen:event-type/", eventType, 1), eventType)
	switch {
	case d.Type == triggerType:
		w.triggered(&b, d, body)
	case !known || name == "":
		b.Reject(string(d.ID), "type", field.Wrong, body)
	case id(d.ID) == "":
		b.Reject("", "id", field.Wrong, body)
	case strings.HasPrefix(name, "ticket.") && id(d.Detail.ID) != "":
		b.Add(w.ticket(name, d, body))
	case strings.HasPrefix(name, "user.") && id(d.Detail.ID) != "":
		b.Add(w.user(name, d, body))
	default:
		b.Add(event.Event{MessageID: string(d.ID), Name: w.cfg.Free(name), OriginalAt: d.Time.Time(), Properties: body})
	}
	return b, nil
}

// ticket is an event of a ticket.
func (w *webhook) ticket(name string, d *delivery, body []byte) event.Event {
	t := d.Detail.ticket()
	at := d.Detail.UpdatedAt.Time() // the export's time of the same change
	if at.IsZero() {
		at = d.Time.Time()
	}
	e := &d.Event
	switch name {
	case "ticket.created":
		return w.created(t, at, body)
	case "ticket.comment_added":
		c := &comment{id: id(e.Comment.ID), body: e.Comment.Body, public: e.Comment.IsPublic,
			author: person{id: id(e.Comment.Author.ID)}, staff: e.Comment.Author.IsStaff}
		if c.id != "" {
			return w.commented(t, c, at, body)
		}
	case "ticket.status_changed":
		return w.changed(t, fieldStatus, string(e.Previous), string(e.Current), at, body)
	case "ticket.agent_assignment_changed":
		return w.changed(t, fieldAgent, id(e.Previous), id(e.Current), at, body)
	case "ticket.group_assignment_changed":
		return w.changed(t, fieldGroup, id(e.Previous), id(e.Current), at, body)
	case "ticket.priority_changed":
		return w.changed(t, fieldPriority, string(e.Previous), string(e.Current), at, body)
	}
	made := w.event(t, string(d.ID), event.NameCaseUpdated, at, body)
	switch name {
	case "ticket.soft_deleted", "ticket.permanently_deleted", "ticket.marked_as_spam", "ticket.merged":
		made.Name = event.NameCaseResolved
		made.CX.Resolution = event.ResolutionNone
		made.CX.Disposition = strings.TrimPrefix(name, "ticket.")
	case "ticket.undeleted":
		made.Name = event.NameCaseReopened
	case "ticket.comment_added", "ticket.attachment_linked_to_comment", "ticket.attachment_redacted_from_comment",
		"ticket.comment_made_private", "ticket.comment_redacted":
		made.Name = w.cfg.Free(name) // of a comment, not of the case
	}
	return made
}

func (d *detail) ticket() *ticket {
	return &ticket{
		id: id(d.ID), subject: d.Subject, organization: id(d.OrganizationID),
		priority: strings.ToLower(d.Priority), agent: id(d.AssigneeID), group: id(d.GroupID),
		channel: d.Via.channel(), requester: person{id: id(d.RequesterID)},
	}
}

// via is an object with a channel, or the channel's name alone.
type via struct{ name string }

// UnmarshalJSON reads either form.
func (v *via) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '{' {
		var object struct {
			Channel field.Text `json:"channel"`
		}
		err := field.Decode(b, &object)
		v.name = string(object.Channel)
		return err
	}
	var name field.Text
	err := name.UnmarshalJSON(b)
	v.name = string(name)
	return err
}

func (v via) channel() event.Channel { return channels[strings.ToLower(v.name)] }
