package node

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/api/admin"
	"tributary/api/audit"
	"tributary/api/auth"
	"tributary/profiles/unify"
)

// example is how a route is called, and what it answers. In path and body stand things of a workspace, such
// as {address}; see space.thing.
type example struct {
	path string
	body string
	// own is the status for things of the key's workspace, foreign for those of the other one.
	own, foreign int
	// shows: the answer holds a mark of the workspace, so that the test would see one of the other.
	shows bool
	// echoes: the answer repeats the identifier, or the name of an event, that was asked about.
	echoes bool
}

// policyOfMine is a reader policy that shows nobody anything, and names its workspace.
const policyOfMine = `{"classes":["{me}"],"rules":{"default":{"default":{"account":"withhold","behaviour":"withhold","computed":"withhold","consent":"withhold",
	"contact":"withhold","content":"withhold","conversation":"withhold","identifier":"withhold","identity":"withhold","meta":"show","money":"withhold",
	"provenance":"withhold","satisfaction":"withhold","segment":"withhold","trait":"withhold","{me}":"withhold"}}}}`

// definitions are those of a workspace.
const definitions = `{"segments":[{"name":"{me}-segment","when":{"trait":"plan","is":"{me}"}}]}`

// examples are those of all routes for readers. A route without one fails the test.
var examples = map[string]example{
	"GET /v1/profiles/:address":                      {path: "/v1/profiles/{address}", own: 200, foreign: 404, shows: true},
	"GET /v1/profiles/:address/context":              {path: "/v1/profiles/{address}/context", own: 200, foreign: 404, shows: true},
	"POST /v1/context":                               {path: "/v1/context", body: `{"identifiers":[{"type":"user_id","value":"{user}"}]}`, own: 200, foreign: 404, shows: true},
	"GET /v1/profiles/:address/timeline":             {path: "/v1/profiles/{address}/timeline", own: 200, foreign: 404, shows: true},
	"GET /v1/profiles/:address/search":               {path: "/v1/profiles/{address}/search?query={mark}", own: 200, foreign: 404, shows: true},
	"POST /v1/profiles/search":                       {path: "/v1/profiles/search", body: `{"identifiers":[{"type":"user_id","value":"{user}"}],"query":"{mark}"}`, own: 200, foreign: 404, shows: true},
	"GET /v1/profiles/:address/traits/:name/history": {path: "/v1/profiles/{address}/traits/plan/history", own: 200, foreign: 404, shows: true},
	"GET /v1/profiles/:address/identity":             {path: "/v1/profiles/{address}/identity", own: 200, foreign: 404, shows: true},
	"GET /v1/identity/reviews":                       {path: "/v1/identity/reviews", own: 200, foreign: 200},
	"GET /v1/identity/pairs/:a/:b":                   {path: "/v1/identity/pairs/{profile}/{second}", own: 200, foreign: 404, shows: true},
	"POST /v1/identity/preview":                      {path: "/v1/identity/preview", body: `{"kind":"merge","a":"{profile}","b":"{second}"}`, own: 200, foreign: 400},
	"POST /v1/identity/decisions":                    {path: "/v1/identity/decisions", body: `{"kind":"never_merge","a":"{profile}","b":"{second}","note":"{me}"}`, own: 201, foreign: 400, shows: true},
	"GET /v1/identity/decisions":                     {path: "/v1/identity/decisions", own: 200, foreign: 200, shows: true},
	"POST /v1/identity/decisions/:id/undo":           {path: "/v1/identity/decisions/{decision}/undo", body: `{"note":"{me}"}`, own: 201, foreign: 404, shows: true},
	"GET /v1/identity/precision":                     {path: "/v1/identity/precision", own: 200, foreign: 200},
	"GET /v1/profiles/:address/disclosures":          {path: "/v1/profiles/{address}/disclosures", own: 200, foreign: 404},
	"POST /v1/agent-sessions":                        {path: "/v1/agent-sessions", body: `{"identifiers":[{"type":"user_id","value":"{user}"}],"conversation":"c-1"}`, own: 201, foreign: 404},
	"DELETE /v1/agent-sessions/:id":                  {path: "/v1/agent-sessions/{session}", own: 200, foreign: 404},
	"POST /v1/commitments":                           {path: "/v1/commitments", body: `{"identifiers":[{"type":"user_id","value":"{user}"}],"kind":"callback","text":"A call {mark}"}`, own: 201, foreign: 404, shows: true},
	"GET /v1/commitments":                            {path: "/v1/commitments", own: 200, foreign: 200},
	"GET /v1/profiles/:address/commitments":          {path: "/v1/profiles/user_id:{promised}/commitments", own: 200, foreign: 404, shows: true},
	"POST /v1/commitments/:id/confirm":               {path: "/v1/commitments/{mark}/confirm", body: `{}`, own: 404, foreign: 404},
	"POST /v1/commitments/:id/keep":                  {path: "/v1/commitments/{mark}/keep", body: `{}`, own: 404, foreign: 404},
	"POST /v1/commitments/:id/withdraw":              {path: "/v1/commitments/{mark}/withdraw", body: `{}`, own: 404, foreign: 404},
	"POST /v1/notes":                                 {path: "/v1/notes", body: `{"identifiers":[{"type":"user_id","value":"{user}"}],"text":"A note {mark}"}`, own: 201, foreign: 404},
	"GET /v1/accounts/:account":                      {path: "/v1/accounts/{account}", own: 200, foreign: 404, shows: true},
	"GET /v1/identifiers/:address":                   {path: "/v1/identifiers/{identifier}", own: 200, foreign: 200},
	"POST /v1/profiles/lookup":                       {path: "/v1/profiles/lookup", body: `{"identifiers":[{"type":"user_id","value":"{user}"}]}`, own: 200, foreign: 404, shows: true},
	"POST /v1/customers/search":                      {path: "/v1/customers/search", body: `{"query":"{user}"}`, own: 200, foreign: 200, shows: true},
	"GET /v1/profiles/:address/consent":              {path: "/v1/profiles/{address}/consent", own: 200, foreign: 404, shows: true},
	"GET /v1/consent/:address":                       {path: "/v1/consent/{identifier}", own: 200, foreign: 200, shows: true, echoes: true},
	"POST /v1/consent/check":                         {path: "/v1/consent/check", body: `{"identifiers":[{"type":"user_id","value":"{user}"}],"channel":"email","purpose":"marketing"}`, own: 200, foreign: 404, shows: true},
	"POST /v1/consent":                               {path: "/v1/consent", body: `{"identifiers":[{"type":"user_id","value":"{me}-user"}],"channel":"sms","purpose":"news","consent":"granted"}`, own: 201, foreign: 201},
	"GET /v1/stream":                                 {path: "/v1/stream?after=oldest&follow=false", own: 200, foreign: 200, shows: true},
	"POST /v1/journeys/drivers":                      {path: "/v1/journeys/drivers", body: `{"from":"2020-01-01"}`, own: 200, foreign: 200},
	"POST /v1/journeys/drivers/people":               {path: "/v1/journeys/drivers/people", body: `{"from":"2020-01-01"}`, own: 200, foreign: 200},
	"POST /v1/journeys/drivers/examples":             {path: "/v1/journeys/drivers/examples", body: `{"from":"2020-01-01"}`, own: 200, foreign: 200},
	"GET /v1/journeys/topics":                        {path: "/v1/journeys/topics", own: 200, foreign: 200},
	"GET /v1/journeys/labels":                        {path: "/v1/journeys/labels", own: 200, foreign: 200},
	"POST /v1/journeys/labels":                       {path: "/v1/journeys/labels", body: `{"labels":[{"source":"{source}","conversation_id":"{mark}-c","topic":"billing/refund"}]}`, own: 200, foreign: 200},
	"POST /v1/journeys/forecast":                     {path: "/v1/journeys/forecast", body: `{"grain":"day","horizon":7,"by":["topic"],"from":"2020-01-01"}`, own: 200, foreign: 200},
	"GET /v1/metrics":                                {path: "/v1/metrics", own: 200, foreign: 200},
	"GET /v1/metrics/values":                         {path: "/v1/metrics/values?metric=ai_containment&metric=csat&from=2020-01-01&by=topic&before=true", own: 200, foreign: 200},
	"GET /v1/metrics/:id":                            {path: "/v1/metrics/ai_containment?from=2020-01-01&by=topic", own: 200, foreign: 200},
	"POST /v1/metrics/targets":                       {path: "/v1/metrics/targets", body: `{"metric":"fcr","value":0.7,"by":"team","group":"{me}","actor":{"name":"{me}"}}`, own: 201, foreign: 201},
	"GET /v1/metrics/targets":                        {path: "/v1/metrics/targets", own: 200, foreign: 200, shows: true},
	"DELETE /v1/metrics/targets/:target":             {path: "/v1/metrics/targets/{target}", own: 200, foreign: 404},
	"GET /v1/metrics/:id/comparison":                 {path: "/v1/metrics/fcr/comparison?from=2020-01-01", own: 200, foreign: 200},
	"GET /v1/metrics/:id/events":                     {path: "/v1/metrics/repeat_contact_rate/events?from=2020-01-01", own: 200, foreign: 200},
	"GET /v1/segments":                               {path: "/v1/segments", own: 200, foreign: 200, shows: true},
	"GET /v1/segments/:segment/members":              {path: "/v1/segments/{segment}/members", own: 200, foreign: 404, shows: true},
	"GET /v1/segments/:segment/changes":              {path: "/v1/segments/{segment}/changes", own: 200, foreign: 404, shows: true},
	"POST /v1/segments/preview":                      {path: "/v1/segments/preview", body: `{"definitions":` + definitions + `,"segment":"{me}-segment"}`, own: 200, foreign: 200, shows: true},
	"POST /v1/journeys/repeat-contacts":              {path: "/v1/journeys/repeat-contacts", body: `{"from":"2020-01-01","until":"2100-01-01"}`, own: 200, foreign: 200},
	"POST /v1/journeys/repeat-contacts/people":       {path: "/v1/journeys/repeat-contacts/people", body: `{"from":"2020-01-01","until":"2100-01-01","of":{"all":true}}`, own: 200, foreign: 200},
	"POST /v1/journeys/contacts":                     {path: "/v1/journeys/contacts", body: `{"from":"2020-01-01","until":"2100-01-01"}`, own: 200, foreign: 200},
	"POST /v1/journeys/contacts/people":              {path: "/v1/journeys/contacts/people", body: `{"from":"2020-01-01","until":"2100-01-01"}`, own: 200, foreign: 200, shows: true},
	"POST /v1/journeys/friction":                     {path: "/v1/journeys/friction", body: `{"from":"2020-01-01","until":"2100-01-01"}`, own: 200, foreign: 200},
	"POST /v1/journeys/friction/people":              {path: "/v1/journeys/friction/people", body: `{"from":"2020-01-01","until":"2100-01-01"}`, own: 200, foreign: 200},
	"POST /v1/journeys/effect":                       {path: "/v1/journeys/effect", body: `{"from":"2020-01-01","exposure":"repeat_contact","days":1}`, own: 200, foreign: 200},
	"POST /v1/journeys/effect/people":                {path: "/v1/journeys/effect/people", body: `{"from":"2020-01-01","exposure":"repeat_contact","days":1}`, own: 200, foreign: 200},
	"POST /v1/journeys/use-cases":                    {path: "/v1/journeys/use-cases", body: `{"from":"2020-01-01","by":["channel","agent"]}`, own: 200, foreign: 200},
	"POST /v1/journeys/use-cases/people":             {path: "/v1/journeys/use-cases/people", body: `{"from":"2020-01-01"}`, own: 200, foreign: 200},
	"POST /v1/journeys/funnel":                       {path: "/v1/journeys/funnel", body: `{"from":"2020-01-01","steps":[{"events":["{mark} event"]},{"events":["conversation.message"]}]}`, own: 200, foreign: 200, echoes: true},
	"POST /v1/journeys/funnel/people":                {path: "/v1/journeys/funnel/people", body: `{"from":"2020-01-01","steps":[{"events":["{mark} event"]},{"events":["conversation.message"]}],"step":1}`, own: 200, foreign: 200},
	"POST /v1/journeys/retention":                    {path: "/v1/journeys/retention", body: `{"from":"2020-01-01","born":{"events":["{mark} event"]},"returns":{"types":["track"]}}`, own: 200, foreign: 200},
	"POST /v1/journeys/retention/people":             {path: "/v1/journeys/retention/people", body: `{"from":"2020-01-01","born":{"events":["{mark} event"]},"returns":{"types":["track"]},"cohort":"2026-01-01","period":0}`, own: 200, foreign: 200},
	"POST /v1/journeys/events":                       {path: "/v1/journeys/events", body: `{"from":"2020-01-01"}`, own: 200, foreign: 200},
	"POST /v1/journeys/paths":                        {path: "/v1/journeys/paths", body: `{"from":"2020-01-01","starts":{"types":["track"]}}`, own: 200, foreign: 200},
	"POST /v1/journeys/paths/people":                 {path: "/v1/journeys/paths/people", body: `{"from":"2020-01-01","starts":{"types":["track"]},"path":["conversation.started"]}`, own: 200, foreign: 200},
	"POST /v1/journeys/time-between":                 {path: "/v1/journeys/time-between", body: `{"from":"2020-01-01","starts":{"events":["{mark} event"]},"ends":{"types":["track"]}}`, own: 200, foreign: 200},
	"POST /v1/journeys/time-between/people":          {path: "/v1/journeys/time-between/people", body: `{"from":"2020-01-01","starts":{"events":["{mark} event"]},"ends":{"types":["track"]}}`, own: 200, foreign: 200},
	"GET /v1/definitions":                            {path: "/v1/definitions", own: 200, foreign: 200, shows: true},
	"PUT /v1/definitions":                            {path: "/v1/definitions", body: definitions, own: 200, foreign: 200, shows: true},
	"GET /v1/sources":                                {path: "/v1/sources", own: 200, foreign: 200, shows: true},
	"GET /v1/sources/:source/reconciliation":         {path: "/v1/sources/{source}/reconciliation", own: 200, foreign: 404, shows: true},
	"GET /v1/sources/:source/schema":                 {path: "/v1/sources/{source}/schema", own: 200, foreign: 404, shows: true},
	"GET /v1/sources/:source/schema/drift":           {path: "/v1/sources/{source}/schema/drift", own: 200, foreign: 404, shows: true},
	"PUT /v1/sources/:source/expected/:day":          {path: "/v1/sources/{source}/expected/2026-03-01", body: `{"count":7}`, own: 200, foreign: 403},
	"GET /v1/source-health":                          {path: "/v1/source-health", own: 200, foreign: 200, shows: true},
	"GET /v1/connectors":                             {path: "/v1/connectors", own: 200, foreign: 200},
	"GET /v1/connectors/:name":                       {path: "/v1/connectors/stripe", own: 200, foreign: 200},
	"POST /v1/connectors/try":                        {path: "/v1/connectors/try", body: `{"connector":"stripe","payload":"{}"}`, own: 200, foreign: 200},
	"GET /v1/quarantine":                             {path: "/v1/quarantine?source={source}", own: 200, foreign: 200},
	"GET /v1/quarantine/counts":                      {path: "/v1/quarantine/counts", own: 200, foreign: 200, shows: true},
	"GET /v1/quarantine/items/:place":                {path: "/v1/quarantine/items/{aside}", own: 200, foreign: 404, shows: true},
	"POST /v1/quarantine/items/:place/correct":       {path: "/v1/quarantine/items/{aside}/correct", body: `{"with":{}}`, own: 400, foreign: 404},
	"POST /v1/quarantine/rehearse":                   {path: "/v1/quarantine/rehearse", body: `{"places":["{aside}"]}`, own: 200, foreign: 200},
	"POST /v1/quarantine/replay":                     {path: "/v1/quarantine/replay", body: `{"places":["{aside}"]}`, own: 200, foreign: 200},
	"POST /v1/quarantine/discard":                    {path: "/v1/quarantine/discard", body: `{"places":["{aside}"]}`, own: 200, foreign: 200},
	"POST /v1/privacy/erasures":                      {path: "/v1/privacy/erasures?preview=true", body: `{"identifiers":[{"type":"user_id","value":"{user}"}]}`, own: 200, foreign: 404},
	"GET /v1/privacy/erasures":                       {path: "/v1/privacy/erasures", own: 200, foreign: 200},
	"GET /v1/privacy/erasures/:id":                   {path: "/v1/privacy/erasures/{erasure}", own: 200, foreign: 404},
	"GET /v1/privacy/erasures/:id/certificate":       {path: "/v1/privacy/erasures/{erasure}/certificate", own: 409, foreign: 404}, // it is held
	"DELETE /v1/privacy/erasures/:id":                {path: "/v1/privacy/erasures/{erasure}", own: 200, foreign: 404},
	"POST /v1/privacy/suppressions":                  {path: "/v1/privacy/suppressions", body: `{"identifiers":[{"type":"email","value":"leaver@example.com"}]}`, own: 200, foreign: 200},
	"DELETE /v1/privacy/suppressions/:address":       {path: "/v1/privacy/suppressions/{identifier}", own: 200, foreign: 200},
	"POST /v1/privacy/restrictions":                  {path: "/v1/privacy/restrictions", body: `{"identifiers":[{"type":"user_id","value":"{spare}"}]}`, own: 200, foreign: 404},
	"DELETE /v1/privacy/restrictions/:address":       {path: "/v1/privacy/restrictions/user_id:{spare}", own: 200, foreign: 404},
	"POST /v1/privacy/exports":                       {path: "/v1/privacy/exports", body: `{"identifiers":[{"type":"user_id","value":"{user}"}]}`, own: 202, foreign: 404},
	"GET /v1/privacy/exports":                        {path: "/v1/privacy/exports", own: 200, foreign: 200},
	"GET /v1/privacy/exports/:id":                    {path: "/v1/privacy/exports/{export}", own: 200, foreign: 404},
	"GET /v1/privacy/exports/:id/content":            {path: "/v1/privacy/exports/{export}/content", own: 200, foreign: 404},
	"GET /v1/privacy/identifiers/:address":           {path: "/v1/privacy/identifiers/{identifier}", own: 200, foreign: 200, echoes: true},
	"POST /v1/handoffs":                              {path: "/v1/handoffs", body: `{"identifiers":[{"type":"user_id","value":"{user}"}],"wants":"{mark}","to":{"queue":"{mark}"}}`, own: 201, foreign: 404, shows: true},
	"GET /v1/handoffs":                               {path: "/v1/handoffs", own: 200, foreign: 200},
	"GET /v1/handoffs/:id":                           {path: "/v1/handoffs/{handoff}", own: 200, foreign: 404, shows: true},
	"GET /v1/handoffs/:id/interactions":              {path: "/v1/handoffs/{handoff}/interactions", own: 200, foreign: 404, shows: true},
	"POST /v1/handoffs/:id/accept":                   {path: "/v1/handoffs/{handoff}/accept", body: `{}`, own: 200, foreign: 404, shows: true},
	"POST /v1/handoffs/:id/extend":                   {path: "/v1/handoffs/{handoff}/extend", body: `{}`, own: 409, foreign: 404},
	"POST /v1/handoffs/:id/release":                  {path: "/v1/handoffs/{handoff}/release", body: `{}`, own: 409, foreign: 404},
	"POST /v1/handoffs/:id/return":                   {path: "/v1/handoffs/{handoff}/return", body: `{"summary":"{mark}"}`, own: 409, foreign: 404},
	"POST /v1/handoffs/:id/read":                     {path: "/v1/handoffs/{handoff}/read", body: `{"parts":["wants"]}`, own: 200, foreign: 404, shows: true},
	"GET /v1/schemas/handoff/1":                      {path: "/v1/schemas/handoff/1", own: 200, foreign: 200},
	"GET /v1/workspace":                              {path: "/v1/workspace", own: 200, foreign: 200},
	"GET /v1/policy":                                 {path: "/v1/policy", own: 200, foreign: 200},
	"PUT /v1/policy":                                 {path: "/v1/policy?dry_run=true", body: policyOfMine, own: 200, foreign: 200, shows: true},
	"DELETE /v1/policy":                              {path: "/v1/policy", own: 200, foreign: 200},
	"GET /v1/keys":                                   {path: "/v1/keys", own: 200, foreign: 200, shows: true},
	"POST /v1/keys":                                  {path: "/v1/keys", body: `{"kind":"admin","scopes":["admin"],"note":"{me}"}`, own: 200, foreign: 200},
	"POST /v1/keys/:id/rotate":                       {path: "/v1/keys/{key}/rotate", own: 200, foreign: 404, shows: true},
	"DELETE /v1/keys/:id":                            {path: "/v1/keys/{key}", own: 200, foreign: 404, shows: true},
	"POST /v1/query":                                 {path: "/v1/query", body: `{"sql":"SELECT source, any(message_id) FROM events WHERE source != {not:String} GROUP BY source","params":{"not":"{other}"}}`, own: 200, foreign: 200, shows: true},
	"POST /v1/query/saved":                           {path: "/v1/query/saved", body: `{"name":"{fresh}","description":"{me}","sql":"SELECT source FROM events LIMIT 1"}`, own: 201, foreign: 201, shows: true},
	"GET /v1/query/saved":                            {path: "/v1/query/saved", own: 200, foreign: 200},
	"GET /v1/query/saved/:name":                      {path: "/v1/query/saved/{saved}", own: 200, foreign: 404, shows: true},
	"PUT /v1/query/saved/:name":                      {path: "/v1/query/saved/{saved}", body: `{"description":"{me}","sql":"SELECT source FROM events LIMIT 2"}`, own: 200, foreign: 404, shows: true},
	"DELETE /v1/query/saved/:name":                   {path: "/v1/query/saved/{saved}", own: 200, foreign: 404, shows: true},
	"POST /v1/query/saved/:name/run":                 {path: "/v1/query/saved/{saved}/run", body: `{}`, own: 200, foreign: 404, shows: true},
	"GET /v1/query/views":                            {path: "/v1/query/views", own: 200, foreign: 200},
	"GET /v1/audit":                                  {path: "/v1/audit?limit=1000", own: 200, foreign: 200, shows: true},
	"POST /v1/session":                               {path: "/v1/session", body: `{"key":""}`, own: 400, foreign: 400},
	"GET /v1/session":                                {path: "/v1/session", own: 200, foreign: 200},
	"DELETE /v1/session":                             {path: "/v1/session", own: 204, foreign: 204},
	"GET /v1/session/providers":                      {path: "/v1/session/providers", own: 200, foreign: 200},
	"GET /v1/session/oidc/:name/start":               {path: "/v1/session/oidc/none/start", own: 404, foreign: 404},
	"GET /v1/session/oidc/:name/callback":            {path: "/v1/session/oidc/none/callback", own: 404, foreign: 404},
	"POST /mcp":                                      {path: "/mcp", body: `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`, own: 200, foreign: 200},
	"GET /.well-known/oauth-protected-resource":      {path: "/.well-known/oauth-protected-resource", own: 404, foreign: 404},
	"GET /.well-known/oauth-protected-resource/mcp":  {path: "/.well-known/oauth-protected-resource/mcp", own: 404, foreign: 404},
	"GET /v1/openapi.yaml":                           {path: "/v1/openapi.yaml", own: 200, foreign: 200},
	"GET /v1/openapi.json":                           {path: "/v1/openapi.json", own: 200, foreign: 200},
	"GET /docs":                                      {path: "/docs", own: 200, foreign: 200},
	"GET /docs/:file":                                {path: "/docs/docs.js", own: 200, foreign: 200},
	"GET /healthz":                                   {path: "/healthz", own: 200, foreign: 200},
	"GET /readyz":                                    {path: "/readyz", own: 200, foreign: 200},
	"GET /metrics":                                   {path: "/metrics", own: 200, foreign: 200},
}

