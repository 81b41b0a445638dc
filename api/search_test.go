package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"tributary/api/auth"
)

// TestSearchIsRefused: what is wrong with a search is named, and a store that is away says when to ask again.
func TestSearchIsRefused(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	key := w.key(auth.KindRead, "acme", auth.ScopeTimelineRead)
	const who = "/v1/profiles/anonymous_id:anon-1/search"
	for target, field := range map[string]string{
		who:                        "query",
		who + "?query=%20":         "query",
		who + "?query=%00":         "query",
		who + "?query=a&query=b":   "query",
		who + "?query=a&limit=0":   "limit",
		who + "?query=a&limit=101": "limit",
		who + "?query=a&more=1":    "query",
		who + "?query=" + strings.Repeat("a", 201): "query",
		who + "?query=" + strings.Repeat("a+", 17): "query",
	} {
		answer := w.do(http.MethodGet, target, key, "")
		if faults := faultsOf(answer); answer.Code != http.StatusBadRequest || len(faults) != 1 || faults[0].Field != field {
			t.Errorf("%.80s is answered with %d %s", target, answer.Code, answer.Body)
		}
	}
	for _, body := range []string{`{"identifiers":[],"query":"a"}`, `{"identifiers":[{"type":"anonymous_id","value":"anon-1"}],"query":"a","limit":0}`} {
		if answer := w.do(http.MethodPost, "/v1/profiles/search", key, body); answer.Code != http.StatusBadRequest {
			t.Errorf("%s is answered with %d", body, answer.Code)
		}
	}
	w.noStore = true
	answer := w.do(http.MethodGet, who+"?query=word", key, "")
	if answer.Code != http.StatusServiceUnavailable || answer.Header().Get("Retry-After") == "" {
		t.Errorf("without a store it is answered with %d, %v", answer.Code, answer.Header())
	}
}

// TestDocsNeedNobodyElse: the page and its parts are served with a policy that lets nothing inline or foreign run, and
// name no other server.
func TestDocsNeedNobodyElse(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/docs", "/docs/docs.css", "/docs/docs.js", "/docs/schema.js", "/docs/request.js"} {
		answer := w.do(http.MethodGet, path, "", "")
		body := answer.Body.String()
		if answer.Code != http.StatusOK || answer.Header().Get("Content-Security-Policy") != docsPolicy {
			t.Errorf("%s is answered with %d, %v", path, answer.Code, answer.Header())
		}
		for _, foreign := range []string{"http://", "https://", "innerHTML", "localStorage", "sessionStorage", "document.cookie", " style=", " onclick="} {
			if strings.Contains(body, foreign) {
				t.Errorf("%s has %q", path, foreign)
			}
		}
	}
	for _, path := range []string{"/docs/index.html", "/docs/nothing.js", "/docs/..%2Fopenapi.yaml", "/docs/%2e%2e"} {
		if answer := w.do(http.MethodGet, path, "", ""); answer.Code != http.StatusNotFound {
			t.Errorf("%s is answered with %d", path, answer.Code)
		}
	}
}

// TestTimelineByChannel: only what there was of a channel; not for whom it is withheld that there was any.
func TestTimelineByChannel(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	const who = "/v1/profiles/anonymous_id:anon-1/timeline"
	human := w.keyFor("support", "human")
	of := func(v map[string]any) (channels []any) {
		for _, e := range list(v, "events") {
			channels = append(channels, e["channel"])
		}
		return channels
	}
	if got := of(w.get(who+"?channel=email&channel=voice", human, http.StatusOK)); len(got) == 0 || slices.ContainsFunc(got, func(c any) bool { return c != "email" }) {
		t.Errorf("of e-mail there are %v", got)
	}
	if got := of(w.get(who+"?channel=store", human, http.StatusOK)); len(got) != 0 {
		t.Errorf("of the store there are %v", got)
	}
	for _, wrong := range []string{"?channel=pigeon", "?channel=", "?channel=chat&channel=chat"} {
		w.get(who+wrong, human, http.StatusBadRequest)
	}
	w.get(who+"?channel=chat", w.keyFor("billing", "human"), http.StatusForbidden)
}
