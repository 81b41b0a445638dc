package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"

	"tributary/api/auth"
	"tributary/api/mcp"
	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/ingest/ratelimit"
)

const mcpPath = "/mcp"

// tools are read once in a process: the document is part of the program.
var tools = sync.OnceValues(func() (*mcp.Tools, error) { return mcp.ReadTools(openAPI) })

// postMCP answers a message of the Model Context Protocol. What it asks of people are requests to the other routes,
// in the caller's name.
func (a *API) postMCP(c *gin.Context) {
	if !sameOrigin(c.Request) {
		a.fail(c, problem.New(problem.Forbidden, "the request comes from a web page of another origin"))
		return
	}
	message, err := message(c)
	if err != nil {
		a.fail(c, err)
		return
	}
	key := keyOf(c)
	ctx := mcp.WithCaller(c.Request.Context(), &mcp.Caller{
		Authorization: c.GetHeader("Authorization"), RequestID: c.GetString(requestIDKey),
		May: key.May, Bound: ofCustomer(key),
		Pay:     func() *problem.Document { return a.pay(key) },
		Foreign: func() { a.noteForeign(c, key) },
		Policy:  func() ([]byte, *problem.Document) { return a.ownPolicy(key) },
	})
	r := c.Request.WithContext(ctx)
	r.Body = io.NopCloser(bytes.NewReader(message))
	if r.Header.Get("Accept") == "" { // whatever comes
		r.Header.Set("Accept", "application/json, text/event-stream")
	}
	a.mcp.ServeHTTP(&uncached{c.Writer}, r)
}

// uncached has the last word on whether an answer may be kept: nobody may.
type uncached struct{ http.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *uncached) WriteHeader(status int) {
	w.Header().Set("Cache-Control", "no-store, private")
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *uncached) Write(p []byte) (int, error) {
	w.Header().Set("Cache-Control", "no-store, private")
	return w.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (w *uncached) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// message reads the body, so that what is wrong with it is told as on every route.
func message(c *gin.Context) ([]byte, error) {
	if media, _, err := mime.ParseMediaType(c.GetHeader("Content-Type")); err != nil || media != "application/json" {
		return nil, problem.New(problem.MediaType, "")
	}
	text, err := io.ReadAll(c.Request.Body)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, unread(err)
	case err != nil:
		return nil, err
	case !json.Valid(text):
		return nil, problem.Field("body", "is not JSON")
	}
	return text, nil
}

// sameOrigin says whether a request is of no web page, or of one of this very host.
func sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

type paidKey struct{}

// paid says whether a request comes of a message that was counted against the limit.
func paid(ctx context.Context) bool { return ctx.Value(paidKey{}) != nil }

// inProcess serves the requests that messages become.
func (a *API) inProcess() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.engine.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), paidKey{}, true)))
	})
}

// pay counts one message against the limit of requests.
func (a *API) pay(key *auth.Key) *problem.Document {
	now, ok := a.limits.TakeOne(key.Payer(), a.RateLimit.Or(key.RatePerSecond), a.Now())
	if ok {
		return nil
	}
	return problem.New(problem.RateLimited, "the next request will be answered in "+ratelimit.RetryAfter(now.Wait())+" s")
}

// ownPolicyView says what a credential is shown of customers.
type ownPolicyView struct {
	Purpose string               `json:"purpose"`
	Reader  string               `json:"reader"`
	Rules   []policy.Explanation `json:"rules"` // of every class of fields
}

// ownPolicy explains the reader policy for one key. It tells of nobody.
func (a *API) ownPolicy(key *auth.Key) ([]byte, *problem.Document) {
	p, err := a.Policies.For(key.Workspace)
	if err != nil {
		return nil, toProblem(err)
	}
	rules, err := p.Explain(string(key.Purpose), string(key.Reader))
	if err != nil {
		return nil, problem.New(problem.Forbidden, "the key reads nothing of customers")
	}
	text, err := json.Marshal(ownPolicyView{Purpose: string(key.Purpose), Reader: string(key.Reader), Rules: rules})
	if err != nil {
		return nil, toProblem(err)
	}
	return text, nil
}