// intakeExamples are those of the gateway: a body that a write key may send. The other methods of a path
// answer 405, OPTIONS for browsers 204.
var intakeExamples = map[string]string{
	"/v1/identify": `{"userId":"{user}","traits":{"plan":"{smuggled}"},"workspace":"{other}","context":{"workspace":"{other}"}}`,
	"/v1/track":    `{"userId":"{user}","event":"{smuggled}","workspace":"{other}","properties":{"workspace":"{other}","a":"{smuggled}"}}`,
	"/v1/page":     `{"userId":"{user}","name":"{smuggled}","workspace":"{other}"}`,
	"/v1/screen":   `{"userId":"{user}","name":"{smuggled}","workspace":"{other}"}`,
	"/v1/group":    `{"userId":"{user}","groupId":"{account}","traits":{"name":"{smuggled}"},"workspace":"{other}"}`,
	"/v1/alias":    `{"userId":"{user}","previousId":"{smuggled}","workspace":"{other}"}`,
	"/v1/batch":    `{"batch":[{"type":"track","userId":"{user}","event":"{smuggled}","workspace":"{other}"}],"context":{"workspace":"{other}"}}`,
	// Vendors sign, and bring no key; of a source that is not configured nothing is taken.
	"/v1/webhooks/:source": "",
}

