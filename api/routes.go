package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"tributary/api/auth"
)

// public is the rule of routes that need no key. They show nothing of a customer.
const public auth.Scope = "public"

// route is one route and its rule. There is no route without one.
type route struct {
	method  string
	path    string
	scope   auth.Scope
	handler gin.HandlerFunc
}

func (a *API) routes() []route {
	return []route{
		{http.MethodGet, "/v1/profiles/:address", auth.ScopeProfilesRead, a.getProfile},
		{http.MethodGet, "/v1/profiles/:address/context", auth.ScopeContextRead, a.getContext},
		{http.MethodGet, "/v1/profiles/:address/timeline", auth.ScopeTimelineRead, a.getTimeline},
		{http.MethodGet, "/v1/profiles/:address/identity", auth.ScopeProfilesRead, a.getIdentity},
		{http.MethodGet, "/v1/identifiers/:address", auth.ScopeProfilesRead, a.getIdentifier},
		{http.MethodPost, "/v1/profiles/lookup", auth.ScopeProfilesRead, a.lookupProfile},
		{http.MethodGet, "/v1/sources", auth.ScopeSourcesRead, a.getSources},
		{http.MethodGet, "/v1/sources/:source/reconciliation", auth.ScopeSourcesRead, a.getReconciliation},
		{http.MethodGet, "/v1/sources/:source/schema", auth.ScopeSourcesRead, a.getSchema},
		{http.MethodGet, "/v1/sources/:source/schema/drift", auth.ScopeSourcesRead, a.getSchemaDrift},
		{http.MethodPut, "/v1/sources/:source/expected/:day", auth.ScopeIngestWrite, a.putExpected},
		{http.MethodGet, "/v1/openapi.yaml", public, getOpenAPI},
		{http.MethodGet, "/healthz", public, getHealth},
		{http.MethodGet, "/readyz", public, a.getReady},
		{http.MethodGet, "/metrics", public, a.getMetrics()},
	}
}
