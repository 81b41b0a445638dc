package api

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"tributary/api/auth"
	"tributary/api/problem"
)

// keyed is the scope of a route that every key opens: what it may do there is decided by the routes that this one asks.
const keyed auth.Scope = "any"

// protectedResourceView tells clients of OAuth where tokens for /mcp are had (RFC 9728).
type protectedResourceView struct {
	Resource             string   `json:"resource"`
	ResourceName         string   `json:"resource_name"`
	AuthorizationServers []string `json:"authorization_servers"`
	ScopesSupported      []string `json:"scopes_supported,omitempty"`
	BearerMethods        []string `json:"bearer_methods_supported"`
}

const protectedResourcePath = "/.well-known/oauth-protected-resource"

func (a *API) getProtectedResource(c *gin.Context) {
	if len(a.AuthorizationServers) == 0 {
		a.fail(c, problem.New(problem.NoRoute, "no issuer of tokens is configured: send a key"))
		return
	}
	c.Header("Access-Control-Allow-Origin", "*") // it is for everybody
	c.JSON(http.StatusOK, protectedResourceView{
		Resource: a.origin(c.Request) + mcpPath, ResourceName: "Tributary", AuthorizationServers: a.AuthorizationServers,
		ScopesSupported: a.AuthorizationScopes, BearerMethods: []string{"header"},
	})
}

// origin is where clients reach the server.
func (a *API) origin(r *http.Request) string {
	switch {
	case a.PublicURL != "":
		return strings.TrimSuffix(a.PublicURL, "/")
	case r.TLS != nil:
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// authorizeAny lets requests of every key through. Who has none is told where tokens are had.
func (a *API) authorizeAny(c *gin.Context) {
	_, err := a.authenticate(c)
	if err == nil {
		return
	}
	if said := c.Writer.Header().Get("WWW-Authenticate"); said != "" && len(a.AuthorizationServers) > 0 {
		c.Header("WWW-Authenticate", said+`, resource_metadata="`+a.origin(c.Request)+protectedResourcePath+`/mcp"`)
	}
	a.fail(c, err)
}
