package mcp

import (
	"bytes"
	"context"
	"net/http"

	"tributary/api/auth"
	"tributary/api/problem"
)

// Caller is who sent a request: what its credential may do, and how its requests to routes are made. It stands
// in the request's context and holds for this one request.
type Caller struct {
	// Authorization is the header as it was sent. No argument of a tool ever is.
	Authorization string
	RequestID     string
	May           func(auth.Scope) bool
	// Bound: the token is one customer's alone, and tools are not told whom they are about.
	Bound bool
	// Pay counts a message against the limit of requests; it returns the problem of one too many.
	Pay func() *problem.Document
	// Foreign puts on record that a token of one customer was used for somebody else, where no route is asked that would.
	Foreign func()
	// Policy says, as JSON, what the credential is shown of customers.
	Policy func() ([]byte, *problem.Document)
}

type callerKey struct{}

// WithCaller returns a context that says who asks.
func WithCaller(ctx context.Context, c *Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// nobody may do nothing.
var nobody = &Caller{
	May:     func(auth.Scope) bool { return false },
	Pay:     func() *problem.Document { return problem.New(problem.Unauthenticated, "") },
	Foreign: func() {},
	Policy:  func() ([]byte, *problem.Document) { return nil, problem.New(problem.Unauthenticated, "") },
}

func callerOf(ctx context.Context) *Caller {
	if c, ok := ctx.Value(callerKey{}).(*Caller); ok {
		return c
	}
	return nobody
}

// answer is what a route answered.
type answer struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// maxMoves bounds how often a profile's id is followed to the one that it was merged into.
const maxMoves = 4

// serve asks a route in the name of the caller. An id that was merged into another is followed, as a client of
// HTTP would.
func (s *Server) serve(r *http.Request, caller *Caller) *answer {
	for moves := 0; ; moves++ {
		if caller.Authorization != "" {
			r.Header.Set("Authorization", caller.Authorization)
		}
		if caller.RequestID != "" {
			r.Header.Set("X-Request-Id", caller.RequestID)
		}
		a := &answer{header: http.Header{}}
		s.routes.ServeHTTP(a, r)
		if a.status != http.StatusTemporaryRedirect || moves == maxMoves {
			return a
		}
		to, err := r.URL.Parse(a.header.Get("Location"))
		if err != nil || r.Method != http.MethodGet {
			return a
		}
		r = r.Clone(r.Context())
		r.URL = to
	}
}
