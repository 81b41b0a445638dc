package node

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"tributary/api/admin"
	"tributary/api/audit"
	"tributary/api/auth"
	"tributary/cmd/internal/config"
)

// TestAClosedWorkspaceIsShut: its keys neither send nor read nor manage, none can be made; opened again all
// is as it was, and other workspaces never notice.
func TestAClosedWorkspaceIsShut(t *testing.T) {
	w := newIsolationWorld(t)
	shut, other := w.spaces[1], w.spaces[0]
	client := admin.NewClient(Socket(w.config.DataDir))
	defer client.Close()
	check := func(when string, s *space, open bool) {
		t.Helper()
		refused := func(what string, status int) {
			t.Helper()
			if ok := status == http.StatusOK; ok != open || (!ok && status != http.StatusUnauthorized) {
				t.Errorf("%s, %s: %s is answered with %d", when, s.name, what, status)
			}
		}
		status, _ := w.send("/v1/track", s.keys[auth.ScopeIngestWrite], s.fill(`{"userId":"{user}","event":"a"}`))
		refused("an event", status)
		status, _ = s.ask(http.MethodGet, s.fill("/v1/profiles/{address}"), s.keys[auth.ScopeProfilesRead], "")
		refused("a reader", status)
		status, _ = s.ask(http.MethodGet, "/v1/keys", s.keys[auth.ScopeAdmin], "")
		refused("an administrator", status)
		_, err := client.CreateKey(t.Context(), auth.New{Kind: auth.KindRead, Workspace: s.name})
		if (err == nil) != open || err != nil && !strings.Contains(err.Error(), "closed") {
			t.Errorf("%s, %s: making a key: %v", when, s.name, err)
		}
	}
	check("before", shut, true)
	for range 2 { // twice is as once
		if space, err := client.CloseWorkspace(t.Context(), shut.name); err != nil || space.Closed.IsZero() {
			t.Fatalf("%v, %v", space, err)
		}
	}
	check("closed", shut, false)
	check("the other closed", other, true)
	if _, err := client.CreateWorkspace(t.Context(), admin.NewWorkspace{Name: shut.name}); err == nil {
		t.Error("a closed workspace is made again")
	}
	for range 2 {
		if space, err := client.ReopenWorkspace(t.Context(), shut.name); err != nil || !space.Closed.IsZero() {
			t.Fatalf("%v, %v", space, err)
		}
	}
	check("reopened", shut, true)
	if _, err := client.CloseWorkspace(t.Context(), "nosuch"); err == nil {
		t.Error("a workspace that is not there is closed")
	}
}

// TestWhenAKeyWasLastUsedSurvives a restart, as a day, at the cost of one command a day.
func TestWhenAKeyWasLastUsedSurvives(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir)
	idle := p.key(auth.New{Kind: auth.KindRead, Workspace: "default"})
	p.get("user_id:nobody", "")
	lastUsed := func(p *program, secret string) time.Time {
		t.Helper()
		at, err := p.Keys().LastUsed(auth.Hash(secret)[:16])
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	if at := lastUsed(p, p.read); at.IsZero() || !at.Equal(at.Truncate(time.Minute)) {
		t.Errorf("was last used at %s", at)
	}
	before := p.state.DocsRevision()
	for range 3 {
		if err := p.authKeys.KeepUse(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.get("user_id:nobody", "")
	}
	if n := p.state.DocsRevision() - before; n > 2 { // one, and one more about midnight
		t.Errorf("%d commands for one key and day", n)
	}
	key := p.read
	p.stop()

	p = start(t, dir)
	if at := lastUsed(p, key); at.IsZero() || !at.Equal(at.Truncate(24*time.Hour)) {
		t.Errorf("after a restart: was last used at %s, want a day", at)
	}
	if at := lastUsed(p, idle); !at.IsZero() {
		t.Errorf("who was never used was used at %s", at)
	}
}

// issuer gives out tokens over HTTP, as OpenID Connect Discovery has it.
type issuer struct {
	*httptest.Server
	t      *testing.T
	signer jose.Signer
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	i := &issuer{t: t}
	i.signer = signer(t, private)
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": i.URL, "jwks_uri": i.URL + "/keys"})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{KeyID: "1", Key: public, Use: "sig"}}})
	})
	i.Server = httptest.NewServer(mux)
	t.Cleanup(i.Close)
	return i
}

