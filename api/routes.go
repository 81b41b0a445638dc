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
	rule    rule // what its answers hold of people: personal, acting, aggregate, operations or open
	handler gin.HandlerFunc
}

func (a *API) routes() []route {
	return []route{
		{http.MethodGet, "/v1/profiles/:address", auth.ScopeProfilesRead, personal, a.getProfile},
		{http.MethodGet, "/v1/profiles/:address/context", auth.ScopeContextRead, personal, a.getContext},
		{http.MethodGet, "/v1/profiles/:address/timeline", auth.ScopeTimelineRead, personal, a.getTimeline},
		{http.MethodGet, "/v1/profiles/:address/traits/:name/history", auth.ScopeProfilesRead, personal, a.getTraitHistory},
		{http.MethodGet, "/v1/profiles/:address/identity", auth.ScopeProfilesRead, personal, a.getIdentity},
		{http.MethodGet, "/v1/profiles/:address/disclosures", auth.ScopeAuditRead, personal, a.getDisclosures},
		{http.MethodGet, "/v1/accounts/:account", auth.ScopeProfilesRead, personal, a.getAccount},
		{http.MethodGet, "/v1/profiles/:address/consent", auth.ScopeConsentRead, personal, a.getConsent},
		{http.MethodGet, "/v1/consent/:address", auth.ScopeConsentRead, personal, a.getContactConsent},
		{http.MethodPost, "/v1/consent/check", auth.ScopeConsentRead, personal, a.checkConsent},
		{http.MethodPost, "/v1/consent", auth.ScopeConsentWrite, operations, a.postConsent},
		{http.MethodGet, "/v1/identifiers/:address", auth.ScopeProfilesRead, personal, a.getIdentifier},
		{http.MethodPost, "/v1/profiles/lookup", auth.ScopeProfilesRead, personal, a.lookupProfile},
		{http.MethodGet, "/v1/segments", auth.ScopeProfilesRead, aggregate, a.getSegments},
		{http.MethodGet, "/v1/segments/:segment/members", auth.ScopeProfilesRead, personal, a.getSegmentMembers},
		{http.MethodGet, "/v1/segments/:segment/changes", auth.ScopeProfilesRead, personal, a.getSegmentChanges},
		{http.MethodGet, "/v1/definitions", auth.ScopeAdmin, operations, a.getDefinitions},
		{http.MethodPut, "/v1/definitions", auth.ScopeAdmin, operations, a.putDefinitions},
		{http.MethodGet, "/v1/sources", auth.ScopeSourcesRead, operations, a.getSources},
		{http.MethodGet, "/v1/sources/:source/reconciliation", auth.ScopeSourcesRead, operations, a.getReconciliation},
		{http.MethodGet, "/v1/sources/:source/schema", auth.ScopeSourcesRead, operations, a.getSchema},
		{http.MethodGet, "/v1/sources/:source/schema/drift", auth.ScopeSourcesRead, operations, a.getSchemaDrift},
		{http.MethodPut, "/v1/sources/:source/expected/:day", auth.ScopeIngestWrite, operations, a.putExpected},
		{http.MethodGet, "/v1/workspace", auth.ScopeAdmin, operations, a.getWorkspace},
		{http.MethodGet, "/v1/keys", auth.ScopeAdmin, operations, a.getKeys},
		{http.MethodPost, "/v1/keys", auth.ScopeAdmin, operations, a.createKey},
		{http.MethodPost, "/v1/keys/:id/rotate", auth.ScopeAdmin, operations, a.rotateKey},
		{http.MethodDelete, "/v1/keys/:id", auth.ScopeAdmin, operations, a.revokeKey},
		{http.MethodPost, "/v1/privacy/erasures", auth.ScopePrivacyWrite, acting, a.postErasure()},
		{http.MethodGet, "/v1/privacy/erasures", auth.ScopePrivacyRead, operations, a.getErasures()},
		{http.MethodGet, "/v1/privacy/erasures/:id", auth.ScopePrivacyRead, operations, a.getErasure()},
		{http.MethodGet, "/v1/privacy/erasures/:id/certificate", auth.ScopePrivacyRead, operations, a.getCertificate},
		{http.MethodDelete, "/v1/privacy/erasures/:id", auth.ScopePrivacyWrite, operations, a.deleteErasure()},
		{http.MethodPost, "/v1/privacy/suppressions", auth.ScopePrivacyWrite, operations, a.postSuppressions()},
		{http.MethodDelete, "/v1/privacy/suppressions/:address", auth.ScopePrivacyWrite, operations, a.deleteSuppression()},
		{http.MethodPost, "/v1/privacy/restrictions", auth.ScopePrivacyWrite, acting, a.postRestriction()},
		{http.MethodDelete, "/v1/privacy/restrictions/:address", auth.ScopePrivacyWrite, acting, a.deleteRestriction()},
		{http.MethodPost, "/v1/privacy/exports", auth.ScopePrivacyExport, acting, a.exported(a.postExport)},
		{http.MethodGet, "/v1/privacy/exports", auth.ScopePrivacyExport, operations, a.exported(a.getExports)},
		{http.MethodGet, "/v1/privacy/exports/:id", auth.ScopePrivacyExport, operations, a.exported(a.getExport)},
		{http.MethodGet, "/v1/privacy/exports/:id/content", auth.ScopePrivacyExport, operations, a.exported(a.getExportContent)},
		{http.MethodGet, "/v1/privacy/identifiers/:address", auth.ScopePrivacyRead, operations, a.getPrivacyStanding()},
		{http.MethodGet, "/v1/audit", auth.ScopeAuditRead, operations, a.getAudit},
		{http.MethodGet, "/v1/openapi.yaml", public, open, getOpenAPI},
		{http.MethodGet, "/healthz", public, open, getHealth},
		{http.MethodGet, "/readyz", public, open, a.getReady},
		{http.MethodGet, "/metrics", public, open, a.getMetrics()},
	}
}
