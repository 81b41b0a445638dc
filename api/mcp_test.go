package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"tributary/api/auth"
	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/profiles/injectiontest"
)

// rpc sends a message of the Model Context Protocol. It returns its result, or its error.
func (w *world) rpc(key, method string, params any) (result, failure map[string]any) {
	w.Helper()
	message, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	w.must(err)
	answer := w.decoded(w.do(http.MethodPost, "/mcp", key, string(message)), http.StatusOK)
	result, _ = answer["result"].(map[string]any)
	failure, _ = answer["error"].(map[string]any)
	return result, failure
}

// toolAnswer is what a call of a tool came to.
type toolAnswer struct {
	content map[string]any // structured; of an error of the protocol its data
	text    string         // of the whole message
	refused bool
}

// tool calls a tool, and checks that its text is its content.
func (w *world) tool(key, name string, arguments map[string]any) toolAnswer {
	w.Helper()
	result, failure := w.rpc(key, "tools/call", map[string]any{"name": name, "arguments": arguments})
	if failure != nil {
		return toolAnswer{failure, fmt.Sprint(failure), true}
	}
	content, _ := result["structuredContent"].(map[string]any)
	text := list(result, "content")[0]["text"].(string)
	var said map[string]any
	w.must(json.Unmarshal([]byte(text), &said))
	if !reflect.DeepEqual(said, content) {
		w.Errorf("%s: the text is not the content: %s", name, text)
	}
	return toolAnswer{content, text, result["isError"] == true}
}

// tools are the arguments of each tool that a key is shown.
func (w *world) tools(key string) map[string]map[string]any {
	w.Helper()
	result, _ := w.rpc(key, "tools/list", map[string]any{})
	all := map[string]map[string]any{}
	for _, one := range list(result, "tools") {
		all[one["name"].(string)], _ = one["inputSchema"].(map[string]any)["properties"].(map[string]any)
	}
	return all
}

// ownCalls are arguments with which each tool answers an agent session about its own customer; {handoff} and {promise}
// stand for ids. A tool without any fails the tests below.
var ownCalls = map[string]map[string]any{
	"get_context": {"query": "parcel"}, "get_profile": {}, "get_timeline": {"limit": 10}, "explain_identity": {}, "list_commitments": {},
	"check_consent": {"channel": "email", "purpose": "marketing"}, "search_conversations": {"query": "parcel"},
	"propose_commitment": {"kind": "refund", "text": "a refund"}, "confirm_commitment": {"id": "{promise}"}, "add_note": {"text": "a note"},
	"create_handoff": {"wants": "a refund"}, "list_handoffs": {}, "get_handoff": {"id": "{handoff}"}, "accept_handoff": {"id": "{handoff}"},
	"return_handoff": {"id": "{handoff}", "summary": "done", "resolved": true},
}

// findsOthers are the tools that no agent session has.
var findsOthers = []string{
	"find_customer", "list_metrics", "ask_metric", "compare_metric", "ask_funnel", "ask_paths", "ask_retention", "ask_time_between",
	"ask_repeat_contacts", "ask_contact_journeys", "ask_friction", "ask_drivers", "ask_forecast", "ask_effect", "ask_use_cases",
}

// person is a customer with something of everything that tools tell of.
type person struct{ user, profile, handoff, promise, secret string }

func (w *world) person(n int, user string) person {
	w.Helper()
	p := person{user: user, secret: user + "secret"}
	model := w.agent(auth.PurposeSupport, auth.ReaderOwnAI) // whose promises are proposed
	who := id(event.IDUser, user)
	known := w.event(n, "crm", "Viewed", nil, who, id(event.IDEmail, user+"@example.com"))
	known.Type, known.Name, known.Traits = event.TypeIdentify, "", json.RawMessage(`{"plan":"`+p.secret+`"}`)
	said := w.event(n+1, "chat", event.NameConversationMessage, &event.CX{ConversationID: user + "-c", Topic: p.secret, AuthorRole: event.AuthorCustomer, Text: "my parcel " + p.secret}, who)
	w.put(known, said)
	found, err := w.api.Profiles.Get(w.Context(), "acme", profiles.Address{{Type: event.IDUser, Value: user}})
	w.must(err)
	p.profile = found.Profile.ID.String()
	about := fmt.Sprintf(`"identifiers":[{"type":"user_id","value":%q}],"conversation":"%s-c"`, user, user)
	made := func(path, body, member string) string {
		v := w.decoded(w.jot(path, model, user+path, body), http.StatusCreated)
		return v[member].(map[string]any)["id"].(string)
	}
	p.promise = made("/v1/commitments", `{`+about+`,"kind":"callback","text":"`+p.secret+`"}`, "commitment")
	p.handoff = made("/v1/handoffs", `{`+about+`,"wants":"`+p.secret+`","to":{"queue":"`+user+`-queue"}}`, "handoff")
	return p
}

