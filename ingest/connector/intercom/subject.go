package intercom

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tributary/ingest/connector"
	"tributary/ingest/connector/field"
	"tributary/ingest/connector/kit"
)

//go:embed testdata
var testdata embed.FS

const (
	kitSecret = "kit-client-secret"
	kitToken  = "kit-access-token"
)

// Subject is what the conformance kit needs to know of Intercom.
func Subject() kit.Subject {
	return kit.Subject{
		Connector: Connector(),
		Settings:  map[string]string{"webhook_secret": kitSecret, "access_token": kitToken},
		BaseURL:   "base_url",
		Fixtures:  testdata,
		Deliver: func(_ string, body []byte, at time.Time) *connector.Request {
			return &connector.Request{
				Method: http.MethodPost, Body: body, Received: at,
				URL:    &url.URL{Scheme: "https", Host: "tributary.example.com", Path: "/v1/webhooks/intercom"},
				Header: http.Header{"Content-Type": {"application/json"}, signatureHeader: {sign([]byte(kitSecret), body)}},
			}
		},
		API:     vendor,
		Since:   time.Date(2026, 8, 15, 0, 0, 0, 0, time.UTC),
		Changed: func(_ string, record json.RawMessage) time.Time { return changedAt(record) },
		Deletes: true,
		Optional: []string{
			"$.data.item.statistics", "$.data.item.ai_agent", "$.statistics", "$.ai_agent", "$.conversation_rating",
			"$.data.item.conversation_parts.conversation_parts[].body", "$.conversation_parts.conversation_parts[].body",
		},
	}
}

func changedAt(record json.RawMessage) time.Time {
	var r struct {
		UpdatedAt field.Text `json:"updated_at"`
	}
	if field.Decode(record, &r) != nil {
		return time.Time{}
	}
	return r.UpdatedAt.Time()
}

// vendor acts Intercom's search and its conversations out.
func vendor(records map[string][]json.RawMessage, pageSize int) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, answer http.HandlerFunc) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+kitToken {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			answer(w, r)
		})
	}
	handle("POST /contacts/search", func(w http.ResponseWriter, r *http.Request) {
		found(w, r, "data", records[streamContacts], pageSize)
	})
	handle("POST /conversations/search", func(w http.ResponseWriter, r *http.Request) {
		bare := make([]json.RawMessage, len(records[streamConversations]))
		for i, record := range records[streamConversations] {
			bare[i] = withoutParts(record)
		}
		found(w, r, "conversations", bare, pageSize)
	})
	handle("GET /conversations/{id}", func(w http.ResponseWriter, r *http.Request) {
		for _, record := range records[streamConversations] {
			var c conversation
			if field.Decode(record, &c) == nil && string(c.ID) == r.PathValue("id") {
				_ = json.NewEncoder(w).Encode(record) // compact, as all answers are
				return
			}
		}
		w.WriteHeader(http.StatusNotFound)
	})
	return mux
}

// withoutParts is a conversation as search finds it.
func withoutParts(record json.RawMessage) json.RawMessage {
	var fields map[string]json.RawMessage
	if json.Unmarshal(record, &fields) != nil {
		return record
	}
	delete(fields, "conversation_parts")
	return connector.JSON(fields)
}

// found is a page of those changed since, oldest first. The cursor is the time and id of
// the last one before.
func found(w http.ResponseWriter, r *http.Request, name string, all []json.RawMessage, pageSize int) {
	var asked struct {
		Query      struct{ Value int64 } `json:"query"`
		Pagination struct {
			PerPage       int    `json:"per_page"`
			StartingAfter string `json:"starting_after"`
		} `json:"pagination"`
	}
	if json.NewDecoder(r.Body).Decode(&asked) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	type keyed struct {
		key    string
		record json.RawMessage
	}
	var rest []keyed
	for _, record := range all {
		var c contact
		if at := changedAt(record).Unix(); field.Decode(record, &c) == nil && at > asked.Query.Value {
			rest = append(rest, keyed{fmt.Sprintf("%020d:%s", at, c.ID), record})
		}
	}
	slices.SortFunc(rest, func(a, b keyed) int { return strings.Compare(a.key, b.key) })
	page, cursor, more := []json.RawMessage{}, "", false
	for _, k := range rest {
		switch {
		case k.key <= asked.Pagination.StartingAfter:
		case len(page) < min(pageSize, asked.Pagination.PerPage):
			page, cursor = append(page, k.record), k.key
		default:
			more = true
		}
	}
	pages := map[string]any{"type": "pages", "per_page": asked.Pagination.PerPage}
	if more {
		pages["next"] = map[string]any{"starting_after": cursor}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"type": "list", name: page, "pages": pages, "total_count": len(all)})
}
