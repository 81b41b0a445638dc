package hubspot

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
)

// tolerance is how old a signature may be: HubSpot's own advice.
const tolerance = 5 * time.Minute

type webhook struct {
	mapper
	secret []byte
	url    string // "": where the delivery came to
}

func newWebhook(c connector.Config) (connector.Webhook, error) {
	m, err := newMapper(c)
	if err != nil {
		return nil, err
	}
	if !c.Has("webhook_secret") {
		return nil, nil
	}
	return &webhook{mapper: m, secret: c.Secret("webhook_secret"), url: c.Text("url")}, nil
}

// Verify checks X-HubSpot-Signature-v3, the HMAC-SHA256 in base64 of method, address, body and
// X-HubSpot-Request-Timestamp, in milliseconds
// (https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation).
func (w *webhook) Verify(r *connector.Request) error {
	header, stamp := r.Header.Get("X-Hubspot-Signature-V3"), r.Header.Get("X-Hubspot-Request-Timestamp")
	if header == "" || stamp == "" {
		return connector.ErrUnsigned
	}
	got, err := base64.StdEncoding.Strict().DecodeString(header)
	if err != nil {
		return connector.ErrSignature
	}
	address := w.url
	if address == "" {
		address = r.URL.String()
	}
	if !hmac.Equal(got, sign(w.secret, r.Method, address, r.Body, stamp)) {
		return connector.ErrSignature
	}
	millis, err := strconv.ParseInt(stamp, 10, 64)
	switch {
	case err != nil:
		return connector.ErrSignature
	case !field.Fresh(time.UnixMilli(millis), r.Received, tolerance):
		return connector.ErrStale
	}
	return nil
}

func sign(secret []byte, method, address string, body []byte, stamp string) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(method))
	mac.Write([]byte(unescaped(address)))
	mac.Write(body)
	mac.Write([]byte(stamp))
	return mac.Sum(nil)
}

// escapes are those that HubSpot signs in their plain form.
var escapes = strings.NewReplacer(
	"%3A", ":", "%2F", "/", "%3F", "?", "%40", "@", "%21", "!", "%24", "$", "%27", "'", "%28", "(", "%29", ")", "%2A", "*", "%2C", ",", "%3B", ";",
	"%3a", ":", "%2f", "/", "%3f", "?", "%2a", "*", "%2c", ",", "%3b", ";",
)

func unescaped(address string) string {
	if u, err := url.Parse(address); err == nil {
		u.Fragment = ""
		address = u.String()
	}
	return escapes.Replace(address)
}

// Decode makes events of a batch of changes; one alone is taken too.
func (w *webhook) Decode(r *connector.Request) (connector.Batch, error) {
	var b connector.Batch
	var parts []field.Raw
	switch body := bytes.TrimSpace(r.Body); {
	case len(body) > 0 && body[0] == '{':
		parts = []field.Raw{body}
		if err := field.Read(body, &struct{}{}); err != nil {
			return b, err
		}
	default:
		if err := field.Read(body, &parts); err != nil {
			return b, err
		}
		if len(parts) == 0 && string(body) != "[]" {
			b.Reject("", "body", "must be a list of changes", r.Body)
		}
	}
	for _, part := range parts {
		w.add(&b, part)
	}
	return b, nil
}
