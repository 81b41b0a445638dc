package api

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tributary/api/auth"
	"tributary/profiles/unify"
)

// headers are those of a request, by name; "" leaves one out.
type headers map[string]string

// ownPage are those that a browser sends for a page of this server.
var ownPage = headers{"Sec-Fetch-Site": "same-origin"}

// browse asks as a browser would.
func (w *world) browse(method, target, body string, cookie *http.Cookie, h headers) *httptest.ResponseRecorder {
	w.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if cookie != nil {
		r.AddCookie(cookie)
	}
	for name, value := range h {
		r.Header.Set(name, value)
	}
	answer := httptest.NewRecorder()
	w.api.Handler().ServeHTTP(answer, r)
	w.agrees(r, answer)
	return answer
}

// signsIn signs in with a key, and returns the cookie.
func (w *world) signsIn(secret string) *http.Cookie {
	w.Helper()
	answer := w.browse(http.MethodPost, "/v1/session", `{"key":"`+secret+`"}`, nil, ownPage)
	cookies := answer.Result().Cookies()
	if answer.Code != http.StatusOK || len(cookies) != 1 {
		w.Fatalf("is answered with %d, %v: %s", answer.Code, cookies, answer.Body)
	}
	return cookies[0]
}

func TestABrowserSignsIn(t *testing.T) {
	w := newWorld(t)
	secret := w.key(auth.KindRead, "acme", auth.ScopeProfilesRead, auth.ScopeSourcesRead)
	cookie := w.signsIn(secret)
	if cookie.Name != "tributary-session" || !cookie.HttpOnly || cookie.Secure || cookie.SameSite != http.SameSiteLaxMode || cookie.Path != "/" ||
		cookie.Domain != "" || cookie.MaxAge != int(auth.MaxSignIn/time.Second) || strings.Contains(cookie.Value, secret[6:20]) {
		t.Errorf("the cookie is %+v", cookie)
	}
	if answer := w.browse(http.MethodGet, "/v1/sources", "", cookie, ownPage); answer.Code != http.StatusOK {
		t.Errorf("who is signed in is answered with %d: %s", answer.Code, answer.Body)
	}
	if answer := w.browse(http.MethodGet, "/v1/keys", "", cookie, ownPage); answer.Code != http.StatusForbidden {
		t.Errorf("without the scope: %d", answer.Code)
	}
	v := w.decoded(w.browse(http.MethodGet, "/v1/session", "", cookie, ownPage), http.StatusOK)
	if v["workspace"] != "acme" || v["kind"] != "read" || v["reader"] != "system" || v["expires"] != "2026-03-02T01:00:00Z" || len(v["scopes"].([]any)) != 2 {
		t.Errorf("is told %v", v)
	}
	if v := w.get("/v1/session", secret, http.StatusOK); v["expires"] != nil || v["workspace"] != "acme" {
		t.Errorf("the key itself is told %v", v)
	}
	out := w.browse(http.MethodDelete, "/v1/session", "", cookie, ownPage)
	if gone := out.Result().Cookies(); out.Code != http.StatusNoContent || len(gone) != 1 || gone[0].Name != cookie.Name || gone[0].MaxAge >= 0 || gone[0].Value != "" {
		t.Errorf("signed out: %d %v", out.Code, gone)
	}
	if answer := w.browse(http.MethodDelete, "/v1/session", "", nil, nil); answer.Code != http.StatusNoContent {
		t.Errorf("who is not signed in is signed out with %d", answer.Code)
	}
	if lines := w.lines.String(); strings.Contains(lines, secret) || strings.Contains(lines, cookie.Value) {
		t.Error("a secret is in the log")
	}
}

