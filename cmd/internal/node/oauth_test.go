package node

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/oauthex"

	"tributary/api/auth"
	"tributary/cmd/internal/config"
)

// TestClientsOfOAuthFindTheirIssuer: who comes to /mcp without a token is told where the metadata is, that names the
// issuer; the issuer's tokens open what they say, those for somebody else nothing; keys go on.
func TestClientsOfOAuthFindTheirIssuer(t *testing.T) {
	i := newIssuer(t)
	p := startForAgents(t, func(c *config.Config) {
		c.Auth.JWT = []config.TokenIssuer{{
			Issuer: i.URL, Audience: "tributary", Workspace: "default", ScopesClaim: "groups",
			Scopes: map[string][]auth.Scope{"desk": {auth.ScopeContextRead}}, Purpose: auth.PurposeSupport, Reader: auth.ReaderOwnAI,
		}}
	})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.url+"/mcp", strings.NewReader(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	said, err := oauthex.ParseWWWAuthenticate(response.Header.Values("WWW-Authenticate"))
	if err != nil || len(said) != 1 || response.StatusCode != http.StatusUnauthorized {
		t.Fatalf("is answered with %d, %v, %v", response.StatusCode, said, err)
	}
	where := said[0].Params["resource_metadata"]
	found, err := oauthex.GetProtectedResourceMetadata(t.Context(), where, p.url+"/mcp", http.DefaultClient)
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	if len(found.AuthorizationServers) != 1 || found.AuthorizationServers[0] != i.URL || len(found.ScopesSupported) != 1 || found.ScopesSupported[0] != "desk" {
		t.Errorf("the metadata are %+v", found)
	}
	w := &world{program: p}
	if status, answer := w.ask(http.MethodGet, "/.well-known/oauth-protected-resource", "", ""); status != http.StatusOK || !json.Valid(answer) {
		t.Errorf("%d %s", status, answer)
	}
	a := p.agent(t, p.overHTTP(i.token(i.signer, nil)))
	if len(a.tools) != 1 || a.tools["get_context"] == nil {
		t.Errorf("the token opens %v", a.tools)
	}
	a.call("get_context", map[string]any{"customer": "user_id:u-1"})
	list := `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`
	if status, _ := w.ask(http.MethodPost, "/mcp", i.token(i.signer, map[string]any{"aud": "shop"}), list); status != http.StatusUnauthorized {
		t.Errorf("a token for another audience is answered with %d", status)
	}
	if status, _ := w.ask(http.MethodPost, "/mcp", p.read, list); status != http.StatusOK {
		t.Errorf("a key is answered with %d", status)
	}
}
