package api

import (
	"net/http"
	"strings"
	"testing"

	"tributary/api/auth"
)

// TestTargetsOverHTTP: set once whatever the number of tries, listed by who reads reports, removed by administrators, with every
// fault of a wrong one at once.
func TestTargetsOverHTTP(t *testing.T) {
	w := newWorld(t)
	admin, read, other := w.key(auth.KindAdmin, "acme"), w.key(auth.KindRead, "acme"), w.key(auth.KindAdmin, "other")
	const path, body = "/v1/metrics/targets", `{"metric":"fcr","value":0.7,"by":"channel","group":"chat","from":"2026-01-01","actor":{"name":"Kim"}}`
	set := w.decoded(w.jot(path, admin, "plan-1", body), http.StatusCreated)
	id := set["id"].(string)
	author := set["set_by"].(map[string]any)
	if set["better"] != "larger" || author["name"] != "Kim" || !strings.HasPrefix(author["actor"].(string), "key:") {
		t.Errorf("set is %v", set)
	}
	if again := w.decoded(w.jot(path, admin, "plan-1", body), http.StatusCreated); again["id"] != id || again["set_at"] != set["set_at"] {
		t.Errorf("again it is %v", again)
	}
	if status := w.jot(path, admin, "plan-1", strings.Replace(body, "0.7", "0.8", 1)).Code; status != http.StatusConflict {
		t.Errorf("another under the same key: %d", status)
	}
	for _, field := range []string{"value", "by", "until"} {
		wrong := w.jot(path, admin, "plan-2", `{"metric":"fcr","value":70,"by":"mood","group":"good","from":"2026-02-01","until":"2026-01-01"}`)
		if wrong.Code != http.StatusBadRequest || !strings.Contains(wrong.Body.String(), `"field":"`+field+`"`) {
			t.Errorf("%s: %d %s", field, wrong.Code, wrong.Body)
		}
	}
	if status := w.jot(path, admin, "", body).Code; status != http.StatusBadRequest {
		t.Errorf("without a key of the write: %d", status)
	}
	if status := w.jot(path, read, "plan-3", body).Code; status != http.StatusForbidden {
		t.Errorf("by who reads: %d", status)
	}
	count := func(key string) int {
		return len(w.decoded(w.do(http.MethodGet, path, key, ""), http.StatusOK)["targets"].([]any))
	}
	if count(read) != 1 || count(w.key(auth.KindRead, "other")) != 0 {
		t.Error("the list is not that of the workspace")
	}
	for what, c := range map[string]struct {
		key, path string
		status    int
	}{
		"another workspace's": {other, path + "/" + id, http.StatusNotFound}, "a reader": {read, path + "/" + id, http.StatusForbidden},
		"no id": {admin, path + "/fcr", http.StatusBadRequest},
	} {
		if answer := w.do(http.MethodDelete, c.path, c.key, ""); answer.Code != c.status {
			t.Errorf("%s: %d %s", what, answer.Code, answer.Body)
		}
	}
	removed := w.decoded(w.do(http.MethodDelete, path+"/"+id, admin, ""), http.StatusOK)
	if again := w.decoded(w.do(http.MethodDelete, path+"/"+id, admin, ""), http.StatusOK); removed["removed_at"] == nil || again["removed_at"] != removed["removed_at"] {
		t.Errorf("removed %v, again %v", removed, again)
	}
	if late := w.decoded(w.jot(path, admin, "plan-1", body), http.StatusCreated); late["removed_at"] == nil || count(read) != 0 {
		t.Errorf("a late retry sets it anew: %v", late)
	}
}
