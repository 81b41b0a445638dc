package kit_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
	"tributary/ingest/event"
)

//go:embed testdata
var fixtures embed.FS

// acme is a connector that passes the suite, in steps that a mutant replaces by a wrong one.
type acme struct {
	settings func(settings []connector.Setting)
	describe func(c *connector.Connector)
	begin    func(cfg connector.Config) error // of NewWebhook
	verify   func(w *webhook, r *connector.Request) error
	decode   func(w *webhook, r *connector.Request) (connector.Batch, error)
	events   func(w *webhook, b *connector.Batch, d *delivery, t *ticket, at time.Time)
	pull     func(p *puller, ctx context.Context, from connector.Position) (connector.Page, error)
	fetch    func(p *puller, ctx context.Context, path string, v *contactsPage) error
	contact  func(cfg connector.Config, b *connector.Batch, raw json.RawMessage)
	subject  func(s *kit.Subject)
}

// right is the connector without a defect.
func right() acme {
	return acme{
		settings: func([]connector.Setting) {}, describe: func(*connector.Connector) {}, begin: func(connector.Config) error { return nil },
		verify: (*webhook).Verify, decode: (*webhook).Decode, events: (*webhook).events,
		pull: (*puller).Pull, fetch: (*puller).fetch, contact: addContact, subject: func(*kit.Subject) {},
	}
}

func (a acme) connector() connector.Connector {
	c := connector.Connector{
		Name: "acme", Title: "Acme Desk", Summary: "Tickets, their ratings, and contacts.",
		Docs: []string{"https://docs.example.com/webhooks"},
		Settings: []connector.Setting{
			{Name: "webhook_secret", Kind: connector.KindSecret, Required: true, Summary: "Signs deliveries; shown when the webhook is made."},
			{Name: "api_key", Kind: connector.KindSecret, Summary: "Asks for contacts; without it only the webhook is heard."},
			{Name: "base_url", Kind: connector.KindURL, Default: "https://api.example.com", Summary: "The address of the API."},
			{Name: "language", Kind: connector.KindChoice, Choices: []string{"en", "pt"}, Default: "en", Summary: "The language of the desk."},
		},
		Makes:      []string{event.NameCaseOpened, event.NameCaseResolved, event.NameSurveyAnswered, event.NameContactUpdated},
		Rate:       connector.Rate{Requests: 10, Per: time.Minute},
		NewWebhook: a.newWebhook,
		NewPuller:  a.newPuller,
	}
	a.settings(c.Settings)
	a.describe(&c)
	return c
}

func (a acme) newWebhook(cfg connector.Config) (connector.Webhook, error) {
	if err := a.begin(cfg); err != nil {
		return nil, err
	}
	return mutableWebhook{&webhook{cfg: cfg, secret: cfg.Secret("webhook_secret"), add: a.events}, a}, nil
}

func (a acme) newPuller(cfg connector.Config) (connector.Puller, error) {
	if !cfg.Has("api_key") {
		return nil, nil
	}
	p := &puller{cfg: cfg, contact: a.contact, get: a.fetch}
	var err error
	p.api, err = cfg.API(cfg.Text("base_url"), p.authorize)
	return mutablePuller{p, a}, err
}

// mutableWebhook and mutablePuller run the steps that the mutant has.
type mutableWebhook struct {
	*webhook
	acme acme
}

func (m mutableWebhook) Verify(r *connector.Request) error { return m.acme.verify(m.webhook, r) }
func (m mutableWebhook) Decode(r *connector.Request) (connector.Batch, error) {
	return m.acme.decode(m.webhook, r)
}

type mutablePuller struct {
	*puller
	acme acme
}

func (m mutablePuller) Pull(ctx context.Context, from connector.Position) (connector.Page, error) {
	return m.acme.pull(m.puller, ctx, from)
}

type webhook struct {
	cfg    connector.Config
	secret []byte
	add    func(w *webhook, b *connector.Batch, d *delivery, t *ticket, at time.Time)
}

const (
	header    = "Acme-Signature"
	tolerance = 5 * time.Minute
)

func sign(secret, body []byte, at string) string {
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%s.%s", at, body)
	return hex.EncodeToString(mac.Sum(nil))
}

func (w *webhook) Verify(r *connector.Request) error {
	proof := r.Header.Get(header)
	if proof == "" {
		return connector.ErrUnsigned
	}
	at, signature, _ := strings.Cut(proof, ",")
	if !hmac.Equal([]byte(signature), []byte(sign(w.secret, r.Body, at))) {
		return connector.ErrSignature
	}
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return connector.ErrSignature
	}
	if age := r.Received.Sub(time.Unix(seconds, 0)); age > tolerance || age < -tolerance {
		return connector.ErrStale
	}
	return nil
}

