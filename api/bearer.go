package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"tributary/api/auth"
	"tributary/api/problem"
	"tributary/ingest/ratelimit"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// authorize lets requests through whose key or token has the scope, as many of them as it may send.
func (a *API) authorize(scope auth.Scope) gin.HandlerFunc {
	if scope == public {
		return func(*gin.Context) {}
	}
	if scope == keyed {
		return a.authorizeAny
	}
	return func(c *gin.Context) {
		key, err := a.authenticate(c)
		if err != nil {
			if key != nil && scope.Administrative() && a.mayRecord(key) {
				a.noteRefusal(c, key, scope, "key")
			}
			a.fail(c, err)
			return
		}
		if d := a.overLimit(c, key); d != nil {
			a.fail(c, d)
			return
		}
		if !key.May(scope) {
			a.noteRefusal(c, key, scope, "scope")
			d := problem.New(problem.Forbidden, "")
			d.RequiredScope = string(scope)
			a.fail(c, d)
		}
		c.Set(scopeKey, scope)
	}
}

// authenticate finds whose request it is. A key is returned with the error if it is known and no longer
// opens anything.
func (a *API) authenticate(c *gin.Context) (*auth.Key, error) {
	key, err := a.asker(c.Request.Context(), c.Request)
	a.asks(c, key)
	if err == nil {
		return key, nil
	}
	d, known := unauthenticated(err)
	if !known {
		return nil, err
	}
	var token *auth.TokenError
	if errors.As(err, &token) {
		c.Header("WWW-Authenticate", `Bearer realm="tributary", error="invalid_token"`)
		return nil, d
	}
	c.Header("WWW-Authenticate", `Bearer realm="tributary"`)
	return key, d
}

// asks keeps whose request it is, nil for nobody's: what is written in it is theirs.
func (a *API) asks(c *gin.Context, key *auth.Key) {
	if key == nil {
		return
	}
	c.Set(keyKey, key)
	by := unify.By{Actor: key.Actor(), RequestID: c.GetString(requestIDKey)}
	c.Request = c.Request.WithContext(unify.WithBy(c.Request.Context(), by))
}

// asker finds whose request it is: by its Authorization header, whatever that is; without one, by the cookie of a
// browser that is signed in. Programs have keys: no cookie opens the Model Context Protocol.
func (a *API) asker(ctx context.Context, r *http.Request) (*auth.Key, error) {
	text := ""
	if len(r.Header.Values("Authorization")) == 0 && r.URL.Path != mcpPath {
		text = a.cookie(r, sessionCookie)
	}
	switch {
	case text == "":
		return a.lookup(ctx, bearer(r.Header.Get("Authorization")))
	case !a.fromOwnPage(r):
		return nil, notOwnPage()
	}
	return a.SignIns.Lookup(ctx, text)
}

// notOwnPage refuses a request that a browser makes for who is signed in, and not for a page of this server.
func notOwnPage() error {
	return problem.New(problem.Forbidden, "a cookie is taken from pages of this server alone, and browsers say whose page asks over https or to a loopback address; programs send a key")
}

// unauthenticated is the problem of a credential that opens nothing; known is false for any other error.
func unauthenticated(err error) (d *problem.Document, known bool) {
	var token *auth.TokenError
	switch {
	case errors.As(err, &token):
		return problem.New(problem.Unauthenticated, token.Error()), true
	case errors.Is(err, auth.ErrUnknown), errors.Is(err, auth.ErrRevoked), errors.Is(err, auth.ErrExpired), errors.Is(err, auth.ErrClosed), errors.Is(err, auth.ErrSignedOut):
		return problem.New(problem.Unauthenticated, reason(err)), true
	}
	return nil, false
}

// lookup finds the key, or what is like one, of a text.
func (a *API) lookup(ctx context.Context, text string) (*auth.Key, error) {
	switch {
	case a.Tokens != nil && auth.IsToken(text):
		return a.Tokens.Lookup(ctx, text)
	case auth.IsSession(text):
		return a.Sessions.Lookup(ctx, text)
	}
	return a.Keys.Lookup(ctx, text)
}

