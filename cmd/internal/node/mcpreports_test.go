package node

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/api/auth"
)

// reportCalls are arguments of the tools with numbers of many; from is added to each. A tool without any fails TestReportsForModels.
var reportCalls = map[string]map[string]any{
	"ask_metric":     {"id": "transfer_rate", "by": "topic"},
	"compare_metric": {"id": "fcr_any_topic"},
	"ask_funnel": {"steps": []any{map[string]any{"events": []any{"order.placed"}}, map[string]any{"events": []any{"order.delivered"}}},
		"window": "7d", "breakdown": "properties.note"},
	"ask_paths":            {"starts": placed, "depth": 3},
	"ask_retention":        {"born": placed, "returns": delivered, "by": "week"},
	"ask_time_between":     {"starts": placed, "ends": delivered},
	"ask_repeat_contacts":  {"days": 7},
	"ask_contact_journeys": {"limit": 5},
	"ask_friction":         {},
	"ask_drivers":          {},
	"ask_forecast":         {"grain": "day", "horizon": 7, "by": []any{"topic"}},
	"ask_effect":           {"exposure": "transferred", "days": 7},
	"ask_use_cases":        {"cost_per_minute": 0.9},
}

var (
	placed    = map[string]any{"events": []any{"order.placed"}}
	delivered = map[string]any{"events": []any{"order.delivered"}}
)

// showInjections are reports that tell names which customers and sources make up.
var showInjections = []string{"ask_metric", "ask_funnel", "ask_paths", "ask_repeat_contacts", "ask_friction", "ask_drivers", "ask_forecast"}

// plantReports has people order, call twice and be transferred, with what models should not follow wherever a text may stand.
func (p *program) plantReports(t *testing.T) {
	t.Helper()
	said, err := json.Marshal(injected)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now().Add(-20 * 24 * time.Hour).UTC().Truncate(time.Hour)
	for i := range 6 {
		track := func(after time.Duration, name, properties string) {
			p.accept("/v1/track", fmt.Sprintf(`{"userId":"r-%d","event":%s,"timestamp":%q,"context":{"channel":"voice"},"properties":{%s}}`,
				i, name, began.Add(after).Format(time.RFC3339), properties))
		}
		track(0, `"order.placed"`, fmt.Sprintf(`"order_id":"o-%d","note":%s`, i, said))
		track(time.Hour, string(said), `"step":1`)
		track(30*time.Hour, `"order.delivered"`, fmt.Sprintf(`"order_id":"o-%d"`, i))
		for n := range 2 {
			at, of := time.Duration(48+24*n)*time.Hour, fmt.Sprintf(`"conversation_id":"r-%d-%d","topic":%s,"team":%s`, i, n, said, said)
			track(at, `"conversation.started"`, of+`,"direction":"inbound"`)
			track(at+time.Minute, `"conversation.answered"`, of+`,"author_role":"human","agent_id":"kim"`)
			track(at+2*time.Minute, `"conversation.message"`, of+`,"author_role":"customer","text":"where is my parcel"`)
			track(at+3*time.Minute, `"conversation.transferred"`, of+`,"author_role":"human"`)
			track(at+9*time.Minute, `"conversation.ended"`, of+`,"talk_s":480`)
		}
	}
	p.settle()
}

// TestReportsForModels: over HTTP and stdio every report comes with its definition, window and sample, and what others wrote
// stands only where untrusted says so.
func TestReportsForModels(t *testing.T) {
	p := start(t, t.TempDir())
	p.plantReports(t)
	key := p.key(auth.New{Kind: auth.KindRead, Workspace: "default"})
	for name, analyst := range map[string]*agent{"HTTP": p.agent(t, p.overHTTP(key)), "stdio": p.agent(t, p.overStdio(t, key))} {
		t.Run(name, func(t *testing.T) {
			asked := 0
			for _, tool := range slices.Sorted(maps.Keys(analyst.tools)) {
				if toolScopes[tool] == auth.ScopeJourneysRead && tool != "list_metrics" {
					asked++
					analyst.report(t, tool)
				}
			}
			if asked != len(reportCalls) {
				t.Errorf("%d reports are shown, of %d", asked, len(reportCalls))
			}
		})
	}
	t.Run("faults", func(t *testing.T) {
		a := p.agent(t, p.overHTTP(key))
		if answer, refused := a.try("ask_funnel", map[string]any{"from": "2026-03-01"}); !refused || !strings.Contains(fmt.Sprint(answer["errors"]), "steps") {
			t.Errorf("a funnel without steps is %v", answer)
		}
	})
}

// report asks one report.
func (a *agent) report(t *testing.T, tool string) {
	t.Helper()
	arguments, ok := reportCalls[tool]
	if !ok {
		t.Fatalf("%s has no arguments: add them to reportCalls", tool)
	}
	arguments = maps.Clone(arguments)
	arguments["from"] = time.Now().Add(-40 * 24 * time.Hour).UTC().Format(time.DateOnly)
	answer := a.call(tool, arguments)
	scope, _ := answer["scope"].(map[string]any)
	sample, _ := answer["sample"].(map[string]any)
	for what, told := range map[string]any{
		"definition": answer["definition"], "from": scope["from"], "until": scope["until"], "zone": scope["zone"], "as_of": answer["as_of"],
	} {
		if text, ok := told.(string); !ok || text == "" {
			t.Errorf("%s has no %s: %v", tool, what, answer)
		}
	}
	for _, of := range []string{"people", "events"} {
		if n, ok := sample[of].(float64); !ok || n < 1 {
			t.Errorf("%s: its sample is %v", tool, sample)
		}
	}
	if version, ok := answer["identity_version"].(float64); !ok || version < 1 {
		t.Errorf("%s: by which identity_version is not said: %v", tool, answer["identity_version"])
	}
	listed, _ := answer["untrusted"].([]any)
	seen := 0
	withInjection(answer, "", func(path string) {
		if seen++; !slices.ContainsFunc(listed, func(l any) bool { return path == l || strings.HasPrefix(path, fmt.Sprint(l, "[")) }) {
			t.Errorf("%s: an injection stands at %s, and untrusted are %v", tool, path, listed)
		}
	})
	if seen == 0 && slices.Contains(showInjections, tool) {
		t.Errorf("%s shows nothing of it, so that nothing is proven: %v", tool, answer)
	}
}

// withInjection reports the path of every text with the injection.
func withInjection(v any, path string, report func(path string)) {
	switch v := v.(type) {
	case map[string]any:
		for name, one := range v {
			withInjection(one, strings.TrimPrefix(path+"."+name, "."), report)
		}
	case []any:
		for _, one := range v {
			withInjection(one, path+"[]", report)
		}
	case string:
		if strings.Contains(v, "PREVIOUS INSTRUCTIONS") {
			report(path)
		}
	}
}
