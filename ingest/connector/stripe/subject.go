package stripe

import (
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/kit"
)

//go:embed testdata
var fixtures embed.FS

const (
	testSecret = "whsec_Test0Signing1Secret2Of3Nobody"
	testKey    = "rk_test_Nobody0123456789"
)

// Subject is the connector with its fixtures, for the conformance suite.
func Subject() kit.Subject {
	return kit.Subject{
		Connector: Connector(),
		Settings:  map[string]string{"webhook_secret": testSecret, "api_key": testKey},
		BaseURL:   "base_url",
		// Moments of history, each an event of its own.
		Optional:  []string{"$.status_transitions", "$.ended_at"},
		Fixtures:  fixtures,
		Deliver:   deliver,
		Tolerance: tolerance,
		API:       api,
		Since:     time.Date(2026, 10, 15, 0, 0, 0, 0, time.UTC),
		Changed: func(_ string, record json.RawMessage) time.Time {
			return time.Unix(createdAt(record), 0).UTC()
		},
		Deletes: true,
		Forgets: true,
	}
}

// deliver signs as Stripe does.
func deliver(_ string, body []byte, at time.Time) *connector.Request {
	stamp := strconv.FormatInt(at.Unix(), 10)
	signature := hex.EncodeToString(sign([]byte(testSecret), stamp, body))
	return &connector.Request{
		Method: http.MethodPost,
		Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}, "Stripe-Signature": {"t=" + stamp + ",v1=" + signature}},
		Body:   body, Received: at,
	}
}

func createdAt(record json.RawMessage) int64 {
	var o struct{ Created int64 }
	_ = json.Unmarshal(record, &o) // a record without it was created in 1970
	return o.Created
}

// api acts out Stripe's lists: newest first, in pages, within created, behind starting_after
// (https://docs.stripe.com/api/pagination).
func api(records map[string][]json.RawMessage, pageSize int) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/{stream}", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+testKey {
			http.Error(w, `{"error":{"type":"invalid_request_error"}}`, http.StatusUnauthorized)
			return
		}
		stream, query := r.PathValue("stream"), r.URL.Query()
		limit, _ := strconv.Atoi(query.Get("limit"))
		data, err := listed(records[stream], query)
		if err != nil || limit < 1 || limit > 100 || records[stream] == nil && !known(stream) {
			http.Error(w, `{"error":{"type":"invalid_request_error"}}`, http.StatusBadRequest)
			return
		}
		most := min(limit, pageSize, len(data))
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{ // the reader may be gone
			"object": "list", "url": "/v1/" + stream, "data": data[:most], "has_more": len(data) > most,
		})
	})
	return mux
}

func known(stream string) bool {
	for _, s := range streams {
		if s.name == stream {
			return true
		}
	}
	return stream == eventStream
}

// listed is the records that a query asks for, the newest first; none are there behind an unknown id.
func listed(records []json.RawMessage, query url.Values) ([]json.RawMessage, error) {
	after, behind := query.Get("starting_after"), query.Get("starting_after") == ""
	data := []json.RawMessage{}
	for i := len(records) - 1; i >= 0; i-- {
		var o struct{ ID string }
		if err := json.Unmarshal(records[i], &o); err != nil {
			return nil, err
		}
		if behind && within(createdAt(records[i]), query) {
			data = append(data, records[i])
		}
		behind = behind || o.ID == after
	}
	if !behind {
		return nil, fmt.Errorf("no such object: %s", after)
	}
	return data, nil
}

func within(created int64, query url.Values) bool {
	from, err := strconv.ParseInt(query.Get("created[gte]"), 10, 64)
	if err == nil && created < from {
		return false
	}
	until, err := strconv.ParseInt(query.Get("created[lt]"), 10, 64)
	return err != nil || created < until
}
