package mcp

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"tributary/api/auth"
	"tributary/api/problem"
)

func openAPI(t testing.TB) []byte {
	t.Helper()
	text, err := os.ReadFile("../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func readTools(t testing.TB) *Tools {
	t.Helper()
	tools, err := ReadTools(openAPI(t))
	if err != nil {
		t.Fatal(err)
	}
	return tools
}

func (s *Tools) named(t testing.TB, name string) *tool {
	t.Helper()
	for _, one := range s.all {
		if one.name == name {
			return one
		}
	}
	t.Fatalf("there is no tool %s", name)
	return nil
}

func resolved(t testing.TB, v any) *jsonschema.Resolved {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	r, err := s.Resolve(nil)
	if err != nil {
		t.Fatalf("%v\n%.500s", err, text)
	}
	return r
}

// TestEveryToolIsWhole: what a model is told of a tool is there, and its schemas are schemas.
func TestEveryToolIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, one := range readTools(t).all {
		t.Run(one.name, func(t *testing.T) {
			if seen[one.name] || one.title == "" || one.description == "" || one.scope == "" {
				t.Error("needs a name of its own, a title, a description and a scope")
			}
			seen[one.name] = true
			for _, shown := range []*mcp.Tool{one.shown, one.shownSelf} {
				if shown == nil {
					continue
				}
				resolved(t, shown.InputSchema)
				resolved(t, shown.OutputSchema)
				if !strings.HasSuffix(shown.Description, untrusted) {
					t.Error("does not say that quotes are data")
				}
				text, err := json.Marshal(shown.Annotations)
				if err != nil {
					t.Fatal(err)
				}
				for _, hint := range []string{"readOnlyHint", "destructiveHint", "idempotentHint", "openWorldHint"} {
					if !strings.Contains(string(text), hint) {
						t.Errorf("says nothing of %s: %s", hint, text)
					}
				}
			}
			if reading := one.operation.method == http.MethodGet || strings.HasSuffix(string(one.scope), ":read"); one.hints.readOnly != reading && one.scope != auth.ScopeAgentWrite {
				t.Errorf("readOnlyHint is %t, and it is %s with %s", one.hints.readOnly, one.operation.method, one.scope)
			}
		})
	}
}

// TestATokenOfOneCustomerIsAskedForNone: no tool of it has an argument that names somebody.
func TestATokenOfOneCustomerIsAskedForNone(t *testing.T) {
	tools := readTools(t)
	for _, one := range tools.all {
		if one.shownSelf == nil {
			continue
		}
		properties := one.shownSelf.InputSchema.(schema)["properties"].(schema)
		for _, name := range []string{"customer", "address", "identifiers", "profile", "contact", "with"} {
			if properties[name] != nil {
				t.Errorf("%s takes %s", one.name, name)
			}
		}
	}
	if tools.named(t, "find_customer").shownSelf != nil {
		t.Error("others can be found")
	}
}

