package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tributary/api/auth"
	"tributary/ingest/event"
)

type reply struct {
	status int
	body   string
}

func TestSegmentsOverHTTP(t *testing.T) {
	w := newWorld(t)
	admin, read := w.key(auth.KindAdmin, "acme"), w.key(auth.KindRead, "acme")
	send := func(method, target, key, media, body string) reply {
		r := httptest.NewRequest(method, target, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+key)
		if media != "" {
			r.Header.Set("Content-Type", media)
		}
		answer := httptest.NewRecorder()
		w.api.Handler().ServeHTTP(answer, r)
		return reply{answer.Code, answer.Body.String()}
	}
	put := func(body string) reply {
		return send(http.MethodPut, "/v1/definitions", admin, "application/yaml", body)
	}
	if got := put("segments: [{name: x, when: {computed: none}}]"); got.status != http.StatusBadRequest || !strings.Contains(got.body, "segments[0].when.computed") {
		t.Fatalf("bad definitions: %d %s", got.status, got.body)
	}
	if got := put("computed: [{name: orders, of: count, events: [order.placed]}]\nsegments: [{name: buyers, when: {computed: orders}}]"); got.status != http.StatusOK {
		t.Fatalf("definitions: %d %s", got.status, got.body)
	}
	w.put(w.event(1, "web", "order.placed", nil, event.Identifier{Type: event.IDUser, Value: "u1"}))
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		got := send(http.MethodGet, "/v1/segments/buyers/changes", read, "", "")
		if got.status != http.StatusOK {
			t.Fatalf("changes: %d %s", got.status, got.body)
		}
		if strings.Contains(got.body, `"change":"entered"`) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("nobody entered: %s", got.body)
		}
	}
	for path, want := range map[string]string{
		"/v1/segments":                `{"name":"buyers","members":1,"ready":true}`,
		"/v1/segments/buyers/members": `"changes_after":"`,
		"/v1/profiles/user_id:u1":     `"segments":[{"segment":"buyers"`,
	} {
		if got := send(http.MethodGet, path, read, "", ""); got.status != http.StatusOK || !strings.Contains(got.body, want) {
			t.Errorf("%s: %d %s, wanted %s", path, got.status, got.body, want)
		}
	}
	for path, status := range map[string]int{
		"/v1/segments/none/members":                http.StatusNotFound,
		"/v1/segments/buyers/changes?after=ff-1":   http.StatusGone,
		"/v1/segments/buyers/changes?after=x":      http.StatusGone,
		"/v1/segments/buyers/members?limit=0":      http.StatusBadRequest,
		"/v1/segments/buyers/members?after=nobody": http.StatusBadRequest,
		"/v1/definitions":                          http.StatusForbidden,
	} {
		if got := send(http.MethodGet, path, read, "", ""); got.status != status {
			t.Errorf("%s: %d %s, wanted %d", path, got.status, got.body, status)
		}
	}
}
