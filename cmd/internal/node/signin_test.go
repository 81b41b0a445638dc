package node

import (
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"tributary/api/audit"
	"tributary/api/auth"
	"tributary/api/auth/oidctest"
	"tributary/cmd/internal/config"
)

// browser keeps cookies, and is led nowhere by itself.
type browser struct {
	*world
	http.Client
}

func (p *program) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{&world{program: p}, http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// get asks for an address, as a page of site does, and says where the browser is sent on to.
func (b *browser) get(t *testing.T, address, site string) (status int, location string, answer []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Sec-Fetch-Site", site)
	response, err := b.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	location = response.Header.Get("Location")
	status, answer = b.whole(response, nil)
	return status, location, answer
}

// atProvider has people sign in at a provider, as whose group desk they may read profiles and sources.
func atProvider(t *testing.T, provider *oidctest.Provider) func(*config.Config) {
	return func(c *config.Config) {
		c.Auth.OIDC = []config.OIDCProvider{{
			Name: "company", Label: "Example Company", ClientID: oidctest.ClientID, ClientSecret: oidctest.Secret,
			TokenIssuer: config.TokenIssuer{
				Issuer: provider.URL, Workspace: "default", ScopesClaim: "groups", Purpose: auth.PurposeSupport, Reader: auth.ReaderHuman,
				Scopes: map[string][]auth.Scope{"desk": {auth.ScopeProfilesRead, auth.ScopeSourcesRead}},
			},
		}}
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPeopleSignInAtAProvider: through the program, as a browser does, and on record; what fails leads to the sign-in
// page, which is told why and no more.
func TestPeopleSignInAtAProvider(t *testing.T) {
	provider := oidctest.New(t)
	p := start(t, t.TempDir(), atProvider(t, provider))
	b := p.browser(t)
	var ways struct {
		SignIn struct {
			OIDC []struct{ Name, Label, Start string }
		} `json:"sign_in"`
	}
	if _, _, answer := b.get(t, p.url+"/v1/session/providers", "same-origin"); json.Unmarshal(answer, &ways) != nil || len(ways.SignIn.OIDC) != 1 || ways.SignIn.OIDC[0].Label != "Example Company" {
		t.Fatalf("the ways to sign in are %s", answer)
	}
	begin := p.url + ways.SignIn.OIDC[0].Start
	status, address, _ := b.get(t, begin+"?next="+url.QueryEscape("/ui/customers?q=ada"), "same-origin")
	if status != http.StatusSeeOther || !strings.HasPrefix(address, provider.URL+"/authorize?") {
		t.Fatalf("is sent to %q, %d", address, status)
	}
	back := provider.SignIn(address).String()
	if status, location, _ := p.browser(t).get(t, back, "cross-site"); status != http.StatusSeeOther || location != "/ui/sign-in?error=stale" {
		t.Errorf("another browser is sent to %q, %d", location, status)
	}
	if status, location, _ := b.get(t, back, "cross-site"); status != http.StatusSeeOther || location != "/ui/customers?q=ada" {
		t.Fatalf("goes on to %q, %d", location, status)
	}
	status, _, answer := b.get(t, p.url+"/v1/session", "same-origin")
	var session struct {
		Workspace, Actor string
		Scopes           []string
	}
	if err := json.Unmarshal(answer, &session); err != nil || status != http.StatusOK || session.Workspace != "default" || len(session.Scopes) != 2 || !hashedActor.MatchString(session.Actor) {
		t.Errorf("is signed in as %d %s", status, answer)
	}
	for _, tt := range []struct {
		path, site string
		status     int
	}{{"/v1/sources", "same-origin", 200}, {"/v1/sources", "cross-site", 403}, {"/v1/keys", "same-origin", 403}} {
		if status, _, answer := b.get(t, p.url+tt.path, tt.site); status != tt.status {
			t.Errorf("%s from %s: %d %.200s", tt.path, tt.site, status, answer)
		}
	}
	if _, location, _ := b.get(t, back, "cross-site"); location != "/ui/sign-in?error=stale" {
		t.Errorf("who comes back twice is sent to %q", location)
	}
	provider.Change(func(p *oidctest.Provider) { p.Claims = map[string]any{"groups": nil} })
	_, address, _ = b.get(t, begin+"?next="+url.QueryEscape("https://attacker.example/ui/"), "none")
	if _, location, _ := b.get(t, provider.SignIn(address).String(), "cross-site"); location != "/ui/sign-in?error=no_rights" {
		t.Errorf("who may do nothing is sent to %q", location)
	}
	p.settle()
	page, err := p.trail.Page(t.Context(), audit.Request{Workspace: "default", Action: "sign_in"})
	if err != nil || len(page.Lines) != 1 || page.Lines[0].Actor != session.Actor || page.Lines[0].Outcome != "done" {
		t.Errorf("on record is %+v, %v", page, err)
	}
}

// TestFailedSignInsAtAProviderAreLimited: those that succeed, and what a page of others sends without anybody having begun, cost nothing; and
// keys go on.
func TestFailedSignInsAtAProviderAreLimited(t *testing.T) {
	provider := oidctest.New(t)
	p := start(t, t.TempDir(), atProvider(t, provider))
	b := p.browser(t)
	at := p.url + "/v1/session/oidc/company/"
	signIn := func() string {
		_, address, _ := b.get(t, at+"start?next="+url.QueryEscape("/ui/customers"), "none")
		_, location, _ := b.get(t, provider.SignIn(address).String(), "cross-site")
		return location
	}
	for i := range 40 {
		if _, location, _ := p.browser(t).get(t, at+"callback?code=x&state=x", "cross-site"); location != "/ui/sign-in?error=stale" {
			t.Fatalf("%d that nobody began are sent to %q", i, location)
		}
	}
	for i := range 40 {
		if location := signIn(); location != "/ui/customers" {
			t.Fatalf("who succeeds %d times goes on to %q", i, location)
		}
	}
	provider.Change(func(p *oidctest.Provider) { p.Claims = map[string]any{"groups": nil} })
	ends := map[string]int{}
	for begun := time.Now(); ends["/ui/sign-in?error=limited"] == 0 && time.Since(begun) < time.Minute; { // a second gives one back
		ends[signIn()]++
	}
	if ends["/ui/sign-in?error=no_rights"] < 30 || ends["/ui/sign-in?error=limited"] != 1 || len(ends) != 2 {
		t.Errorf("who fails is sent to %v", ends)
	}
	sign, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/v1/session", strings.NewReader(`{"key":"`+p.key(auth.New{Kind: auth.KindRead, Workspace: "default"})+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	sign.Header.Set("Content-Type", "application/json")
	if status, answer := b.whole(b.Do(sign)); status != http.StatusOK {
		t.Errorf("with a key: %d %.200s", status, answer)
	}
}

// TestNoCookieSendsEvents: the gateway takes keys alone.
func TestNoCookieSendsEvents(t *testing.T) {
	p := start(t, t.TempDir())
	b := p.browser(t)
	sign, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/v1/session", strings.NewReader(`{"key":"`+p.key(auth.New{Kind: auth.KindAdmin, Workspace: "default"})+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	sign.Header.Set("Content-Type", "application/json")
	if status, answer := b.whole(b.Do(sign)); status != http.StatusOK {
		t.Fatalf("%d %s", status, answer)
	}
	for path, body := range intakeExamples {
		if body == "" {
			continue
		}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+path, strings.NewReader(`{"userId":"u-1","event":"x","batch":[]}`))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("Sec-Fetch-Site", "same-origin")
		if status, answer := b.whole(b.Do(request)); status != http.StatusUnauthorized {
			t.Errorf("%s: %d %s", path, status, answer)
		}
	}
}