func signer(t *testing.T, key ed25519.PrivateKey) jose.Signer {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: key}, (&jose.SignerOptions{}).WithHeader("kid", "1"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// token is one of the issuer's, with other claims where change says so.
func (i *issuer) token(s jose.Signer, change map[string]any) string {
	i.t.Helper()
	claims := map[string]any{
		"iss": i.URL, "aud": "tributary", "sub": "ada@example.com", "exp": time.Now().Add(time.Hour).Unix(), "groups": []string{"desk"},
	}
	for name, v := range change {
		claims[name] = v
	}
	text, err := jwt.Signed(s).Claims(claims).Serialize()
	if err != nil {
		i.t.Fatal(err)
	}
	return text
}

// hashedActor is who a token's bearer is on record: hashes, which hold neither a name nor an issuer's address.
var hashedActor = regexp.MustCompile(`^jwt:[0-9a-f]{16}:[0-9a-f]{16}$`)

// TestTokensOpenWhatTheirIssuerSays, through the whole server: its configuration, an issuer that is asked over
// HTTP, the routes, and the audit trail, in which nobody's name stands.
func TestTokensOpenWhatTheirIssuerSays(t *testing.T) {
	i := newIssuer(t)
	p := start(t, t.TempDir(), func(c *config.Config) {
		c.Auth.JWT = []config.TokenIssuer{{
			Issuer: i.URL, Audience: "tributary", Workspace: "default", ScopesClaim: "groups",
			Scopes: map[string][]auth.Scope{"desk": {auth.ScopeProfilesRead}}, Purpose: auth.PurposeSupport, Reader: auth.ReaderHuman,
		}}
		if err := c.Validate(); err != nil {
			t.Fatal(err)
		}
	})
	p.accept("/v1/identify", `{"userId":"u-1","traits":{"email":"ada@example.com"}}`)
	p.settle()
	_, strange, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{program: p}
	for _, tt := range []struct {
		name, path, token string
		status            int
	}{
		{"reads", "/v1/profiles/user_id:u-1", i.token(i.signer, nil), 200},
		{"has not the scope", "/v1/keys", i.token(i.signer, nil), 403},
		{"no scope at all", "/v1/profiles/user_id:u-1", i.token(i.signer, map[string]any{"groups": "guests"}), 403},
		{"another audience", "/v1/profiles/user_id:u-1", i.token(i.signer, map[string]any{"aud": "shop"}), 401},
		{"another issuer", "/v1/profiles/user_id:u-1", i.token(i.signer, map[string]any{"iss": "https://login.example.com"}), 401},
		{"over", "/v1/profiles/user_id:u-1", i.token(i.signer, map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}), 401},
		{"a stranger's signature", "/v1/profiles/user_id:u-1", i.token(signer(t, strange), nil), 401},
	} {
		if status, answer := w.ask(http.MethodGet, tt.path, tt.token, ""); status != tt.status {
			t.Errorf("%s: is answered with %d, want %d: %.300s", tt.name, status, tt.status, answer)
		}
	}
	p.settle()
	page, err := p.trail.Page(t.Context(), audit.Request{Workspace: "default", Action: "request"})
	if err != nil || len(page.Lines) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	if line := page.Lines[0]; !hashedActor.MatchString(line.Actor) {
		t.Errorf("the refused attempt is on record as %+v", line)
	}
	if _, err := p.Keys().Workspaces.Close(t.Context(), "default"); err != nil {
		t.Fatal(err)
	}
	if status, _ := w.ask(http.MethodGet, "/v1/profiles/user_id:u-1", i.token(i.signer, nil), ""); status != http.StatusUnauthorized {
		t.Errorf("a token of a closed workspace is answered with %d", status)
	}
}

// TestReadingWhatIsAdministratorsIsOnRecord walks every route that an administrator reads by, the trail
// itself included: each reading is a line of the trail, once.
func TestReadingWhatIsAdministratorsIsOnRecord(t *testing.T) {
	w := newIsolationWorld(t)
	s := w.spaces[0]
	want := map[string]string{} // request ids to routes and actors
	for n, rule := range w.routes.readers {
		if rule.Method != http.MethodGet || rule.Public || rule.AnyKey || !rule.Scope.Administrative() || examples[rule.Method+" "+rule.Path].own >= http.StatusBadRequest {
			continue
		}
		route, id := rule.Method+" "+rule.Path, fmt.Sprintf("reading-%d", n)
		if status := s.readAs(id, s.fill(examples[route].path), s.keys[rule.Scope]); status >= http.StatusBadRequest {
			t.Errorf("%s: is answered with %d", route, status)
		}
		want[id] = route + " key:" + auth.Hash(s.keys[rule.Scope])[:16]
	}
	w.settle()
	client := admin.NewClient(Socket(w.config.DataDir))
	defer client.Close()
	page, err := client.Audit(t.Context(), audit.Request{Workspace: s.name, Action: "read", Limit: audit.MaxLimit})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, line := range page.Lines {
		got[line.RequestID] += line.Subject + " " + line.Actor
	}
	for id, reading := range want {
		if got[id] != reading {
			t.Errorf("on record is %q, want %q once", got[id], reading)
		}
	}
	w.settle()
	page, err = client.Audit(t.Context(), audit.Request{Workspace: s.name, Actor: fmt.Sprintf("socket:%d", os.Getuid()), Action: "read"})
	if err != nil || len(page.Lines) != 1 || page.Lines[0].SubjectKind != "audit" {
		t.Errorf("readings of the trail by the socket on record are %+v, want 1: %v", page, err)
	}
}

// readAs reads with a request id of one's own.
func (s *space) readAs(id, path, key string) (status int) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("X-Request-Id", id)
	status, _ = s.whole(http.DefaultClient.Do(request))
	return status
}
