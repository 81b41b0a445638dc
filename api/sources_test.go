package api

import (
	"net/http"
	"strings"
	"testing"

	"tributary/api/auth"
	"tributary/ingest/stream"
)

// account is the figures of an account of an answer.
func account(v map[string]any) [4]float64 {
	return [4]float64{v["received"].(float64), v["stored"].(float64), v["duplicate"].(float64), v["quarantined"].(float64)}
}

func (w *world) reject(source, id string) {
	w.Helper()
	at, err := w.log.Append(w.Context(), []stream.Record{{
		Kind: stream.KindRejected, Workspace: "acme", Source: source, MessageID: id, ReceivedAt: epoch,
		Value: []byte(`{"reason":"too_large","field":"event","payload":{}}`),
	}})
	w.must(err)
	w.must(w.worker.Applied(w.Context(), at[0]))
}

func TestReconciliation(t *testing.T) {
	w := newWorld(t)
	read := w.key(auth.KindRead, "acme")
	first, late := w.event(1, "web", "E", nil, id("user_id", "u")), w.event(1, "web", "F", nil, id("user_id", "u"))
	next := w.event(13*3600, "web", "E", nil, id("user_id", "u")) // the day after
	w.put(first, first, late, next)
	w.put(w.event(2, "shop", "E", nil, id("user_id", "u")))
	w.reject("web", "r-1")

	v := w.get("/v1/sources", read, http.StatusOK)
	list := v["sources"].([]any)
	if len(list) != 2 || v["counted"] != true {
		t.Fatalf("sources %v", v)
	}
	if web := list[1].(map[string]any); web["source"] != "web" || account(web) != [4]float64{5, 2, 2, 1} || web["last_received"] != "2026-03-02T01:00:00Z" {
		t.Errorf("web: %v", web)
	}

	v = w.get("/v1/sources/web/reconciliation", read, http.StatusOK)
	days := v["days"].([]any)
	if len(days) != 2 || account(v) != [4]float64{5, 2, 2, 1} || v["balanced"] != true {
		t.Fatalf("reconciliation %v", v)
	}
	day := days[0].(map[string]any)
	if day["day"] != "2026-03-01" || account(day) != [4]float64{4, 1, 2, 1} || day["stored_clickhouse"] != 2.0 {
		t.Errorf("first day %v", day)
	}
	reasons := day["reasons"].(map[string]any)
	if d := reasons["duplicate"].(map[string]any); d["repeat"] != 1.0 || d["conflict"] != 1.0 {
		t.Errorf("reasons %v", reasons)
	}
	if q := reasons["quarantined"].(map[string]any); q["too_large"] != 1.0 {
		t.Errorf("reasons %v", reasons)
	}
	v = w.get("/v1/sources/web/reconciliation?since=2026-03-02&until=2026-03-02", read, http.StatusOK)
	if account(v) != [4]float64{1, 1, 0, 0} || len(v["days"].([]any)) != 1 {
		t.Errorf("second day %v", v)
	}
	w.noStore = true
	if v = w.get("/v1/sources/web/reconciliation", read, http.StatusOK); v["stored_clickhouse"] != nil || account(v) != [4]float64{5, 2, 2, 1} {
		t.Errorf("without the analytics store %v", v)
	}
}

func TestExpectedFigures(t *testing.T) {
	w := newWorld(t)
	read, write := w.key(auth.KindRead, "acme"), w.key(auth.KindWrite, "acme")
	first := w.event(1, "web", "E", nil, id("user_id", "u"))
	w.put(first, first, w.event(2, "web", "E", nil, id("user_id", "u")))
	difference := func() (of float64, note any) {
		t.Helper()
		e := w.get("/v1/sources/web/reconciliation", read, http.StatusOK)["expected"].(map[string]any)
		return e["difference"].(float64), e["note"]
	}
	put := func(day, key, body string, status int) map[string]any {
		t.Helper()
		return w.decoded(w.do(http.MethodPut, "/v1/sources/web/expected/"+day, key, body), status)
	}
	put("2026-03-01", write, `{"count":5,"note":"page views"}`, http.StatusOK)
	if d, note := difference(); d != -3 || note != "page views" {
		t.Errorf("difference %v, %v: want 3 missing", d, note)
	}
	put("2026-03-01", w.key(auth.KindAdmin, "acme"), `{"count":1}`, http.StatusOK)
	if d, _ := difference(); d != 1 {
		t.Errorf("difference %v, want 1 too many", d)
	}
	// A day on which nothing came is a day on which all is missing.
	put("2026-02-27", write, `{"count":7}`, http.StatusOK)
	v := w.get("/v1/sources/web/reconciliation", read, http.StatusOK)
	if days := v["days"].([]any); len(days) != 2 || days[0].(map[string]any)["day"] != "2026-02-27" {
		t.Errorf("days %v", days)
	}
	if d, _ := difference(); d != -6 {
		t.Errorf("difference %v, want 6 missing in all", d)
	}

	other := w.decoded(w.do(http.MethodPut, "/v1/sources/shop/expected/2026-03-01", write, `{"count":1}`), http.StatusForbidden)
	if !strings.Contains(other["detail"].(string), "own source") {
		t.Errorf("a write key may speak for another source: %v", other)
	}
	put("2026-03-01", read, `{"count":1}`, http.StatusForbidden)
	for field, c := range map[string][2]string{
		"day": {"20260301", `{"count":1}`}, "count": {"2026-03-01", `{}`}, "counts": {"2026-03-01", `{"counts":1}`},
	} {
		if faults := put(c[0], write, c[1], http.StatusBadRequest)["errors"].([]any); faults[0].(map[string]any)["field"] != field {
			t.Errorf("%v: faults %v", c, faults)
		}
	}
	for _, body := range []string{`{"count":9007199254740993}`, `{"count":1,"note":"two\nlines"}`, `{"count":-1}`, `{"count":1.5}`} {
		put("2026-03-01", write, body, http.StatusBadRequest)
	}
}

func TestSourcesAreOfOneWorkspaceAndScope(t *testing.T) {
	w := newWorld(t)
	w.put(w.event(1, "web", "E", nil, id("user_id", "u")))
	stranger := w.key(auth.KindRead, "globex")
	w.get("/v1/sources/web/reconciliation", stranger, http.StatusNotFound)
	if v := w.get("/v1/sources", stranger, http.StatusOK); len(v["sources"].([]any)) != 0 {
		t.Errorf("another workspace sees %v", v)
	}
	w.get("/v1/sources", w.key(auth.KindRead, "acme", auth.ScopeProfilesRead), http.StatusForbidden)
	w.get("/v1/sources", w.key(auth.KindWrite, "acme"), http.StatusForbidden)
	read := w.key(auth.KindRead, "acme")
	for target, field := range map[string]string{
		"/v1/sources?since=yesterday":                                            "since",
		"/v1/sources/web/reconciliation?until=1969-12-31":                        "until",
		"/v1/sources/web/reconciliation?since=2026-03-02&until=2026-03-01":       "until",
		"/v1/sources?day=2026-03-01":                                             "query",
		"/v1/sources/web/reconciliation?since=2026-03-01&since=2026-03-02":       "since",
		"/v1/sources/web/reconciliation?since=2026-03-01T00:00:00Z&until=2026-0": "since",
	} {
		if faults := w.get(target, read, http.StatusBadRequest)["errors"].([]any); faults[0].(map[string]any)["field"] != field {
			t.Errorf("%s: faults %v", target, faults)
		}
	}
}