// acrossWorkspaces are the routes of the socket that answer for the whole installation, as its operator asks.
var acrossWorkspaces = map[string]string{
	"GET /admin/v1/workspaces":     "lists all workspaces",
	"GET /admin/v1/log/partitions": "the log is one for all workspaces",
	"GET /admin/v1/log/records":    "the log is one for all workspaces",
	"GET /admin/v1/status":         "tells how the parts of the server are",
	// Named by what is unique in the installation; the workspace is not asked.
	"GET /admin/v1/workspaces/{name}": "shows the workspace that is named",
}

// world is a node with two workspaces, each full of its mark.
type world struct {
	*program
	spaces [2]*space
}

// space is a workspace, and what is in it.
type space struct {
	*world
	name, mark      string
	source          string
	profile         string
	second          string                // a profile of somebody else
	made            int                   // erasures
	export          string                // one that is ready
	offered         string                // a hand-off that is not taken
	promised        bool                  // something was
	keys            map[auth.Scope]string // with that scope alone
	revoked, expiry string                // keys with all scopes of an administrator
}

func newIsolationWorld(t *testing.T) *world {
	w := &world{program: start(t, t.TempDir())}
	w.spaces = [2]*space{{world: w, name: "default", mark: "marka1"}, {world: w, name: "other", mark: "markb2"}}
	for _, s := range w.spaces {
		s.source = s.mark + "-src"
		s.plant()
	}
	w.settle()
	for _, s := range w.spaces {
		if s.profile, s.second = s.profileOf(s.mark+"-user"), s.profileOf("shared-user"); s.profile == s.second {
			t.Fatalf("%s: there is no second profile", s.name)
		}
	}
	return w
}

