package shopify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

type webhook struct {
	config  connector.Config
	secrets [][]byte
	money   string
}

func newWebhook(c connector.Config) (connector.Webhook, error) {
	w := &webhook{config: c, secrets: [][]byte{c.Secret("webhook_secret")}, money: c.Text("money")}
	if c.Has("previous_secret") {
		w.secrets = append(w.secrets, c.Secret("previous_secret"))
	}
	return w, nil
}

// Verify checks X-Shopify-Hmac-Sha256, the HMAC-SHA256 of the body in base64
// (https://shopify.dev/docs/apps/build/webhooks/verify-deliveries).
func (w *webhook) Verify(r *connector.Request) error {
	header := r.Header.Get("X-Shopify-Hmac-Sha256")
	if header == "" {
		return connector.ErrUnsigned
	}
	got, err := base64.StdEncoding.Strict().DecodeString(header)
	if err != nil {
		return connector.ErrSignature
	}
	matches := false
	for _, secret := range w.secrets {
		matches = hmac.Equal(got, sign(secret, r.Body)) || matches
	}
	if !matches {
		return connector.ErrSignature
	}
	return nil
}

func sign(secret, body []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write(body)
	return mac.Sum(nil)
}

// delivery is a request on its way to events.
type delivery struct {
	*webhook
	topic  string
	id     string // of the delivery
	at     time.Time
	body   []byte
	object object
	batch  *connector.Batch
}

// Decode makes events of a delivery.
func (w *webhook) Decode(r *connector.Request) (connector.Batch, error) {
	var b connector.Batch
	d := delivery{webhook: w, topic: r.Header.Get("X-Shopify-Topic"), body: r.Body, batch: &b}
	if err := field.Read(r.Body, &d.object); err != nil {
		return b, err
	}
	d.id, d.at = deliveryID(r), field.Time(r.Header.Get("X-Shopify-Triggered-At"))
	switch {
	case field.Object(r.Body) == nil:
		b.Reject(d.id, "body", "must be an object", r.Body)
	case d.topic == "":
		b.Reject(d.id, "X-Shopify-Topic", "is missing: it says what the payload is", r.Body)
	case !d.identified():
		b.Reject(d.id, "id", "is missing: it cannot be said what the payload is about", r.Body)
	default:
		d.events()
	}
	return b, nil
}

// identified says whether the payload names anything by an id.
func (d *delivery) identified() bool {
	if d.object.ID != "" {
		return true
	}
	var members map[string]field.Text
	if field.Read(d.body, &members) != nil {
		return false
	}
	for name, value := range members {
		if strings.HasSuffix(name, "_id") && value != "" {
			return true
		}
	}
	return false
}

// deliveryID tells deliveries apart. Those of one event to two subscriptions are the same.
func deliveryID(r *connector.Request) string {
	for _, name := range [...]string{"X-Shopify-Event-Id", "X-Shopify-Webhook-Id"} {
		if id := r.Header.Get(name); id != "" {
			return id
		}
	}
	sum := sha256.Sum256(r.Body)
	return hex.EncodeToString(sum[:16])
}

// free is an event that the vocabulary has no name for.
func (d *delivery) free() event.Event {
	return event.Event{
		MessageID: d.id + ":" + d.topic, Name: d.config.Free(d.topic), Properties: d.body,
		OriginalAt: first(d.at, d.object.UpdatedAt.Time(), d.object.CreatedAt.Time()),
	}
}

// named is an event of the vocabulary about what has an id. It happens to that only once.
func (d *delivery) named(name string, id field.Text, at ...time.Time) event.Event {
	e := event.Event{MessageID: string(id) + ":" + name, Name: name, Properties: d.body, OriginalAt: first(at...)}
	if id == "" {
		e.MessageID = d.id + ":" + name
	}
	return e
}

// first is the first time that is known.
func first(times ...time.Time) time.Time {
	for _, at := range times {
		if !at.IsZero() {
			return at
		}
	}
	return time.Time{}
}
