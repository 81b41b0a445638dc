package api

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// sessionCookie is the name of the cookie of who is signed in. Where it can come by TLS alone it is sessionCookie with
// hostPrefix: of that name browsers take none from another host, and none without Secure.
const (
	sessionCookie = "tributary-session"
	hostPrefix    = "__Host-"
)

// overTLS says whether the browser reaches this server by TLS, here or at a proxy.
func (a *API) overTLS(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(a.PublicURL, "https://")
}

func (a *API) cookieName(r *http.Request, name string) string {
	if a.overTLS(r) {
		return hostPrefix + name
	}
	return name
}

// newCookie is a cookie that no script reads and that requests of other sites do not bring, but for a link that is
// followed here. SameSite=Strict would be narrower: a browser that comes back from an OpenID Connect provider would be
// signed out on the first page after it, for that navigation began at another site. What Lax lets through,
// fromOwnPage refuses.
func (a *API) newCookie(r *http.Request, name, value string, lasts time.Duration) *http.Cookie {
	return &http.Cookie{
		Name: a.cookieName(r, name), Value: value, Path: "/", MaxAge: int(lasts / time.Second),
		HttpOnly: true, Secure: a.overTLS(r), SameSite: http.SameSiteLaxMode,
	}
}

// forget makes a browser drop a cookie.
func (a *API) forget(r *http.Request, name string) *http.Cookie {
	c := a.newCookie(r, name, "", 0)
	c.MaxAge = -1
	return c
}

// cookie returns what a browser keeps under a name; "" for nothing, and for several of the name, of which nobody can say
// who set them.
func (a *API) cookie(r *http.Request, name string) string {
	if all := r.CookiesNamed(a.cookieName(r, name)); len(all) == 1 {
		return all[0].Value
	}
	return ""
}

// fromOwnPage says whether a browser made a request for a page of this very server. It is stricter than
// http.CrossOriginProtection, which lets every GET through, and addresses that somebody typed, and clients that say
// nothing: whatever is read here by a cookie is on record as read by its owner, so that each request must be proven
// theirs. Browsers send Sec-Fetch-Site over TLS and to loopback addresses; without it Origin has to do, which comes
// with all methods but GET and HEAD.
func (a *API) fromOwnPage(r *http.Request) bool {
	if site := r.Header.Values("Sec-Fetch-Site"); len(site) > 0 {
		return len(site) == 1 && site[0] == "same-origin"
	}
	return a.ownOrigin(r)
}

// fromOtherPage says whether a browser made a request for a page of another site, or somebody typed its address. Of
// clients that are no browsers nothing is known, and they need no protection: they bring no cookie unasked.
func (a *API) fromOtherPage(r *http.Request) bool {
	said := len(r.Header.Values("Sec-Fetch-Site"))+len(r.Header.Values("Origin")) > 0
	return said && !a.fromOwnPage(r)
}

// ownOrigin says whether a request's Origin is this server, as the client or as the configuration names it.
func (a *API) ownOrigin(r *http.Request) bool {
	u, err := url.Parse(r.Header.Get("Origin"))
	if err != nil || u.Host == "" {
		return false
	}
	return strings.EqualFold(u.Host, r.Host) || a.PublicURL != "" && strings.EqualFold(u.Scheme+"://"+u.Host, strings.TrimSuffix(a.PublicURL, "/"))
}
