package stripe

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
)

// tolerance is how far a signature's time may be from ours: that of Stripe's own libraries.
const tolerance = 5 * time.Minute

type webhook struct {
	mapper
	secret []byte
}

func newWebhook(c connector.Config) (connector.Webhook, error) {
	m, err := newMapper(c)
	if err != nil {
		return nil, err
	}
	if !c.Has("webhook_secret") {
		return nil, nil
	}
	return &webhook{mapper: m, secret: c.Secret("webhook_secret")}, nil
}

// Verify checks Stripe-Signature, "t=<seconds>,v1=<hex>,v1=<hex>,v0=…": one of the v1 must be the
// HMAC-SHA256 of "<t>.<body>" (https://docs.stripe.com/webhooks/signature). There are several while the
// secret is being rolled. Other schemes than v1 are not looked at.
func (w *webhook) Verify(r *connector.Request) error {
	header := r.Header.Get("Stripe-Signature")
	if header == "" {
		return connector.ErrUnsigned
	}
	stamp, candidates := signatures(header)
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || len(candidates) == 0 {
		return connector.ErrSignature
	}
	want := sign(w.secret, stamp, r.Body)
	matches := false
	for _, got := range candidates {
		matches = hmac.Equal(got, want) || matches
	}
	switch {
	case !matches:
		return connector.ErrSignature
	case !field.Fresh(time.Unix(seconds, 0), r.Received, tolerance):
		return connector.ErrStale
	}
	return nil
}

// signatures reads the header: the time as it was signed, and the signatures of scheme v1.
func signatures(header string) (stamp string, v1 [][]byte) {
	for item := range strings.SplitSeq(header, ",") {
		switch key, value, _ := strings.Cut(strings.TrimSpace(item), "="); key {
		case "t":
			stamp = value
		case "v1":
			if signature, err := hex.DecodeString(value); err == nil {
				v1 = append(v1, signature)
			}
		}
	}
	return stamp, v1
}

func sign(secret []byte, stamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(stamp))
	mac.Write([]byte{'.'})
	mac.Write(body)
	return mac.Sum(nil)
}

// Decode makes an event of the one that a delivery holds.
func (w *webhook) Decode(r *connector.Request) (connector.Batch, error) {
	var b connector.Batch
	if err := w.add(&b, r.Body); err != nil {
		return connector.Batch{}, err
	}
	return b, nil
}
