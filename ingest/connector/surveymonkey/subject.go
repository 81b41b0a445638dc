package surveymonkey

import (
	"embed"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/connector/kit"
)

//go:embed testdata
var testdata embed.FS

const (
	subjectClient = "a-client-id"
	subjectSecret = "a-client-secret"
	subjectToken  = "an-access-token"
)

// Subject is the connector with webhooks and responses in the form that SurveyMonkey documents. Streams
// are surveys.
func Subject() kit.Subject {
	return kit.Subject{
		Connector: Connector(),
		Settings: map[string]string{
			"client_id": subjectClient, "webhook_secret": subjectSecret, "access_token": subjectToken,
			"survey_ids": "1234, 5678", "questions": "201=nps, 202=csat:1-5", "user_id_variable": "customer",
		},
		BaseURL:  "base_url",
		Fixtures: testdata,
		Deliver: func(_ string, body []byte, at time.Time) *connector.Request {
			return &connector.Request{
				Method: http.MethodPost, Body: body, Received: at,
				Header: http.Header{
					"Content-Type":  {"application/vnd.surveymonkey.response.v1+json"},
					"Sm-Apikey":     {subjectClient},
					signatureHeader: {sign(signingKey(subjectClient, subjectSecret), body)},
				},
			}
		},
		API: vendor,
		// An unfinished response, and one without a question that counts, makes no answer; it is always kept.
		Optional: []string{"$.response_status", "$.pages"},
		Since:    time.Date(2026, 4, 15, 0, 0, 0, 0, time.UTC),
		Changed:  func(_ string, record json.RawMessage) time.Time { return modified(record) },
	}
}

func modified(record json.RawMessage) time.Time {
	var r response
	if field.Decode(record, &r) != nil {
		return time.Time{}
	}
	return r.DateModified.Time()
}

// vendor acts responses/bulk out.
func vendor(records map[string][]json.RawMessage, most int) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v3/surveys/{id}/responses/bulk", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+subjectToken {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		q := r.URL.Query()
		since := field.Time(q.Get("start_modified_at"))
		data := []json.RawMessage{}
		for _, record := range records["survey-"+r.PathValue("id")] {
			if modified(record).After(since) {
				data = append(data, record)
			}
		}
		slices.SortStableFunc(data, func(a, b json.RawMessage) int { return modified(a).Compare(modified(b)) })
		size, _ := strconv.Atoi(q.Get("per_page"))
		number, _ := strconv.Atoi(q.Get("page"))
		size = max(1, min(size, most))
		from := min(len(data), (max(1, number)-1)*size)
		to := min(len(data), from+size)
		links := map[string]string{"self": "http://" + r.Host + r.URL.String()}
		if to < len(data) {
			next := *r.URL
			q.Set("page", strconv.Itoa(number+1))
			next.RawQuery = q.Encode()
			links["next"] = "http://" + r.Host + next.String()
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{ // a client that is gone is its own affair
			"data": data[from:to], "per_page": size, "page": number, "total": len(data), "links": links,
		})
	})
	return mux
}
