package node

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/google/uuid"

	"tributary/api/admin"
	"tributary/identity"
	"tributary/profiles/explain"
	"tributary/profiles/steward"
	"tributary/profiles/unify"
)

// told asks for an explanation, and returns it with the sentences of its links and of who is apart.
func (p *program) told(address, query string) (answer map[string]any, one, two string) {
	p.t.Helper()
	status, answer := p.get(address, "/identity"+query)
	if status != http.StatusOK {
		p.t.Fatalf("identity of %s is answered with %d: %v", address, status, answer)
	}
	said := func(member string) string {
		var all []string
		for _, x := range answer[member].([]any) {
			all = append(all, x.(map[string]any)["said"].(map[string]any)["text"].(string))
		}
		return strings.Join(all, " | ")
	}
	return answer, said("links"), said("apart")
}

// TestExplainThroughMergeSplitAndBlock is the walk: why two are two, who said that they are one, that
// they are two again, and what a block undoes.
func TestExplainThroughMergeSplitAndBlock(t *testing.T) {
	p := start(t, t.TempDir())
	client := admin.NewClient(Socket(p.config.DataDir))
	defer client.Close()
	p.accept("/v1/identify", `{"userId":"u-1","traits":{"email":"family@example.com"}}`)
	p.accept("/v1/identify", `{"userId":"u-2","traits":{"email":"family@example.com"}}`)
	p.accept("/v1/page", `{"anonymousId":"a-1","userId":"u-1","name":"Home"}`)
	p.accept("/v1/page", `{"anonymousId":"a-1","name":"Prices"}`)
	p.settle()

	before, one, two := p.told("user_id:u-1", "?with=user_id:u-2")
	if !strings.Contains(one, "Same user id") || !strings.Contains(one, "Same browser") || two != "Same e-mail, but each has a user id of its own" {
		t.Errorf("at first: one by %q, two by %q", one, two)
	}
	a, b := uuid.MustParse(before["profile"].(string)), uuid.MustParse(before["with"].(map[string]any)["profile"].(string))
	decide := func(kind unify.DecisionKind) {
		t.Helper()
		if _, err := client.Decide(t.Context(), "default", admin.NewDecision{Proposal: steward.Proposal{Kind: kind, A: a, B: b}, Actor: "grace"}); err != nil {
			t.Fatal(err)
		}
	}
	decide(unify.DecisionMerge)
	if merged, one, two := p.told("user_id:u-1", "?with=user_id:u-2"); !strings.Contains(one, "A person decided that they are one") || two != "" || merged["with"].(map[string]any)["same"] != true {
		t.Errorf("merged: one by %q, two by %q", one, two)
	}
	decide(unify.DecisionNeverMerge)
	if _, _, two := p.told("user_id:u-1", ""); two != "Same e-mail, but a person decided that they are two" {
		t.Errorf("split: two by %q", two)
	}
	decide(unify.DecisionUndo)
	after, one, two := p.told("user_id:u-1", "?with=user_id:u-2")
	delete(before, "identity_version")
	delete(after, "identity_version")
	if !reflect.DeepEqual(after, before) {
		t.Errorf("taken back: one by %q, two by %q:\n%v\nbefore\n%v", one, two, after, before)
	}

	if _, err := client.Decide(t.Context(), "default", admin.NewDecision{Proposal: steward.Proposal{Kind: unify.DecisionBlock, Identifier: &explain.Identifier{Type: "anonymous_id", Value: "a-1"}}}); err != nil {
		t.Fatal(err)
	}
	blocked, one, _ := p.told("user_id:u-1", "")
	if strings.Contains(one, "Same browser") || !strings.Contains(text(blocked["values"]), "blocked") {
		t.Errorf("blocked: one by %q, values %v", one, blocked["values"])
	}
	status, _ := p.get("anonymous_id:a-1", "/identity")
	if status != http.StatusNotFound {
		t.Errorf("a blocked identifier is answered with %d", status)
	}
	standing, err := client.IdentifierStanding(t.Context(), "default", "anonymous_id:a-1")
	if err != nil || standing.State != identity.ValueBlocked {
		t.Errorf("it stands as %+v, %v", standing, err)
	}
}

