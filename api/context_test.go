package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/api/auth"
	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/unify"
)

// asksFor is the body of a context call about user u1.
func asksFor(members string) string {
	return `{"identifiers":[{"type":"user_id","value":"u1"}]` + members + `}`
}

func TestContextInTheBodyIsThatOfThePath(t *testing.T) {
	w := newWorld(t)
	w.conversation()
	key := w.key(auth.KindRead, "acme")
	byPath := w.do(http.MethodGet, "/v1/profiles/user_id:u1/context?as_of=2026-03-01T13:00:00Z&budget_tokens=900&conversation=c1&query=invoice", key, "")
	const body = `,"as_of":"2026-03-01T13:00:00Z","budget_tokens":900,"conversation":"c1","query":"invoice"`
	inBody := w.do(http.MethodPost, "/v1/context", key, asksFor(body))
	if inBody.Code != http.StatusOK || inBody.Body.String() != byPath.Body.String() {
		t.Errorf("answers differ\n%d %s\n%d %s", byPath.Code, byPath.Body, inBody.Code, inBody.Body)
	}
	if logged := w.lines.String(); strings.Contains(logged, "invoice") || strings.Contains(logged, "u1") {
		t.Errorf("the log holds what was asked for: %s", logged)
	}
}

func TestContextNamesEveryFault(t *testing.T) {
	w := newWorld(t)
	w.conversation()
	key := w.keyFor("support", "human")
	other := stream.Acknowledge("other", []stream.Position{{Partition: 1, Offset: 1}})
	for _, tt := range []struct {
		members string
		status  int
		fields  []string
	}{
		{`,"budget_tokens":159,"budget_ms":0`, 400, []string{"budget_tokens", "budget_ms"}},
		{`,"budget_ms":10001,"query":"` + strings.Repeat("q", maxQuery+1) + `"`, 400, []string{"budget_ms", "query"}},
		{`,"after":"` + other + `"`, 400, []string{"after"}},
		{`,"after":"never one"`, 400, []string{"after"}},
		{`,"known_profile":"6a1e4a34-5a3f-4d6c-9d3c-1d0f3c1c2b3a"`, 400, []string{"known_version"}},
		{`,"purpose":"everything"`, 400, []string{"purpose"}},
		{`,"purpose":"marketing"`, 403, nil},
		{`,"reader":"system"`, 400, []string{"reader"}},
		{`,"verification":"verified"`, 400, []string{"verification"}},
	} {
		answer := w.do(http.MethodPost, "/v1/context", key, asksFor(tt.members))
		var d problem.Document
		w.must(json.Unmarshal(answer.Body.Bytes(), &d))
		var fields []string
		for _, f := range d.Errors {
			fields = append(fields, f.Field)
		}
		if answer.Code != tt.status || !slices.Equal(fields, tt.fields) {
			t.Errorf("%.60s: %d %v, want %d %v", tt.members, answer.Code, fields, tt.status, tt.fields)
		}
	}
	if v := w.decoded(w.do(http.MethodPost, "/v1/context", key, asksFor(`,"purpose":"billing"`)), 200); v["purpose"] != "billing" {
		t.Errorf("the purpose is %v", v["purpose"])
	}
	if answer := w.do(http.MethodPost, "/v1/context?purpose=support", key, asksFor(`,"purpose":"billing"`)); answer.Code != 400 {
		t.Errorf("two purposes: %d", answer.Code)
	}
}

