package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"tributary/api/auth"
	"tributary/ingest/event"
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
		{http.MethodPost, "/v1/context", auth.ScopeContextRead, personal, a.postContext},
		{http.MethodGet, "/v1/profiles/:address/timeline", auth.ScopeTimelineRead, personal, a.getTimeline},
		{http.MethodGet, "/v1/profiles/:address/search", auth.ScopeTimelineRead, personal, a.getSearch},
		{http.MethodPost, "/v1/profiles/search", auth.ScopeTimelineRead, personal, a.postSearch},
		{http.MethodGet, "/v1/profiles/:address/traits/:name/history", auth.ScopeProfilesRead, personal, a.getTraitHistory},
		{http.MethodGet, "/v1/profiles/:address/identity", auth.ScopeProfilesRead, personal, a.getIdentity},
		{http.MethodGet, "/v1/profiles/:address/disclosures", auth.ScopeAuditRead, personal, a.getDisclosures},
		{http.MethodPost, "/v1/agent-sessions", auth.ScopeContextRead, personal, a.postAgentSession},
		{http.MethodDelete, "/v1/agent-sessions/:id", auth.ScopeContextRead, operations, a.deleteAgentSession},
		{http.MethodGet, "/v1/accounts/:account", auth.ScopeProfilesRead, personal, a.getAccount},
		{http.MethodGet, "/v1/profiles/:address/consent", auth.ScopeConsentRead, personal, a.getConsent},
		{http.MethodGet, "/v1/consent/:address", auth.ScopeConsentRead, personal, a.getContactConsent},
		{http.MethodPost, "/v1/consent/check", auth.ScopeConsentRead, personal, a.checkConsent},
		{http.MethodPost, "/v1/consent", auth.ScopeConsentWrite, operations, a.postConsent},
		{http.MethodGet, "/v1/identifiers/:address", auth.ScopeProfilesRead, personal, a.getIdentifier},
		{http.MethodPost, "/v1/profiles/lookup", auth.ScopeProfilesRead, personal, a.lookupProfile},
		{http.MethodPost, "/v1/handoffs", auth.ScopeAgentWrite, acting, a.postHandoff},
		{http.MethodGet, "/v1/handoffs", auth.ScopeAgentWrite, personal, a.getHandoffs},
		{http.MethodGet, "/v1/handoffs/:id", auth.ScopeAgentWrite, personal, a.getHandoff},
		{http.MethodGet, "/v1/handoffs/:id/interactions", auth.ScopeAgentWrite, personal, a.getHandoffInteractions},
		{http.MethodPost, "/v1/handoffs/:id/accept", auth.ScopeAgentWrite, acting, a.leased(event.NameHandoffAccepted, false)},
		{http.MethodPost, "/v1/handoffs/:id/extend", auth.ScopeAgentWrite, acting, a.leased(event.NameHandoffExtended, true)},
		{http.MethodPost, "/v1/handoffs/:id/release", auth.ScopeAgentWrite, acting, a.releaseHandoff},
		{http.MethodPost, "/v1/handoffs/:id/return", auth.ScopeAgentWrite, acting, a.returnHandoff},
		{http.MethodPost, "/v1/handoffs/:id/read", auth.ScopeAgentWrite, acting, a.readHandoff},
		{http.MethodGet, "/v1/schemas/handoff/1", public, open, getHandoffSchema},
		{http.MethodGet, streamPath, auth.ScopeStreamRead, personal, a.getStream},
		{http.MethodPost, "/v1/commitments", auth.ScopeAgentWrite, acting, a.postCommitment},
		{http.MethodGet, "/v1/commitments", auth.ScopeProfilesRead, personal, a.getCommitments},
		{http.MethodGet, "/v1/profiles/:address/commitments", auth.ScopeProfilesRead, personal, a.getProfileCommitments},
		{http.MethodPost, "/v1/commitments/:id/confirm", auth.ScopeAgentWrite, acting, a.stepCommitment(confirmStep)},
		{http.MethodPost, "/v1/commitments/:id/keep", auth.ScopeAgentWrite, acting, a.stepCommitment(keepStep)},
		{http.MethodPost, "/v1/commitments/:id/withdraw", auth.ScopeAgentWrite, acting, a.stepCommitment(withdrawStep)},
		{http.MethodPost, "/v1/notes", auth.ScopeAgentWrite, acting, a.postNote},
		{http.MethodPost, "/v1/journeys/drivers", auth.ScopeJourneysRead, aggregate, reportOf(a, a.Drivers.Report)},
		{http.MethodPost, "/v1/journeys/drivers/people", auth.ScopeProfilesRead, personal, behindNumber(reportOf(a, a.Drivers.People))},
		{http.MethodPost, "/v1/journeys/drivers/examples", auth.ScopeProfilesRead, personal, behindNumber(reportOf(a, a.Drivers.Examples))},
		{http.MethodGet, "/v1/journeys/topics", auth.ScopeJourneysRead, aggregate, a.getTopics},
		{http.MethodGet, "/v1/journeys/labels", auth.ScopeAdmin, operations, a.getLabels},
		{http.MethodPost, "/v1/journeys/labels", auth.ScopeAgentWrite, operations, reportOf(a, a.label)},
		{http.MethodPost, "/v1/journeys/forecast", auth.ScopeJourneysRead, aggregate, reportOf(a, a.Forecasts.Make)},
		{http.MethodGet, "/v1/metrics", auth.ScopeJourneysRead, aggregate, a.listMetrics},
		{http.MethodPost, "/v1/metrics/targets", auth.ScopeAdmin, operations, a.postTarget},
		{http.MethodGet, "/v1/metrics/targets", auth.ScopeJourneysRead, operations, a.getTargets},
		{http.MethodDelete, "/v1/metrics/targets/:target", auth.ScopeAdmin, operations, a.deleteTarget},
		{http.MethodGet, "/v1/metrics/:id", auth.ScopeJourneysRead, aggregate, a.getMetric},
		{http.MethodGet, "/v1/metrics/:id/comparison", auth.ScopeJourneysRead, aggregate, a.compareMetric},
		{http.MethodGet, "/v1/metrics/:id/events", auth.ScopeProfilesRead, personal, a.getMetricEvents},
		{http.MethodGet, "/v1/segments", auth.ScopeProfilesRead, aggregate, a.getSegments},
		{http.MethodGet, "/v1/segments/:segment/members", auth.ScopeProfilesRead, personal, a.getSegmentMembers},
		{http.MethodGet, "/v1/segments/:segment/changes", auth.ScopeProfilesRead, personal, a.getSegmentChanges},
		{http.MethodPost, "/v1/journeys/repeat-contacts", auth.ScopeJourneysRead, aggregate, reportOf(a, a.Contacting.Repeats)},
		{http.MethodPost, "/v1/journeys/repeat-contacts/people", auth.ScopeProfilesRead, personal, reportOf(a, a.Contacting.RepeatPeople)},
		{http.MethodPost, "/v1/journeys/contacts", auth.ScopeJourneysRead, aggregate, reportOf(a, a.Contacting.Journeys)},
		{http.MethodPost, "/v1/journeys/contacts/people", auth.ScopeProfilesRead, personal, reportOf(a, a.Contacting.JourneysPeople)},
		{http.MethodPost, "/v1/journeys/friction", auth.ScopeJourneysRead, aggregate, reportOf(a, a.Contacting.Friction)},
		{http.MethodPost, "/v1/journeys/friction/people", auth.ScopeProfilesRead, personal, reportOf(a, a.Contacting.FrictionPeople)},
		{http.MethodPost, "/v1/journeys/effect", auth.ScopeJourneysRead, aggregate, reportOf(a, a.Effects.Effect)},
		{http.MethodPost, "/v1/journeys/effect/people", auth.ScopeProfilesRead, personal, reportOf(a, a.Effects.EffectPeople)},
		{http.MethodPost, "/v1/journeys/use-cases", auth.ScopeJourneysRead, aggregate, reportOf(a, a.Effects.UseCases)},
		{http.MethodPost, "/v1/journeys/use-cases/people", auth.ScopeProfilesRead, personal, reportOf(a, a.Effects.UseCasePeople)},
		{http.MethodPost, "/v1/journeys/funnel", auth.ScopeJourneysRead, aggregate, reportOf(a, a.Journeys.Funnel)},
		{http.MethodPost, "/v1/journeys/funnel/people", auth.ScopeProfilesRead, personal, reportOf(a, a.Journeys.FunnelPeople)},
		{http.MethodPost, "/v1/journeys/retention", auth.ScopeJourneysRead, aggregate, reportOf(a, a.Journeys.Retention)},
		{http.MethodPost, "/v1/journeys/retention/people", auth.ScopeProfilesRead, personal, reportOf(a, a.Journeys.RetentionPeople)},
		{http.MethodPost, "/v1/journeys/paths", auth.ScopeJourneysRead, aggregate, reportOf(a, a.Journeys.Paths)},
		{http.MethodPost, "/v1/journeys/paths/people", auth.ScopeProfilesRead, personal, reportOf(a, a.Journeys.PathsPeople)},
		{http.MethodPost, "/v1/journeys/time-between", auth.ScopeJourneysRead, aggregate, reportOf(a, a.Journeys.Between)},
		{http.MethodPost, "/v1/journeys/time-between/people", auth.ScopeProfilesRead, personal, reportOf(a, a.Journeys.BetweenPeople)},
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
		{http.MethodPost, queryPath, auth.ScopeQueryRun, aggregate, a.postQuery}, // views are of the policy; see statement.Desk
		{http.MethodPost, "/v1/query/saved", auth.ScopeQueryRun, operations, a.postSaved},
		{http.MethodGet, "/v1/query/saved", auth.ScopeQueryRun, operations, a.getSavedList},
		{http.MethodGet, "/v1/query/saved/:name", auth.ScopeQueryRun, operations, a.getSaved},
		{http.MethodPut, "/v1/query/saved/:name", auth.ScopeQueryRun, operations, a.putSaved},
		{http.MethodDelete, "/v1/query/saved/:name", auth.ScopeQueryRun, operations, a.deleteSaved},
		{http.MethodPost, savedRunPath, auth.ScopeQueryRun, aggregate, a.runSaved},
		{http.MethodGet, "/v1/query/views", auth.ScopeQueryRun, operations, a.getQueryViews},
		{http.MethodGet, "/v1/audit", auth.ScopeAuditRead, operations, a.getAudit},
		{http.MethodPost, mcpPath, keyed, open, a.postMCP},
		{http.MethodGet, "/.well-known/oauth-protected-resource", public, open, a.getProtectedResource},
		{http.MethodGet, "/.well-known/oauth-protected-resource/mcp", public, open, a.getProtectedResource},
		{http.MethodGet, "/v1/openapi.yaml", public, open, getOpenAPI},
		{http.MethodGet, "/v1/openapi.json", public, open, a.getOpenAPIJSON},
		{http.MethodGet, "/docs", public, open, getDocs},
		{http.MethodGet, "/docs/:file", public, open, getDocsFile},
		{http.MethodGet, "/healthz", public, open, getHealth},
		{http.MethodGet, "/readyz", public, open, a.getReady},
		{http.MethodGet, "/metrics", public, open, a.getMetrics()},
	}
}
