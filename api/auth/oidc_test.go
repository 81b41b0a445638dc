package auth_test

import (
	"errors"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"tributary/api/auth"
	"tributary/api/auth/oidctest"
)

const callback = "https://cdp.example.com/v1/session/oidc/company/callback"

// flow is a sign-in at a provider, step by step.
type flow struct {
	testing.TB
	*oidctest.Provider
	providers *auth.Providers
	now       *time.Time
}

func newFlow(t testing.TB, changes ...func(*auth.Provider)) *flow {
	t.Helper()
	f := &flow{TB: t, Provider: oidctest.New(t)}
	p := auth.Provider{Name: "company", ClientSecret: oidctest.Secret, Request: []string{"groups"}, Issuer: auth.Issuer{
		Issuer: f.URL, Audience: oidctest.ClientID, Workspace: "acme", ScopesClaim: "groups",
		Scopes: map[string][]auth.Scope{"desk": {auth.ScopeProfilesRead}}, WorkspaceClaim: "",
	}}
	for _, change := range changes {
		change(&p)
	}
	_, docs, now := newKeys()
	clock := func() time.Time { return *now }
	f.now = now
	f.Now = clock
	other := p
	other.Name = "other"
	var err error
	f.providers, err = auth.NewProviders(auth.TokensConfig{
		Workspaces: auth.NewWorkspaces(docs, docs, clock, "acme"), Secret: make([]byte, 32), Now: clock, Logger: slog.New(slog.DiscardHandler),
	}, make([]byte, 32), p, other)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// begin goes to the provider and back, and returns what the browser kept, and what it brings.
func (f *flow) begin() (kept string, back url.Values) {
	f.Helper()
	address, kept, err := f.providers.Start(f.Context(), "company", callback, "/ui/overview")
	if err != nil {
		f.Fatal(err)
	}
	return kept, f.SignIn(address).Query()
}

func unbounded() error { return nil }

func (f *flow) finish(kept string, back url.Values) (*auth.Key, error) {
	key, next, err := f.providers.Finish(f.Context(), "company", callback, kept, back, unbounded)
	if err == nil && next != "/ui/overview" {
		f.Errorf("goes on to %q", next)
	}
	return key, err
}

func (f *flow) wantFault(what string, want auth.SignInFault, key *auth.Key, err error) {
	f.Helper()
	var fault *auth.SignInError
	if !errors.As(err, &fault) || fault.Fault != want || key != nil {
		f.Errorf("%s: %+v, %v, want the fault %s", what, key, err, want)
	}
}

func TestSomebodySignsInAtAProvider(t *testing.T) {
	for what, change := range map[string]func(*oidctest.Provider){
		"the secret in the header": func(*oidctest.Provider) {},
		"the secret in the body":   func(p *oidctest.Provider) { p.InBody = true },
		"the provider says who":    func(p *oidctest.Provider) { p.SaysIssuer = true },
		"for several, by this one": func(p *oidctest.Provider) {
			p.Claims = map[string]any{"aud": []string{"x", oidctest.ClientID}, "azp": oidctest.ClientID}
		},
		"its session lasts an hour": func(p *oidctest.Provider) { p.Claims = map[string]any{"session_expiry": epoch.Add(time.Hour).Unix()} },
	} {
		t.Run(what, func(t *testing.T) {
			f := newFlow(t)
			f.Change(change)
			key, err := f.finish(f.begin())
			if err != nil {
				t.Fatal(err)
			}
			if key.Workspace != "acme" || len(key.Scopes) != 1 || !key.May(auth.ScopeProfilesRead) || key.Reader != auth.DefaultReader ||
				!strings.HasPrefix(key.Actor(), "jwt:") || strings.Contains(key.Actor(), "ada@") {
				t.Errorf("may %+v", key)
			}
			signIns, _, _ := newSignIns(t, auth.Issuer{Issuer: f.URL, Audience: oidctest.ClientID})
			_, expires, err := signIns.Make(key)
			want := epoch.Add(auth.MaxSignIn) // whatever exp of the ID token, which is a minute later
			if strings.Contains(what, "hour") {
				want = epoch.Add(time.Hour)
			}
			if err != nil || !expires.Equal(want) {
				t.Errorf("until %s, %v, want %s", expires, err, want)
			}
		})
	}
}

// TestABrowserBringsWhatItKept: a code counts in the browser that began, at its provider, within its time, once.
func TestABrowserBringsWhatItKept(t *testing.T) {
	f := newFlow(t)
	kept, back := f.begin()
	with := func(name, value string) url.Values {
		q := url.Values{}
		for n, v := range back {
			q[n] = v
		}
		q.Set(name, value)
		return q
	}
	another, _ := f.begin()
	for what, tt := range map[string]struct {
		kept string
		back url.Values
		want auth.SignInFault
	}{
		"no cookie":          {"", back, auth.FaultStale},
		"another's cookie":   {another, back, auth.FaultStale},
		"a forged cookie":    {kept[:len(kept)-2] + "AA", back, auth.FaultStale},
		"another state":      {kept, with("state", "x"), auth.FaultStale},
		"no state":           {kept, with("state", ""), auth.FaultStale},
		"no code":            {kept, with("code", ""), auth.FaultInvalid},
		"another provider":   {kept, with("iss", "https://login.attacker.example"), auth.FaultInvalid},
		"a code of no grant": {kept, with("code", "x"), auth.FaultRefused},
	} {
		key, err := f.finish(tt.kept, tt.back)
		f.wantFault(what, tt.want, key, err)
	}
	if _, _, err := f.providers.Finish(t.Context(), "none", callback, kept, back, unbounded); !errors.Is(err, auth.ErrNoProvider) {
		t.Errorf("at no provider: %v", err)
	}
	key, _, err := f.providers.Finish(t.Context(), "other", callback, kept, back, unbounded)
	f.wantFault("at another provider", auth.FaultStale, key, err)
	if f.Redeemed() > 0 {
		t.Fatal("a code was redeemed")
	}
	if _, err := f.finish(kept, back); err != nil {
		t.Fatalf("what is right is refused: %v", err)
	}
	key, err = f.finish(kept, back)
	f.wantFault("the code once more", auth.FaultRefused, key, err)
	kept, back = f.begin()
	key, _, err = f.providers.Finish(t.Context(), "company", callback+"/elsewhere", kept, back, unbounded)
	f.wantFault("sent back to elsewhere", auth.FaultRefused, key, err)
	kept, back = f.begin()
	*f.now = f.now.Add(auth.SignInTime)
	key, err = f.finish(kept, back)
	f.wantFault("too late", auth.FaultStale, key, err)
}

// TestAnIDTokenHasToBeProven: signature, issuer, client, nonce, time; and it has to allow something.
func TestAnIDTokenHasToBeProven(t *testing.T) {
	claims := func(name string, value any) func(*oidctest.Provider) {
		return func(p *oidctest.Provider) { p.Claims = map[string]any{name: value} }
	}
	for what, tt := range map[string]struct {
		change func(*oidctest.Provider)
		want   auth.SignInFault
	}{
		"a stranger's signature":   {func(p *oidctest.Provider) { p.Stranger = true }, auth.FaultInvalid},
		"another nonce":            {claims("nonce", "x"), auth.FaultInvalid},
		"no nonce":                 {claims("nonce", nil), auth.FaultInvalid},
		"another issuer":           {claims("iss", "https://login.attacker.example"), auth.FaultInvalid},
		"another client":           {claims("aud", "shop"), auth.FaultInvalid},
		"got by another client":    {claims("azp", "shop"), auth.FaultInvalid},
		"got by who knows whom":    {claims("azp", 7), auth.FaultInvalid},
		"several, by nobody":       {claims("aud", []string{"shop", oidctest.ClientID}), auth.FaultInvalid},
		"over":                     {claims("exp", epoch.Add(-time.Hour).Unix()), auth.FaultInvalid},
		"no end":                   {claims("exp", nil), auth.FaultInvalid},
		"nobody":                   {claims("sub", nil), auth.FaultInvalid},
		"a session that is over":   {claims("session_expiry", epoch.Unix()), auth.FaultInvalid},
		"no rights":                {claims("groups", []string{"guests"}), auth.FaultNoRights},
		"it refuses":               {func(p *oidctest.Provider) { p.Refuses = "access_denied" }, auth.FaultRefused},
		"it does not say who, now": {func(p *oidctest.Provider) { p.Claims = nil }, ""},
	} {
		f := newFlow(t)
		f.Change(tt.change)
		key, err := f.finish(f.begin())
		if tt.want != "" {
			f.wantFault(what, tt.want, key, err)
		} else if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if err != nil && (strings.Contains(err.Error(), "ada@") || strings.Contains(err.Error(), "access_denied")) {
			t.Errorf("%s: the error repeats what came: %v", what, err)
		}
	}
	f := newFlow(t, func(p *auth.Provider) { p.Workspace, p.WorkspaceClaim = "", "space" })
	key, err := f.finish(f.begin())
	f.wantFault("no workspace", auth.FaultNoRights, key, err)
	f = newFlow(t, func(p *auth.Provider) { p.ClientSecret = "another" })
	key, err = f.finish(f.begin())
	f.wantFault("another secret", auth.FaultRefused, key, err)
}

// TestAProviderThatIsDownIsLeftInPeace: and what it said of itself goes on.
func TestAProviderThatIsDownIsLeftInPeace(t *testing.T) {
	f := newFlow(t)
	f.Change(func(p *oidctest.Provider) { p.Down = true })
	_, _, err := f.providers.Start(t.Context(), "company", callback, "/ui/")
	f.wantFault("down", auth.FaultUnavailable, nil, err)
	f.Change(func(p *oidctest.Provider) { p.Down = false })
	_, _, err = f.providers.Start(t.Context(), "company", callback, "/ui/")
	f.wantFault("down a moment ago", auth.FaultUnavailable, nil, err)
	*f.now = f.now.Add(10 * time.Second)
	kept, back := f.begin()
	f.Change(func(p *oidctest.Provider) { p.Down = true })
	key, err := f.finish(kept, back)
	f.wantFault("down before the code", auth.FaultUnavailable, key, err)
	*f.now = f.now.Add(time.Hour)
	if _, _, err := f.providers.Start(t.Context(), "company", callback, "/ui/"); err != nil {
		t.Errorf("what it said an hour ago is forgotten: %v", err)
	}
}

func TestFaultsOfProvidersAreAllTold(t *testing.T) {
	err := auth.Provider{Name: "No Good", Issuer: auth.Issuer{CustomerClaim: "c"}, Request: []string{"a b"}}.Validate()
	for _, want := range []string{"name:", "client_id:", "customer_claim:", "issuer:", "request[0]:", "workspace, workspace_claim:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %s", err, want)
		}
	}
	if strings.Count(err.Error(), "issuer:") != 1 {
		t.Errorf("the issuer's fault is told twice: %v", err)
	}
}