type delivery struct {
	ID     string          `json:"id"`
	Type   string          `json:"type"`
	At     string          `json:"occurred_at"`
	Ticket json.RawMessage `json:"ticket"`
}

type ticket struct {
	ID        json.Number `json:"id"`
	Priority  string      `json:"priority"`
	Requester struct {
		ID, Email, Name string
	} `json:"requester"`
	Rating *struct {
		Score   *float64 `json:"score"`
		Comment string   `json:"comment"`
	} `json:"rating"`
}

const notDocumented = "is not as documented"

var names = map[string]string{"ticket.opened": event.NameCaseOpened, "ticket.solved": event.NameCaseResolved}

func (w *webhook) Decode(r *connector.Request) (connector.Batch, error) {
	var b connector.Batch
	if !json.Valid(r.Body) {
		return b, errors.New("the body is not JSON")
	}
	var d delivery
	if field := read(r.Body, &d); field != "" {
		b.Reject("", field, notDocumented, r.Body)
		return b, nil
	}
	var t ticket
	if field := read(d.Ticket, &t); field != "" {
		b.Reject(d.ID, strings.TrimSuffix("ticket."+field, ".$"), notDocumented, r.Body)
		return b, nil
	}
	at, fault := event.ParseTime(d.At)
	if fault != nil || d.ID == "" || d.Type == "" {
		b.Reject(d.ID, "id, type, occurred_at", "are required", r.Body)
		return b, nil //nolint:nilerr // the part says so
	}
	w.add(w, &b, &d, &t, at)
	return b, nil
}

// read decodes an object and returns the path of what cannot be read.
func read(text []byte, v any) string {
	if t := bytes.TrimSpace(text); len(t) == 0 || t[0] != '{' {
		return "$"
	}
	err := json.Unmarshal(text, v)
	var wrong *json.UnmarshalTypeError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &wrong) && wrong.Field != "":
		return wrong.Field
	}
	return "$"
}

func (w *webhook) events(b *connector.Batch, d *delivery, t *ticket, at time.Time) {
	e := event.Event{
		MessageID: d.ID, Name: names[d.Type], Channel: event.ChannelEmail, OriginalAt: at, Properties: d.Ticket,
		Identifiers: w.identifiers(t), CX: &event.CX{CaseID: t.ID.String(), Priority: t.Priority},
	}
	if e.Name == "" {
		e.Name = w.cfg.Free(d.Type)
	}
	b.Add(e)
	if t.Rating != nil && t.Rating.Score != nil {
		b.Add(event.Event{
			MessageID: d.ID + ":rating", Name: event.NameSurveyAnswered, OriginalAt: at, Properties: d.Ticket, Identifiers: w.identifiers(t),
			CX: &event.CX{CaseID: t.ID.String(), Survey: event.SurveyCSAT, Score: t.Rating.Score, Scale: "1-5", Text: t.Rating.Comment},
		})
	}
}

func (w *webhook) identifiers(t *ticket) []event.Identifier {
	var all []event.Identifier
	if t.Requester.ID != "" {
		all = append(all, w.cfg.Identifier("customer_id", t.Requester.ID))
	}
	if t.Requester.Email != "" {
		all = append(all, event.Identifier{Type: event.IDEmail, Value: t.Requester.Email})
	}
	return all
}

// deliver signs as Acme does.
func deliver(_ string, body []byte, at time.Time) *connector.Request {
	seconds := strconv.FormatInt(at.Unix(), 10)
	return &connector.Request{Body: body, Received: at, Header: http.Header{
		"Content-Type": {"application/json"},
		header:         {seconds + "," + sign([]byte(settings["webhook_secret"]), body, seconds)},
	}}
}

var settings = map[string]string{"webhook_secret": "whs_4f1e0c6d2b", "api_key": "key_a81c93d7"}

// subjectOf is the subject of a mutant, with the golden files that it would write itself: they prove
// nothing about it, and leave that to the other checks.
func subjectOf(a acme) kit.Subject {
	s := kit.Subject{
		Connector: a.connector(), Settings: settings, BaseURL: "base_url", Fixtures: fixtures,
		Deliver: deliver, Tolerance: tolerance, Optional: []string{"$.ticket.rating"},
		API: api, Since: time.Date(2026, 2, 1, 12, 0, 0, 0, time.UTC), Changed: changed, Deletes: true,
	}
	a.subject(&s)
	return s
}
