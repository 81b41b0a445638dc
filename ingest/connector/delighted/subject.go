package delighted

import (
	"embed"
	"net/http"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
)

//go:embed testdata
var testdata embed.FS

const subjectSecret = "a-private-api-key"

// Subject is the connector with webhooks in the form that Delighted documents.
func Subject() kit.Subject {
	return kit.Subject{
		Connector: Connector(),
		Settings:  map[string]string{"webhook_secret": subjectSecret, "user_id_property": "customer_id"},
		Fixtures:  testdata,
		Deliver: func(_ string, body []byte, at time.Time) *connector.Request {
			return &connector.Request{
				Method: http.MethodPost, Body: body, Received: at,
				Header: http.Header{"Content-Type": {"application/json"}, signatureHeader: {sign([]byte(subjectSecret), body)}},
			}
		},
	}
}
