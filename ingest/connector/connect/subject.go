package connect

import (
	"embed"
	"encoding/base64"
	"encoding/json"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
)

//go:embed testdata
var testdata embed.FS

const subjectSecret = "an-access-key-of-the-stream"

// Subject is the connector with contact records, contact events and agent events in the form that AWS
// documents.
func Subject() kit.Subject {
	fixtures, err := fs.Sub(testdata, "testdata")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return kit.Subject{
		Connector: Connector(),
		Settings: map[string]string{
			"webhook_secret": subjectSecret, "identifier_attributes": "customerId=user_id, loyaltyNumber=loyalty_number",
		},
		Fixtures:  fixtures,
		Deliver:   deliver,
		TokenOnly: true,
		// What a contact lacks has not happened to it; the record itself is always kept.
		Optional: []string{
			"$.Agent", "$.Queue", "$.InitiationTimestamp", "$.DisconnectTimestamp", "$.TransferCompletedTimestamp",
			"$.InitiationMethod", "$.PreviousContactId",
		},
	}
}

// deliver wraps records as Firehose does; contact events come from EventBridge as they are, and files
// as they lie in S3.
func deliver(fixture string, body []byte, at time.Time) *connector.Request {
	r := &connector.Request{Method: http.MethodPost, Header: http.Header{}, Body: body, Received: at}
	switch {
	case strings.HasPrefix(fixture, "event"):
		r.Header.Set("X-Api-Key", subjectSecret)
	case strings.HasPrefix(fixture, "file"):
		r.Header.Set("X-Amz-Firehose-Access-Key", subjectSecret)
	default:
		r.Header.Set("X-Amz-Firehose-Access-Key", subjectSecret)
		r.Header.Set("X-Amz-Firehose-Protocol-Version", "1.0")
		r.Header.Set("X-Amz-Firehose-Request-Id", "ed4acda5-034f-9f42-bba1-f29aea6d7d8f")
		r.Body, _ = json.Marshal(map[string]any{ // strings and numbers always encode
			"requestId": "ed4acda5-034f-9f42-bba1-f29aea6d7d8f", "timestamp": at.UnixMilli(),
			"records": []any{map[string]string{"data": base64.StdEncoding.EncodeToString(body)}},
		})
	}
	r.Header.Set("Content-Type", "application/json")
	return r
}
