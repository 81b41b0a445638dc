package twilio

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"net/http"
	"net/url"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
)

//go:embed testdata
var testdata embed.FS

const (
	subjectSecret  = "12345"
	subjectAddress = "https://example.com/v1/webhooks/messaging"
)

// Subject is the connector with payloads in the form that Twilio documents.
func Subject() kit.Subject {
	fixtures, err := fs.Sub(testdata, "testdata")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return kit.Subject{
		Connector: Connector(),
		Settings: map[string]string{
			"webhook_secret": subjectSecret, "url": subjectAddress,
			"campaign_services": "MG00000000000000000000000000000001",
		},
		Fixtures: fixtures,
		Deliver:  deliver,
		// Whether a message is of a campaign, and asks for something, is in these alone.
		Optional: []string{
			"$.MessagingServiceSid", "$.Body", "$.OptOutType", "$[].data.messagingServiceSid", "$[].data.body",
		},
	}
}

// deliver signs as Twilio does, which signs no time. A list is of Event Streams.
func deliver(_ string, body []byte, at time.Time) *connector.Request {
	address, _ := url.Parse(subjectAddress)
	r := &connector.Request{Method: http.MethodPost, URL: address, Header: http.Header{}, Body: body, Received: at}
	var parameters []byte
	if len(body) > 0 && body[0] == '[' {
		sum := sha256.Sum256(body)
		address.RawQuery = "bodySHA256=" + hex.EncodeToString(sum[:])
		r.Header.Set("Content-Type", "application/json")
	} else {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
		if p, err := parseForm(body); err == nil {
			parameters = p.signed()
		}
	}
	mac := hmac.New(sha1.New, []byte(subjectSecret))
	mac.Write(append([]byte(address.String()), parameters...))
	r.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return r
}
