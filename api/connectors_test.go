package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"tributary/api/auth"
	"tributary/ingest/connector"
	"tributary/ingest/connector/stripe"
)

// someConnectors are those of the test's program.
var someConnectors = connector.Registry{stripe.Subject().Connector}

func TestConnectorsAreDescribed(t *testing.T) {
	w := newWorld(t)
	read := w.key(auth.KindRead, "acme")
	list := w.get("/v1/connectors", read, http.StatusOK)["connectors"].([]any)
	if len(list) != 1 || list[0].(map[string]any)["name"] != "stripe" {
		t.Fatalf("connectors %v", list)
	}
	v := w.get("/v1/connectors/stripe?source=our-billing", read, http.StatusOK)
	if v["webhook"] != "/v1/webhooks/our-billing" || !strings.Contains(v["config"].(string), "- name: our-billing\n    connector: stripe\n") || !strings.Contains(v["config"].(string), "env:OUR_BILLING_") {
		t.Errorf("described as %v", v)
	}
	w.get("/v1/connectors/nobody", read, http.StatusNotFound)
	w.get("/v1/connectors/stripe?source=Our%20Billing", read, http.StatusBadRequest)
}

const mapping = `version: 1
name: desk
title: Desk
summary: Tickets.
docs: [https://example.com/docs]
settings: [{name: secret, kind: secret, summary: The secret.}]
webhook:
  signature: {bearer: secret}
  mapping: ticket
mappings:
  ticket:
    id: .id
    at: .at
    events:
      - {name: case.opened, cx: {case_id: .id}, identifiers: {email: .from}}
`

func TestConnectorsAreTried(t *testing.T) {
	w := newWorld(t)
	admin := w.key(auth.KindAdmin, "acme")
	try := func(key string, body map[string]any, status int) map[string]any {
		t.Helper()
		text, err := json.Marshal(body)
		w.must(err)
		return w.decoded(w.do(http.MethodPost, "/v1/connectors/try", key, string(text)), status)
	}
	payload := `{"id":"t-1","at":"2026-03-01T10:00:00Z","from":"ada@example.com"}`
	v := try(admin, map[string]any{"mapping": mapping, "payload": payload, "source": "helpdesk"}, http.StatusOK)
	events := v["events"].([]any)
	if len(events) != 1 || events[0].(map[string]any)["name"] != "case.opened" || events[0].(map[string]any)["workspace"] != "acme" {
		t.Fatalf("tried %v", v)
	}
	if described := v["connector"].(map[string]any); described["webhook"] != "/v1/webhooks/helpdesk" || !strings.Contains(described["config"].(string), "file: desk.yaml") {
		t.Errorf("described as %v", described)
	}
	v = try(admin, map[string]any{"mapping": strings.Replace(mapping, "case.opened", "case.begun", 1), "payload": payload}, http.StatusOK)
	if faults := v["faults"].([]any); len(faults) != 1 || faults[0].(map[string]any)["line"] != 15.0 || faults[0].(map[string]any)["path"] == nil {
		t.Errorf("a mapping that is wrong gives %v", faults)
	}
	if v = w.get("/v1/sources", admin, http.StatusOK); len(v["sources"].([]any)) != 0 {
		t.Errorf("something was kept: %v", v)
	}
	try(w.key(auth.KindRead, "acme"), map[string]any{"connector": "stripe", "payload": "{}"}, http.StatusForbidden)
	v = try(admin, map[string]any{"connector": "stripe", "payload": `{"id":"evt_1"`}, http.StatusOK)
	if len(v["events"].([]any)) != 0 || len(v["faults"].([]any))+len(v["rejected"].([]any)) == 0 {
		t.Errorf("a payload that breaks off gives %v", v)
	}
}