// TestAfterReadsWhatWasWritten: what an acknowledgement stands for is in the answer, or the answer says that it is late.
func TestAfterReadsWhatWasWritten(t *testing.T) {
	w := newWorld(t)
	key := w.key(auth.KindRead, "acme")
	for n := range 20 {
		e := w.event(n, "crm", fmt.Sprintf("Step %d", n), nil, id("user_id", "u1"))
		value, err := event.Encode(e)
		w.must(err)
		at, err := w.log.Append(t.Context(), []stream.Record{{
			Kind: stream.KindEvent, Workspace: e.Workspace, Source: e.Source, MessageID: e.MessageID, ReceivedAt: e.ReceivedAt, Value: value,
		}})
		w.must(err)
		answer := w.do(http.MethodPost, "/v1/context", key, asksFor(`,"after":"`+stream.Acknowledge("acme", at)+`","budget_tokens":16000`))
		v := w.decoded(answer, http.StatusOK)
		if late := v["late"].([]any); len(late) > 0 || !strings.Contains(answer.Body.String(), fmt.Sprintf(`"Step %d"`, n)) {
			t.Fatalf("event %d is not there: %s", n, answer.Body)
		}
	}
	never := stream.Acknowledge("acme", []stream.Position{{Partition: 0, Offset: 1 << 40}})
	v := w.decoded(w.do(http.MethodPost, "/v1/context", key, asksFor(`,"after":"`+never+`","budget_ms":4000`)), http.StatusOK)
	late := list(v, "late")
	if len(late) != 1 || late[0]["part"] != "after" || late[0]["waited_ms"].(float64) < 2900 || len(v["facts"].([]any)) == 0 {
		t.Errorf("what never comes: %v", v)
	}
}

// TestALateProfileIsRefused: nobody waits beyond the budget, whatever hangs.
func TestALateProfileIsRefused(t *testing.T) {
	w := newWorld(t)
	key := w.key(auth.KindRead, "acme")
	hangs := make(chan struct{})
	defer close(hangs)
	var panics atomic.Bool
	w.api.Profiles = profilesFunc(func(context.Context) (*profiles.Answer, error) { // it does not even heed its context
		if panics.Load() {
			panic("a customer's secret")
		}
		<-hangs
		return nil, profiles.ErrNotFound
	})
	answer := w.do(http.MethodPost, "/v1/context", key, asksFor(`,"budget_ms":50`))
	if answer.Code != http.StatusServiceUnavailable || answer.Header().Get("Retry-After") == "" || !strings.Contains(answer.Body.String(), "budget_ms") {
		t.Errorf("answers %d %v %s", answer.Code, answer.Header(), answer.Body)
	}
	panics.Store(true)
	if answer := w.do(http.MethodPost, "/v1/context", key, asksFor(`,"budget_ms":5000`)); answer.Code != http.StatusInternalServerError {
		t.Errorf("a panic answers %d", answer.Code)
	}
	if strings.Contains(w.lines.String(), "a customer's secret") {
		t.Error("what a panic said is in the log")
	}
}

// TestWhatASplitTookAwayIsWithdrawn: who goes by an earlier answer hears which of its facts are of somebody else now.
func TestWhatASplitTookAwayIsWithdrawn(t *testing.T) {
	w := newWorld(t)
	w.put(
		w.event(1, "crm", "Came", nil, id("user_id", "u1")),
		w.event(2, "shop", "Bought", nil, id("user_id", "u2")),
	)
	key := w.key(auth.KindRead, "acme")
	one, two := w.founder("u1", key), w.founder("u2", key)
	w.give(unify.IdentityLink{Actor: "key:test", A: one, B: two, Verdict: unify.LinkMustMerge})
	before := w.contextOf(key, "u1", "")
	ids := idsIn(before)
	w.give(unify.IdentityLink{Actor: "key:test", A: one, B: two, Verdict: unify.LinkNeverMerge})
	known := fmt.Sprintf(`,"known_version":%.0f,"known_profile":%q`, before["identity_version"], before["profile"])
	for _, tt := range []struct{ user, keeps, loses string }{{"u1", "Came", "Bought"}, {"u2", "Bought", "Came"}} {
		after := w.contextOf(key, tt.user, known)
		change, _ := after["identity_changed"].(map[string]any)
		if change == nil || change["from"] != before["identity_version"] || change["to"] != after["identity_version"] || change["all"] != nil {
			t.Fatalf("%s: the change is %v", tt.user, change)
		}
		withdrawn := fmt.Sprint(change["withdrawn"])
		if tool := w.toldByTool(key, tt.user, known); fmt.Sprint(tool["identity_changed"]) != fmt.Sprint(change) {
			t.Errorf("%s: the tool says %v, the route %v", tt.user, tool["identity_changed"], change)
		}
		if !strings.Contains(withdrawn, ids[tt.loses]) || strings.Contains(withdrawn, ids[tt.keeps]) || ids[tt.loses] == "" {
			t.Errorf("%s: withdrawn are %s of %v", tt.user, withdrawn, ids)
		}
		if again := w.contextOf(key, tt.user, fmt.Sprintf(`,"known_version":%.0f`, after["identity_version"])); again["identity_changed"] != nil {
			t.Errorf("%s: nothing changed since, and it says %v", tt.user, again["identity_changed"])
		}
	}
	// An earlier answer about somebody else altogether: nothing is told of them.
	w.put(w.event(9, "crm", "Other", nil, id("user_id", "u9")))
	stranger := w.contextOf(key, "u9", known)
	if change := stranger["identity_changed"].(map[string]any); change["all"] != true || len(change["withdrawn"].([]any)) != 0 {
		t.Errorf("of a stranger it tells %v", change)
	}
}