// plant fills a workspace: every text that a client may choose holds the mark.
func (s *space) plant() {
	s.t.Helper()
	kind := func(scope auth.Scope) auth.New {
		n := auth.New{Kind: auth.KindFor(scope), Workspace: s.name, Scopes: []auth.Scope{scope}, Note: s.mark}
		if n.Kind == auth.KindWrite {
			n.Source = s.source
		}
		return n
	}
	s.keys = map[auth.Scope]string{}
	for _, scope := range auth.Scopes() {
		s.keys[scope] = s.key(kind(scope))
	}
	s.revoked = s.key(auth.New{Kind: auth.KindAdmin, Workspace: s.name})
	if _, err := s.Keys().Revoke(s.t.Context(), auth.Hash(s.revoked)[:16]); err != nil {
		s.t.Fatal(err)
	}
	s.expiry = s.key(auth.New{Kind: auth.KindAdmin, Workspace: s.name, Expires: time.Now().Add(time.Second)})
	send := func(path, body string) {
		s.t.Helper()
		body = strings.ReplaceAll(body, "MARK", s.mark)
		if status, answer := s.post(path, s.keys[auth.ScopeIngestWrite], body); status != http.StatusOK {
			s.t.Fatalf("%s: %d %v", path, status, answer)
		}
	}
	send("/v1/identify", `{"userId":"MARK-user","traits":{"email":"MARK@example.com","firstName":"MARK","plan":"MARK","note":"MARK"}}`)
	send("/v1/group", `{"userId":"MARK-user","groupId":"MARK-account","traits":{"name":"MARK"}}`)
	send("/v1/track", `{"userId":"MARK-user","event":"MARK event","properties":{"MARK":"MARK"}}`)
	send("/v1/track", `{"userId":"MARK-user","event":"conversation.started","context":{"channel":"chat"},
		"properties":{"conversation_id":"MARK-c","topic":"MARK","direction":"inbound"}}`)
	send("/v1/track", `{"userId":"MARK-user","event":"conversation.message","context":{"channel":"chat"},
		"properties":{"conversation_id":"MARK-c","text":"MARK","author_role":"customer"}}`)
	send("/v1/batch", `{"batch":[{"type":"track","messageId":"MARK-bad","event":"MARK","properties":{"a":"MARK"}}]}`)
	send("/v1/identify", `{"userId":"MARK-spare","traits":{"plan":"pro"}}`)
	// The same identifiers in both workspaces are two people's.
	send("/v1/identify", `{"userId":"shared-user","traits":{"plan":"MARK"}}`)
	send("/v1/track", `{"userId":"MARK-user","event":"consent.changed","properties":{"channel":"email","purpose":"marketing","consent":"granted"}}`)
	said := s.own(`{"contact":{"type":"email","value":"{me}@example.com"},"channel":"email","purpose":"marketing","consent":"granted","evidence":"{me}"}`)
	if status, answer := s.ask(http.MethodPost, "/v1/consent", s.keys[auth.ScopeConsentWrite], said); status != http.StatusCreated {
		s.t.Fatalf("consent: %d %s", status, answer)
	}
	if status, answer := s.ask(http.MethodPut, "/v1/definitions", s.keys[auth.ScopeAdmin], s.own(definitions)); status != http.StatusOK {
		s.t.Fatalf("definitions: %d %s", status, answer)
	}
	s.target()
	ctx := unify.WithBy(s.t.Context(), unify.By{Actor: "socket:0", RequestID: s.mark})
	if _, err := s.commands.Do(ctx, s.name, unify.IdentityBlock{Actor: s.mark, Type: "phone", Value: "+12125550123"}); err != nil {
		s.t.Fatal(err)
	}
}

