package callrecords

import (
	"embed"
	"io/fs"
	"net/http"
	"strconv"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
)

//go:embed testdata
var testdata embed.FS

const subjectSecret = "a-secret-of-the-contact-centre"

// Subject is the connector with conversations in the form that Genesys Cloud documents.
func Subject() kit.Subject {
	fixtures, err := fs.Sub(testdata, "testdata")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return kit.Subject{
		Connector: Connector(),
		Settings:  map[string]string{"webhook_secret": subjectSecret, "user_id_attribute": "customerNumber"},
		Fixtures:  fixtures,
		Tolerance: tolerance,
		// What a conversation lacks has not happened to it; the conversation itself is always kept.
		Optional: []string{"$.participants", "$.conversationEnd", "$.conversations"},
		Deliver: func(_ string, body []byte, at time.Time) *connector.Request {
			stamp := strconv.FormatInt(at.Unix(), 10)
			r := &connector.Request{Method: http.MethodPost, Header: http.Header{}, Body: body, Received: at}
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("X-Signature-Timestamp", stamp)
			r.Header.Set("X-Signature", sign([]byte(subjectSecret), stamp, body))
			return r
		},
	}
}
