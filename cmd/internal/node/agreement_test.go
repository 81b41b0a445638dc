package node

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/api/apitest"
	"tributary/api/auth"
)

// document is the one that a program serves.
func document(t *testing.T, url string) *apitest.Document {
	t.Helper()
	response, err := http.Get(url + "/v1/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	d, err := apitest.Load(body)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// agreement holds what a program answers against the document that it serves.
type agreement struct {
	*apitest.Document
	mu   sync.Mutex
	done map[string]bool // operations that were answered with success
}

// documented is the agreement of a program, made when it is first needed.
func (p *program) documented() *agreement {
	p.measured.Do(func() { p.measure = &agreement{Document: document(p.t, p.url), done: map[string]bool{}} })
	return p.measure
}

func (a *agreement) agrees(t *testing.T, response *http.Response, body []byte) {
	t.Helper()
	method, path := response.Request.Method, response.Request.URL.EscapedPath()
	for _, fault := range a.Faults(method, path, response.StatusCode, response.Header, body) {
		t.Error(fault)
	}
	if _, name := a.Find(method, path); response.StatusCode < http.StatusMultipleChoices {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.done[name] = true
	}
}

// doneElsewhere are operations that need more before them than their examples have, and the tests that do them.
var doneElsewhere = map[string]string{
	"POST /v1/commitments/{id}/confirm":             "api: TestAPromiseOfAnAIIsConfirmed",
	"POST /v1/commitments/{id}/keep":                "api: TestAPromiseOfAnAIIsConfirmed",
	"POST /v1/commitments/{id}/withdraw":            "api: TestAPromiseOfAnAIIsConfirmed",
	"POST /v1/handoffs/{id}/extend":                 "api: TestHandoffIsHeldByOne",
	"POST /v1/handoffs/{id}/release":                "api: TestHandoffIsHeldByOne",
	"POST /v1/handoffs/{id}/return":                 "api: TestHandoffIsHeldByOne",
	"GET /v1/privacy/erasures/{id}/certificate":     "TestErasure",
	"POST /v1/quarantine/items/{place}/correct":     "api: TestItemIsCorrected",
	"POST /v1/session":                              "api: TestABrowserSignsIn",
	"GET /v1/session/oidc/{name}/start":             "TestPeopleSignInAtAProvider",
	"GET /v1/session/oidc/{name}/callback":          "TestPeopleSignInAtAProvider",
	"GET /.well-known/oauth-protected-resource":     "TestClientsOfOAuthFindTheirIssuer",
	"GET /.well-known/oauth-protected-resource/mcp": "TestClientsOfOAuthFindTheirIssuer",
}

// complete fails where an operation of the document was never answered with success.
func (a *agreement) complete(t *testing.T) {
	for path, item := range a.Paths.Map() {
		for method, o := range item.Operations() {
			name := method + " " + path
			if done := a.done[name] || o.Extensions["x-served-by"] == "gateway"; done == (doneElsewhere[name] != "") {
				t.Errorf("%s is done: %t, elsewhere: %q", name, done, doneElsewhere[name])
			}
		}
	}
}

var inBraces = regexp.MustCompile(`:(\w+)`)

// TestIntakeAndDocumentAgree: all that takes events is in the document, but for methods that are refused, and
// every problem that it answers with.
func TestIntakeAndDocumentAgree(t *testing.T) {
	p := start(t, t.TempDir())
	d := document(t, p.url)
	documented := map[string]bool{}
	for path, item := range d.Paths.Map() {
		for method, o := range item.Operations() {
			if o.Extensions["x-served-by"] == "gateway" {
				documented[method+" "+path] = true
			}
		}
	}
	served := map[string]bool{}
	for _, r := range p.routes.intake {
		route := r.Method + " " + inBraces.ReplaceAllString(r.Path, "{$1}")
		served[route] = true
		request, err := http.NewRequestWithContext(t.Context(), r.Method, p.url+inBraces.ReplaceAllString(r.Path, "some"), nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if refused := response.StatusCode == http.StatusMethodNotAllowed; refused == documented[route] {
			t.Errorf("%s answers %d, documented: %t", route, response.StatusCode, documented[route])
		}
	}
	for route := range documented {
		if !served[route] {
			t.Errorf("%s is documented, and is not served", route)
		}
	}
	problems := map[string]bool{"urn:tributary:problem:internal": true} // of a panic: Node.recovered
	files, err := filepath.Glob("../../../ingest/gateway/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("there is no source of the gateway", err)
	}
	named := regexp.MustCompile(`(?:problem\(http\.\w+, |unavailable\()"([a-z-]+)"`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			if !strings.HasSuffix(file, "_test.go") {
				problems["urn:tributary:problem:"+m[1]] = true
			}
		}
	}
	var listed []string
	for _, name := range d.Components.Schemas["IntakeProblem"].Value.Properties["type"].Value.Enum {
		listed = append(listed, name.(string))
	}
	slices.Sort(listed)
	if own := slices.Sorted(maps.Keys(problems)); !slices.Equal(own, listed) {
		t.Errorf("problems are\n%v, documented\n%v", own, listed)
	}
}

// lines collects what is logged.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// TestLogsHoldPatternsOnly: nothing of what stands in a path, a query, a key or a body is logged, on any route or
// none, at any level.
func TestLogsHoldPatternsOnly(t *testing.T) {
	const mark = "plantedmark"
	logged := &lines{}
	p := startLogging(t, t.TempDir(), slog.New(slog.NewJSONHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug})))
	admin := p.key(auth.New{Kind: auth.KindAdmin, Workspace: "default"})
	if status, answer := p.post("/v1/identify", p.write, `{"userId":"`+mark+`","traits":{"email":"`+mark+`@example.com"}}`); status != http.StatusOK {
		t.Fatalf("%d %v", status, answer)
	}
	p.settle()
	bodies := map[bool]string{ // of somebody there is, and of no form
		true:  `{"identifiers":[{"type":"email","value":"` + mark + `@example.com"}],"query":"` + mark + `"}`,
		false: `{"` + mark + `":"` + mark + `","query":"` + mark + `"}`,
	}
	ask := func(method, path string) {
		t.Helper()
		for _, query := range []string{"", "?query=" + mark + "&cursor=" + mark + "&conversation=" + mark, "?" + mark + "=" + mark + "&purpose=" + mark + "&%zz"} {
			for _, key := range []string{"Bearer " + admin, "Bearer " + mark, "Basic " + mark, ""} {
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // a stream ends only then
				request, err := http.NewRequestWithContext(ctx, method, p.url+path+query, strings.NewReader(bodies[query == ""]))
				if err != nil {
					t.Fatal(err)
				}
				request.Header.Set("Content-Type", "application/json")
				request.Header.Set("Idempotency-Key", mark)
				request.Header.Set("User-Agent", mark)
				request.Header.Set("Referer", "https://example.com/"+mark)
				request.Header.Set("Cookie", mark+"="+mark)
				request.Header.Set("Last-Event-ID", mark)
				if key != "" {
					request.Header.Set("Authorization", key)
				}
				if response, err := http.DefaultClient.Do(request); err == nil {
					_ = response.Body.Close()
				}
				cancel()
			}
		}
	}
	filled := func(path string) string {
		return inBraces.ReplaceAllStringFunc(path, func(name string) string {
			if name == ":address" {
				return "email:" + mark + "@example.com"
			}
			return mark
		})
	}
	patterns := map[string]bool{}
	for _, r := range p.routes.readers {
		patterns[r.Path] = true
		ask(r.Method, filled(r.Path))
	}
	for _, r := range p.routes.intake {
		ask(r.Method, filled(r.Path))
	}
	for _, path := range []string{"/" + mark, "/v1/profiles/" + mark, "/v1/profiles/email:" + mark + "@example.com/nothing/" + mark, "/v1/profiles/%2F%2f" + mark, "//" + mark + "/../" + mark} {
		ask(http.MethodGet, path)
		ask("PLANTEDMARK", path)
	}
	p.stop()
	text := logged.String()
	if at := strings.Index(strings.ToLower(text), mark); at >= 0 {
		t.Errorf("the log holds what was sent: …%.300s…", text[max(0, at-150):])
	}
	for pattern := range patterns {
		if !strings.Contains(text, `"route":"`+pattern+`"`) {
			t.Errorf("%s was asked for, and is not in the log, so that nothing is proven", pattern)
		}
	}
}
