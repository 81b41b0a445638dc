// Package admin is what the program's own commands ask of a running server, over a Unix socket in
// its data folder. There is no key: whoever may open the socket (mode 0600) owns the data anyway.
package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"tributary/api/auth"
	"tributary/api/problem"
	"tributary/api/statement"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/privacy/desk"
	"tributary/profiles/quarantine"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// Quarantine lists what could not be processed; state.Store is one.
type Quarantine = quarantine.Store

// Config is what the handlers work with.
type Config struct {
	Commands   *Commands
	Keys       *auth.Keys // with their Workspaces
	Trail      Trail
	Quarantine Quarantine
	Identity   profiles.HotStore
	Explainer  Explainer
	Policies   Policies
	Profiles   Profiles
	Disclosed  Disclosed
	Promises   Promises
	Accounts   Accounts
	Schemas    Schemas
	// Definitions knows what workspaces declare.
	Definitions Definitions
	// Contacting makes the reports of how people contact us.
	Contacting Contacting
	// Effects says what goes with the quality of service, and which uses of AI pay.
	Effects Effects
	// Drivers says why customers make contact.
	Drivers Drivers
	// Forecasts says how many contacts will come.
	Forecasts Forecasts
	// Measures answers the metrics of customer experience.
	Measures Measures
	// Targets says what they are to come to.
	Targets Targets
	// Journeys makes reports.
	Journeys Journeys
	Log      Log
	// Suppressor may be nil: then no list of suppressions is taken.
	Suppressor Suppressor
	// Privacy takes requests of privacy; nil: they are not taken.
	Privacy *desk.Desk
	// Exports may be nil: then none are made.
	Exports Exports
	// Statements runs analysts' SQL.
	Statements *statement.Desk
	// Reviews lists the pairs of which a person should decide.
	Reviews func(ctx context.Context, workspace string, limit int) ([]store.ReviewRow, error)
	// Stewards takes decisions about who is who.
	Stewards Stewards
	// Status tells how the parts of the server are: any JSON.
	Status func(ctx context.Context) (any, error)
	Logger *slog.Logger
}

// Validate reports every fault, each with its field.
func (c Config) Validate() error {
	var faults []error
	need := func(ok bool, field string) {
		if !ok {
			faults = append(faults, fmt.Errorf("%s: is required", field))
		}
	}
	need(c.Commands != nil && c.Commands.Log != nil && c.Commands.Worker != nil && c.Commands.Now != nil, "commands")
	need(c.Keys != nil && c.Keys.Workspaces != nil, "keys")
	need(c.Trail != nil, "trail")
	need(c.Quarantine != nil, "quarantine")
	need(c.Identity != nil, "identity")
	need(c.Explainer != nil, "explainer")
	need(c.Policies != nil, "policies")
	need(c.Profiles != nil, "profiles")
	need(c.Disclosed != nil, "disclosed")
	need(c.Promises != nil, "promises")
	need(c.Accounts != nil, "accounts")
	need(c.Schemas != nil, "schemas")
	need(c.Definitions != nil, "definitions")
	need(c.Log != nil, "log")
	need(c.Contacting != nil, "contacting")
	need(c.Effects != nil, "effects")
	need(c.Drivers != nil, "drivers")
	need(c.Forecasts != nil, "forecasts")
	need(c.Measures != nil, "measures")
	need(c.Journeys != nil, "journeys")
	need(c.Statements != nil, "statements")
	need(c.Targets != nil, "targets")
	need(c.Reviews != nil, "reviews")
	need(c.Stewards != nil, "stewards")
	need(c.Status != nil, "status")
	need(c.Logger != nil, "logger")
	return errors.Join(faults...)
}

type handlers struct {
	Config
	desk *quarantine.Desk
}

