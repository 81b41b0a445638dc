package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"tributary/api/apitest"
	"tributary/api/auth"
	"tributary/api/problem"
	"tributary/ingest/event"
)

// The document is the measure: each test walks all of it, so that a route, parameter, field, header or problem
// without a word in it, or a word without them, fails.

var theDocument = sync.OnceValues(func() (*openapi3.T, error) { return openapi3.NewLoader().LoadFromData(openAPI) })

func spec(t testing.TB) *openapi3.T {
	t.Helper()
	d, err := theDocument()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// op is one operation of the document.
type op struct {
	*openapi3.Operation
	method, path string
	parameters   []*openapi3.Parameter // those of the path included
}

func (o *op) String() string { return o.method + " " + o.path }

func (o *op) is(extension, value string) bool { return o.Extensions[extension] == value }

// notHere are paths of which this package's tests have no part behind them, or that speak another protocol.
var notHere = regexp.MustCompile(`^/v1/privacy/exports|/certificate$|^/mcp$`)

// own says whether the operation is one of this package's that needs a key.
func (o *op) own() bool {
	return !o.is("x-served-by", "gateway") && !o.is("x-scope", string(public)) && !notHere.MatchString(o.path)
}

func allOperations(t testing.TB) []*op {
	t.Helper()
	var all []*op
	for path, item := range spec(t).Paths.Map() {
		for method, o := range item.Operations() {
			x := &op{Operation: o, method: method, path: path}
			for _, p := range append(slices.Clone(item.Parameters), o.Parameters...) {
				x.parameters = append(x.parameters, p.Value)
			}
			all = append(all, x)
		}
	}
	slices.SortFunc(all, func(a, b *op) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// TestTheDocumentIsValid: it is OpenAPI 3.1, its examples and defaults fit their schemas, and both forms say the same.
func TestTheDocumentIsValid(t *testing.T) {
	if err := spec(t).Validate(context.Background(), openapi3.EnableMultiError()); err != nil {
		t.Error(err)
	}
	w := newWorld(t)
	answer := w.do(http.MethodGet, "/v1/openapi.json", "", "")
	again, err := openapi3.NewLoader().LoadFromData(answer.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	one, err := spec(t).MarshalJSON()
	w.must(err)
	other, err := again.MarshalJSON()
	w.must(err)
	if !bytes.Equal(one, other) {
		t.Error("the document says something else as JSON")
	}
}

// TestEveryOperationIsDescribed: with all that a reader, and the page at /docs, goes by.
func TestEveryOperationIsDescribed(t *testing.T) {
	ids, tags := map[string]bool{}, map[string]bool{}
	for _, tag := range spec(t).Tags {
		tags[tag.Name] = tag.Description != ""
	}
	for _, o := range allOperations(t) {
		need := func(ok bool, what string) {
			if !ok {
				t.Errorf("%s: %s", o, what)
			}
		}
		need(o.OperationID != "" && !ids[o.OperationID], "needs an operationId of its own")
		ids[o.OperationID] = true
		need(o.Summary != "", "needs a summary")
		need(len(o.Tags) == 1 && tags[o.Tags[0]], "needs one of the document's tags")
		for _, p := range o.parameters {
			need(p.Description != "", "parameter "+p.Name+" needs a description")
			need(p.In != openapi3.ParameterInPath || p.Required, "parameter "+p.Name+" of the path is required")
		}
		for _, name := range regexp.MustCompile(`{(\w+)}`).FindAllStringSubmatch(o.path, -1) {
			need(slices.ContainsFunc(o.parameters, func(p *openapi3.Parameter) bool { return p.In == openapi3.ParameterInPath && p.Name == name[1] }), "needs a word on "+name[0])
		}
		if body := o.json(); body != nil && o.path != "/v1/definitions" && o.path != "/v1/policy" { // any document
			need(example(body) != nil, "its body needs an example")
		}
	}
}

// json is the operation's body as JSON; nil if it takes none.
func (o *op) json() *openapi3.MediaType {
	if o.RequestBody == nil {
		return nil
	}
	return o.RequestBody.Value.Content["application/json"]
}

func example(m *openapi3.MediaType) any {
	for _, name := range slices.Sorted(maps.Keys(m.Examples)) {
		return m.Examples[name].Value.Value
	}
	return m.Example
}

// inPath are values for parameters of paths that say no example.
var inPath = map[string]string{
	"address": "user_id:nobody", "id": "00000000-0000-0000-0000-000000000000", "day": "2026-03-01",
}

// target is the operation's path, filled.
func (o *op) target() string {
	path := o.path
	for _, p := range o.parameters {
		if p.In != openapi3.ParameterInPath {
			continue
		}
		value := inPath[p.Name]
		if p.Name == "source" {
			value = "web" // of the write keys of this package's tests
		}
		if p.Example != nil {
			value = fmt.Sprint(p.Example)
		}
		if value == "" {
			value = "some"
		}
		path = strings.ReplaceAll(path, "{"+p.Name+"}", url.PathEscape(value))
	}
	return path
}

// opens is a key that opens an operation.
func (w *world) opens(o *op) string {
	scope := auth.Scope(o.Extensions["x-scope"].(string))
	if scope == keyed || scope == public {
		scope = auth.ScopeProfilesRead
	}
	return w.key(auth.KindFor(scope), "acme", scope)
}

// ask sends an operation with a query and a body.
func (w *world) askOp(o *op, key, query string, body any) *httptest.ResponseRecorder {
	w.Helper()
	text := ""
	if body != nil {
		encoded, err := json.Marshal(body)
		w.must(err)
		text = string(encoded)
	}
	target := o.target()
	if query != "" {
		target += "?" + query
	}
	r := httptest.NewRequest(o.method, target, strings.NewReader(text))
	r.Header.Set("Authorization", "Bearer "+key)
	if text != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, p := range o.parameters {
		if p.In == openapi3.ParameterInHeader && p.Required {
			r.Header.Set(p.Name, "agreement-1")
		}
	}
	answer := httptest.NewRecorder()
	w.api.Handler().ServeHTTP(answer, r)
	w.agrees(r, answer)
	return answer
}

func faultsOf(answer *httptest.ResponseRecorder) []problem.FieldError {
	var d problem.Document
	_ = json.Unmarshal(answer.Body.Bytes(), &d)
	return d.Errors
}

var known = regexp.MustCompile(`known are: (.*)$`)

// TestParametersAndDocumentAgree: every operation refuses what it does not know, and knows what is documented and
// nothing else.
func TestParametersAndDocumentAgree(t *testing.T) {
	w := newWorld(t)
	for _, o := range allOperations(t) {
		if !o.own() {
			continue
		}
		documented := []string{}
		for _, p := range o.parameters {
			if p.In == openapi3.ParameterInQuery {
				documented = append(documented, p.Name)
			}
		}
		slices.Sort(documented)
		var body any
		if m := o.json(); m != nil {
			if body = example(m); body == nil {
				body = map[string]any{}
			}
		}
		answer := w.askOp(o, w.opens(o), "not_known=1", body)
		faults := faultsOf(answer)
		at := slices.IndexFunc(faults, func(f problem.FieldError) bool { return f.Field == "query" && known.MatchString(f.Reason) })
		if answer.Code != http.StatusBadRequest || at < 0 {
			t.Errorf("%s takes a parameter that it does not know: %d %s", o, answer.Code, answer.Body)
			continue
		}
		names := known.FindStringSubmatch(faults[at].Reason)[1]
		takes := slices.DeleteFunc(strings.Split(names, ", "), func(name string) bool { return name == "none" })
		slices.Sort(takes)
		if takes = slices.Compact(takes); !slices.Equal(takes, documented) {
			t.Errorf("%s takes the parameters\n%v, documented\n%v", o, takes, documented)
		}
	}
}

// TestBodiesAndDocumentAgree: every body refuses a member that is not documented, and reads each that is.
func TestBodiesAndDocumentAgree(t *testing.T) {
	w := newWorld(t)
	for _, o := range allOperations(t) {
		m := o.json()
		if m == nil || !o.own() || o.path == "/v1/keys/{id}/rotate" || o.path == "/v1/definitions" || o.path == "/v1/policy" { // a key that there is; any document
			continue
		}
		whole, ok := example(m).(map[string]any)
		if !ok {
			t.Errorf("%s: its body has no example that is an object", o)
			continue
		}
		key := w.opens(o)
		with := func(name string, value any) *httptest.ResponseRecorder {
			body := maps.Clone(whole)
			body[name] = value
			return w.askOp(o, key, "", body)
		}
		answer := with("not_known", 1)
		if answer.Code != http.StatusBadRequest || !slices.ContainsFunc(faultsOf(answer), func(f problem.FieldError) bool { return f.Field == "not_known" }) {
			t.Errorf("%s takes a member that it does not know: %d %s", o, answer.Code, answer.Body)
		}
		if has := m.Schema.Value.AdditionalProperties.Has; has == nil || *has {
			t.Errorf("%s: its schema does not say additionalProperties: false", o)
		}
		for name, property := range m.Schema.Value.Properties {
			if property.Value.Type == nil { // any value
				continue
			}
			wrong := any([]any{[]any{map[string]any{}}})
			if property.Value.Type.Is("array") {
				wrong = map[string]any{}
			}
			if answer := with(name, wrong); answer.Code != http.StatusBadRequest || slices.ContainsFunc(faultsOf(answer), func(f problem.FieldError) bool { return f.Reason == "is not known" }) {
				t.Errorf("%s does not read %s: %d %s", o, name, answer.Code, answer.Body)
			}
		}
	}
}

// TestProblemsAndDocumentAgree: their types are those that the document lists.
func TestProblemsAndDocumentAgree(t *testing.T) {
	var want, documented []string
	for _, k := range problem.Kinds() {
		want = append(want, k.Type())
	}
	for _, name := range spec(t).Components.Schemas["Problem"].Value.Properties["type"].Value.Enum {
		documented = append(documented, fmt.Sprint(name))
	}
	slices.Sort(want)
	slices.Sort(documented)
	if !slices.Equal(want, documented) {
		t.Errorf("problems are\n%v, documented\n%v", want, documented)
	}
}

// agrees fails where an answer is not as the document says.
func (w *world) agrees(r *http.Request, answer *httptest.ResponseRecorder) {
	w.Helper()
	if answer.Code == statusGone {
		return
	}
	for _, fault := range (&apitest.Document{T: spec(w)}).Faults(r.Method, r.URL.EscapedPath(), answer.Code, answer.Header(), answer.Body.Bytes()) {
		w.Error(fault)
	}
}

// TestAWrongAnswerIsSeen: what the check above holds on to.
func TestAWrongAnswerIsSeen(t *testing.T) {
	const target = "/v1/profiles/user_id:u-1/commitments"
	w := newWorld(t)
	w.put(w.event(1, "web", "Page Viewed", nil, id(event.IDUser, "u-1")))
	right := w.do(http.MethodGet, target, w.key(auth.KindRead, "acme", auth.ScopeProfilesRead), "")
	faults := func(status int, name, value string, change func(body map[string]any)) []string {
		var body map[string]any
		w.must(json.Unmarshal(right.Body.Bytes(), &body))
		change(body)
		text, err := json.Marshal(body)
		w.must(err)
		header := right.Header().Clone()
		header.Set(name, value)
		return (&apitest.Document{T: spec(t)}).Faults(http.MethodGet, target, status, header, text)
	}
	again := append(bytes.TrimSuffix(bytes.TrimSpace(right.Body.Bytes()), []byte("}")), `,"purpose":"support"}`...)
	as := func(map[string]any) {}
	for what, found := range map[string][]string{
		"a status":                             faults(http.StatusTeapot, "X-Request-Id", "r-1", as),
		"a header":                             faults(http.StatusOK, "X-Other", "1", as),
		"a media type":                         faults(http.StatusOK, "Content-Type", "text/plain", as),
		"a member":                             faults(http.StatusOK, "X-Request-Id", "r-1", func(b map[string]any) { b["other"] = 1 }),
		"a member within":                      faults(http.StatusOK, "X-Request-Id", "r-1", func(b map[string]any) { b["verification"].(map[string]any)["other"] = 1 }),
		"a member where something is withheld": faults(http.StatusOK, "X-Request-Id", "r-1", func(b map[string]any) { b["withheld"], b["other"] = []any{map[string]any{"class": "content"}}, 1 }),
		"a member twice":                       (&apitest.Document{T: spec(t)}).Faults(http.MethodGet, target, http.StatusOK, right.Header(), again),
		"a missing member":                     faults(http.StatusOK, "X-Request-Id", "r-1", func(b map[string]any) { delete(b, "identity_version") }),
		"a wrong type":                         faults(http.StatusOK, "X-Request-Id", "r-1", func(b map[string]any) { b["identity_version"] = "1" }),
	} {
		if len(found) != 1 {
			t.Errorf("%s that the document does not have: %q", what, found)
		}
	}
	if found := faults(http.StatusOK, "X-Request-Id", "r-1", as); right.Code != http.StatusOK || len(found) > 0 {
		t.Errorf("what is right is answered with %d: %q", right.Code, found)
	}
}
