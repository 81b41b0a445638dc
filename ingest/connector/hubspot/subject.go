package hubspot

import (
	"cmp"
	"embed"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/connector/kit"
)

//go:embed testdata
var fixtures embed.FS

const (
	testSecret = "7a1b0000-test-4secret-nobody-000000000042"
	testToken  = "pat-eu1-00000000-test-nobody-0042"
	testURL    = "https://tributary.example.com/v1/webhooks/crm"
)

// Subject is the connector with its fixtures, for the conformance suite. A deal of the fixtures holds its
// associations, as HubSpot's list of objects gives them; search leaves them out.
func Subject() kit.Subject {
	return kit.Subject{
		Connector: Connector(),
		Settings: map[string]string{
			"webhook_secret": testSecret, "url": testURL, "access_token": testToken, "user_id_property": "customer_number",
		},
		BaseURL:   "base_url",
		Fixtures:  fixtures,
		Deliver:   deliver,
		Tolerance: tolerance,
		API:       newAPI,
		Since:     time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC),
		Changed: func(_ string, data json.RawMessage) time.Time {
			r := read(data)
			return r.changed()
		},
		Deletes: true,
	}
}

// deliver signs as HubSpot does.
func deliver(_ string, body []byte, at time.Time) *connector.Request {
	address, _ := url.Parse(testURL) // a constant
	stamp := strconv.FormatInt(at.UnixMilli(), 10)
	return &connector.Request{
		Method: http.MethodPost, URL: address,
		Header: http.Header{
			"Content-Type":                {"application/json"},
			"X-Hubspot-Signature-V3":      {base64.StdEncoding.EncodeToString(sign([]byte(testSecret), http.MethodPost, testURL, body, stamp))},
			"X-Hubspot-Request-Timestamp": {stamp},
		},
		Body: body, Received: at,
	}
}

func read(data json.RawMessage) record {
	var r record
	_ = field.Read(data, &r) // a fixture is JSON
	return r
}

// fake acts out HubSpot's search, lists of archived objects and associations.
type fake struct {
	records  map[string][]json.RawMessage
	pageSize int
}

func newAPI(records map[string][]json.RawMessage, pageSize int) http.Handler {
	f := &fake{records, pageSize}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /crm/v3/objects/{plural}/search", f.search)
	mux.HandleFunc("GET /crm/v3/objects/{plural}", f.archive)
	mux.HandleFunc("POST /crm/v3/associations/deals/{other}/batch/read", f.associations)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+testToken {
			http.Error(w, `{"status":"error","category":"INVALID_AUTHENTICATION"}`, http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func respond(w http.ResponseWriter, results []json.RawMessage, more string) {
	answer := map[string]any{"results": results}
	if more != "" {
		answer["paging"] = map[string]any{"next": map[string]string{"after": more}}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // the reader may be gone
}

func number(id field.Text) int64 {
	n, _ := strconv.ParseInt(string(id), 10, 64)
	return n
}

// search knows the one form of request that the puller makes.
func (f *fake) search(w http.ResponseWriter, r *http.Request) {
	var request search
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil || len(request.Groups) != 1 || request.Limit > searchSize {
		http.Error(w, `{"status":"error","category":"VALIDATION_ERROR"}`, http.StatusBadRequest)
		return
	}
	results := []json.RawMessage{}
	for _, data := range f.records[r.PathValue("plural")] {
		if one := read(data); !one.Archived && matches(one, request.Groups[0]["filters"]) {
			results = append(results, data)
		}
	}
	slices.SortStableFunc(results, func(a, b json.RawMessage) int { return cmp.Compare(number(read(a).ID), number(read(b).ID)) })
	more := ""
	if most := min(f.pageSize, request.Limit); len(results) > most {
		results, more = results[:most], strconv.Itoa(most)
	}
	respond(w, withoutAssociations(results), more)
}

func matches(r record, filters []filter) bool {
	for _, f := range filters {
		value, _ := strconv.ParseInt(f.Value, 10, 64)
		is := r.changed().UnixMilli()
		if f.Property == "hs_object_id" {
			is = number(r.ID)
		}
		if f.Operator == "LT" && is >= value || f.Operator == "GTE" && is < value || f.Operator == "GT" && is <= value {
			return false
		}
	}
	return true
}

func withoutAssociations(records []json.RawMessage) []json.RawMessage {
	for i, data := range records {
		if !strings.Contains(string(data), `"associations"`) {
			continue
		}
		var members map[string]json.RawMessage
		if json.Unmarshal(data, &members) == nil {
			delete(members, "associations")
			records[i] = connector.JSON(members)
		}
	}
	return records
}

func (f *fake) archive(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil || limit > archiveSize || query.Get("archived") != "true" {
		http.Error(w, `{"status":"error","category":"VALIDATION_ERROR"}`, http.StatusBadRequest)
		return
	}
	all := []json.RawMessage{}
	for _, data := range f.records[r.PathValue("plural")] {
		if one := read(data); one.Archived && number(one.ID) > number(field.Text(query.Get("after"))) {
			all = append(all, data)
		}
	}
	slices.SortStableFunc(all, func(a, b json.RawMessage) int { return cmp.Compare(number(read(a).ID), number(read(b).ID)) })
	more := ""
	if most := min(f.pageSize, limit); len(all) > most {
		all, more = all[:most], string(read(all[most-1]).ID)
	}
	respond(w, withoutAssociations(all), more)
}

func (f *fake) associations(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Inputs []struct {
			ID field.Text `json:"id"`
		} `json:"inputs"`
	}
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, `{"status":"error","category":"VALIDATION_ERROR"}`, http.StatusBadRequest)
		return
	}
	results := []json.RawMessage{}
	for _, data := range f.records["deals"] {
		var deal struct {
			ID           field.Text `json:"id"`
			Associations map[string]struct {
				Results json.RawMessage `json:"results"`
			} `json:"associations"`
		}
		if json.Unmarshal(data, &deal) != nil {
			continue
		}
		to := deal.Associations[r.PathValue("other")].Results
		for _, input := range request.Inputs {
			if input.ID == deal.ID && to != nil {
				results = append(results, connector.JSON(map[string]any{"from": map[string]any{"id": deal.ID}, "to": to}))
			}
		}
	}
	respond(w, results, "")
}
