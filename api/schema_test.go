package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"tributary/api/admin"
	"tributary/api/auth"
	"tributary/ingest/event"
	"tributary/ingest/schema"
	"tributary/profiles/unify"
)

func TestSchemaAndDriftOfASource(t *testing.T) {
	w := newWorld(t)
	read := w.key(auth.KindRead, "acme")
	commands := &admin.Commands{Log: w.log, Worker: w.worker, Now: w.api.Now}
	w.now = epoch
	_, err := commands.Do(t.Context(), "acme", unify.SchemaSet{Source: "web", Event: "Plan Compared", Contract: schema.Contract{
		Policy: schema.Drop, Schema: []byte(`{"properties":{"plan":{"type":"string"}},"additionalProperties":false}`),
	}})
	w.must(err)
	first, second := w.event(1, "web", "Plan Compared", nil, id(event.IDUser, "u")), w.event(2, "web", "Plan Compared", nil, id(event.IDUser, "u"))
	first.Properties, second.Properties = json.RawMessage(`{"plan":"secret-a"}`), json.RawMessage(`{"plan":"secret-b","colour":"secret-c"}`)
	w.put(first, second, w.event(3, "web", "Viewed", nil, id(event.IDUser, "u")))

	v := w.get("/v1/sources/web/schema", read, http.StatusOK)
	events := v["events"].([]any)
	if len(events) != 2 || v["names_beyond"] != 0.0 || v["policy"] != "accept" {
		t.Fatalf("schema %v", v)
	}
	plan := events[0].(map[string]any)
	if plan["event"] != "Plan Compared" || plan["events"] != 2.0 || plan["dropped"] != 1.0 || len(plan["fields"].([]any)) != 2 || plan["inferred"] != nil {
		t.Errorf("event %v", plan)
	}
	v = w.get("/v1/sources/web/schema?event=Plan+Compared", read, http.StatusOK)
	only := v["events"].([]any)[0].(map[string]any)
	if required := only["inferred"].(map[string]any)["required"].([]any); len(required) != 1 || required[0] != "plan" {
		t.Errorf("inferred %v", only["inferred"])
	}
	v = w.get("/v1/sources/web/schema/drift", read, http.StatusOK)
	drift := v["events"].([]any)[0].(map[string]any)
	difference := drift["differences"].([]any)[0].(map[string]any)
	if drift["contract"] != true || drift["policy"] != "drop" || difference["kind"] != "new_field" || difference["path"] != "colour" ||
		difference["events"] != 1.0 || difference["example_message_id"] != "m-000002" {
		t.Errorf("drift %v", drift)
	}
	for _, target := range []string{"/v1/sources/web/schema", "/v1/sources/web/schema/drift", "/v1/sources/web/schema?event=Plan+Compared"} {
		if body := w.do(http.MethodGet, target, read, "").Body.String(); strings.Contains(body, "secret") {
			t.Errorf("%s tells a value: %s", target, body)
		}
	}
	if v = w.get("/v1/sources/web/schema/drift?since=2026-03-02T00:00:00Z", read, http.StatusOK); len(v["events"].([]any)) != 0 {
		t.Errorf("drift since the day after: %v", v)
	}
	for target, status := range map[string]int{
		"/v1/sources/none/schema": http.StatusNotFound, "/v1/sources/web/schema?event=None": http.StatusNotFound,
		"/v1/sources/web/schema/drift?since=yesterday": http.StatusBadRequest,
	} {
		w.get(target, read, status)
	}
	w.get("/v1/sources/web/schema", w.key(auth.KindRead, "other"), http.StatusNotFound)
}