// TestRequests: what calls become.
func TestRequests(t *testing.T) {
	tools := readTools(t)
	for _, c := range []struct {
		name, tool, arguments string
		bound                 bool
		request, body         string
		faults                []problem.FieldError
	}{
		{name: "path and query", tool: "get_context", arguments: `{"customer":"email:ada@example.com","budget_tokens":400,"purpose":null}`,
			request: "GET /v1/profiles/email:ada@example.com/context?budget_tokens=400"},
		{name: "a value is encoded", tool: "get_context", arguments: `{"customer":"user_id:a/../b?c#d%e +é"}`,
			request: "GET /v1/profiles/user_id:a%2F..%2Fb%3Fc%23d%25e%20+%C3%A9/context"},
		{name: "a value holds a placeholder", tool: "get_context", arguments: `{"customer":"user_id:{address}"}`,
			request: "GET /v1/profiles/user_id:%7Baddress%7D/context"},
		{name: "several values", tool: "explain_identity", arguments: `{"customer":"user_id:1","add":["email:a@example.com","phone:+15550100"]}`,
			request: "GET /v1/profiles/user_id:1/identity?add=email%3Aa%40example.com&add=phone%3A%2B15550100"},
		{name: "body", tool: "find_customer", arguments: `{"identifiers":[{"type":"email","value":"ada@example.com"}]}`,
			request: "POST /v1/profiles/lookup", body: `{"identifiers":[{"type":"email","value":"ada@example.com"}]}`},
		{name: "whom in a body", tool: "check_consent", arguments: `{"customer":"email:ada@example.com","purpose":"marketing"}`,
			request: "POST /v1/consent/check", body: `{"identifiers":[{"type":"email","value":"ada@example.com"}],"purpose":"marketing"}`},
		{name: "a profile in a body", tool: "check_consent", arguments: `{"customer":"profile:018f","purpose":"marketing"}`,
			request: "POST /v1/consent/check", body: `{"profile":"018f","purpose":"marketing"}`},
		{name: "of one customer", tool: "get_context", bound: true, arguments: `{}`, request: "GET /v1/profiles/subject:me/context"},
		{name: "of one customer, in a body", tool: "check_consent", bound: true, arguments: `{"purpose":"marketing"}`,
			request: "POST /v1/consent/check", body: `{"identifiers":[{"type":"subject","value":"me"}],"purpose":"marketing"}`},
		{name: "somebody else", tool: "get_context", bound: true, arguments: `{"customer":"email:bob@example.com"}`,
			faults: []problem.FieldError{{Field: "customer", Reason: "is not to be given: the token is bound to one customer"}}},
		{name: "nobody", tool: "get_context", arguments: `{}`, faults: []problem.FieldError{{Field: "customer", Reason: "is required"}}},
		{name: "empty", tool: "get_context", arguments: `{"customer":""}`, faults: []problem.FieldError{{Field: "customer", Reason: "is required"}}},
		{name: "no arguments", tool: "get_context", faults: []problem.FieldError{{Field: "customer", Reason: "is required"}}},
		{name: "a list for a path", tool: "get_context", arguments: `{"customer":["a:b","c:d"]}`,
			faults: []problem.FieldError{{Field: "customer", Reason: "must be a text, a number, true or false"}}},
		{name: "an object", tool: "get_context", arguments: `{"customer":"a:b","conversation":{}}`,
			faults: []problem.FieldError{{Field: "conversation", Reason: "must be a text, a number, true or false"}}},
		{name: "unknown", tool: "get_context", arguments: `{"customer":"a:b","authorization":"Bearer x"}`,
			faults: []problem.FieldError{{Field: "arguments", Reason: "has some that the tool does not take"}}},
		{name: "no object", tool: "get_context", arguments: `[1]`, faults: []problem.FieldError{{Field: "arguments", Reason: "must be an object"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, d := tools.named(t, c.tool).request(t.Context(), json.RawMessage(c.arguments), c.bound)
			if d != nil || c.faults != nil {
				if d == nil || len(d.Errors) != len(c.faults) || d.Errors[0] != c.faults[0] {
					t.Errorf("faults are %v, want %v", d, c.faults)
				}
				return
			}
			if got := r.Method + " " + r.URL.String(); got != c.request {
				t.Errorf("is %s, want %s", got, c.request)
			}
			var body [1 << 10]byte
			n, _ := r.Body.Read(body[:])
			if got := string(body[:n]); got != c.body {
				t.Errorf("body is %s, want %s", got, c.body)
			}
			if len(r.Header.Values("Authorization")) > 0 {
				t.Error("an argument became a credential")
			}
		})
	}
}

// TestAMovedProfileIsFollowed, and the credential goes along.
func TestAMovedProfileIsFollowed(t *testing.T) {
	var asked []string
	routes := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.String()+" "+r.Header.Get("Authorization")+" "+r.Header.Get("X-Request-Id"))
		if len(asked) == 1 {
			w.Header().Set("Location", "/v1/profiles/profile:b/context?budget_tokens=400")
			w.WriteHeader(http.StatusTemporaryRedirect)
			return
		}
		_, _ = w.Write([]byte(`{"profile":"b"}`))
	})
	tools := readTools(t)
	s := New("test", routes, tools)
	ctx := WithCaller(t.Context(), &Caller{Authorization: "Bearer k", RequestID: "r-1"})
	result := s.call(ctx, tools.named(t, "get_context"), json.RawMessage(`{"customer":"profile:a","budget_tokens":400}`))
	want := []string{"/v1/profiles/profile:a/context?budget_tokens=400 Bearer k r-1", "/v1/profiles/profile:b/context?budget_tokens=400 Bearer k r-1"}
	if len(asked) != 2 || asked[0] != want[0] || asked[1] != want[1] {
		t.Errorf("asked were %q, want %q", asked, want)
	}
	if string(result.StructuredContent.(json.RawMessage)) != `{"profile":"b"}` || result.IsError {
		t.Errorf("is answered with %s", result.StructuredContent)
	}
}

// TestNobodyIsAnsweredNothing: without a caller in its context a request opens nothing.
func TestNobodyIsAnsweredNothing(t *testing.T) {
	s := New("test", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a route was asked") }), readTools(t))
	for _, body := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get_context","arguments":{"customer":"a:b"}}}`,
		`{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"tributary://customer/a:b/context"}}`,
	} {
		r := httptest.NewRequest(http.MethodPost, "/mcp", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", "application/json, text/event-stream")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if !strings.Contains(w.Body.String(), "unauthenticated") {
			t.Errorf("%s: %s", body, w.Body)
		}
	}
}

// FuzzArguments: whatever a model sends, the request stays on the tool's route and has no credential of the model's.
func FuzzArguments(f *testing.F) {
	tools := readTools(f)
	f.Add(`{"customer":"email:ada@example.com"}`, false)
	f.Add(`{"customer":"x:../../v1/keys?#","conversation":"\u0000\n"}`, false)
	f.Add(`{"customer":"profile:%2F..","purpose":["a","b"]}`, true)
	f.Fuzz(func(t *testing.T, arguments string, bound bool) {
		for _, one := range tools.all {
			r, d := one.request(t.Context(), json.RawMessage(arguments), bound)
			if (r == nil) == (d == nil) {
				t.Fatalf("%s: a request or what is wrong: %v %v", one.name, r, d)
			}
			if d != nil {
				continue
			}
			want := strings.Count(one.operation.path, "/")
			if got := strings.Count(r.URL.EscapedPath(), "/"); got != want || r.URL.Host != "" || r.URL.Fragment != "" {
				t.Errorf("%s: %q leads to %s", one.name, arguments, r.URL)
			}
			for name := range r.Header {
				if name != "Content-Type" && name != "Idempotency-Key" {
					t.Errorf("%s: header %s", one.name, name)
				}
			}
		}
	})
}
