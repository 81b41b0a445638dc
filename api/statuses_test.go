package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// operation is what the document says of a route's answers.
type operation struct {
	RequestBody any            `yaml:"requestBody"`
	Responses   map[string]any `yaml:"responses"`
}

// documented are the operations of the document, by method and path as gin has it.
func documented(t testing.TB) map[string]operation {
	t.Helper()
	var d struct {
		Paths map[string]map[string]operation `yaml:"paths"`
	}
	if err := yaml.Unmarshal(openAPI, &d); err != nil {
		t.Fatal(err)
	}
	all := map[string]operation{}
	for path, operations := range d.Paths {
		path = strings.NewReplacer("{", ":", "}", "").Replace(path)
		for verb, o := range operations {
			all[strings.ToUpper(verb)+" "+path] = o
		}
	}
	return all
}

// statusesOf are those that a route can answer for what all routes of its rule and scope have in common.
func statusesOf(r *route, body bool) []int {
	if r.scope == public {
		return []int{http.StatusInternalServerError}
	}
	list := []int{
		http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusGatewayTimeout,
	}
	if body {
		list = append(list, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if r.rule.ofPeople() {
		list = append(list, http.StatusNotFound)
	}
	switch {
	case r.rule.ofPeople(), // the record of the disclosure
		r.scope.Administrative() && r.method == http.MethodGet, // the line in the audit trail
		strings.HasPrefix(r.path, "/v1/privacy/"):              // the desk, which may be missing
		list = append(list, http.StatusServiceUnavailable)
	}
	return list
}

// TestEveryStatusIsInTheDocument: those that all routes of a kind can answer. What single routes answer besides is
// held by statusesDocumented, in every test of this package.
func TestEveryStatusIsInTheDocument(t *testing.T) {
	w := newWorld(t)
	said := documented(t)
	for _, r := range w.api.routes() {
		o := said[r.method+" "+r.path]
		for _, status := range statusesOf(&r, o.RequestBody != nil) {
			if o.Responses[strconv.Itoa(status)] == nil {
				t.Errorf("%s %s can answer %d, which the document does not say", r.method, r.path, status)
			}
		}
	}
}

// statusesDocumented fails where the log has an answer with a status that the document does not say.
func statusesDocumented(t testing.TB, lines string) {
	t.Helper()
	all := documented(t)
	for line := range strings.Lines(lines) {
		var said struct {
			Msg, Method, Route string
			Status             int
		}
		if err := json.Unmarshal([]byte(line), &said); err != nil || said.Msg != "request" {
			continue
		}
		o, ok := all[said.Method+" "+said.Route]
		if ok && said.Status != statusGone && o.Responses[strconv.Itoa(said.Status)] == nil {
			t.Errorf("%s %s answered %d, which the document does not say", said.Method, said.Route, said.Status)
		}
	}
}

// TestADocumentedStatusCanBeSeen: what the check above holds on to is in the log.
func TestADocumentedStatusCanBeSeen(t *testing.T) {
	w := newWorld(t)
	w.do(http.MethodGet, "/v1/sources", "", "")
	if !slices.ContainsFunc(strings.Split(w.lines.String(), "\n"), func(line string) bool {
		return strings.Contains(line, `"msg":"request"`) && strings.Contains(line, `"route":"/v1/sources","status":401`)
	}) {
		t.Errorf("the log is %s", w.lines)
	}
}