// TestACookieIsTakenFromOwnPagesAlone: for reading as for writing, since reading is on record too.
func TestACookieIsTakenFromOwnPagesAlone(t *testing.T) {
	w := newWorld(t)
	cookie := w.signsIn(w.key(auth.KindAdmin, "acme"))
	for _, ask := range []struct{ method, target, body string }{
		{http.MethodGet, "/v1/sources", ""}, {http.MethodGet, "/v1/session", ""}, {http.MethodHead, "/v1/sources", ""},
		{http.MethodPost, "/v1/profiles/lookup", `{"identifiers":[{"type":"user_id","value":"nobody"}]}`},
		{http.MethodGet, "/v1/stream?follow=false&after=oldest", ""},
	} {
		for _, tt := range []struct {
			name string
			h    headers
			ok   bool
		}{
			{"own page", ownPage, true},
			{"own page, by its origin", headers{"Origin": "http://example.com"}, true},
			{"other site", headers{"Sec-Fetch-Site": "cross-site"}, false},
			{"other host of the site", headers{"Sec-Fetch-Site": "same-site"}, false},
			{"typed", headers{"Sec-Fetch-Site": "none"}, false},
			{"a site with our origin", headers{"Sec-Fetch-Site": "cross-site", "Origin": "http://example.com"}, false},
			{"no word of it", nil, false},
			{"another origin", headers{"Origin": "http://example.com.attacker.example"}, false},
			{"a hidden origin", headers{"Origin": "null"}, false},
			{"an empty one", headers{"Sec-Fetch-Site": ""}, false},
		} {
			answer := w.browse(ask.method, ask.target, ask.body, cookie, tt.h)
			if refused := answer.Code == http.StatusForbidden; refused == tt.ok && ask.method != http.MethodHead || answer.Code == http.StatusUnauthorized {
				t.Errorf("%s %s from %s: %d %s", ask.method, ask.target, tt.name, answer.Code, answer.Body)
			}
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodDelete} {
		answer := w.browse(method, "/v1/session", `{"key":"`+w.key(auth.KindRead, "acme")+`"}`, cookie, headers{"Sec-Fetch-Site": "cross-site"})
		if answer.Code != http.StatusForbidden || len(answer.Result().Cookies()) > 0 {
			t.Errorf("another site's %s is answered with %d", method, answer.Code)
		}
	}
}

func TestACookieOpensNothingOnceItIsOver(t *testing.T) {
	for what, end := range map[string]func(w *world, cookie *http.Cookie, key *auth.Key){
		"expired": func(w *world, _ *http.Cookie, _ *auth.Key) { w.later.Store(int64(auth.MaxSignIn)) },
		"revoked": func(w *world, _ *http.Cookie, key *auth.Key) {
			_, err := w.keys.Revoke(context.Background(), key.ID)
			w.must(err)
		},
		"tampered":       func(_ *world, cookie *http.Cookie, _ *auth.Key) { cookie.Value = "A" + cookie.Value[1:] },
		"another's":      func(_ *world, cookie *http.Cookie, _ *auth.Key) { cookie.Value = strings.Repeat("A", 200) },
		"of TLS, if not": func(_ *world, cookie *http.Cookie, _ *auth.Key) { cookie.Name = "__Host-" + cookie.Name },
	} {
		t.Run(what, func(t *testing.T) {
			w := newWorld(t)
			secret := w.key(auth.KindRead, "acme")
			cookie := w.signsIn(secret)
			key, err := w.keys.Lookup(context.Background(), secret)
			w.must(err)
			if strings.HasPrefix(cookie.Value, "A") && what == "tampered" {
				t.Skip("the cookie begins with what would replace it")
			}
			end(w, cookie, key)
			answer := w.browse(http.MethodGet, "/v1/sources", "", cookie, ownPage)
			if answer.Code != http.StatusUnauthorized || answer.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("is answered with %d: %s", answer.Code, answer.Body)
			}
		})
	}
}

