package email

import (
	"embed"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/connector/kit"
)

//go:embed testdata
var testdata embed.FS

const kitSecret = "kit-webhook-secret"

// Subject is what the conformance kit needs to know of the form.
func Subject() kit.Subject {
	return kit.Subject{
		Connector: Connector(),
		Settings: map[string]string{
			"webhook_secret": kitSecret, "addresses": "@shop.example.com", "bot_addresses": "assistant@shop.example.com",
		},
		Fixtures:  testdata,
		Tolerance: tolerance,
		Deliver: func(_ string, body []byte, at time.Time) *connector.Request {
			stamp := strconv.FormatInt(at.Unix(), 10)
			return &connector.Request{
				Method: http.MethodPost, Body: body, Received: at,
				URL: &url.URL{Scheme: "https", Host: "tributary.example.com", Path: "/v1/webhooks/email"},
				Header: http.Header{
					"Content-Type":  {"application/json"},
					signatureHeader: {field.Sign([]byte(kitSecret), stamp, body)},
					timestampHeader: {stamp},
				},
			}
		},
		Optional: []string{"$.references"}, // any text in it is the id of an earlier message
	}
}
