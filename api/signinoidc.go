package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/gin-gonic/gin"

	"tributary/api/auth"
	"tributary/api/problem"
)

// Providers sign people in by OpenID Connect; auth.Providers do.
type Providers interface {
	List() []auth.Provider
	// Start and Finish fail with auth.ErrNoProvider or *auth.SignInError. asks comes before the provider is asked, and may refuse that.
	Start(ctx context.Context, name, redirect, next string) (address, kept string, err error)
	Finish(ctx context.Context, name, redirect, kept string, query url.Values, asks func() error) (key *auth.Key, next string, err error)
}

// providerCookie holds what a browser keeps while somebody is at a provider.
const providerCookie = "tributary-sign-in"

const (
	pages      = "/ui/"        // of the dashboards
	signInPage = "/ui/sign-in" // which tells what failed, by ?error=
	oidcPath   = sessionPath + "/oidc/"
	startPath  = oidcPath + ":name/start"
	finishPath = oidcPath + ":name/callback"
)

// signInView lists how people sign in.
func (a *API) signInView() signInView {
	v := signInView{OIDC: []providerView{}}
	if a.Providers == nil {
		return v
	}
	for _, p := range a.Providers.List() {
		v.OIDC = append(v.OIDC, providerView{Name: p.Name, Label: p.Label, Start: oidcPath + p.Name + "/start"})
	}
	return v
}

// redirectTo is where a provider sends the browser back to.
func (a *API) redirectTo(c *gin.Context) string {
	return a.origin(c.Request) + oidcPath + c.Param("name") + "/callback"
}

// startOIDC sends a browser to a provider.
func (a *API) startOIDC(c *gin.Context) {
	q := newQuery(c)
	next := pageOf(q.text("next"))
	if err := q.err(); err != nil {
		a.fail(c, err)
		return
	}
	if a.Providers == nil {
		a.fail(c, problem.New(noProvider, ""))
		return
	}
	address, kept, err := a.Providers.Start(c.Request.Context(), c.Param("name"), a.redirectTo(c), next)
	if err != nil {
		a.failSignIn(c, err)
		return
	}
	http.SetCookie(c.Writer, a.newCookie(c.Request, providerCookie, kept, auth.SignInTime))
	onward(c, address)
}

// finishOIDC takes a browser back from a provider, signs it in and sends it to the page that it came for. Parameters
// that are not known are passed over (RFC 6749, section 4.1.2). Of what an address has a provider be asked as much may fail as of
// sign-ins with keys, and is counted apart: neither is in the way of the other.
func (a *API) finishOIDC(c *gin.Context) {
	if a.Providers == nil {
		a.fail(c, problem.New(noProvider, ""))
		return
	}
	kept := a.cookie(c.Request, providerCookie)
	http.SetCookie(c.Writer, a.forget(c.Request, providerCookie))
	payer, paid := "provider:"+addressBlock(c.Request.RemoteAddr), false
	key, next, err := a.Providers.Finish(c.Request.Context(), c.Param("name"), a.redirectTo(c), kept, c.Request.URL.Query(), func() error {
		if _, paid = a.limits.TakeOne(payer, signInAttempts, a.Now()); !paid {
			return &auth.SignInError{Fault: auth.FaultLimited, Err: errors.New("too many sign-ins from the address failed")}
		}
		return nil
	})
	var fault *auth.SignInError
	if paid && (err == nil || errors.As(err, &fault) && fault.Fault == auth.FaultUnavailable) { // which is nobody's fault here
		a.limits.Take(payer, signInAttempts, -1, a.Now())
	}
	if err == nil {
		a.asks(c, key)
		err = a.keepSignedIn(c, key)
	}
	if err != nil {
		a.failSignIn(c, err)
		return
	}
	onward(c, pageOf(next))
}

// noProvider is the problem of a name that no provider has.
var noProvider = problem.Kind{Name: problem.NotFound.Name, Status: http.StatusNotFound, Title: "There is no such provider"}

// failSignIn sends the browser to the page that tells people why nobody is signed in. The log says more of it.
func (a *API) failSignIn(c *gin.Context, err error) {
	var fault *auth.SignInError
	switch {
	case errors.Is(err, auth.ErrNoProvider):
		a.fail(c, problem.New(noProvider, ""))
		return
	case !errors.As(err, &fault):
		a.fail(c, err)
		return
	}
	a.Logger.WarnContext(c.Request.Context(), "nobody is signed in at a provider",
		slog.String("request_id", c.GetString(requestIDKey)), slog.String("fault", string(fault.Fault)), slog.Any("error", fault.Err))
	onward(c, signInPage+"?error="+string(fault.Fault))
}

// onward sends a browser to an address. It has no page beside it that would repeat that.
func onward(c *gin.Context, address string) {
	c.Header("Location", address)
	c.Status(http.StatusSeeOther)
}

// maxPage bounds the address of a page that somebody is sent on to, in bytes.
const maxPage = 1024

// pageOf is the page of the dashboards that a text names, with its query; their first page for any other text. A
// browser is sent nowhere else: who follows a link to sign in here lands here.
func pageOf(text string) string {
	u, err := url.Parse(text)
	if err != nil || len(text) > maxPage || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" {
		return pages
	}
	inside := strings.HasPrefix(u.Path, pages) && (path.Clean(u.Path) == u.Path || path.Clean(u.Path)+"/" == u.Path)
	if !inside || strings.ContainsFunc(u.Path+text, unsafeInPage) || u.Path == signInPage {
		return pages
	}
	return (&url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}).String()
}

// unsafeInPage says whether browsers may read a character of an address in another way than we do.
func unsafeInPage(r rune) bool { return r <= ' ' || r == '\\' || r == 0x7f }