func (w *world) otherThan(s *space) *space {
	if w.spaces[0] == s {
		return w.spaces[1]
	}
	return w.spaces[0]
}

// thing is what stands for a placeholder.
func (s *space) thing(name string) string {
	switch name {
	case "address":
		return "user_id:" + s.mark + "-user"
	case "identifier":
		return "email:" + s.mark + "@example.com"
	case "user":
		return s.mark + "-user"
	case "account":
		return s.mark + "-account"
	case "segment":
		return s.mark + "-segment"
	case "source":
		return s.source
	case "mark":
		return s.mark
	case "smuggled":
		return "smuggled-from-" + s.name
	case "name", "workspace":
		return s.name
	case "other":
		return s.otherThan(s).name
	case "key", "id": // a new one, which may be rotated or revoked
		secret := s.key(auth.New{Kind: auth.KindAdmin, Workspace: s.name, Scopes: []auth.Scope{auth.ScopeAdmin}, Note: s.mark})
		return auth.Hash(secret)[:16]
	case "profile":
		return s.profile
	case "second":
		return s.second
	case "decision": // a new one, which may be undone
		return s.decision()
	case "spare": // somebody who may be restricted
		return s.mark + "-spare"
	case "erasure": // held, of somebody of its own
		return s.erasure()
	case "export":
		if s.export == "" {
			s.export = s.exported(s.keys[auth.ScopePrivacyExport], s.mark+"-user")
		}
		return s.export
	case "handoff":
		return s.handoff()
	case "session": // a new one, which may be ended
		return s.session()
	case "aside": // what stands in the quarantine
		return s.aside()
	case "promised": // somebody to whom something was
		if !s.promised {
			body := s.fill(`{"identifiers":[{"type":"user_id","value":"{user}"}],"kind":"refund","text":"{mark}"}`)
			if status, answer := s.ask(http.MethodPost, "/v1/commitments", s.keys[auth.ScopeAgentWrite], body); status != http.StatusCreated {
				s.t.Fatalf("promise: %d %s", status, answer)
			}
			s.promised = true
		}
		return s.mark + "-user"
	case "fresh": // a name that nothing has
		return "fresh-" + strings.ToLower(rand.Text())
	case "saved": // a new one, which may be deleted
		name := s.thing("fresh")
		if status, answer := s.ask(http.MethodPost, "/v1/query/saved", s.keys[auth.ScopeQueryRun], fmt.Sprintf(`{"name":%q,"description":%q,"sql":"SELECT source FROM events WHERE source LIKE '%%src' LIMIT 1"}`, name, s.mark)); status != http.StatusCreated {
			s.t.Fatalf("save: %d %s", status, answer)
		}
		return name
	case "place":
		return "0-0-0"
	case "metric":
		return "csat"
	case "target": // a new one, which may be removed
		return s.target()
	}
	s.t.Fatalf("nothing stands for {%s}: add it to space.thing", name)
	return ""
}