// TestTheHeaderGoesBeforeTheCookie: whatever it holds, so that nobody is taken for somebody else.
func TestTheHeaderGoesBeforeTheCookie(t *testing.T) {
	w := newWorld(t)
	cookie := w.signsIn(w.key(auth.KindAdmin, "acme"))
	other := w.key(auth.KindRead, "globex")
	with := func(authorization string) *httptest.ResponseRecorder {
		return w.browse(http.MethodGet, "/v1/session", "", cookie, headers{"Sec-Fetch-Site": "same-origin", "Authorization": authorization})
	}
	if v := w.decoded(with("Bearer "+other), http.StatusOK); v["workspace"] != "globex" {
		t.Errorf("the key of another workspace beside the cookie: %v", v)
	}
	for _, bad := range []string{"", "Bearer ", "Bearer x", "Basic " + other} {
		if answer := with(bad); answer.Code != http.StatusUnauthorized {
			t.Errorf("with Authorization %q: %d", bad, answer.Code)
		}
	}
	twice := w.browse(http.MethodGet, "/v1/session", "", cookie, headers{"Sec-Fetch-Site": "same-origin", "Cookie": cookie.Name + "=x; " + cookie.Name + "=" + cookie.Value})
	if twice.Code != http.StatusUnauthorized {
		t.Errorf("of two cookies one is taken: %d", twice.Code)
	}
	list := `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	if answer := w.browse(http.MethodPost, "/mcp", list, cookie, ownPage); answer.Code != http.StatusUnauthorized {
		t.Errorf("a cookie opens MCP: %d %s", answer.Code, answer.Body)
	}
}

func TestNotEverythingSignsIn(t *testing.T) {
	w := newWorld(t)
	revoked := w.key(auth.KindRead, "acme")
	key, err := w.keys.Lookup(context.Background(), revoked)
	w.must(err)
	_, err = w.keys.Revoke(context.Background(), key.ID)
	w.must(err)
	for _, tt := range []struct {
		name, key string
		status    int
		says      string
	}{
		{"nothing", "", http.StatusBadRequest, "is required"},
		{"a write key", w.key(auth.KindWrite, "acme"), http.StatusBadRequest, "is a write key"},
		{"no key", "trb_x", http.StatusUnauthorized, "no such key"},
		{"no token", "a.b.c", http.StatusUnauthorized, "no such key"},
		{"a revoked key", revoked, http.StatusUnauthorized, "the key is revoked"},
	} {
		answer := w.browse(http.MethodPost, "/v1/session", `{"key":"`+tt.key+`"}`, nil, ownPage)
		if answer.Code != tt.status || !strings.Contains(answer.Body.String(), tt.says) || len(answer.Result().Cookies()) > 0 {
			t.Errorf("%s: %d %s", tt.name, answer.Code, answer.Body)
		}
		if tt.key != "" && strings.Contains(answer.Body.String()+w.lines.String(), tt.key) {
			t.Errorf("%s is repeated: %s", tt.name, answer.Body)
		}
	}
}

// TestFailedSignInsOfAnAddressAreLimited: those that succeed cost nothing.
func TestFailedSignInsOfAnAddressAreLimited(t *testing.T) {
	w := newWorld(t)
	good := `{"key":"` + w.key(auth.KindRead, "acme") + `"}`
	from := func(address, body string) int {
		r := httptest.NewRequest(http.MethodPost, "/v1/session", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.RemoteAddr = address
		answer := httptest.NewRecorder()
		w.api.Handler().ServeHTTP(answer, r)
		w.agrees(r, answer)
		return answer.Code
	}
	for range 40 {
		if status := from("192.0.2.1:1000", good); status != http.StatusOK {
			t.Fatalf("who succeeds is answered with %d", status)
		}
	}
	for i := range 30 {
		if status := from("[2001:db8::1]:1000", `{"key":"x"}`); status != http.StatusUnauthorized {
			t.Fatalf("attempt %d: %d", i, status)
		}
	}
	if status := from("[2001:db8::ffff:2]:2000", good); status != http.StatusTooManyRequests {
		t.Errorf("another address of the same /64: %d", status)
	}
	if status := from("[2001:db8:0:1::1]:1000", good); status != http.StatusOK {
		t.Errorf("another /64: %d", status)
	}
	w.later.Store(int64(2 * time.Second))
	if status := from("[2001:db8::1]:1000", good); status != http.StatusOK {
		t.Errorf("two seconds later: %d", status)
	}
}

// counted counts what is put on record, by action and outcome.
type counted map[string]int

func (n counted) Note(_ context.Context, _ string, note unify.AuditNote) error {
	n[note.Action+" "+note.Outcome]++
	return nil
}

// TestNobodyFillsTheTrail: not with a key that opens nothing any more, nor by signing in and out again. What is asked is
// answered all the same.
func TestNobodyFillsTheTrail(t *testing.T) {
	w := newWorld(t)
	trail := counted{}
	dead, good := w.key(auth.KindAdmin, "acme"), w.key(auth.KindRead, "acme")
	cookie := w.signsIn(good)
	_, err := w.keys.Revoke(context.Background(), auth.Hash(dead)[:16])
	w.must(err)
	w.api.Notes = trail
	for range 50 {
		w.decoded(w.do(http.MethodGet, "/v1/keys", dead, ""), http.StatusUnauthorized)
		w.decoded(w.do(http.MethodGet, "/v1/sources", dead, ""), http.StatusUnauthorized)
		if answer := w.browse(http.MethodDelete, "/v1/session", "", cookie, ownPage); answer.Code != http.StatusNoContent {
			t.Fatalf("a sign-out is answered with %d", answer.Code)
		}
	}
	if want := (counted{"request refused": 30, "sign_out done": 29}); !maps.Equal(trail, want) { // good signed in before
		t.Errorf("on record are %v, want %v", trail, want)
	}
	w.later.Store(int64(2 * time.Second))
	for range 50 {
		w.do(http.MethodGet, "/v1/keys", dead, "")
		w.browse(http.MethodPost, "/v1/session", `{"key":"`+good+`"}`, nil, ownPage)
	}
	if want := (counted{"request refused": 32, "sign_out done": 29, "sign_in done": 32}); !maps.Equal(trail, want) { // 30 of the address
		t.Errorf("two seconds later %v, want %v", trail, want)
	}
}

// TestOverTLSTheCookieIsOfTheHostAlone: here, or at the proxy that http.public_url names.
func TestOverTLSTheCookieIsOfTheHostAlone(t *testing.T) {
	w := newWorld(t)
	body, err := json.Marshal(signInBody{w.key(auth.KindRead, "acme")})
	w.must(err)
	ask := func(method, text, origin string, cookie *http.Cookie) (status int, cookies []*http.Cookie) {
		r := httptest.NewRequest(method, "/v1/session", strings.NewReader(text))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Origin", origin)
		if w.api.PublicURL == "" {
			r.TLS = &tls.ConnectionState{}
		}
		if cookie != nil {
			r.AddCookie(cookie)
		}
		answer := httptest.NewRecorder()
		w.api.Handler().ServeHTTP(answer, r)
		result := answer.Result()
		w.must(result.Body.Close())
		return result.StatusCode, result.Cookies()
	}
	for public, origin := range map[string]string{"": "https://example.com", "https://cdp.example.com": "https://cdp.example.com"} {
		w.api.PublicURL = public
		_, cookies := ask(http.MethodPost, string(body), origin, nil)
		if len(cookies) != 1 || cookies[0].Name != "__Host-tributary-session" || !cookies[0].Secure || cookies[0].Path != "/" || cookies[0].Domain != "" {
			t.Fatalf("%q: %v", public, cookies)
		}
		if status, _ := ask(http.MethodGet, "", origin, cookies[0]); status != http.StatusOK {
			t.Errorf("%q: is answered with %d", public, status)
		}
		cookies[0].Name = "tributary-session"
		if status, _ := ask(http.MethodGet, "", origin, cookies[0]); status != http.StatusUnauthorized {
			t.Errorf("%q: a cookie that any host near could set is taken: %d", public, status)
		}
	}
}
