package mcp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"tributary/api/problem"
)

// call answers a call of a tool with what its route answers.
func (s *Server) call(ctx context.Context, t *tool, arguments json.RawMessage) *mcp.CallToolResult {
	caller := callerOf(ctx)
	r, fault := t.request(ctx, arguments, caller.Bound)
	if fault != nil {
		return refused(fault)
	}
	a := s.serve(r, caller)
	body, failed := a.body.Bytes(), a.status >= http.StatusBadRequest
	if t.report != nil && !failed {
		if body, fault = t.report.fit(body, maxReport); fault != nil {
			return refused(fault)
		}
	}
	return &mcp.CallToolResult{
		Content:           []mcp.Content{&mcp.TextContent{Text: string(body)}},
		StructuredContent: json.RawMessage(body),
		IsError:           failed,
	}
}

func refused(d *problem.Document) *mcp.CallToolResult {
	body, err := json.Marshal(d)
	if err != nil { // nothing of it is anybody's
		body = []byte(`{"type":"urn:tributary:problem:internal","title":"A fault of the server","status":500}`)
	}
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: string(body)}}, StructuredContent: json.RawMessage(body), IsError: true}
}

// request makes the request that a call becomes. What is wrong with the arguments themselves the route says.
func (t *tool) request(ctx context.Context, said json.RawMessage, bound bool) (*http.Request, *problem.Document) {
	given := map[string]json.RawMessage{}
	if len(said) > 0 {
		if err := json.Unmarshal(said, &given); err != nil {
			return nil, problem.Field("arguments", "must be an object")
		}
	}
	b := builder{path: t.operation.path, query: url.Values{}, header: http.Header{}, body: map[string]json.RawMessage{}, bound: bound}
	arguments := t.arguments
	if bound {
		arguments = t.ofSelf
	}
	for _, a := range arguments {
		value, ok := given[a.name]
		delete(given, a.name)
		switch {
		case a.name == customerName && bound:
			if ok {
				b.fault(a.name, "is not to be given: the token is bound to one customer")
				continue
			}
			value, ok = json.RawMessage(`"`+self+`"`), true
		case string(value) == "null":
			ok = false
		}
		if !ok {
			if a.required && (a.in == inPath || a.in == inBodyAsWhom) {
				b.fault(a.name, "is required")
			}
			continue
		}
		b.put(&a, value)
	}
	if len(given) > 0 { // their names are the caller's, and are not repeated
		b.fault("arguments", "has some that the tool does not take")
	}
	return b.request(ctx, t.operation)
}

// namesOthers says whether a call has arguments that the tool does not take of a token of one customer.
func (t *tool) namesOthers(said json.RawMessage) bool {
	given := map[string]json.RawMessage{}
	if json.Unmarshal(said, &given) != nil {
		return false // and nothing is asked
	}
	for _, a := range t.ofSelf {
		if a.name != customerName {
			delete(given, a.name)
		}
	}
	return len(given) > 0
}

// builder puts arguments where they belong.
type builder struct {
	path   string
	query  url.Values
	header http.Header
	body   map[string]json.RawMessage
	bound  bool
	faults []problem.FieldError
}

func (b *builder) fault(field, reason string) {
	b.faults = append(b.faults, problem.FieldError{Field: field, Reason: reason})
}

func (b *builder) put(a *argument, value json.RawMessage) {
	if a.in == inBody {
		b.body[a.target] = value
		return
	}
	words, ok := plain(value)
	if !ok || len(words) != 1 && a.in != inQuery {
		b.fault(a.name, "must be a text, a number, true or false")
		return
	}
	switch a.in {
	case inBody: // is put above, as it is
	case inPath:
		if words[0] == "" {
			b.fault(a.name, "is required")
		}
		b.path = strings.ReplaceAll(b.path, "{"+a.target+"}", url.PathEscape(words[0]))
	case inHeader:
		b.header.Set(a.target, words[0])
	case inQuery:
		b.query[a.target] = words
	case inBodyAsWhom:
		b.whom(a, words[0])
	}
}

// whom puts a customer's address into a body.
func (b *builder) whom(a *argument, address string) {
	kind, value, ok := strings.Cut(address, ":")
	if !ok || kind == "" || value == "" {
		b.fault(a.name, "must be type:value, such as email:… or profile:<uuid>")
		return
	}
	member, said := a.target, any(address)
	switch {
	case member == "identifiers" && kind == "profile":
		member, said = "profile", value
	case member == "identifiers":
		said = []map[string]string{{"type": kind, "value": value}}
	}
	b.body[member], _ = json.Marshal(said) // texts always encode
}

func (b *builder) request(ctx context.Context, o *operation) (*http.Request, *problem.Document) {
	if len(b.faults) > 0 {
		d := problem.New(problem.Invalid, "")
		d.Errors = b.faults
		return nil, d
	}
	target := b.path
	if len(b.query) > 0 {
		target += "?" + b.query.Encode()
	}
	var body []byte
	if o.Body != nil {
		var err error
		if body, err = json.Marshal(b.body); err != nil {
			return nil, problem.Field("arguments", "must be JSON")
		}
		b.header.Set("Content-Type", mediaJSON)
	}
	r, err := http.NewRequestWithContext(ctx, o.method, target, bytes.NewReader(body))
	if err != nil {
		return nil, problem.Field("arguments", "make no address of a route")
	}
	for name, values := range b.header {
		r.Header[name] = values
	}
	return r, nil
}

// plain is a JSON value as the words that a path, a query or a header has for it; a list is several.
func plain(value json.RawMessage) ([]string, bool) {
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	var v any
	if err := decoder.Decode(&v); err != nil {
		return nil, false
	}
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	words := make([]string, len(list))
	for i, one := range list {
		switch one := one.(type) {
		case string:
			words[i] = one
		case json.Number, bool:
			words[i] = fmt.Sprint(one)
		default:
			return nil, false
		}
	}
	return words, true
}