// target is the id of a new target of a metric.
func (s *space) target() string {
	s.t.Helper()
	body := s.own(`{"metric":"fcr","value":0.7,"by":"team","group":"{me}"}`)
	status, answer := s.ask(http.MethodPost, "/v1/metrics/targets", s.keys[auth.ScopeAdmin], body)
	var set struct{ ID string }
	if err := json.Unmarshal(answer, &set); err != nil || status != http.StatusCreated {
		s.t.Fatalf("target: %d %s", status, answer)
	}
	return set.ID
}

// handoff is the id of a hand-off that nobody has taken: one that was offered before, as long as nothing was done to it,
// for there may not be many of a customer that are open.
func (s *space) handoff() string {
	s.t.Helper()
	if s.offered != "" {
		return s.offered
	}
	body := s.fill(`{"identifiers":[{"type":"user_id","value":"{user}"}],"wants":"{mark}","to":{"queue":"{mark}"}}`)
	status, answer := s.ask(http.MethodPost, "/v1/handoffs", s.keys[auth.ScopeAgentWrite], body)
	var offered struct{ Handoff struct{ ID string } }
	if err := json.Unmarshal(answer, &offered); err != nil || status != http.StatusCreated {
		s.t.Fatalf("hand-off: %d %s", status, answer)
	}
	s.offered = offered.Handoff.ID
	return s.offered
}

// aside is the place of an item in the quarantine.
func (s *space) aside() string {
	s.t.Helper()
	status, answer := s.ask(http.MethodGet, "/v1/quarantine?source="+s.source, s.keys[auth.ScopeSourcesRead], "")
	var page struct{ Items []struct{ Place string } }
	if err := json.Unmarshal(answer, &page); err != nil || status != http.StatusOK || len(page.Items) == 0 {
		s.t.Fatalf("quarantine: %d %s", status, answer)
	}
	return page.Items[0].Place
}

// profileOf is the profile that a user id names.
func (s *space) profileOf(user string) string {
	s.t.Helper()
	_, answer := s.ask(http.MethodGet, "/v1/profiles/user_id:"+user, s.keys[auth.ScopeProfilesRead], "")
	var p struct{ Profile string }
	if err := json.Unmarshal(answer, &p); err != nil || p.Profile == "" {
		s.t.Fatalf("%s: there is no profile of %s: %s", s.name, user, answer)
	}
	return p.Profile
}

// decision is the id of a new one about the workspace's two.
func (s *space) decision() string {
	s.t.Helper()
	body := s.fill(`{"kind":"never_merge","a":"{profile}","b":"{second}","note":"{mark}"}`)
	status, answer := s.ask(http.MethodPost, "/v1/identity/decisions", s.keys[auth.ScopeIdentityWrite], body)
	var made struct{ ID string }
	if err := json.Unmarshal(answer, &made); err != nil || status != http.StatusCreated {
		s.t.Fatalf("decision: %d %s", status, answer)
	}
	return made.ID
}

// session is the id of a new agent session.
func (s *space) session() string {
	s.t.Helper()
	body := s.fill(`{"identifiers":[{"type":"user_id","value":"{user}"}],"conversation":"{mark}"}`)
	status, answer := s.ask(http.MethodPost, "/v1/agent-sessions", s.keys[auth.ScopeContextRead], body)
	var made struct{ Session string }
	if err := json.Unmarshal(answer, &made); err != nil || status != http.StatusCreated {
		s.t.Fatalf("session: %d %s", status, answer)
	}
	return made.Session
}

// erasure asks for somebody's erasure, which is held, and returns its id.
func (s *space) erasure() string {
	s.t.Helper()
	s.made++
	who := fmt.Sprintf("%s-erased-%d", s.mark, s.made)
	if status, answer := s.post("/v1/identify", s.keys[auth.ScopeIngestWrite], fmt.Sprintf(`{"userId":%q}`, who)); status != http.StatusOK {
		s.t.Fatalf("%d %v", status, answer)
	}
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		status, answer := s.ask(http.MethodPost, "/v1/privacy/erasures", s.keys[auth.ScopePrivacyWrite], fmt.Sprintf(`{"identifiers":[{"type":"user_id","value":%q}]}`, who))
		var held struct{ ID string }
		if err := json.Unmarshal(answer, &held); err == nil && status == http.StatusOK && held.ID != "" {
			return held.ID
		}
		if status != http.StatusNotFound || time.Now().After(deadline) { // not applied yet
			s.t.Fatalf("erasure: %d %s", status, answer)
		}
	}
}

