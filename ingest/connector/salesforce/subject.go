package salesforce

import (
	"bytes"
	"embed"
	"net/http"
	"net/url"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
)

//go:embed testdata
var fixtures embed.FS

const testSecret = "test-5f1c2a90-nobody-knows-it"

// Subject is the connector with its fixtures, for the conformance suite.
func Subject() kit.Subject {
	return kit.Subject{
		Connector: Connector(),
		Settings: map[string]string{
			"webhook_secret": testSecret, "organization_id": "00D5e000000TEST", "user_id_field": "Customer_Number__c", "currency": "GBP",
		},
		Fixtures:  fixtures,
		Deliver:   deliver,
		TokenOnly: true,
		Deletes:   true,
	}
}

// deliver sends SOAP as Salesforce does, and change events as a relay does.
func deliver(_ string, body []byte, at time.Time) *connector.Request {
	r := &connector.Request{
		Method: http.MethodPost, Body: body, Received: at,
		URL: &url.URL{Scheme: "https", Host: "tributary.example.com", Path: "/v1/webhooks/crm"},
	}
	if bytes.HasPrefix(body, []byte("<")) {
		r.URL.RawQuery = url.Values{"token": {testSecret}}.Encode()
		r.Header = http.Header{"Content-Type": {"text/xml; charset=utf-8"}, "Soapaction": {`""`}}
		return r
	}
	r.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + testSecret}}
	return r
}
