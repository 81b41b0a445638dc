package auth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"tributary/api/auth"
)

// provider is an issuer of tokens on loopback, whose keys change.
type provider struct {
	testing.TB
	server *httptest.Server

	mu    sync.Mutex
	keys  map[string]crypto.Signer // by key id
	extra []jose.JSONWebKey        // published as well
	down  bool
	asked int
}

func newProvider(t testing.TB) *provider {
	p := &provider{TB: t, keys: map[string]crypto.Signer{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": p.server.URL, "jwks_uri": p.server.URL + "/keys"})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.asked++
		if p.down {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_ = json.NewEncoder(w).Encode(p.set())
	})
	p.server = httptest.NewServer(mux)
	t.Cleanup(p.server.Close)
	return p
}

func (p *provider) set() jose.JSONWebKeySet {
	set := jose.JSONWebKeySet{Keys: slices.Clone(p.extra)}
	for kid, key := range p.keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{KeyID: kid, Key: key.Public(), Use: "sig"})
	}
	return set
}

func (p *provider) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

var signers = sync.OnceValue(func() map[jose.SignatureAlgorithm]crypto.Signer {
	r, err1 := rsa.GenerateKey(rand.Reader, 2048)
	e, err2 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, d, err3 := ed25519.GenerateKey(rand.Reader)
	if err := errors.Join(err1, err2, err3); err != nil {
		panic(err)
	}
	return map[jose.SignatureAlgorithm]crypto.Signer{jose.RS256: r, jose.ES256: e, jose.EdDSA: d}
})