// NewHandler returns the handler to serve on the socket.
func NewHandler(c Config) (*Handler, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("configure admin: %w", err)
	}
	h := &handlers{c, &quarantine.Desk{Store: c.Quarantine, Commands: c.Commands, Worker: c.Commands.Worker}}
	mux := &patterns{ServeMux: http.NewServeMux()}
	handle(mux, h, "POST /admin/v1/keys", h.createKey)
	handle(mux, h, "GET /admin/v1/keys", h.listKeys)
	handle(mux, h, "DELETE /admin/v1/keys/{id}", h.revokeKey)
	handle(mux, h, "POST /admin/v1/keys/{id}/rotate", h.rotateKey)
	handle(mux, h, "GET /admin/v1/workspaces", h.listWorkspaces)
	handle(mux, h, "POST /admin/v1/workspaces", h.createWorkspace)
	handle(mux, h, "GET /admin/v1/workspaces/{name}", h.showWorkspace)
	handle(mux, h, "POST /admin/v1/workspaces/{name}/close", h.closeWorkspace)
	handle(mux, h, "POST /admin/v1/workspaces/{name}/reopen", h.reopenWorkspace)
	handle(mux, h, "GET /admin/v1/audit", h.readAudit)
	handle(mux, h, "GET /admin/v1/quarantine", h.listItems)
	handle(mux, h, "GET /admin/v1/quarantine-counts", h.countItems)
	handle(mux, h, "POST /admin/v1/quarantine-rehearse", h.rehearseItems)
	handle(mux, h, "POST /admin/v1/quarantine-replay", h.replayItems)
	handle(mux, h, "POST /admin/v1/quarantine-discard", h.discardItems)
	handle(mux, h, "GET /admin/v1/quarantine/{place}", h.showItem)
	handle(mux, h, "POST /admin/v1/quarantine/{place}/replay", h.replayItem)
	handle(mux, h, "POST /admin/v1/quarantine/{place}/discard", h.discardItem)
	handle(mux, h, "POST /admin/v1/identity/decisions", h.decide)
	handle(mux, h, "GET /admin/v1/identity/explain", h.explain)
	handle(mux, h, "GET /admin/v1/identity/identifier", h.identifier)
	handle(mux, h, "GET /admin/v1/identity/rules", h.rules)
	handle(mux, h, "POST /admin/v1/identity/rules", h.putRules)
	mux.HandleFunc("POST /admin/v1/identity/preview", h.preview)
	handle(mux, h, "GET /admin/v1/identity/status", h.identityStatus)
	handle(mux, h, "GET /admin/v1/identity/reviews", h.reviews)
	handle(mux, h, "POST /admin/v1/identity/settle", h.settleIdentity)
	handle(mux, h, "GET /admin/v1/policy", h.showPolicy)
	handle(mux, h, "PUT /admin/v1/policy", h.setPolicy)
	handle(mux, h, "GET /admin/v1/disclosures", h.disclosures)
	handle(mux, h, "GET /admin/v1/consent", h.showConsent)
	handle(mux, h, "GET /admin/v1/commitments", h.listCommitments)
	handle(mux, h, "POST /admin/v1/suppress", h.suppress)
	handle(mux, h, "GET /admin/v1/reconcile", h.reconcile)
	handle(mux, h, "PUT /admin/v1/reconcile/expected", h.expect)
	handle(mux, h, "GET /admin/v1/definitions", h.showDefinitions)
	handle(mux, h, "PUT /admin/v1/definitions", h.setDefinitions)
	handle(mux, h, "GET /admin/v1/segments", h.listSegments)
	handle(mux, h, "POST /admin/v1/journeys/forecast", report(h.Forecasts.Make))
	addContacting(mux, h)
	addEffects(mux, h)
	addDrivers(mux, h)
	handle(mux, h, "POST /admin/v1/metrics/values", h.metricValues)
	handle(mux, h, "POST /admin/v1/metrics/{metric}/comparison", h.compareMetric)
	addTargets(mux, h)
	handle(mux, h, "GET /admin/v1/schemas", h.listSchemas)
	handle(mux, h, "GET /admin/v1/schemas/{source}", h.showSchema)
	handle(mux, h, "GET /admin/v1/schemas/{source}/drift", h.schemaDrift)
	handle(mux, h, "POST /admin/v1/schemas-set", contract[unify.SchemaSet](h))
	handle(mux, h, "POST /admin/v1/schemas-remove", contract[unify.SchemaRemove](h))
	handle(mux, h, "GET /admin/v1/log/partitions", h.partitions)
	handle(mux, h, "GET /admin/v1/log/records", h.readLog)
	handle(mux, h, "POST /admin/v1/privacy", h.privacy)
	addExports(mux, h)
	addJourneys(mux, h)
	addStatements(mux, h)
	handle(mux, h, "GET /admin/v1/status", h.status)
	handle(mux, h, "POST /admin/v1/import", h.importEvents)
	handle(mux, h, "POST /admin/v1/append", h.appendRecords)
	return &Handler{attribute(mux), mux.all}, nil
}

// Handler answers on the socket.
type Handler struct {
	http.Handler
	// Patterns are its routes, as http.ServeMux has them.
	Patterns []string
}

// patterns is a ServeMux that knows its routes.
type patterns struct {
	*http.ServeMux
	all []string
}