// own puts the mark of who asks into a body.
func (s *space) own(body string) string { return strings.ReplaceAll(body, "{me}", s.mark) }

// fill puts things of a workspace into a path or body.
func (s *space) fill(text string) string {
	for {
		before, rest, ok := strings.Cut(text, "{")
		name, after, closed := strings.Cut(rest, "}")
		if !ok || !closed || name == "" || strings.ContainsAny(name, `" :,[`) {
			return s.fillRest(text, before, rest, ok)
		}
		text = before + s.thing(name) + after
	}
}

// fillRest goes on behind a brace of JSON.
func (s *space) fillRest(text, before, rest string, ok bool) string {
	if !ok {
		return text
	}
	return before + "{" + s.fill(rest)
}

// ask sends a request and returns the answer whole: its status, and headers and body as bytes.
func (w *world) ask(method, path, key, body string) (status int, answer []byte) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if key != "" {
		request.Header.Set("Authorization", "Bearer "+key)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("Idempotency-Key", uuid.NewString())
	return w.whole(http.DefaultClient.Do(request))
}

func (w *world) whole(response *http.Response, err error) (int, []byte) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	w.documented().agrees(w.t, response, body)
	return response.StatusCode, body
}

// clean checks that nothing of a workspace is in an answer.
func (s *space) clean(t *testing.T, what string, answer []byte) {
	t.Helper()
	lower := bytes.ToLower(answer)
	for _, mark := range []string{s.mark, s.profile} {
		if mark != "" && bytes.Contains(lower, []byte(mark)) {
			t.Errorf("%s: %q of workspace %s shows: %.400s", what, mark, s.name, answer)
		}
	}
}

// TestEveryRouteKeepsToItsWorkspaceAndScope walks every route that is served, by every scope, in both
// workspaces, with its own things and the other's, and with keys that open nothing.
func TestEveryRouteKeepsToItsWorkspaceAndScope(t *testing.T) {
	w := newIsolationWorld(t)
	served := map[string]bool{}
	for _, rule := range w.routes.readers {
		route := rule.Method + " " + rule.Path
		served[route] = true
		e, ok := examples[route]
		if !ok || (rule.Scope == "" && !rule.Public && !rule.AnyKey) {
			t.Errorf("%s: has an example: %t, its scope is %q: every route needs both", route, ok, rule.Scope)
			continue
		}
		t.Run(route, func(t *testing.T) {
			for _, s := range w.spaces {
				if rule.Public {
					s.publicRoute(t, rule.Method, e)
					continue
				}
				if rule.AnyKey {
					s.byAnyKey(t, rule.Method, e)
				} else {
					s.byScope(t, rule.Method, rule.Scope, e)
				}
				s.byNobody(t, rule.Method, e)
			}
		})
	}
	for route := range examples {
		if !served[route] {
			t.Errorf("%s: has an example, and is not served", route)
		}
	}
	w.documented().complete(t)
}

func (s *space) publicRoute(t *testing.T, method string, e example) {
	for _, key := range append(slices.Collect(maps.Values(s.keys)), "", s.revoked) {
		status, answer := s.ask(method, s.fill(e.path), key, s.fill(s.own(e.body)))
		if status != e.own {
			t.Errorf("is answered with %d, want %d", status, e.own)
		}
		s.clean(t, "public", answer)
		s.otherThan(s).clean(t, "public", answer)
	}
}

// byScope asks with a key of each scope, for its own things and for the other workspace's.
func (s *space) byScope(t *testing.T, method string, needs auth.Scope, e example) {
	other := s.otherThan(s)
	for _, scope := range auth.Scopes() {
		for _, of := range []*space{s, other} {
			want, what := e.own, fmt.Sprintf("%s asks by %s for what is %s's", s.name, scope, of.name)
			if of == other {
				want = e.foreign
			}
			if scope != needs {
				want = http.StatusForbidden
			}
			status, answer := s.ask(method, of.fill(e.path), s.keys[scope], of.fill(s.own(e.body)))
			if method != http.MethodGet && status < http.StatusMultipleChoices {
				of.offered = "" // something was done to it, if it was about one
			}
			if status != want {
				t.Errorf("%s: is answered with %d, want %d: %.300s", what, status, want, answer)
			}
			if e.echoes {
				for _, asked := range []string{"@example.com", " event"} {
					answer = bytes.ReplaceAll(answer, []byte(other.mark+asked), nil)
				}
				other.clean(t, what, answer)
			} else {
				other.clean(t, what, answer)
			}
			if shown := bytes.Contains(bytes.ToLower(answer), []byte(s.mark)); e.shows && scope == needs && of == s && !shown {
				t.Errorf("%s: shows nothing of its own, so that nothing is proven: %.300s", what, answer)
			}
		}
	}
}

// byAnyKey asks with a key of each scope.
func (s *space) byAnyKey(t *testing.T, method string, e example) {
	for scope, key := range s.keys {
		status, answer := s.ask(method, s.fill(e.path), key, s.fill(s.own(e.body)))
		if status != e.own {
			t.Errorf("by %s: is answered with %d, want %d: %.300s", scope, status, e.own, answer)
		}
		s.otherThan(s).clean(t, string(scope), answer)
	}
}

// byNobody asks without a key that opens anything.
func (s *space) byNobody(t *testing.T, method string, e example) {
	s.await(t)
	unknown, err := auth.NewSecret(auth.KindAdmin)
	if err != nil {
		t.Fatal(err)
	}
	for what, key := range map[string]string{"no key": "", "unknown": unknown, "revoked": s.revoked, "expired": s.expiry, "no form of a key": "x", "no token": "a.b.c"} {
		status, answer := s.ask(method, s.fill(e.path), key, s.fill(s.own(e.body)))
		if status != http.StatusUnauthorized {
			t.Errorf("%s: is answered with %d", what, status)
		}
		s.clean(t, what, answer)
		s.otherThan(s).clean(t, what, answer)
	}
}

// await waits until the key that is to expire has.
func (s *space) await(t *testing.T) {
	t.Helper()
	key, err := s.Keys().Get(auth.Hash(s.expiry)[:16])
	if err != nil {
		t.Fatal(err)
	}
	for key.Valid(time.Now()) {
		time.Sleep(10 * time.Millisecond)
	}
}