// ownCall is the arguments of a tool for a session of a person; each write is one of its own.
func (w *world) ownCall(tool string, shown map[string]any, p *person, n int) map[string]any {
	w.Helper()
	arguments, ok := ownCalls[tool]
	if !ok {
		w.Fatalf("the tool %s has no arguments: add it to ownCalls", tool)
	}
	arguments = maps.Clone(arguments)
	for name, value := range arguments {
		if text, ok := value.(string); ok {
			arguments[name] = strings.NewReplacer("{handoff}", p.handoff, "{promise}", p.promise).Replace(text)
		}
	}
	if shown["idempotency_key"] != nil {
		arguments["idempotency_key"] = fmt.Sprint(tool, n)
	}
	return arguments
}

// TestEveryToolReachesASessionsCustomerAlone calls every tool with an agent session of one customer, and everything that
// another is known by in every argument that the tool has for anybody, and in some that none has: nothing of theirs
// comes out, nothing is done to them, and every attempt is in the audit trail.
func TestEveryToolReachesASessionsCustomerAlone(t *testing.T) {
	w := newWorld(t)
	ada, bob := w.person(1, "ada"), w.person(11, "bob")
	key := w.agent(auth.PurposeOperations, auth.ReaderSystem)
	token, _ := w.session(key, "user_id:ada", "ada-c")
	page := w.get("/v1/profiles/user_id:bob/timeline?limit=1", key, http.StatusOK)
	before := w.events("bob")
	all, own := w.tools(key), w.tools(token)
	n, attempts, calls := 0, 0, 0
	call := func(tool string, arguments map[string]any) toolAnswer {
		t.Helper()
		calls++
		a := w.tool(token, tool, arguments)
		if strings.Contains(a.text, bob.secret) || a.content["profile"] == bob.profile {
			t.Errorf("%s %v tells of somebody else: %s", tool, arguments, a.text)
		}
		return a
	}
	for _, tool := range slices.Sorted(maps.Keys(all)) {
		if slices.Contains(findsOthers, tool) {
			attempts++
			if a := call(tool, map[string]any{"identifiers": []any{map[string]any{"type": "user_id", "value": "bob"}}}); own[tool] != nil || !a.refused {
				t.Errorf("%s is shown, or answers %s", tool, a.text)
			}
			continue
		}
		mine := w.ownCall(tool, own[tool], &ada, n)
		if a := call(tool, mine); a.refused || a.content["profile"] != nil && a.content["profile"] != ada.profile {
			t.Errorf("%s of its own customer answers %s", tool, a.text)
		}
		names := slices.Collect(maps.Keys(all[tool]))
		for _, name := range append(names, "customer", "identifiers", "profile", "address", "subject", "observation", "contact", "with", "conversation", "reader", "verification", "scopes") {
			for _, said := range []string{
				"user_id:bob", "email:bob@example.com", "profile:" + bob.profile, "observation:" + bob.profile, bob.profile, "subject:you",
				bob.handoff, bob.promise, "bob-c", page["next_cursor"].(string), "bob-queue", "verified", "human",
			} {
				for _, value := range []any{said, []any{said}} {
					n++
					arguments := w.ownCall(tool, own[tool], &ada, n)
					arguments[name] = value
					a := call(tool, arguments)
					_, takes := own[tool][name]
					if !takes && !a.refused {
						t.Errorf("%s takes %s: %v", tool, name, value)
					}
					if !takes || a.content["type"] == "urn:tributary:problem:not-found" {
						attempts++
					}
					if name == "id" && (said == bob.handoff || said == bob.promise) && value == any(said) && a.content["type"] != "urn:tributary:problem:not-found" {
						t.Errorf("%s of somebody else's answers %s", tool, a.text)
					}
				}
			}
		}
	}
	for _, address := range []string{"user_id:bob", "profile:" + bob.profile, "observation:" + bob.profile, "email%3Abob%40example.com", "subject:you"} {
		attempts++
		if result, failure := w.rpc(token, "resources/read", map[string]any{"uri": "tributary://customer/" + address + "/context"}); failure == nil {
			t.Errorf("the context of %s is %v", address, result)
		}
	}
	for _, id := range []string{bob.handoff, bob.promise, bob.profile} {
		attempts++
		if result, failure := w.rpc(token, "prompts/get", map[string]any{"name": "take_over", "arguments": map[string]any{"handoff": id}}); failure == nil {
			t.Errorf("the prompt for %s is %v", id, result)
		}
	}
	if noted := w.refusals(); noted < attempts || calls < 1000 {
		t.Errorf("of %d calls %d were attempts, and %d are in the audit trail", calls, attempts, noted)
	}
	if after := w.events("bob"); after != before {
		t.Errorf("%d events were written of somebody else", after-before)
	}
	for request, all := range w.disclosed() {
		for _, d := range all {
			if strings.Contains(d.Actor, ":session:") && d.Profile.String() != ada.profile {
				t.Errorf("request %s told a session of %s", request, d.Profile)
			}
		}
	}
}

