package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"tributary/api/auth"
	"tributary/api/problem"
	"tributary/ingest/ratelimit"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

const sessionPath = "/v1/session"

// SignIns makes and checks what browsers keep while somebody is signed in; auth.SignIns does.
type SignIns interface {
	// Make fails with auth.ErrNoSignIn.
	Make(key *auth.Key) (text string, expires time.Time, err error)
	// Lookup fails with auth.ErrSignedOut, or as Keys.Lookup does.
	Lookup(ctx context.Context, text string) (*auth.Key, error)
}

// signInBody is what somebody signs in with.
type signInBody struct {
	Key string `json:"key"`
}

// sessionView is who asks, and what they may do.
type sessionView struct {
	Workspace string     `json:"workspace" policy:"meta"`
	Actor     string     `json:"actor" policy:"meta"`
	Kind      string     `json:"kind" policy:"meta"`
	Note      string     `json:"note,omitempty" policy:"meta"`
	Scopes    []string   `json:"scopes" policy:"meta"`
	Purpose   string     `json:"purpose,omitempty" policy:"meta"`
	Reader    string     `json:"reader,omitempty" policy:"meta"`
	Expires   time.Time  `json:"expires,omitzero" policy:"meta"`
	SignIn    signInView `json:"sign_in" policy:"-"`
}

// providersView says how people sign in, to whom is not signed in.
type providersView struct {
	SignIn signInView `json:"sign_in" policy:"-"`
}

// signInView lists the ways to sign in beside a key.
type signInView struct {
	OIDC []providerView `json:"oidc" policy:"-"`
}

// providerView is a provider of OpenID Connect; a browser that goes to Start is sent there.
type providerView struct {
	Name  string `json:"name" policy:"meta"`
	Label string `json:"label" policy:"meta"`
	Start string `json:"start" policy:"meta"`
}

func (a *API) newSessionView(key *auth.Key) sessionView {
	v := sessionView{
		Workspace: key.Workspace, Actor: key.Actor(), Kind: string(key.Kind), Note: key.Note,
		Scopes:  each(key.Scopes, func(s *auth.Scope) string { return string(*s) }),
		Purpose: string(key.Purpose), Reader: string(key.Reader), Expires: key.Expires, SignIn: a.signInView(),
	}
	if !key.SignedIn.IsZero() {
		v.Expires = key.SignedIn
	}
	return v
}

// getSession tells a key, or who is signed in, what it may do.
func (a *API) getSession(c *gin.Context) {
	if err := newQuery(c).err(); err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, a.newSessionView(keyOf(c)))
}

// getProviders tells everybody how to sign in.
func (a *API) getProviders(c *gin.Context) {
	if err := newQuery(c).err(); err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, providersView{a.signInView()})
}

// postSession signs a browser in with a key, or a token of an issuer.
func (a *API) postSession(c *gin.Context) {
	key, err := a.signIn(c)
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, a.newSessionView(key))
}

// otherPage refuses what a page of another site asked a browser to do.
func otherPage() error {
	return problem.New(problem.Forbidden, "the browser says that a page of another site asks; nobody is signed in or out by one")
}

func (a *API) signIn(c *gin.Context) (*auth.Key, error) {
	if a.fromOtherPage(c.Request) {
		return nil, otherPage()
	}
	var body signInBody
	if err := decodeAlone(c, &body); err != nil {
		return nil, err
	}
	if body.Key = strings.TrimSpace(body.Key); body.Key == "" {
		return nil, problem.Field("key", "is required")
	}
	refund, d := a.attempt(c)
	if d != nil {
		return nil, d
	}
	key, err := a.lookup(c.Request.Context(), body.Key)
	a.asks(c, key)
	if err != nil {
		return nil, a.notSignedIn(c, key, err)
	}
	if err := a.keepSignedIn(c, key); err != nil {
		return nil, err
	}
	if a.mayRecord(key) {
		refund()
	}
	return key, nil
}