// sign makes a token of the provider's, with what changes says instead; nil leaves a claim out.
func (p *provider) sign(alg jose.SignatureAlgorithm, kid string, key any, changes map[string]any) string {
	p.Helper()
	claims := map[string]any{
		"iss": p.server.URL, "aud": []string{"other", "tributary"}, "sub": "ada@example.com", "scope": "profiles:read context:read",
		"exp": epoch.Add(time.Hour).Unix(), "iat": epoch.Unix(), "nbf": epoch.Unix(), "space": "acme",
	}
	for name, v := range changes {
		claims[name] = v
		if v == nil {
			delete(claims, name)
		}
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", kid).WithType("JWT"))
	if err != nil {
		p.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		p.Fatal(err)
	}
	return text
}

// newTokens returns tokens of the provider, and the clock they go by.
func (p *provider) newTokens(changes ...func(*auth.Issuer)) (*auth.Tokens, *time.Time) {
	p.Helper()
	i := auth.Issuer{Issuer: p.server.URL, Audience: "tributary", WorkspaceClaim: "space"}
	for _, change := range changes {
		change(&i)
	}
	_, docs, now := newKeys()
	clock := func() time.Time { return *now }
	tokens, err := auth.NewTokens(auth.TokensConfig{
		Issuers: []auth.Issuer{i}, Workspaces: auth.NewWorkspaces(docs, docs, clock, "acme", "other"),
		Secret: make([]byte, 32), Now: clock, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		p.Fatal(err)
	}
	return tokens, now
}

// wantFault checks that a token is refused for a claim, and that the reason repeats nothing of it.
func wantFault(t *testing.T, tokens *auth.Tokens, text, claim string) {
	t.Helper()
	key, err := tokens.Lookup(t.Context(), text)
	var fault *auth.TokenError
	if !errors.As(err, &fault) || fault.Claim != claim || key != nil {
		t.Fatalf("gives %+v, %v, want a fault of %q", key, err, claim)
	}
	if strings.Contains(err.Error(), "example") || strings.Contains(err.Error(), text[:10]) {
		t.Errorf("the reason repeats the token: %v", err)
	}
}

func TestTokensOfAnIssuerOpen(t *testing.T) {
	p := newProvider(t)
	for alg, key := range signers() {
		p.keys[string(alg)] = key
	}
	for _, tt := range []struct {
		name    string
		change  func(*auth.Issuer)
		claims  map[string]any
		purpose auth.Purpose
		reader  auth.Reader
		scopes  []auth.Scope
	}{
		{name: "as is", purpose: "support", reader: "human", scopes: []auth.Scope{"context:read", "profiles:read"}},
		{
			name: "by the address of the keys", change: func(i *auth.Issuer) { i.KeysURL = i.Issuer + "/keys" },
			claims:  map[string]any{"scope": []string{"profiles:read", "openid", "ingest:write"}},
			purpose: "support", reader: "human", scopes: []auth.Scope{"profiles:read"},
		},
		{
			name: "mapped",
			change: func(i *auth.Issuer) {
				i.ScopesClaim, i.Scopes = "realm_access.roles", map[string][]auth.Scope{"desk": {"context:read", "timeline:read"}, "chief": {"admin", "context:read"}}
				i.PurposeClaim, i.Purpose, i.ReaderClaim = "why", "sales", "https://tributary.example.com/reader"
			},
			claims: map[string]any{
				"realm_access":                         map[string]any{"roles": []string{"desk", "chief", "admin"}},
				"https://tributary.example.com/reader": "own_ai",
			},
			purpose: "sales", reader: "own_ai", scopes: []auth.Scope{"admin", "context:read", "timeline:read"},
		},
		{name: "without a scope", claims: map[string]any{"scope": nil}, purpose: "support", reader: "human"},
	} {
		for alg, signer := range signers() {
			change := tt.change
			if change == nil {
				change = func(*auth.Issuer) {}
			}
			tokens, _ := p.newTokens(change)
			key, err := tokens.Lookup(t.Context(), p.sign(alg, string(alg), signer, tt.claims))
			if err != nil {
				t.Errorf("%s, %s: %v", tt.name, alg, err)
				continue
			}
			if key.Workspace != "acme" || key.Purpose != tt.purpose || key.Reader != tt.reader || !slices.Equal(key.Scopes, tt.scopes) {
				t.Errorf("%s, %s: %+v", tt.name, alg, key)
			}
			if !hashedActor.MatchString(key.Actor()) {
				t.Errorf("%s, %s: the actor is %s", tt.name, alg, key.Actor())
			}
		}
	}
}

// hashedActor is who a token's bearer is on record: hashes of the issuer and of whom it names.
var hashedActor = regexp.MustCompile(`^jwt:[0-9a-f]{16}:[0-9a-f]{16}$`)

func TestTokensAreRefused(t *testing.T) {
	p := newProvider(t)
	es := signers()[jose.ES256]
	p.keys["k"] = es
	for name, tt := range map[string]struct {
		claims map[string]any
		claim  string
	}{
		"another issuer":        {map[string]any{"iss": "https://login.example.com"}, "iss"},
		"no issuer":             {map[string]any{"iss": nil}, "iss"},
		"another audience":      {map[string]any{"aud": "shop"}, "aud"},
		"no audience":           {map[string]any{"aud": nil}, "aud"},
		"expired":               {map[string]any{"exp": epoch.Add(-2 * time.Minute).Unix()}, "exp"},
		"without an end":        {map[string]any{"exp": nil}, "exp"},
		"not yet":               {map[string]any{"nbf": epoch.Add(2 * time.Minute).Unix()}, "nbf"},
		"from the future":       {map[string]any{"iat": epoch.Add(2 * time.Minute).Unix()}, "iat"},
		"of nobody":             {map[string]any{"sub": nil}, "sub"},
		"unknown workspace":     {map[string]any{"space": "example"}, "space"},
		"no workspace":          {map[string]any{"space": nil}, "space"},
		"a workspace as a list": {map[string]any{"space": []string{"acme"}}, "space"},
		"claims of other types": {map[string]any{"exp": "tomorrow"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tokens, _ := p.newTokens()
			wantFault(t, tokens, p.sign(jose.ES256, "k", es, tt.claims), tt.claim)
		})
	}
	t.Run("clocks a little apart", func(t *testing.T) {
		tokens, _ := p.newTokens()
		late := map[string]any{"exp": epoch.Add(-30 * time.Second).Unix(), "nbf": epoch.Add(30 * time.Second).Unix()}
		if _, err := tokens.Lookup(t.Context(), p.sign(jose.ES256, "k", es, late)); err != nil {
			t.Error(err)
		}
	})
}

func encoded(v string) string { return base64.RawURLEncoding.EncodeToString([]byte(v)) }

func TestForgedTokensAreRefused(t *testing.T) {
	p := newProvider(t)
	rs := signers()[jose.RS256].(*rsa.PrivateKey)
	p.keys["k"] = rs
	// A shared secret that somebody published by mistake must not become one.
	p.extra = []jose.JSONWebKey{{KeyID: "shared", Key: []byte("0123456789abcdef0123456789abcdef")}}
	good := p.sign(jose.RS256, "k", rs, nil)
	parts := strings.Split(good, ".")
	der, err := x509.MarshalPKIXPublicKey(&rs.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	own := jose.JSONWebKey{Key: other.Public(), KeyID: "k"}
	withKey, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: other}, (&jose.SignerOptions{EmbedJWK: true}).WithHeader("kid", "k"))
	if err != nil {
		t.Fatal(err)
	}
	embedded, err := jwt.Signed(withKey).Claims(map[string]any{"iss": p.server.URL, "aud": "tributary", "sub": "s", "space": "acme", "exp": epoch.Add(time.Hour).Unix()}).Serialize()
	if err != nil || !own.Valid() {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ text, claim string }{
		"none":                                {encoded(`{"alg":"none","typ":"JWT"}`) + "." + parts[1] + ".", "alg"},
		"none with a signature":               {encoded(`{"alg":"none","kid":"k"}`) + "." + parts[1] + "." + parts[2], "alg"},
		"HS256 with the public key":           {p.sign(jose.HS256, "k", public, nil), "alg"},
		"HS256 with the key's bytes":          {p.sign(jose.HS256, "k", der, nil), "alg"},
		"HS256 with a published secret":       {p.sign(jose.HS256, "shared", []byte("0123456789abcdef0123456789abcdef"), nil), "alg"},
		"another algorithm of the same key":   {p.sign(jose.RS512, "k", rs, nil), "alg"},
		"an algorithm of another kind of key": {p.sign(jose.ES256, "k", other, nil), "kid"},
		"the forger's own key in the header":  {embedded, "kid"},
		"another payload":                     {parts[0] + "." + encoded(`{"iss":"`+p.server.URL+`","aud":"tributary","sub":"x","space":"other","exp":9999999999}`) + "." + parts[2], "signature"},
		"no signature":                        {parts[0] + "." + parts[1] + ".", "signature"},
		"the algorithm changed":               {encoded(`{"alg":"PS256","kid":"k"}`) + "." + parts[1] + "." + parts[2], "alg"},
		"two dots":                            {"..", "alg"},
		"a part more":                         {good + ".x", ""},
		"not base64":                          {"a!b.c.d", ""},
		"too large":                           {parts[0] + "." + strings.Repeat("A", 20<<10) + "." + parts[2], ""},
	} {
		t.Run(name, func(t *testing.T) {
			tokens, _ := p.newTokens()
			_, err := tokens.Lookup(t.Context(), tt.text)
			var fault *auth.TokenError
			if !errors.As(err, &fault) || fault.Claim != tt.claim {
				t.Errorf("gives %v, want a fault of %q", err, tt.claim)
			}
		})
	}
}

func TestKeysOfAnIssuerChange(t *testing.T) {
	p := newProvider(t)
	es, rs := signers()[jose.ES256], signers()[jose.RS256]
	p.keys["one"] = es
	tokens, now := p.newTokens()
	first := func() string { return p.sign(jose.ES256, "one", es, map[string]any{"exp": now.Add(time.Hour).Unix()}) }
	second := func() string { return p.sign(jose.RS256, "two", rs, map[string]any{"exp": now.Add(time.Hour).Unix()}) }
	opens := func(text string) {
		t.Helper()
		if _, err := tokens.Lookup(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	opens(first())
	// A key that is not known is asked for, but not again and again.
	for range 20 {
		wantFault(t, tokens, second(), "kid")
	}
	if p.asked != 1 {
		t.Errorf("the issuer was asked %d times", p.asked)
	}
	p.change(func() { p.keys["two"] = rs })
	*now = now.Add(time.Minute)
	opens(second())
	opens(first())
	if p.asked != 2 {
		t.Errorf("the issuer was asked %d times", p.asked)
	}
	// Down: what is known goes on, whatever is asked.
	p.change(func() { p.down = true })
	*now = now.Add(time.Hour)
	opens(first())
	opens(second())
	wantFault(t, tokens, p.sign(jose.ES256, "three", es, map[string]any{"exp": now.Add(time.Hour).Unix()}), "kid")
	if p.asked != 3 {
		t.Errorf("the issuer was asked %d times", p.asked)
	}
	// Back, without the first key: it opens nothing any more.
	p.change(func() { p.down = false; delete(p.keys, "one") })
	*now = now.Add(time.Hour)
	opens(second())
	wantFault(t, tokens, first(), "kid")
}

func TestAnIssuerThatWasNeverReachedIsNoFaultOfTheToken(t *testing.T) {
	p := newProvider(t)
	p.down = true
	tokens, _ := p.newTokens()
	key, err := tokens.Lookup(t.Context(), p.sign(jose.ES256, "k", signers()[jose.ES256], nil))
	var fault *auth.TokenError
	if err == nil || errors.As(err, &fault) || key != nil {
		t.Errorf("gives %v, %v", key, err)
	}
}

func TestKeysOfAFile(t *testing.T) {
	p := newProvider(t)
	es := signers()[jose.ES256]
	p.keys["k"] = es
	text, err := json.Marshal(p.set())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	tokens, _ := p.newTokens(func(i *auth.Issuer) { i.Issuer, i.KeysFile = "urn:example", path })
	if _, err := tokens.Lookup(t.Context(), p.sign(jose.ES256, "k", es, map[string]any{"iss": "urn:example"})); err != nil {
		t.Error(err)
	}
	// A token that names no key is checked with the only one that fits.
	if _, err := tokens.Lookup(t.Context(), p.sign(jose.ES256, "", es, map[string]any{"iss": "urn:example"})); err != nil {
		t.Error(err)
	}
	if p.asked != 0 {
		t.Error("the issuer was asked")
	}
}

func TestTokenOfACustomer(t *testing.T) {
	p := newProvider(t)
	es := signers()[jose.ES256]
	p.keys["k"] = es
	tokens, _ := p.newTokens(func(i *auth.Issuer) { i.CustomerClaim = "customer" })
	wantFault(t, tokens, p.sign(jose.ES256, "k", es, nil), "customer")
	key, err := tokens.Lookup(t.Context(), p.sign(jose.ES256, "k", es, map[string]any{"customer": "u-1"}))
	if err != nil || key.Customer.Type != "user_id" || key.Customer.Value != "u-1" {
		t.Errorf("gives %+v, %v", key, err)
	}
}

func TestIssuersAreValidated(t *testing.T) {
	good := auth.Issuer{Issuer: "https://login.example.com", Audience: "tributary", Workspace: "acme"}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*auth.Issuer){
		"issuer: is required":   func(i *auth.Issuer) { i.Issuer = "" },
		"audience: is required": func(i *auth.Issuer) { i.Audience = "" },
		"issuer: must be https": func(i *auth.Issuer) { i.Issuer = "http://login.example.com" },
		"jwks_url: must be":     func(i *auth.Issuer) { i.KeysURL = "http://login.example.com/keys" },
		"jwks_url, jwks_file:":  func(i *auth.Issuer) { i.KeysURL, i.KeysFile = "https://login.example.com", "keys" },
		"algorithms[0]:":        func(i *auth.Issuer) { i.Algorithms = []string{"HS256"} },
		"algorithms[1]:":        func(i *auth.Issuer) { i.Algorithms = []string{"RS256", "none"} },
		"leeway:":               func(i *auth.Issuer) { i.Leeway = time.Hour },
		"workspace, workspace":  func(i *auth.Issuer) { i.WorkspaceClaim = "space" },
		"scopes.x[0]:":          func(i *auth.Issuer) { i.Scopes = map[string][]auth.Scope{"x": {"ingest:write"}} },
		"purpose:":              func(i *auth.Issuer) { i.Purpose = "fun" },
		"reader:":               func(i *auth.Issuer) { i.Reader = "dog" },
	} {
		i := good
		change(&i)
		if err := i.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not say %q", err, want)
		}
	}
}

func FuzzToken(f *testing.F) {
	p := newProvider(f)
	es := signers()[jose.ES256]
	p.keys["k"] = es
	f.Add(p.sign(jose.ES256, "k", es, nil)[:60])
	f.Add(encoded(`{"alg":"ES256"}`) + "." + encoded(`{}`) + ".")
	f.Add("..")
	tokens, _ := p.newTokens()
	f.Fuzz(func(t *testing.T, text string) {
		if key, err := tokens.Lookup(t.Context(), text); err == nil {
			t.Errorf("opens: %+v", key)
		}
	})
}