// HandleFunc adds a route.
func (p *patterns) HandleFunc(pattern string, f func(http.ResponseWriter, *http.Request)) {
	p.all = append(p.all, pattern)
	p.ServeMux.HandleFunc(pattern, f)
}

// handle serves a route with a function that returns the answer, or the error to answer with.
func handle[V any](mux *patterns, h *handlers, pattern string, f func(r *http.Request) (V, error)) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		v, err := f(r)
		if err != nil {
			h.fail(w, r, err)
			return
		}
		body, err := json.Marshal(v)
		if err != nil {
			h.fail(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	})
}

// Problems of the log that a client of the socket tells apart, by the end of their type.
var (
	logFull     = problem.Kind{Name: "log-full", Status: http.StatusServiceUnavailable, Title: "The log has no room for this lane"}
	logTooLarge = problem.Kind{Name: "record-too-large", Status: http.StatusRequestEntityTooLarge, Title: "A record is larger than the log takes"}
)

// Problems that the public interface has not.
var (
	invalidKey = problem.Kind{Name: "invalid-request", Status: http.StatusBadRequest, Title: "The key cannot be made"}
	noSuchKey  = problem.Kind{Name: "not-found", Status: http.StatusNotFound, Title: "There is no such key"}
	noSuchItem = problem.Kind{Name: "not-found", Status: http.StatusNotFound, Title: "There is no such quarantined item in this workspace"}
)

func (h *handlers) fail(w http.ResponseWriter, r *http.Request, err error) {
	d := toProblem(err)
	if d.Status == http.StatusInternalServerError {
		h.Logger.ErrorContext(r.Context(), "admin request failed", slog.String("route", r.Pattern), slog.Any("error", err))
	}
	d.Write(w)
}

// toProblem tells more than the public interface does: who asks owns the data.
func toProblem(err error) *problem.Document {
	var document *problem.Document
	var tooLarge *http.MaxBytesError
	var conflict *quarantine.ConflictError
	if d := problem.OfFaults(err); d != nil {
		return d
	}
	switch {
	case errors.As(err, &document):
		return document
	case errors.As(err, &tooLarge):
		return problem.New(problem.TooLarge, "")
	case errors.Is(err, quarantine.ErrUnknown):
		return problem.New(noSuchItem, "")
	case errors.As(err, &conflict):
		return problem.New(problem.Conflict, conflict.Why)
	case errors.Is(err, auth.ErrInvalid):
		faults := strings.TrimPrefix(err.Error(), auth.ErrInvalid.Error()+": ")
		return problem.New(invalidKey, strings.ReplaceAll(faults, "\n", "; "))
	case errors.Is(err, unify.ErrCommand):
		return problem.New(problem.Invalid, err.Error())
	case errors.Is(err, auth.ErrUnknown):
		return problem.New(noSuchKey, "keys are named by the id that `tributary keys list` shows")
	case errors.Is(err, stream.ErrFull):
		return problem.New(logFull, "")
	case errors.Is(err, stream.ErrTrimmed):
		return problem.New(logTrimmed, "")
	case errors.Is(err, stream.ErrTooLarge):
		return problem.New(logTooLarge, "")
	case errors.Is(err, stream.ErrClosed), errors.Is(err, unify.ErrStopped):
		return problem.New(problem.Unavailable, "the server is stopping")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return problem.New(problem.Timeout, "")
	}
	if d := explained(err); d != nil {
		return d
	}
	if d := authProblem(err); d != nil {
		return d
	}
	return problem.New(problem.Internal, err.Error())
}

// maxJSON bounds the body of a request that is one JSON object.
const maxJSON = 1 << 20

func decode(r *http.Request, v any) error {
	d := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxJSON))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return err
		}
		return problem.New(problem.Invalid, err.Error())
	}
	return nil
}

// NewKey is what making a key answers: the only time that its text is told.
type NewKey struct {
	Secret string    `json:"secret"`
	Key    *auth.Key `json:"key"`
}

func (h *handlers) createKey(r *http.Request) (NewKey, error) {
	var n auth.New
	if err := decode(r, &n); err != nil {
		return NewKey{}, err
	}
	secret, key, err := h.Keys.Create(r.Context(), n)
	return NewKey{secret, key}, err
}

func (h *handlers) listKeys(r *http.Request) ([]*auth.Key, error) {
	keys, err := h.Keys.List(r.URL.Query().Get("workspace"))
	return append([]*auth.Key{}, keys...), err
}

func (h *handlers) revokeKey(r *http.Request) (*auth.Key, error) {
	return h.Keys.Revoke(r.Context(), r.PathValue("id"))
}

func (h *handlers) status(r *http.Request) (any, error) { return h.Status(r.Context()) }
