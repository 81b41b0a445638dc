package api

import (
	"net/http"
	"strings"
	"testing"

	"tributary/api/auth"
)

// TestAQuerySaysOneThing: on every route of people, whatever is between may read another of two values than we do.
func TestAQuerySaysOneThing(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	key := w.keyFor("operations", "human")
	for _, r := range w.api.routes() {
		if !r.rule.ofPeople() {
			continue
		}
		path := strings.NewReplacer(":address", "anonymous_id:anon-1", ":account", "markaccount", ":segment", "marksegment", ":name", "favourite").Replace(r.path)
		for query, field := range map[string]string{
			"purpose=operations&purpose=support": "purpose", "purpose=support&Purpose=x&purpose=operations": "purpose",
			"conversation=c-plain&conversation=c-verified": "conversation", "conversation=c-plain;conversation=c-verified": "query", "purpose=%zz": "query",
		} {
			answer := w.do(r.method, path+"?"+query, key, "{}")
			if answer.Code != http.StatusBadRequest || !strings.Contains(answer.Body.String(), `"field":"`+field+`"`) {
				t.Errorf("%s %s?%s answers %d %s", r.method, path, query, answer.Code, answer.Body)
			}
		}
	}
	if n := len(w.disclosed()); n != 0 {
		t.Errorf("%d readings are on record", n)
	}
}

// TestAPathIsOneAddress: what is encoded in a path stays in the address, and leads to no other route.
func TestAPathIsOneAddress(t *testing.T) {
	w := newWorld(t)
	plantMarks(w)
	admin := w.key(auth.KindAdmin, "acme")
	for path, status := range map[string]int{
		"/v1/profiles/user_id:x%2F..%2F..%2Fkeys":           http.StatusNotFound,
		"/v1/profiles/user_id:a%2Fcontext":                  http.StatusNotFound,
		"/v1/profiles/..%2Fkeys":                            http.StatusBadRequest,
		"/v1/profiles/user_id:a%00b":                        http.StatusBadRequest,
		"/v1/profiles/user_id:%ff%fe":                       http.StatusBadRequest,
		"/v1/profiles/user_id:" + strings.Repeat("a", 9000): http.StatusBadRequest,
		"/v1/accounts/" + strings.Repeat("a", 9000):         http.StatusNotFound,
		"/v1/keys/" + strings.Repeat("a", 9000) + "/rotate": http.StatusMethodNotAllowed,
		"/v1/privacy/erasures/..%2F..%2Fkeys":               http.StatusBadRequest,
		"/v1/privacy/exports/..%2F..%2Fidentity.key":        http.StatusServiceUnavailable, // none are made here; none is read
		"/v1/sources/%2e%2e/schema":                         http.StatusNotFound,
		"/v1//keys":                                         http.StatusNotFound,
		"/v1/keys/":                                         http.StatusNotFound,
	} {
		answer := w.do(http.MethodGet, path, admin, "")
		if answer.Code != status {
			t.Errorf("%.80s answers %d, want %d: %.300s", path, answer.Code, status, answer.Body)
		}
		if said := answer.Body.String(); strings.Contains(said, "aaaa") || strings.Contains(said, "..") {
			t.Errorf("%.80s is repeated: %.300s", path, said)
		}
	}
	if lines := w.lines.String(); strings.Contains(lines, "aaaa") || strings.Contains(lines, "anon-1") || strings.Contains(lines, "..") {
		t.Error("the log holds a path")
	}
}
