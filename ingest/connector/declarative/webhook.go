package declarative

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bytedance/sonic"

	"tributary/ingest/connector"
	"tributary/ingest/connector/mapping"
	"tributary/ingest/event"
)

type webhook struct {
	*Webhook
	cfg      connector.Config
	items    *items
	mapper   *mapping.Mapper
	settings map[string]any
}

// newWebhook makes the decoder; nil if the signature's secret has no value: such a source is not called.
func (f *File) newWebhook(cfg connector.Config) (connector.Webhook, error) {
	for _, name := range f.Webhook.Signature.secrets() {
		if !cfg.Has(name) {
			return nil, nil
		}
	}
	return f.decoder(cfg), nil
}

func (f *File) decoder(cfg connector.Config) *webhook {
	return &webhook{
		Webhook: f.Webhook, cfg: cfg, items: f.items[""], mapper: f.mappers[f.Webhook.Mapping], settings: f.plain(cfg),
	}
}

// plain is the settings that are no secrets, for expressions.
func (f *File) plain(cfg connector.Config) map[string]any {
	values := map[string]any{}
	for _, s := range f.Settings {
		if s.Kind != connector.KindSecret {
			values[s.Name] = cfg.Text(s.Name)
		}
	}
	return values
}

// Verify checks the signature.
func (w *webhook) Verify(r *connector.Request) error { return w.Signature.verify(&w.cfg, r) }

var (
	errJSON = errors.New("the body is not JSON")
	errForm = errors.New("the body is not a form")
)

// Decode maps the items of a delivery.
func (w *webhook) Decode(r *connector.Request) (connector.Batch, error) {
	text := r.Body
	if w.Format == "form" {
		var err error
		if text, err = formObject(r.Body); err != nil {
			return connector.Batch{}, err
		}
	} else if !sonic.Valid(text) {
		return connector.Batch{}, errJSON
	}
	b := connector.Batch{}
	vars := mapping.Vars{Settings: w.settings}
	if w.mapper.Dynamic() || w.items.expr != nil {
		vars.Headers = headers(r.Header)
	}
	if w.items.expr != nil || w.mapper.NeedsBody() {
		body, err := mapping.Decode(text)
		if err != nil {
			return b, errJSON
		}
		vars.Body = body
	}
	ctx := context.Background() // every item has its own limit
	all, err := w.items.of(ctx, text, &vars)
	if err == nil && all == nil {
		err = errNoItems
	}
	if err != nil {
		b.Reject("", "webhook.items", err.Error(), text)
		return b, nil
	}
	b.Events = make([]event.Event, 0, len(all))
	for _, item := range all {
		w.mapper.Map(ctx, &b, &w.cfg, item, vars)
	}
	if y := w.Reply; y != nil {
		b.Reply = &connector.Reply{Status: y.Status, ContentType: y.ContentType, Body: []byte(y.Body)}
	}
	return b, nil
}

// secretive headers are not for expressions.
var secretive = map[string]bool{"Authorization": true, "Cookie": true, "Proxy-Authorization": true}

func headers(h http.Header) map[string]any {
	all := make(map[string]any, len(h))
	for name, values := range h {
		if !secretive[name] {
			all[strings.ToLower(name)] = values[0]
		}
	}
	return all
}

// formObject is a form as an object of texts, of equal names the first, in the order of names.
func formObject(body []byte) ([]byte, error) {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, errForm
	}
	object := make(map[string]string, len(values))
	for name, all := range values {
		object[name] = strings.ToValidUTF8(all[0], "\uFFFD")
	}
	return json.Marshal(object)
}

// stampTime reads a signature's time.
func stampTime(s string) (time.Time, error) {
	at, err := mapping.Time(s)
	if err == nil && at.IsZero() {
		err = errStamp
	}
	return at, err
}
