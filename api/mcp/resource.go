package mcp

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"tributary/api/auth"
	"tributary/api/problem"
)

const (
	mediaMarkdown = "text/markdown"

	customerURI = "tributary://customer/"
	contextURI  = customerURI + "{+address}/context"
	ownURI      = customerURI + "me/context"
	contextPath = "/v1/profiles/{address}/context"
	policyURI   = "tributary://policy"
	handoffURI  = "tributary://schemas/handoff/1"
	handoffPath = "/v1/schemas/handoff/1"
)

// addResources adds what can be read without a tool.
func (s *Server) addResources(m *mcp.Server, bound bool) {
	about := "What to know before answering, as a text for a model to read. " + untrusted
	if bound {
		m.AddResource(&mcp.Resource{
			URI: ownURI, Name: "context", Title: "Context of the customer", Description: about, MIMEType: mediaMarkdown,
		}, s.readContext)
	} else {
		m.AddResourceTemplate(&mcp.ResourceTemplate{
			URITemplate: contextURI, Name: "context", Title: "Context of a customer", Description: about, MIMEType: mediaMarkdown,
		}, s.readContext)
	}
	m.AddResource(&mcp.Resource{
		URI: handoffURI, Name: "handoff-schema", Title: "JSON Schema of hand-offs", MIMEType: "application/schema+json",
		Description: "What a hand-off holds, version 1.",
	}, func(ctx context.Context, r *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
		return s.read(ctx, r.Params.URI, handoffPath)
	})
	m.AddResource(&mcp.Resource{
		URI: policyURI, Name: "policy", Title: "What you may see of customers", MIMEType: mediaJSON,
		Description: "Which classes of fields your credential's purpose and kind of reader are shown, masked or withheld, and which words of the reader policy say so.",
	}, readPolicy)
}

// needs are the scopes of resources that have one.
var needs = map[string]auth.Scope{contextURI: auth.ScopeContextRead, ownURI: auth.ScopeContextRead}

func visibleResources(list []*mcp.Resource, caller *Caller) []*mcp.Resource {
	return slices.DeleteFunc(list, func(r *mcp.Resource) bool { return needs[r.URI] != "" && !caller.May(needs[r.URI]) })
}

func visibleTemplates(list []*mcp.ResourceTemplate, caller *Caller) []*mcp.ResourceTemplate {
	return slices.DeleteFunc(list, func(r *mcp.ResourceTemplate) bool {
		return needs[r.URITemplate] != "" && !caller.May(needs[r.URITemplate])
	})
}

func (s *Server) readContext(ctx context.Context, r *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
	address := self
	if r.Params.URI != ownURI || !callerOf(ctx).Bound {
		text := strings.TrimSuffix(strings.TrimPrefix(r.Params.URI, customerURI), "/context")
		var err error
		if address, err = url.PathUnescape(text); err != nil {
			return nil, failure(problem.Field("uri", "is not percent-encoded right"))
		}
	}
	return s.read(ctx, r.Params.URI, strings.ReplaceAll(contextPath, "{address}", url.PathEscape(address)))
}

// read answers a resource with what a route answers, as Markdown where the route can.
func (s *Server) read(ctx context.Context, uri, path string) (*mcp.ReadResourceResult, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, path, http.NoBody)
	if err != nil {
		return nil, failure(problem.Field("uri", "is not of the form of the template"))
	}
	request.Header.Set("Accept", mediaMarkdown+", "+mediaJSON+";q=0.5")
	a := s.serve(request, callerOf(ctx))
	if a.status != http.StatusOK {
		return nil, a.failure()
	}
	media, _, _ := mime.ParseMediaType(a.header.Get("Content-Type"))
	return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: uri, MIMEType: media, Text: a.body.String()}}}, nil
}

func readPolicy(ctx context.Context, r *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
	text, d := callerOf(ctx).Policy()
	if d != nil {
		return nil, failure(d)
	}
	return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: r.Params.URI, MIMEType: mediaJSON, Text: string(text)}}}, nil
}

// failure is a problem as an error of the protocol, with the document as its data.
func failure(d *problem.Document) error {
	data, err := json.Marshal(d)
	if err != nil {
		data = nil
	}
	return &jsonrpc.Error{Code: codeOf(d.Status), Message: d.Error(), Data: data}
}

// failure is the problem that a route answered.
func (a *answer) failure() error {
	var said struct {
		Title  string `json:"title"`
		Detail string `json:"detail"`
	}
	if err := json.Unmarshal(a.body.Bytes(), &said); err != nil || said.Title == "" {
		return failure(problem.New(problem.Internal, ""))
	}
	text := said.Title
	if said.Detail != "" {
		text += ": " + said.Detail
	}
	return &jsonrpc.Error{Code: codeOf(a.status), Message: text, Data: json.RawMessage(a.body.Bytes())}
}

func codeOf(status int) int64 {
	if status >= http.StatusInternalServerError {
		return jsonrpc.CodeInternalError
	}
	return jsonrpc.CodeInvalidParams
}