// TestEveryIntakeRouteKeepsToItsWorkspace: nothing but a write key sends, and what it sends is its
// workspace's, whatever it says itself.
func TestEveryIntakeRouteKeepsToItsWorkspace(t *testing.T) {
	w := newIsolationWorld(t)
	served := map[string]bool{}
	for _, route := range w.routes.intake {
		served[route.Path] = true
		body, ok := intakeExamples[route.Path]
		if !ok {
			t.Errorf("%s %s has no example", route.Method, route.Path)
			continue
		}
		for _, s := range w.spaces {
			s.intake(t, route.Method, route.Path, body)
		}
	}
	for path := range intakeExamples {
		if !served[path] {
			t.Errorf("%s: has an example, and is not served", path)
		}
	}
	w.settle()
	for _, s := range w.spaces {
		for _, path := range []string{"/v1/profiles/{address}", "/v1/profiles/{address}/timeline", "/v1/profiles/{address}/context", "/v1/accounts/{account}"} {
			other := w.otherThan(s)
			scope := auth.ScopeProfilesRead
			switch {
			case strings.HasSuffix(path, "timeline"):
				scope = auth.ScopeTimelineRead
			case strings.HasSuffix(path, "context"):
				scope = auth.ScopeContextRead
			}
			if _, answer := s.ask(http.MethodGet, s.fill(path), s.keys[scope], ""); bytes.Contains(answer, []byte(other.thing("smuggled"))) {
				t.Errorf("%s: %s came in from the other workspace: %.300s", s.name, path, answer)
			}
		}
	}
}

func (s *space) intake(t *testing.T, method, path, body string) {
	t.Helper()
	s.await(t)
	webhook := body == ""
	send := func(key string, want int) {
		t.Helper()
		// It says that it is about the other workspace's customer.
		request, err := http.NewRequestWithContext(t.Context(), method, s.url+s.fill(strings.ReplaceAll(path, ":source", "{source}")),
			strings.NewReader(strings.ReplaceAll(s.fill(body), s.mark, s.otherThan(s).mark)))
		if err != nil {
			t.Fatal(err)
		}
		if key != "" {
			request.SetBasicAuth(key, "")
		}
		request.Header.Set("Content-Type", "application/json")
		status, answer := s.whole(http.DefaultClient.Do(request))
		if status != want {
			t.Errorf("%s %s in %s: is answered with %d, want %d: %.300s", method, path, s.name, status, want, answer)
		}
		s.otherThan(s).clean(t, path, answer)
	}
	status := func(scope auth.Scope) int {
		switch {
		case method == http.MethodOptions && !webhook:
			return http.StatusNoContent
		case webhook && (method == http.MethodPost || method == http.MethodGet || method == http.MethodHead):
			return http.StatusNotFound
		case method != http.MethodPost:
			return http.StatusMethodNotAllowed
		case scope == auth.ScopeIngestWrite:
			return http.StatusOK
		}
		return http.StatusUnauthorized
	}
	for scope, key := range s.keys {
		send(key, status(scope))
	}
	for _, key := range []string{"", s.revoked, s.expiry} {
		send(key, status(""))
	}
}

// TestTheSocketAnswersForOneWorkspaceAndItsOperatorAlone: no route of the socket is served on the public
// address, and one that is asked about a workspace shows nothing of another.
func TestTheSocketAnswersForOneWorkspaceAndItsOperatorAlone(t *testing.T) {
	w := newIsolationWorld(t)
	handler, err := w.adminHandler()
	if err != nil {
		t.Fatal(err)
	}
	client := socketClient(w.config.DataDir)
	defer client.CloseIdleConnections()
	for _, pattern := range handler.Patterns {
		method, path, _ := strings.Cut(pattern, " ")
		t.Run(pattern, func(t *testing.T) {
			for _, s := range w.spaces {
				filled := s.otherThan(s).fill(path)
				if status, answer := s.ask(method, filled, s.keys[auth.ScopeAdmin], ""); status != http.StatusNotFound && status != http.StatusMethodNotAllowed {
					t.Errorf("the public address answers %d: %.200s", status, answer)
				}
				if acrossWorkspaces[pattern] != "" {
					continue
				}
				// About the other's things, in the name of this workspace.
				request, err := http.NewRequestWithContext(t.Context(), method, "http://tributary"+filled+"?workspace="+s.name, http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				_, answer := w.whole(client.Do(request))
				if !strings.Contains(path, "/keys/") && !strings.Contains(path, "/workspaces/") { // those are named by id
					s.otherThan(s).clean(t, "in the name of "+s.name, answer)
				}
			}
		})
	}
}

func socketClient(dataDir string) *http.Client {
	return &http.Client{Transport: admin.Transport(Socket(dataDir)), Timeout: time.Minute}
}

// TestRefusedAttemptsAreOnRecord: who tries an administrator's route without the scope is in the audit
// trail, and so is what was done, once each.
func TestRefusedAttemptsAreOnRecord(t *testing.T) {
	w := newIsolationWorld(t)
	s := w.spaces[0]
	reader := auth.Hash(s.keys[auth.ScopeContextRead])[:16]
	for range 3 {
		if status, _ := s.ask(http.MethodGet, "/v1/keys", s.keys[auth.ScopeContextRead], ""); status != http.StatusForbidden {
			t.Fatalf("is answered with %d", status)
		}
	}
	id := s.thing("key")
	if status, answer := s.ask(http.MethodPost, "/v1/keys/"+id+"/rotate", s.keys[auth.ScopeAdmin], `{"grace":"1h"}`); status != http.StatusOK {
		t.Fatalf("%d: %s", status, answer)
	}
	w.settle()
	client := admin.NewClient(Socket(w.config.DataDir))
	defer client.Close()
	lines := func(actor, action, outcome string) int {
		t.Helper()
		page, err := client.Audit(context.Background(), audit.Request{Workspace: s.name, Actor: actor, Action: action, Outcome: outcome})
		if err != nil {
			t.Fatal(err)
		}
		return len(page.Lines)
	}
	if n := lines("key:"+reader, "request", "refused"); n != 3 {
		t.Errorf("%d refused attempts are on record, were 3", n)
	}
	if n := lines("key:"+auth.Hash(s.keys[auth.ScopeAdmin])[:16], "key.rotate", "done"); n != 2 {
		t.Errorf("%d lines about the rotation, want one for each of its two keys", n)
	}
	if n := lines("socket:0", "identity.block", "done"); n != 1 {
		t.Errorf("%d lines about the block, want 1", n)
	}
}