// TestTheSameStateGivesTheSameContext: byte for byte, as JSON and as a narrative, within the budget, whatever was sent.
func TestTheSameStateGivesTheSameContext(t *testing.T) {
	w := newWorld(t)
	key := w.keyFor("support", "human")
	run := 0
	names := append(event.Names(), "Viewed", "Bought")
	rapid.Check(t, func(t *rapid.T) {
		run++
		user := fmt.Sprintf("u-%d", run)
		var events []*event.Event
		for n := range rapid.IntRange(1, 30).Draw(t, "events") {
			pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
			cx := &event.CX{
				ConversationID: pick("conversation", "", "c1", "c2"), Topic: pick("topic", "", "refund", "Größe"),
				Text: pick("text", "", "Where is it?", "```\n# Who"), AuthorRole: event.AuthorRole(pick("author", "", "customer", "ai")),
			}
			e := w.event(run*100+n, pick("source", "crm", "desk"), rapid.SampledFrom(names).Draw(t, "name"), cx, id("user_id", user))
			if rapid.Bool().Draw(t, "identify") {
				e.Type, e.Name, e.CX = event.TypeIdentify, "", nil
				e.Traits = json.RawMessage(`{"` + pick("trait", "plan", "city", "vip") + `":"` + pick("value", "a", "b", "c") + `"}`)
			}
			if e.Validate() == nil {
				events = append(events, e)
			}
		}
		if len(events) == 0 {
			return
		}
		w.put(events...)
		budget := rapid.SampledFrom([]int{profiles.MinBudget, 400, profiles.DefaultBudget, 3000}).Draw(t, "budget")
		body := strings.Replace(asksFor(fmt.Sprintf(`,"as_of":"2026-03-02T00:00:00Z","budget_tokens":%d,"query":"refund c","conversation":"c1"`, budget)), "u1", user, 1)
		for _, accept := range []string{"application/json", "text/markdown"} {
			first := w.doAs(accept, http.MethodPost, "/v1/context", key, body)
			if first.Code != http.StatusOK {
				t.Fatalf("answers %d %s", first.Code, first.Body)
			}
			if again := w.doAs(accept, http.MethodPost, "/v1/context", key, body); again.Body.String() != first.Body.String() {
				t.Fatalf("answers\n%s, then\n%s", first.Body, again.Body)
			}
			if accept == "application/json" {
				countsItsTokens(t, first.Body.Bytes(), budget)
			}
		}
	})
}

// countsItsTokens holds an answer to its budget: a token is four bytes of a fact as it was sent.
func countsItsTokens(t *rapid.T, body []byte, budget int) {
	var v struct {
		Tokens tokensView
		Facts  []json.RawMessage
	}
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, f := range v.Facts {
		sum += (len(f) + 3) / 4
	}
	if v.Tokens.Used > budget || sum > v.Tokens.Used+len(v.Facts) || len(v.Facts) == 0 {
		t.Fatalf("%d facts of %d tokens by its own count, %d by their size, %d allowed", len(v.Facts), v.Tokens.Used, sum, budget)
	}
}