// reason tells the holder of a key why it no longer works; of any other text nothing is told.
func reason(err error) string {
	switch {
	case errors.Is(err, auth.ErrRevoked):
		return "the key is revoked"
	case errors.Is(err, auth.ErrExpired):
		return "the key has expired"
	case errors.Is(err, auth.ErrClosed):
		return "the key's workspace is closed"
	case errors.Is(err, auth.ErrSignedOut):
		return "the browser is not signed in, or no longer: sign in again"
	}
	return "send the key as Authorization: Bearer <key>"
}

func bearer(header string) string {
	scheme, secret, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(secret)
}

// keyOf returns the key of a request, nil before it is known.
func keyOf(c *gin.Context) *auth.Key {
	value, _ := c.Get(keyKey)
	key, _ := value.(*auth.Key)
	return key
}

// ratePolicy names in headers what is limited: requests a second.
const ratePolicy = ratelimit.RequestUnit

// overLimit pays for a request, and tells the client how it stands. It returns the problem of one too many.
func (a *API) overLimit(c *gin.Context, key *auth.Key) *problem.Document {
	if paid(c.Request.Context()) {
		return nil
	}
	now, ok := a.limits.TakeOne(key.Payer(), a.RateLimit.Or(key.RatePerSecond), a.Now())
	now.SetHeader(c.Writer.Header(), ratePolicy)
	if ok {
		return nil
	}
	c.Header("Retry-After", ratelimit.RetryAfter(now.Wait()))
	return problem.New(problem.RateLimited, "Retry-After says when the next request will be answered")
}

// unpaid bounds what a key puts on record by requests that its own limit does not count: thirty at once, then one a second.
// They are those of a key that opens nothing any more, which anybody may have found, sign-ins and sign-outs.
var unpaid = ratelimit.Quota{Rate: 1, Burst: 30}

// mayRecord pays for a line that a request of unpaid puts on record, and says whether it may.
func (a *API) mayRecord(key *auth.Key) bool {
	_, ok := a.limits.TakeOne("record:"+key.Payer(), unpaid, a.Now())
	return ok
}

// Notes puts lines into the audit trail; admin.Commands does.
type Notes interface {
	Note(ctx context.Context, workspace string, note unify.AuditNote) error
}

// noteRefusal puts an attempt at an administrator's route on record. Those without a known key are in the
// log and the metrics alone: anybody could fill the trail with them.
func (a *API) noteRefusal(c *gin.Context, key *auth.Key, scope auth.Scope, why string) {
	if !scope.Administrative() {
		return
	}
	err := a.Notes.Note(c.Request.Context(), key.Workspace, unify.AuditNote{
		Action: "request", SubjectKind: "route", Subject: method(c.Request.Method) + " " + c.FullPath(),
		Outcome: store.AuditRefused, Reason: why,
	})
	if err != nil {
		a.Logger.ErrorContext(c.Request.Context(), "a refused attempt is not in the audit trail",
			slog.String("request_id", c.GetString(requestIDKey)), slog.String("route", c.FullPath()), slog.Any("error", err))
	}
}

// noteReading puts on record that somebody is told what a route for administrators holds: the trail itself
// is one. What cannot be recorded is not told. What changes something is a command, and on record as that.
func (a *API) noteReading(c *gin.Context) error {
	scope, _ := c.Get(scopeKey)
	asked, _ := scope.(auth.Scope)
	if c.Request.Method != http.MethodGet || asked == "" || !asked.Administrative() {
		return nil
	}
	err := a.Notes.Note(c.Request.Context(), keyOf(c).Workspace, unify.AuditNote{
		Action: "read", SubjectKind: "route", Subject: c.Request.Method + " " + c.FullPath(), Outcome: store.AuditDone,
	})
	if err != nil {
		a.Logger.ErrorContext(c.Request.Context(), "a reading is not in the audit trail",
			slog.String("request_id", c.GetString(requestIDKey)), slog.String("route", c.FullPath()), slog.Any("error", err))
		return problem.New(problem.Unavailable, "the reading cannot be recorded now, and nothing is told without that")
	}
	return nil
}

// noSuchKey is the problem of an id that no key of the workspace has.
var noSuchKey = problem.Kind{Name: problem.NotFound.Name, Status: http.StatusNotFound, Title: "The workspace has no such key"}
