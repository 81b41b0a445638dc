package salesforce

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/connector/kit"
)

//go:embed testdata
var fixtures embed.FS

const (
	testSecret = "test-5f1c2a90-nobody-knows-it"
	testClient = "test-client-8B0731-nobody-knows-it"
	testToken  = "00D5e000000TEST!test-access-token"
)

// Subject is the connector with its fixtures, for the conformance suite.
func Subject() kit.Subject {
	return kit.Subject{
		Connector: Connector(),
		Settings: map[string]string{
			"webhook_secret": testSecret, "organization_id": "00D5e000000TEST", "user_id_field": "Customer_Number__c", "currency": "GBP",
			"client_id": "3MVG9test", "client_secret": testClient,
		},
		BaseURL:   "base_url",
		API:       newAPI,
		Since:     time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC),
		Changed:   func(_ string, data json.RawMessage) time.Time { return modstamp(data) },
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

func modstamp(data json.RawMessage) time.Time {
	var r record
	_ = field.Read(data, &r) // a fixture is JSON
	return r.Modstamp.Time()
}

// The parts of a query that the puller makes.
var (
	fromObject = regexp.MustCompile(` FROM (\w+)`)
	fromTime   = regexp.MustCompile(`SystemModstamp >=? ([0-9TZ:.-]+)`)
	behind     = regexp.MustCompile(`SystemModstamp = ([0-9TZ:.-]+) AND Id > '(\w+)'`)
)

// newAPI acts out the token endpoint and queryAll.
func newAPI(records map[string][]json.RawMessage, pageSize int) http.Handler {
	mux := http.NewServeMux()
	respond := func(w http.ResponseWriter, answer any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer) // the reader may be gone
	}
	mux.HandleFunc("POST /services/oauth2/token", func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("client_secret") != testClient || r.PostFormValue("grant_type") != "client_credentials" {
			http.Error(w, `{"error":"invalid_client"}`, http.StatusBadRequest)
			return
		}
		respond(w, map[string]string{"access_token": testToken, "token_type": "Bearer"})
	})
	mux.HandleFunc("GET /services/data/v62.0/queryAll", func(w http.ResponseWriter, r *http.Request) {
		object := fromObject.FindStringSubmatch(r.URL.Query().Get("q"))
		switch {
		case r.Header.Get("Authorization") != "Bearer "+testToken:
			http.Error(w, `[{"errorCode":"INVALID_SESSION_ID"}]`, http.StatusUnauthorized)
			return
		case object == nil:
			http.Error(w, `[{"errorCode":"MALFORMED_QUERY"}]`, http.StatusBadRequest)
			return
		}
		all := selected(records[object[1]], r.URL.Query().Get("q"))
		some := all[:min(len(all), pageSize)]
		respond(w, map[string]any{"totalSize": len(all), "done": len(some) == len(all), "records": some})
	})
	return mux
}

// selected is what a query asks for, in its order.
func selected(records []json.RawMessage, soql string) []json.RawMessage {
	id := func(data json.RawMessage) string {
		var r record
		_ = field.Read(data, &r) // a fixture is JSON
		return string(r.ID)
	}
	all := []json.RawMessage{}
	for _, data := range records {
		at := modstamp(data)
		keep := true
		if last := behind.FindStringSubmatch(soql); last != nil {
			moment := field.Time(last[1])
			keep = at.After(moment) || at.Equal(moment) && id(data) > last[2]
		} else if from := fromTime.FindStringSubmatch(soql); from != nil {
			keep = !at.Before(field.Time(from[1]))
		}
		if keep {
			all = append(all, data)
		}
	}
	slices.SortStableFunc(all, func(a, b json.RawMessage) int {
		return cmp.Or(modstamp(a).Compare(modstamp(b)), cmp.Compare(id(a), id(b)))
	})
	return all
}