func (w *world) contextOf(key, user, members string) map[string]any {
	w.Helper()
	return w.decoded(w.do(http.MethodPost, "/v1/context", key, strings.Replace(asksFor(members+`,"budget_tokens":16000`), "u1", user, 1)), http.StatusOK)
}

// toldByTool is contextOf by the tool of MCP.
func (w *world) toldByTool(key, user, members string) map[string]any {
	w.Helper()
	r := httptest.NewRequest(http.MethodPost, "/mcp", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_context","arguments":{"customer":"user_id:`+
		user+`"`+members+`,"budget_tokens":16000}}}`))
	r.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + key}}
	answer := httptest.NewRecorder()
	w.api.Handler().ServeHTTP(answer, r)
	result, _ := w.decoded(answer, http.StatusOK)["result"].(map[string]any)
	told, _ := result["structuredContent"].(map[string]any)
	return told
}

// idsIn are the ids of facts by the events that they quote.
func idsIn(v map[string]any) map[string]string {
	ids := map[string]string{}
	for _, f := range list(v, "facts") {
		quotes, _ := f["quotes"].([]any)
		for _, q := range quotes {
			if q := q.(map[string]any); q["name"] == "event" {
				ids[q["text"].(string)] = f["id"].(string)
			}
		}
	}
	return ids
}

// founder is the id of a user's profile.
func (w *world) founder(user, key string) uuid.UUID {
	w.Helper()
	return uuid.MustParse(w.get("/v1/profiles/user_id:"+user, key, http.StatusOK)["profile"].(string))
}

func TestWhatIsWithheldIsSaid(t *testing.T) {
	w := newWorld(t)
	w.conversation()
	w.policed(strings.Replace(string(policy.DefaultYAML()), "consent: show", "consent: {do: show, needs: verified}", 1))
	v := w.decoded(w.do(http.MethodPost, "/v1/context", w.keyFor("support", "third_party_ai"), asksFor("")), http.StatusOK)
	missing := map[string]bool{"money purpose": true, "consent verification": true}
	for _, o := range list(v, "left_out") {
		if class, _ := o["class"].(string); class != "money" || o["count"].(float64) > 0 {
			delete(missing, fmt.Sprintf("%s %s", class, o["reason"]))
		}
	}
	if len(missing) > 0 {
		t.Errorf("left out are %v, without %v", v["left_out"], missing)
	}
}

func TestANarrativeIsMarkdown(t *testing.T) {
	w := newWorld(t)
	w.conversation()
	key := w.keyFor("support", "own_ai")
	ask := func(accept string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/v1/context", strings.NewReader(asksFor(`,"as_of":"2026-03-01T13:00:00Z"`)))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+key)
		r.Header.Set("Accept", accept)
		answer := httptest.NewRecorder()
		w.api.Handler().ServeHTTP(answer, r)
		return answer
	}
	a := ask("text/markdown")
	text := a.Body.String()
	if a.Code != http.StatusOK || !strings.HasPrefix(a.Header().Get("Content-Type"), "text/markdown") || a.Header().Get("Vary") != "Accept" {
		t.Fatalf("answers %d %v %s", a.Code, a.Header(), text)
	}
	for _, want := range []string{"# Customer context\n", "## Who\n", "## Left out\n", "Purpose support, reader own_ai, verification ", "rises to matched by an event conversation.identified, to verified by", "(" + profiles.Tokenizer + ")"} {
		if !strings.Contains(text, want) {
			t.Errorf("the narrative has no %q: %s", want, text)
		}
	}
	if again := ask("text/markdown").Body.String(); again != text {
		t.Errorf("the same state gives another narrative:\n%s\n%s", text, again)
	}
	for _, accept := range []string{"", "*/*", "application/json", "text/html"} {
		if got := ask(accept).Header().Get("Content-Type"); got != "application/json" {
			t.Errorf("Accept %q is answered with %s", accept, got)
		}
	}
}
