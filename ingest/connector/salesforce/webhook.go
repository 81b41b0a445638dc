package salesforce

import (
	"bytes"
	"errors"
	"strings"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/event"
)

type webhook struct {
	config       connector.Config
	secret       string
	organization string
	userField    string
	currency     string
}

func newWebhook(c connector.Config) (connector.Webhook, error) {
	w, err := newMapper(c)
	if err != nil || !c.Has("webhook_secret") {
		return nil, err
	}
	return w, nil
}

func newMapper(c connector.Config) (*webhook, error) {
	w := &webhook{
		config: c, secret: c.Text("webhook_secret"), organization: c.Text("organization_id"),
		userField: c.Text("user_id_field"), currency: c.Text("currency"),
	}
	var faults []error
	if !c.Has("webhook_secret") && !c.Has("client_secret") {
		faults = append(faults, errors.New("one of webhook_secret and client_secret must be given"))
	}
	if w.organization != "" && len(w.organization) != 15 && len(w.organization) != 18 {
		faults = append(faults, errors.New("organization_id: must have 15 or 18 characters"))
	}
	if w.currency != "" && !event.ValidCurrency(w.currency) {
		faults = append(faults, errors.New("currency: must be an ISO 4217 code in capitals, such as EUR"))
	}
	return w, errors.Join(faults...)
}

// Verify checks the shared secret: as a bearer token, or as the parameter token of the address.
func (w *webhook) Verify(r *connector.Request) error {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !bearer {
		token = r.URL.Query().Get("token")
	}
	switch {
	case token == "":
		return connector.ErrUnsigned
	case !field.Same(token, w.secret):
		return connector.ErrSignature
	}
	return nil
}

// Decode makes events of an outbound message, or of change events.
func (w *webhook) Decode(r *connector.Request) (connector.Batch, error) {
	var b connector.Batch
	body := bytes.TrimSpace(r.Body)
	if len(body) > 0 && body[0] == '<' {
		err := w.outbound(&b, body)
		return b, err
	}
	if len(body) == 0 || body[0] != '[' {
		err := w.changed(&b, body)
		return b, err
	}
	var parts []field.Raw
	if err := field.Read(body, &parts); err != nil {
		return b, err
	}
	for _, part := range parts {
		if err := w.changed(&b, part); err != nil {
			return b, err
		}
	}
	return b, nil
}