// TestATokenThatIsOverOpensNoTool: expired, ended, or of a key that was revoked.
func TestATokenThatIsOverOpensNoTool(t *testing.T) {
	w := newWorld(t)
	w.put(w.event(1, "crm", "Viewed", nil, id(event.IDUser, "ada")))
	secret, maker, err := w.keys.Create(t.Context(), auth.New{Kind: auth.KindAgent, Workspace: "acme"})
	w.must(err)
	for name, end := range map[string]func(session string){
		"expired": func(string) { w.now = w.now.Add(auth.DefaultSession) },
		"ended": func(session string) {
			w.decoded(w.do(http.MethodDelete, "/v1/agent-sessions/"+session, secret, ""), http.StatusOK)
		},
	} {
		token, made := w.session(secret, "user_id:ada", "c")
		if a := w.tool(token, "get_context", map[string]any{}); a.refused {
			t.Fatalf("%s: before it is over it is answered with %s", name, a.text)
		}
		end(fmt.Sprint(made["session"]))
		w.decoded(w.do(http.MethodPost, "/mcp", token, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`), http.StatusUnauthorized)
	}
	token, _ := w.session(secret, "user_id:ada", "c")
	_, err = w.keys.Revoke(t.Context(), maker.ID)
	w.must(err)
	w.decoded(w.do(http.MethodPost, "/mcp", token, `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`), http.StatusUnauthorized)
}

// TestInjectionsStayDataInTools has customers, sources and agents write every attempt into names, topics, messages,
// notes, promises and hand-offs, by tools where there is one, and has every tool that reads tell of them.
func TestInjectionsStayDataInTools(t *testing.T) {
	w := newWorld(t)
	key := w.agent(auth.PurposeOperations, auth.ReaderSystem)
	shown := 0
	data := func(tool string, a toolAnswer) map[string]any {
		t.Helper()
		if a.refused {
			if strings.Contains(a.text, injectiontest.Mark) {
				t.Errorf("%s repeats it in an error: %s", tool, a.text)
			}
			return nil
		}
		for _, at := range loose(a.content, "", texts(a.content["untrusted"]), false, &shown) {
			t.Errorf("%s: stands unmarked at %s: %s", tool, at, a.text)
		}
		return a.content
	}
	for i, attempt := range injectiontest.Attempts() {
		user, text := fmt.Sprint("u-", i), attempt.Text
		w.put(plantedEvents(w, i, user, text)...)
		customer := "user_id:" + user
		write := func(tool string, arguments map[string]any) map[string]any {
			arguments["idempotency_key"] = user + tool
			arguments["actor"] = map[string]any{"id": text, "name": text}
			if v := data(tool, w.tool(key, tool, arguments)); v != nil {
				return v
			}
			delete(arguments, "actor") // of which not every text may be one
			return data(tool, w.tool(key, tool, arguments))
		}
		write("add_note", map[string]any{"customer": customer, "text": text})
		write("propose_commitment", map[string]any{"customer": customer, "kind": "refund", "text": text, "quote": map[string]any{"text": text}})
		offered := write("create_handoff", map[string]any{
			"customer": customer, "wants": text, "summary": text, "tried": []any{map[string]any{"what": text, "outcome": text}},
		})
		for _, name := range []string{"get_context", "get_profile", "get_timeline", "explain_identity", "list_commitments"} {
			if data(name, w.tool(key, name, map[string]any{"customer": customer})) == nil {
				t.Errorf("%s: %s tells nothing", attempt.Name, name)
			}
		}
		data("find_customer", w.tool(key, "find_customer", map[string]any{"identifiers": []any{map[string]any{"type": "user_id", "value": user}}}))
		data("get_context", w.tool(key, "get_context", map[string]any{"customer": "user_id:" + text}))
		read, _ := w.rpc(key, "resources/read", map[string]any{"uri": "tributary://customer/" + customer + "/context"})
		if markdown := outsideOfBlocks(list(read, "contents")[0]["text"].(string)); strings.Contains(markdown, injectiontest.Mark) {
			t.Errorf("%s: outside of all blocks stands\n%s", attempt.Name, markdown)
		}
		if offered == nil {
			continue
		}
		handoff := recordIn(offered)["id"].(string)
		data("get_handoff", w.tool(key, "get_handoff", map[string]any{"id": handoff}))
		prompt, _ := w.rpc(key, "prompts/get", map[string]any{"name": "take_over", "arguments": map[string]any{"handoff": handoff}})
		before, record, after := fenced(list(prompt, "messages")[0]["content"].(map[string]any)["text"].(string))
		if strings.Contains(before+after, injectiontest.Mark) || after != "" || !json.Valid([]byte(record)) {
			t.Errorf("%s: the record does not stand apart: %s %s", attempt.Name, before, after)
		}
	}
	data("list_handoffs", w.tool(key, "list_handoffs", map[string]any{}))
	if shown < 20*len(injectiontest.Attempts()) {
		t.Errorf("only %d were shown", shown)
	}
	listed := fmt.Sprint(w.tools(key))
	if strings.Contains(listed, injectiontest.Mark) {
		t.Error("stands in the list of tools")
	}
}

// plantedEvents are what a customer and the systems around them say.
func plantedEvents(w *world, i int, user, text string) []*event.Event {
	who, quoted := id(event.IDUser, user), func(name string) json.RawMessage {
		raw, _ := json.Marshal(map[string]string{name: text})
		return raw
	}
	named := w.event(10*i, "crm", "", nil, who)
	named.Type, named.Traits = event.TypeIdentify, quoted("plan")
	named.Attributes = map[string]string{event.AttrName: text}
	said := w.event(10*i+1, "chat", event.NameConversationMessage, &event.CX{ConversationID: "c-" + user, AuthorRole: event.AuthorCustomer, Text: text}, who)
	opened := w.event(10*i+2, "desk", event.NameCaseOpened, &event.CX{CaseID: "case-" + user, Topic: text}, who)
	all := []*event.Event{named, said, opened}
	return slices.DeleteFunc(all, func(e *event.Event) bool { return e.Validate() != nil })
}

// fenced takes a prompt apart: what stands before the record, the record, and what stands behind.
func fenced(prompt string) (before, record, after string) {
	before, rest, _ := strings.Cut(prompt, "\nBEGIN ")
	word, rest, _ := strings.Cut(rest, "\n")
	record, after, _ = strings.Cut(rest, "\nEND "+word)
	return before, record, after
}

func texts(v any) (all []string) {
	items, _ := v.([]any)
	for _, x := range items {
		all = append(all, fmt.Sprint(x))
	}
	return all
}

// loose returns where in an answer an attempt stands neither in an object that is marked untrusted nor below a listed
// path, and counts those that do. Of a fact the quotes are what others wrote, never its sentence.
func loose(v any, path string, listed []string, inside bool, shown *int) (at []string) {
	under := inside || slices.ContainsFunc(listed, func(l string) bool {
		return path == l || strings.HasPrefix(path, l+".") || strings.HasPrefix(path, l+"[")
	})
	switch v := v.(type) {
	case map[string]any:
		for name, x := range v {
			below := strings.TrimPrefix(path+"."+name, ".")
			if strings.Contains(name, injectiontest.Mark) && !under {
				at = append(at, below)
			}
			at = append(at, loose(x, below, listed, under || v["untrusted"] == true && v["quotes"] == nil, shown)...)
		}
	case []any:
		for _, x := range v {
			at = append(at, loose(x, path+"[]", listed, inside, shown)...)
		}
	case string:
		if strings.Contains(v, injectiontest.Mark) {
			if *shown++; !under {
				at = append(at, path)
			}
		}
	}
	return at
}