// notSignedIn is the problem of a key that opens nothing. That of a key that is known is put on record; of others
// nothing is, for anybody could fill the trail with them.
func (a *API) notSignedIn(c *gin.Context, key *auth.Key, err error) error {
	d, known := unauthenticated(err)
	if !known {
		return err
	}
	if errors.Is(err, auth.ErrUnknown) {
		d.Detail = "no such key"
	}
	c.Header("WWW-Authenticate", `Bearer realm="tributary"`)
	if key != nil && a.mayRecord(key) {
		a.noteSignIn(c, key, store.AuditRefused, "key")
	}
	return d
}

// keepSignedIn gives the browser what it is to keep. What cannot be recorded is not done.
func (a *API) keepSignedIn(c *gin.Context, key *auth.Key) error {
	text, expires, err := a.SignIns.Make(key)
	if errors.Is(err, auth.ErrNoSignIn) {
		a.noteSignIn(c, key, store.AuditRefused, "kind")
		return problem.Field("key", said(err, auth.ErrNoSignIn))
	}
	if err == nil && !a.noteSignIn(c, key, store.AuditDone, "") {
		err = problem.New(problem.Unavailable, "the sign-in cannot be recorded now, and nobody is signed in without that")
	}
	if err != nil {
		return err
	}
	http.SetCookie(c.Writer, a.newCookie(c.Request, sessionCookie, text, expires.Sub(a.Now())))
	return nil
}

// deleteSession makes a browser forget that it is signed in, whether it is or not.
func (a *API) deleteSession(c *gin.Context) {
	err := newQuery(c).err()
	if err == nil && a.fromOtherPage(c.Request) {
		err = otherPage()
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	if text := a.cookie(c.Request, sessionCookie); text != "" {
		if key, err := a.SignIns.Lookup(c.Request.Context(), text); err == nil && a.mayRecord(key) {
			a.asks(c, key)
			a.note(c, key, unify.AuditNote{Action: "sign_out", Outcome: store.AuditDone}) // or the log says that it is not on record
		}
	}
	http.SetCookie(c.Writer, a.forget(c.Request, sessionCookie))
	c.Status(http.StatusNoContent)
}

func (a *API) noteSignIn(c *gin.Context, key *auth.Key, outcome, why string) bool {
	return a.note(c, key, unify.AuditNote{Action: "sign_in", Outcome: outcome, Reason: why})
}

// note puts a sign-in or sign-out of a known key on record, and says whether it is.
func (a *API) note(c *gin.Context, key *auth.Key, n unify.AuditNote) bool {
	n.SubjectKind, n.Subject = "route", c.Request.Method+" "+c.FullPath()
	err := a.Notes.Note(c.Request.Context(), key.Workspace, n)
	if err != nil {
		a.Logger.ErrorContext(c.Request.Context(), "a sign-in is not in the audit trail",
			slog.String("request_id", c.GetString(requestIDKey)), slog.String("action", n.Action), slog.Any("error", err))
	}
	return err == nil
}

// signInAttempts bounds how many sign-ins of an address may fail: thirty at once, then one a second. Keys cannot be
// guessed; it spares the log.
var signInAttempts = ratelimit.Quota{Rate: 1, Burst: 30}

// attempt pays for a sign-in; refund gives it back to who succeeds, as often as mayRecord lets.
func (a *API) attempt(c *gin.Context) (refund func(), d *problem.Document) {
	payer := "sign-in:" + addressBlock(c.Request.RemoteAddr)
	now, ok := a.limits.TakeOne(payer, signInAttempts, a.Now())
	if !ok {
		c.Header("Retry-After", ratelimit.RetryAfter(now.Wait()))
		return nil, problem.New(problem.RateLimited, "too many sign-ins from this address failed; Retry-After says when the next one is looked at")
	}
	return func() { a.limits.Take(payer, signInAttempts, -1, a.Now()) }, nil
}

// addressBlock is whose an address is, as far as that can be told: of IPv6 one client has a /64.
func addressBlock(remote string) string {
	at, err := netip.ParseAddrPort(remote)
	if err != nil {
		return remote
	}
	address := at.Addr().Unmap()
	if address.Is6() {
		block, _ := address.WithZone("").Prefix(64) // it has as many bits
		return block.String()
	}
	return address.String()
}
