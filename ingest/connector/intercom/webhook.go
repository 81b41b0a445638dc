package intercom

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

const signatureHeader = "X-Hub-Signature"

type webhook struct {
	mapper
	secret []byte
}

func newWebhook(cfg connector.Config) (connector.Webhook, error) {
	if !cfg.Has("webhook_secret") {
		return nil, errors.New("webhook_secret: must be given to take webhooks")
	}
	return &webhook{mapper: mapper{cfg}, secret: cfg.Secret("webhook_secret")}, nil
}

// sign is "sha1=" and HMAC-SHA1 of the body in hexadecimal
// (https://developers.intercom.com/docs/webhooks/webhook-notifications#signed-notifications).
func sign(secret, body []byte) string {
	mac := hmac.New(sha1.New, secret)
	mac.Write(body)
	return "sha1=" + hex.EncodeToString(mac.Sum(nil))
}

// Verify checks the signature. Intercom signs no time.
func (w *webhook) Verify(r *connector.Request) error {
	signature := r.Header.Get(signatureHeader)
	if signature == "" {
		return connector.ErrUnsigned
	}
	if !field.Same(signature, sign(w.secret, r.Body)) {
		return connector.ErrSignature
	}
	return nil
}

// notification is the envelope of a webhook.
type notification struct {
	ID        field.Text `json:"id"`
	Topic     string     `json:"topic"`
	CreatedAt field.Text `json:"created_at"`
	Data      struct {
		Item raw `json:"item"`
	} `json:"data"`
}

// Decode reads one notification: Intercom sends no batches.
func (w *webhook) Decode(r *connector.Request) (connector.Batch, error) {
	var b connector.Batch
	n, body, err := field.Delivery[notification](r.Body, &b)
	if n == nil {
		return b, err
	}
	family, _, _ := strings.Cut(n.Topic, ".")
	known := family == "conversation" || family == "ticket" || family == "contact"
	switch {
	case n.Topic == "":
		b.Reject(string(n.ID), "topic", field.Wrong, body)
	case n.ID == "":
		b.Reject("", "id", field.Wrong, body)
	case known && field.Object(n.Data.Item) == nil:
		b.Reject(string(n.ID), "data.item", field.Wrong, body)
	case family == "conversation":
		w.conversation(n, body, &b)
	case family == "ticket":
		w.ticket(n, body, &b)
	case family == "contact":
		w.contact(n, body, &b)
	default:
		b.Add(w.free(n, body))
	}
	return b, nil
}

// other says whether a notification is about something else than its topic's family, such as a tag.
func other(kind, family string) bool { return kind != "" && kind != family }

// free is a notification that has no name in the vocabulary, about the contact that it names, if any.
func (m mapper) free(n *notification, body []byte) event.Event {
	var item struct {
		Contact contact `json:"contact"`
	}
	e := event.Event{MessageID: string(n.ID), Name: m.cfg.Free(n.Topic), OriginalAt: n.CreatedAt.Time(), Properties: body}
	if field.Object(n.Data.Item) != nil && field.Decode(n.Data.Item, &item) == nil {
		e.Identifiers = m.person(string(item.Contact.ID), string(item.Contact.ExternalID), item.Contact.Email)
	}
	return e
}

// conversation maps a notification about a conversation. It holds the parts that are new; what begins
// or rates a conversation is in the conversation itself.
func (w *webhook) conversation(n *notification, body []byte, b *connector.Batch) {
	c, err := readConversation(n.Data.Item)
	if err == nil && other(c.Type, "conversation") {
		b.Add(w.free(n, body))
		return
	}
	if err != nil || c.ID == "" {
		b.Reject(string(n.ID), "data.item."+wrong[conversation](n.Data.Item), field.Wrong, body)
		return
	}
	switch n.Topic {
	case "conversation.user.created", "conversation.admin.single.created":
		w.opening(c, body, b)
	case "conversation.rating.added":
		w.rated(c, time.Time{}, body, b)
	case "conversation.admin.replied":
		w.answered(c, n.CreatedAt.Time().Add(-time.Minute), b)
	case "conversation.admin.assigned", "conversation.admin.open.assigned":
		w.handedOff(c, time.Time{}, b)
	case "conversation.deleted":
		b.Add(w.free(n, body))
		return
	}
	if n.Topic != "conversation.rating.added" {
		for _, text := range c.Parts.List {
			w.part(c, text, body, time.Time{}, b)
		}
	}
	if n.Topic != "conversation.rating.added" && c.Parts.List == nil && made[n.Topic] {
		b.Reject(string(n.ID), "data.item.conversation_parts", field.Wrong, body)
	}
	if b.Len() == 0 {
		e := w.event(c, string(n.ID), w.cfg.Free(n.Topic), &author{}, n.CreatedAt.Time(), body)
		e.CX.AuthorRole = ""
		b.Add(e)
	}
}

// made are the topics whose notifications hold the part that was made.
var made = map[string]bool{
	"conversation.user.replied": true, "conversation.admin.replied": true, "conversation.operator.replied": true,
	"conversation.admin.assigned": true, "conversation.admin.open.assigned": true, "conversation.admin.noted": true,
	"conversation.admin.closed": true, "conversation.admin.opened": true, "conversation.admin.snoozed": true,
	"conversation.admin.unsnoozed": true,
}

// wrong is the path of what is missing in, or of another type than, what an id tells.
func wrong[T any](text []byte) string {
	if at := field.Misfit[T](text); at != "$" {
		return at
	}
	return "id"
}

// contact maps a notification about a contact.
func (w *webhook) contact(n *notification, body []byte, b *connector.Batch) {
	var c contact
	err := field.Decode(n.Data.Item, &c)
	if err == nil && other(c.Type, "contact") {
		b.Add(w.free(n, body))
		return
	}
	if err != nil || c.ID == "" {
		b.Reject(string(n.ID), "data.item."+wrong[contact](n.Data.Item), field.Wrong, body)
		return
	}
	switch n.Topic {
	case "contact.deleted", "contact.archived", "contact.archive":
		b.Add(w.record(&c, n.CreatedAt, true, n.Data.Item))
	case "contact.merged", "contact.subscribed", "contact.unsubscribed", "contact.user.unsubscribed":
		e := w.free(n, body)
		e.Identifiers = w.person(string(c.ID), string(c.ExternalID), c.Email)
		b.Add(e)
	default:
		b.Add(w.record(&c, n.CreatedAt, false, n.Data.Item))
	}
}
