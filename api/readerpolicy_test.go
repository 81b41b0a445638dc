package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tributary/api/auth"
	"tributary/api/policy"
)

// withholding is a policy by which nobody is shown anything but meta.
var withholding = strings.NewReplacer("show", "withhold", "mask", "withhold", "meta: withhold", "meta: show").Replace(
	"rules:\n  default: {default: {meta: show, identity: show, contact: show, identifier: show, trait: show, computed: show, segment: show, " +
		"consent: show, account: show, money: show, conversation: show, content: show, satisfaction: show, behaviour: show, provenance: show}}\n")

func (w *world) sendPolicy(method, target, key, body string) (int, policyView, string) {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+key)
	r.Header.Set("Content-Type", "application/yaml")
	answer := httptest.NewRecorder()
	w.api.Handler().ServeHTTP(answer, r)
	var view policyView
	_ = json.Unmarshal(answer.Body.Bytes(), &view)
	return answer.Code, view, answer.Body.String()
}

func (v *policyView) does(purpose, reader, class string) string {
	for _, r := range v.Rules {
		if r.Purpose == purpose && r.Reader == reader && r.Class == class {
			return r.Do
		}
	}
	return ""
}

// TestReaderPolicy: an administrator reads the built-in policy, checks another one, puts it in force, and takes it back.
func TestReaderPolicy(t *testing.T) {
	w := newWorld(t)
	admin, other := w.key(auth.KindAdmin, "acme"), w.key(auth.KindAdmin, "other")
	status, view, text := w.sendPolicy(http.MethodGet, "/v1/policy", admin, "")
	if status != http.StatusOK || view.Own || view.Document != string(policy.DefaultYAML()) {
		t.Fatalf("the built-in policy: %d %.300s", status, text)
	}
	if want := len(policy.Purposes()) * len(policy.Readers()) * len(view.Classes); len(view.Rules) != want {
		t.Errorf("it has %d rules, not %d", len(view.Rules), want)
	}
	var parsed map[string]any
	if err := json.Unmarshal(view.Parsed, &parsed); err != nil || parsed["rules"] == nil {
		t.Errorf("parsed is %.100s: %v", view.Parsed, err)
	}
	if status, view, text = w.sendPolicy(http.MethodPut, "/v1/policy?dry_run=true", admin, withholding); status != http.StatusOK || view.does("support", "human", "trait") != "withhold" {
		t.Fatalf("a dry run: %d %.300s", status, text)
	}
	if _, view, _ = w.sendPolicy(http.MethodGet, "/v1/policy", admin, ""); view.Own {
		t.Error("a dry run put a policy in force")
	}
	if status, view, text = w.sendPolicy(http.MethodPut, "/v1/policy", admin, withholding); status != http.StatusOK || !view.Own {
		t.Fatalf("a policy: %d %.300s", status, text)
	}
	if _, view, _ = w.sendPolicy(http.MethodGet, "/v1/policy", admin, ""); !view.Own || view.Document != withholding || view.does("billing", "system", "money") != "withhold" {
		t.Errorf("the policy in force is %.300s", view.Document)
	}
	if _, view, _ = w.sendPolicy(http.MethodGet, "/v1/policy", other, ""); view.Own {
		t.Error("another workspace has it, too")
	}
	if status, view, _ = w.sendPolicy(http.MethodDelete, "/v1/policy", admin, ""); status != http.StatusOK || view.Own {
		t.Errorf("taken back: %d, own: %t", status, view.Own)
	}
	if _, view, _ = w.sendPolicy(http.MethodGet, "/v1/policy", admin, ""); view.Own {
		t.Error("the built-in policy is not back")
	}
}

// TestReaderPolicyRefuses: every fault is told with its path, and nothing is changed; keys without admin get nothing.
func TestReaderPolicyRefuses(t *testing.T) {
	w := newWorld(t)
	admin := w.key(auth.KindAdmin, "acme")
	for body, path := range map[string]string{
		"":         "document",
		"rules: [": "document",
		"rules: {default: {default: {meta: hide}}}": "rules.default.default.meta",
		withholding + "more: 1\n":                   "more",
		"traits: {\"a\\nb\": none}\n" + withholding: "traits.a\\nb",
	} {
		status, _, text := w.sendPolicy(http.MethodPut, "/v1/policy", admin, body)
		if status != http.StatusBadRequest || !strings.Contains(text, `"field":"`+path+`"`) {
			t.Errorf("%q: %d %s, wanted %s", body, status, text, path)
		}
	}
	if _, view, _ := w.sendPolicy(http.MethodGet, "/v1/policy", admin, ""); view.Own {
		t.Error("a policy with faults is in force")
	}
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		if status, _, _ := w.sendPolicy(method, "/v1/policy", w.key(auth.KindRead, "acme"), withholding); status != http.StatusForbidden {
			t.Errorf("%s with a read key: %d", method, status)
		}
	}
}
