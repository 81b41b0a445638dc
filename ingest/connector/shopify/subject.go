package shopify

import (
	"embed"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
)

//go:embed testdata
var fixtures embed.FS

const testSecret = "shpss_Test0Secret1Of2Nobody"

// Subject is the connector with its fixtures, for the conformance suite. A fixture's name is its topic,
// with "-" for "/", and behind a further "-" what is special about it.
func Subject() kit.Subject {
	return kit.Subject{
		Connector: Connector(),
		Settings:  map[string]string{"webhook_secret": testSecret},
		Fixtures:  fixtures,
		Deliver:   deliver,
		// Each is a state without which only a free event is left.
		Optional: []string{"$.status", "$.shipment_status", "$.transactions", "$.refund_line_items"},
		Deletes:  true,
	}
}

// deliver signs as Shopify does.
func deliver(fixture string, body []byte, at time.Time) *connector.Request {
	parts := strings.SplitN(fixture, "-", 3)
	topic := parts[0]
	if len(parts) > 1 {
		topic += "/" + parts[1]
	}
	return &connector.Request{
		Method: http.MethodPost,
		Header: http.Header{
			"Content-Type":           {"application/json"},
			"X-Shopify-Topic":        {topic},
			"X-Shopify-Hmac-Sha256":  {base64.StdEncoding.EncodeToString(sign([]byte(testSecret), body))},
			"X-Shopify-Shop-Domain":  {"example.myshopify.com"},
			"X-Shopify-Api-Version":  {"2026-10"},
			"X-Shopify-Webhook-Id":   {"b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"},
			"X-Shopify-Event-Id":     {"98880550-7158-44d4-b7cd-2c97c8a091b5-" + fixture},
			"X-Shopify-Triggered-At": {"2026-03-29T18:00:27.877041743Z"},
		},
		Body: body, Received: at,
	}
}
