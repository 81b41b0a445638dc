package zendesk

import (
	"embed"
	"encoding/json"
	"fmt"
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
var testdata embed.FS

const (
	kitSecret = "kit-webhook-secret"
	kitEmail  = "admin@example.com"
	kitKey    = "kit-api-key"
)

// Subject is what the conformance kit needs to know of Zendesk.
func Subject() kit.Subject {
	return kit.Subject{
		Connector: Connector(),
		Settings: map[string]string{
			"webhook_secret": kitSecret, "email": kitEmail, "api_key": kitKey, "bot_user_ids": "8447399999990",
		},
		BaseURL:   "base_url",
		Fixtures:  testdata,
		Tolerance: tolerance,
		Deliver: func(_ string, body []byte, at time.Time) *connector.Request {
			stamp := at.UTC().Format(time.RFC3339)
			return &connector.Request{
				Method: http.MethodPost, Body: body, Received: at,
				URL: &url.URL{Scheme: "https", Host: "tributary.example.com", Path: "/v1/webhooks/zendesk"},
				Header: http.Header{
					"Content-Type":  {"application/json"},
					signatureHeader: {sign([]byte(kitSecret), stamp, body)},
					timestampHeader: {stamp},
				},
			}
		},
		API:     vendor,
		Since:   time.Date(2026, 8, 18, 0, 0, 0, 0, time.UTC),
		Changed: changedAt,
		Deletes: true,
	}
}

// changedAt is the time by which an export orders a record.
func changedAt(stream string, record json.RawMessage) time.Time {
	var r struct {
		stamped
		UpdatedAt          field.Text `json:"updated_at"`
		GeneratedTimestamp field.Text `json:"generated_timestamp"`
	}
	if field.Decode(record, &r) != nil {
		return time.Time{}
	}
	switch stream {
	case streamUsers, streamRatings:
		return r.UpdatedAt.Time()
	case streamTickets:
		return r.GeneratedTimestamp.Time()
	}
	return time.Unix(r.second(), 0).UTC()
}

// vendor acts Zendesk's exports out.
func vendor(records map[string][]json.RawMessage, pageSize int) http.Handler {
	mux := http.NewServeMux()
	handle := func(path string, answer func(q url.Values) any) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			if user, password, _ := r.BasicAuth(); user != kitEmail+"/token" || password != kitKey {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(answer(r.URL.Query()))
		})
	}
	for _, stream := range []string{streamUsers, streamTickets} {
		handle("/api/v2/incremental/"+stream+"/cursor.json", func(q url.Values) any { return cursorPage(stream, records[stream], pageSize, q) })
	}
	for _, stream := range []string{streamEvents, streamMetrics} {
		handle("/api/v2/incremental/"+stream+".json", func(q url.Values) any { return timePage(stream, records[stream], pageSize, q) })
	}
	handle("/api/v2/"+streamRatings+".json", func(q url.Values) any { return ratingPage(records[streamRatings], pageSize, q) })
	for _, kind := range []string{"users", "tickets"} {
		handle("/api/v2/"+kind+"/show_many.json", func(q url.Values) any { return showMany(kind, q.Get("ids")) })
	}
	return mux
}

func number(q url.Values, name string) int64 {
	n, _ := strconv.ParseInt(q.Get(name), 10, 64)
	return n
}

func size(pageSize int, asked int64) int {
	if asked > 0 {
		return min(pageSize, int(asked))
	}
	return pageSize
}

// cursorPage is a page by cursor.
func cursorPage(stream string, all []json.RawMessage, pageSize int, q url.Values) any {
	page, cursor, more := after(stream, all, q.Get("cursor"), number(q, "start_time"), size(pageSize, number(q, "per_page")))
	return map[string]any{stream: page, "after_cursor": cursor, "end_of_stream": !more}
}

// after is the records behind a cursor, which is the time and id of the last one before.
func after(stream string, all []json.RawMessage, cursor string, start int64, limit int) (page []json.RawMessage, next string, more bool) {
	type keyed struct {
		key    string
		record json.RawMessage
	}
	var rest []keyed
	for _, record := range all {
		var r stamped
		at := changedAt(stream, record).Unix()
		if field.Decode(record, &r) == nil && at >= start {
			rest = append(rest, keyed{fmt.Sprintf("%020d:%s", at, r.ID), record})
		}
	}
	slices.SortFunc(rest, func(a, b keyed) int { return strings.Compare(a.key, b.key) })
	page, next = []json.RawMessage{}, cursor
	for _, k := range rest {
		switch {
		case k.key <= cursor:
		case len(page) < limit:
			page, next = append(page, k.record), k.key
		default:
			more = true
		}
	}
	return page, next, more
}

// timePage is a page by time: it ends with a second, and has at least one that start_time is before.
func timePage(stream string, all []json.RawMessage, pageSize int, q url.Values) any {
	start, limit := number(q, "start_time"), size(pageSize, number(q, "per_page"))
	page, end, more := []json.RawMessage{}, start, false
	for _, record := range all {
		switch second := changedAt(stream, record).Unix(); {
		case second < start:
		case len(page) < limit || second == end || end == start:
			page, end = append(page, record), second
		default:
			more = true
		}
	}
	return map[string]any{stream: page, "count": len(page), "end_time": end, "end_of_stream": !more}
}

func ratingPage(all []json.RawMessage, pageSize int, q url.Values) any {
	page, cursor, more := after(streamRatings, all, q.Get("page[after]"), number(q, "start_time"), size(pageSize, number(q, "page[size]")))
	return map[string]any{
		streamRatings: page, "count": len(page),
		"meta": map[string]any{"has_more": more, "after_cursor": cursor},
	}
}

// showMany answers look-ups from a directory of its own, whatever the streams hold.
func showMany(kind, ids string) any {
	text, err := testdata.ReadFile("testdata/directory.json")
	if err != nil {
		panic(err) // it is embedded
	}
	var directory map[string][]json.RawMessage
	if err := json.Unmarshal(text, &directory); err != nil {
		panic(err)
	}
	found := []json.RawMessage{}
	for _, record := range directory[kind] {
		var r struct {
			ID     field.Text `json:"id"`
			Status string     `json:"status"`
		}
		if field.Decode(record, &r) == nil && r.Status != "deleted" && slices.Contains(strings.Split(ids, ","), string(r.ID)) {
			found = append(found, record)
		}
	}
	return map[string]any{kind: found}
}
