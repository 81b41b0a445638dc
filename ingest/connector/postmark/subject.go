package postmark

import (
	"embed"
	"net/http"
	"net/url"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
)

//go:embed testdata
var testdata embed.FS

const kitAuth = "postmark:kit-password"

// Subject is what the conformance kit needs to know of Postmark.
func Subject() kit.Subject {
	return kit.Subject{
		Connector: Connector(),
		Settings:  map[string]string{"basic_auth": kitAuth, "addresses": "@shop.example.com"},
		Fixtures:  testdata,
		TokenOnly: true,
		Deliver: func(_ string, body []byte, at time.Time) *connector.Request {
			return &connector.Request{
				Method: http.MethodPost, Body: body, Received: at,
				URL:    &url.URL{Scheme: "https", Host: "tributary.example.com", Path: "/v1/webhooks/postmark"},
				Header: http.Header{"Content-Type": {"application/json"}, "Authorization": {basic(kitAuth)}},
			}
		},
	}
}