// TestPreviewIsWhatComes: what a preview says of rules is what comes of setting them, and the preview
// itself changes nothing; setting them back brings everything back.
func TestPreviewIsWhatComes(t *testing.T) {
	p := start(t, t.TempDir())
	client := admin.NewClient(Socket(p.config.DataDir))
	defer client.Close()
	p.accept("/v1/identify", `{"userId":"u-1","anonymousId":"tablet"}`)
	p.accept("/v1/identify", `{"userId":"u-2","anonymousId":"phone-2"}`)
	p.accept("/v1/track", `{"anonymousId":"tablet","event":"conversation.started","context":{"channel":"chat"},"properties":{"conversation_id":"c-1"}}`)
	p.accept("/v1/track", `{"anonymousId":"tablet","event":"conversation.started","context":{"channel":"chat"},"properties":{"conversation_id":"c-2"}}`)
	p.settled()
	rules, err := identity.ParseRules([]byte("identifiers: [{type: anonymous_id, role: ignored}]"))
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := p.told("user_id:u-1", "")
	trial := explain.Trial{Rules: rules, Metric: explain.MetricRepeat}
	var reports int
	forecast, err := client.PreviewIdentity(t.Context(), "default", trial, func(explain.Progress) { reports++ })
	if err != nil {
		t.Fatal(err)
	}
	if forecast.Splits != 1 || forecast.Merges != 0 || forecast.Moved != 2 || reports == 0 || forecast.Observations != 4 {
		t.Errorf("after %d reports it forecasts %+v", reports, forecast)
	}
	if m := forecast.Metric; m == nil || m.Before != 1 || m.After != 0 {
		t.Errorf("of repeated contacts it forecasts %+v", m)
	}
	if again, _, _ := p.told("user_id:u-1", ""); !reflect.DeepEqual(again, before) {
		t.Errorf("the preview changed something: %v, before %v", again, before)
	}

	set := func(r identity.Rules) {
		t.Helper()
		if _, err := client.SetIdentityRules(t.Context(), "default", unify.IdentityRules{Rules: r.Encode()}); err != nil {
			t.Fatal(err)
		}
		p.settled()
	}
	set(rules)
	now, err := client.PreviewIdentity(t.Context(), "default", trial, nil)
	if err != nil {
		t.Fatal(err)
	}
	if now.Before != forecast.After || now.After != forecast.After || now.Merges+now.Splits != 0 || now.Metric.Before != forecast.Metric.After {
		t.Errorf("it is %+v, the forecast was %+v", now, forecast)
	}
	if ruled, err := client.IdentityRules(t.Context(), "default"); err != nil || !ruled.Own || string(ruled.Rules) != string(rules.Encode()) {
		t.Errorf("the rules are %+v, %v", ruled, err)
	}
	set(identity.Rules{})
	after, _, _ := p.told("user_id:u-1", "")
	delete(before, "identity_version")
	delete(after, "identity_version")
	if !reflect.DeepEqual(after, before) {
		t.Errorf("set back: %v\nbefore: %v", after, before)
	}

	trial.Metric = "csat"
	if _, err := client.PreviewIdentity(t.Context(), "default", trial, nil); err == nil || !strings.Contains(err.Error(), "metric") {
		t.Errorf("an unknown metric: %v", err)
	}
	_, err = client.SetIdentityRules(t.Context(), "default", unify.IdentityRules{Rules: []byte(`{"strategy":"hope","colour":1}`)})
	if err == nil || !strings.Contains(err.Error(), "strategy") || !strings.Contains(err.Error(), "colour") {
		t.Errorf("bad rules: %v", err)
	}
}

// settled waits until nothing about who is who is pending.
func (p *program) settled() {
	p.t.Helper()
	p.settle()
	if err := p.unify.Settle(p.t.Context(), "default"); err != nil {
		p.t.Fatal(err)
	}
}

func text(v any) string { return strings.ToLower(strings.Join(words(v), " ")) }

// words lists all texts in an answer.
func words(v any) (all []string) {
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			all = append(all, words(x)...)
		}
	case []any:
		for _, x := range v {
			all = append(all, words(x)...)
		}
	case string:
		all = append(all, v)
	}
	return all
}
