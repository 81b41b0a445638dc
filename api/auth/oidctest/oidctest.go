// Package oidctest is a provider of OpenID Connect for tests: with discovery, an authorization endpoint at which
// everybody is signed in already, a token endpoint that takes each code once and checks PKCE and the client, and ID tokens
// that are signed. It is written from the standards and shares nothing with what is tested.
package oidctest

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// The client that the provider knows.
const (
	ClientID = "tributary"
	Secret   = "s3cr%t +/" // which has to be encoded, or is another one
)

// Provider is a provider on loopback. Its fields are changed by Change alone once it is asked.
type Provider struct {
	*httptest.Server
	t      testing.TB
	signer ed25519.PrivateKey

	mu sync.Mutex
	// Claims stand in ID tokens in place of what they would have; nil leaves one out.
	Claims map[string]any
	// Stranger: tokens are signed with a key that is not the provider's.
	Stranger bool
	// Refuses is the error that people are sent back with; "": they are not.
	Refuses string
	// SaysIssuer: who is sent back is told by whom (RFC 9207).
	SaysIssuer bool
	// InBody: the client's secret is taken in the body alone.
	InBody bool
	// Down: nothing is answered but 503.
	Down bool
	// Now is the clock, default time.Now.
	Now   func() time.Time
	codes map[string]grant
	used  int
}

// grant is what a code is worth.
type grant struct{ redirect, challenge, nonce string }

// New starts a provider.
func New(t testing.TB) *Provider {
	_, signer, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{t: t, signer: signer, codes: map[string]grant{}, Now: time.Now}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("GET /authorize", p.authorize)
	mux.HandleFunc("POST /token", p.token)
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.Down {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(p.Close)
	return p
}

// Change changes how the provider is.
func (p *Provider) Change(change func(*Provider)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

// Redeemed is how many codes were.
func (p *Provider) Redeemed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.used
}

// SignIn goes where a browser is sent to sign in, and returns where it is sent back to.
func (p *Provider) SignIn(address string) *url.URL {
	p.t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	_ = response.Body.Close()
	back, err := response.Location()
	if err != nil {
		p.t.Fatalf("the provider answers %s", response.Status)
	}
	return back
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	methods := []string{"client_secret_basic", "client_secret_post"}
	if p.InBody {
		methods = []string{"client_secret_post"}
	}
	p.answer(w, http.StatusOK, map[string]any{
		"issuer": p.URL, "jwks_uri": p.URL + "/keys", "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
		"token_endpoint_auth_methods_supported": methods, "authorization_response_iss_parameter_supported": p.SaysIssuer,
	})
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	p.answer(w, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{KeyID: "1", Key: p.signer.Public(), Use: "sig"}}})
}

// authorize is RFC 6749, section 4.1.1, for one client that must use PKCE, state and nonce.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	scopes := strings.Fields(q.Get("scope"))
	if q.Get("client_id") != ClientID || q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" ||
		len(q.Get("code_challenge")) != 43 || q.Get("state") == "" || q.Get("nonce") == "" || len(scopes) == 0 || scopes[0] != "openid" {
		p.t.Errorf("asks for authorization with %v", q)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	back := url.Values{"state": {q.Get("state")}, "session_state": {"of the provider's own"}}
	if p.SaysIssuer {
		back.Set("iss", p.URL)
	}
	if p.Refuses != "" {
		back.Set("error", p.Refuses)
	} else {
		code := rand.Text()
		p.codes[code] = grant{q.Get("redirect_uri"), q.Get("code_challenge"), q.Get("nonce")}
		back.Set("code", code)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
}

// token is RFC 6749, section 4.1.3, with RFC 7636, section 4.6.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, inHeader := r.BasicAuth()
	if inHeader {
		id, _ = url.QueryUnescape(id) // section 2.3.1
		secret, _ = url.QueryUnescape(secret)
	} else {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	if id != ClientID || secret != Secret || inHeader == p.InBody {
		p.answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	}
	code := r.PostFormValue("code")
	g, ok := p.codes[code]
	delete(p.codes, code)
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	if !ok || r.PostFormValue("grant_type") != "authorization_code" || r.PostFormValue("redirect_uri") != g.redirect ||
		base64.RawURLEncoding.EncodeToString(sum[:]) != g.challenge {
		p.answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant"})
		return
	}
	p.used++
	p.answer(w, http.StatusOK, map[string]any{"access_token": "opens nothing", "token_type": "Bearer", "id_token": p.idToken(g.nonce)})
}

func (p *Provider) idToken(nonce string) string {
	now := p.Now()
	claims := map[string]any{
		"iss": p.URL, "aud": ClientID, "sub": "ada@example.com", "nonce": nonce, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
		"groups": []string{"desk"},
	}
	maps.Copy(claims, p.Claims)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	key := p.signer
	if p.Stranger {
		_, key, _ = ed25519.GenerateKey(rand.Reader)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "1"))
	if err != nil {
		p.t.Error(err)
		return ""
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		p.t.Error(err)
	}
	return text
}

func (p *Provider) answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		p.t.Error(err)
	}
}
