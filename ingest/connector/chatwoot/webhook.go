package chatwoot

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

// The headers of a signed delivery.
const (
	signatureHeader = "X-Chatwoot-Signature"
	timestampHeader = "X-Chatwoot-Timestamp"
	deliveryHeader  = "X-Chatwoot-Delivery"
)

// tolerance is how old a signed delivery may be. Chatwoot signs each try anew.
const tolerance = 5 * time.Minute

type webhook struct {
	cfg           connector.Config
	secret, token []byte
}

func newWebhook(cfg connector.Config) (connector.Webhook, error) {
	if !cfg.Has("webhook_secret") && !cfg.Has("token") {
		return nil, errors.New("webhook_secret: give it, or token for a Chatwoot that signs nothing")
	}
	return &webhook{cfg: cfg, secret: cfg.Secret("webhook_secret"), token: cfg.Secret("token")}, nil
}

// Verify checks the signature; where no secret is configured, the token in the address. With a secret,
// the token proves nothing.
func (w *webhook) Verify(r *connector.Request) error {
	if len(w.secret) == 0 {
		return w.verifyToken(r)
	}
	signature, timestamp := r.Header.Get(signatureHeader), r.Header.Get(timestampHeader)
	if signature == "" || timestamp == "" {
		return connector.ErrUnsigned
	}
	if !field.Same(signature, field.Sign(w.secret, timestamp, r.Body)) {
		return connector.ErrSignature
	}
	if at := field.Time(timestamp); at.IsZero() || !field.Fresh(at, r.Received, tolerance) {
		return connector.ErrStale
	}
	return nil
}

func (w *webhook) verifyToken(r *connector.Request) error {
	token := r.URL.Query().Get("token")
	if token == "" {
		return connector.ErrUnsigned
	}
	if !field.Same(token, string(w.token)) {
		return connector.ErrSignature
	}
	return nil
}

// delivery is any event: that of a message has the message's fields and its conversation below, that of
// a conversation or contact has its own fields.
type delivery struct {
	Event string `json:"event"`

	ID                field.Text   `json:"id"`
	Content           string       `json:"content"`
	ContentType       field.Text   `json:"content_type"`
	MessageType       field.Text   `json:"message_type"`
	Private           bool         `json:"private"`
	CreatedAt         field.Text   `json:"created_at"`
	ContentAttributes attributes   `json:"content_attributes"`
	Sender            person       `json:"sender"`
	Conversation      conversation `json:"conversation"`

	Channel   field.Text `json:"channel"`
	Status    field.Text `json:"status"`
	Priority  field.Text `json:"priority"`
	UpdatedAt field.Text `json:"updated_at"`
	Meta      meta       `json:"meta"`

	Name       field.Text `json:"name"`
	Email      field.Text `json:"email"`
	Phone      field.Text `json:"phone_number"`
	Identifier field.Text `json:"identifier"`

	Changed []map[string]change `json:"changed_attributes"`
}

type change struct {
	Previous field.Text `json:"previous_value"`
	Current  field.Text `json:"current_value"`
}

// changed is how an attribute changed, if it did.
func (d *delivery) changed(attribute string) (change, bool) {
	for _, one := range d.Changed {
		if c, ok := one[attribute]; ok {
			return c, true
		}
	}
	return change{}, false
}

// conversation is the state of a conversation; its id is the one that people see.
type conversation struct {
	ID        field.Text `json:"id"`
	Channel   field.Text `json:"channel"`
	Status    field.Text `json:"status"`
	Priority  field.Text `json:"priority"`
	UpdatedAt field.Text `json:"updated_at"`
	Meta      meta       `json:"meta"`
}

// meta is who takes part in a conversation.
type meta struct {
	Sender   person `json:"sender"`
	Assignee person `json:"assignee"`
	Team     struct {
		ID   field.Text `json:"id"`
		Name field.Text `json:"name"`
	} `json:"team"`
}

// person is a contact, an agent or a bot.
type person struct {
	ID         field.Text `json:"id"`
	Type       field.Text `json:"type"`
	Name       field.Text `json:"name"`
	Email      field.Text `json:"email"`
	Phone      field.Text `json:"phone_number"`
	Identifier field.Text `json:"identifier"`
}

// attributes hold what a customer answered to a form.
type attributes struct {
	Submitted struct {
		Rating rating `json:"csat_survey_response"`
	} `json:"submitted_values"`
}

type rating struct {
	Rating   *float64   `json:"rating"`
	Feedback field.Text `json:"feedback_message"`
}

// Decode reads one event: Chatwoot sends no batches.
func (w *webhook) Decode(r *connector.Request) (connector.Batch, error) {
	var b connector.Batch
	d, body, err := field.Delivery[delivery](r.Body, &b)
	if d == nil {
		return b, err
	}
	id := r.Header.Get(deliveryHeader)
	if id == "" {
		sum := sha256.Sum256(body)
		id = "sha256:" + hex.EncodeToString(sum[:16])
	}
	switch d.Event {
	case "":
		b.Reject(id, "event", field.Wrong, body)
	case "message_created", "message_updated":
		if d.ID == "" || d.Conversation.ID == "" {
			b.Reject(id, "conversation.id", field.Wrong, body)
			break
		}
		b.Add(w.message(d, id, body))
	case "conversation_created", "conversation_status_changed", "conversation_updated":
		if d.ID == "" {
			b.Reject(id, "id", field.Wrong, body)
			break
		}
		b.Add(w.conversation(d, id, body))
	case "contact_created", "contact_updated":
		if d.ID == "" {
			b.Reject(id, "id", field.Wrong, body)
			break
		}
		b.Add(w.contact(d, id, body))
	default:
		b.Add(event.Event{MessageID: id, Name: w.cfg.Free(d.Event), Properties: body})
	}
	return b, nil
}
