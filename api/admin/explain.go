package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/identity"
	"tributary/profiles"
	"tributary/profiles/explain"
	"tributary/profiles/steward"
	"tributary/profiles/unify"
)

// Explainer says why somebody is who they are; explain.Service is one.
type Explainer interface {
	Explain(ctx context.Context, workspace string, q explain.Question) (*explain.Answer, error)
	Identifier(ctx context.Context, workspace string, id identity.Identifier) (*explain.Standing, error)
	Rules(workspace string) (explain.Ruled, error)
	Preview(ctx context.Context, workspace string, t explain.Trial) (*explain.Forecast, error)
}

// Stewards takes decisions about who is who; steward.Desk does.
type Stewards interface {
	Decide(ctx context.Context, workspace string, r steward.Request) (*steward.Decision, error)
}

// explained puts the faults of a question in terms of its parameters; nil: it is no fault of that kind.
func explained(err error) *problem.Document {
	var (
		part      *explain.FieldError
		address   *profiles.AddressError
		ambiguous *profiles.AmbiguousError
		field     = "address"
	)
	if errors.As(err, &part) {
		field = part.Field
	}
	switch {
	case errors.As(err, &address):
		return problem.Field(field, address.Reason)
	case errors.As(err, &ambiguous):
		return ambiguousProblem(field, ambiguous)
	case errors.Is(err, profiles.ErrNotFound) && part == nil:
		return problem.New(problem.NotFound, "")
	case errors.Is(err, profiles.ErrNotFound):
		return problem.Field(field, "names nobody")
	case errors.Is(err, explain.ErrMetric):
		return problem.Field("metric", strings.TrimPrefix(err.Error(), "metric: "))
	case errors.Is(err, identity.ErrTooLarge):
		return problem.New(problem.Conflict, "more observations hang together than the bound allows to look at")
	}
	return nil
}

func ambiguousProblem(field string, e *profiles.AmbiguousError) *problem.Document {
	kind := problem.Ambiguous
	if e.Split {
		kind = problem.Split
	}
	candidates := make([]string, len(e.Candidates))
	for i, c := range e.Candidates {
		candidates[i] = "profile:" + c.Profile.String()
	}
	d := problem.New(kind, fmt.Sprintf("%s: %s", field, strings.Join(candidates, ", ")))
	d.Candidates, d.CandidatesTotal, d.DecidedBy, d.IdentityVersion = candidates, e.Total, e.DecidedBy, &e.IdentityVersion
	return d
}

// workspaceOf reads the parameter that every question of identity needs.
func workspaceOf(r *http.Request) (string, error) {
	if workspace := r.URL.Query().Get("workspace"); workspace != "" {
		return workspace, nil
	}
	return "", problem.Field("workspace", "is required")
}

func (h *handlers) explain(r *http.Request) (*explain.Answer, error) {
	workspace, err := workspaceOf(r)
	if err != nil {
		return nil, err
	}
	query := r.URL.Query()
	q := explain.Question{Read: true}
	if q.Address, err = addressIn("address", query.Get("address")); err != nil {
		return nil, err
	}
	if with := query.Get("with"); with != "" {
		if q.With, err = addressIn("with", with); err != nil {
			return nil, err
		}
	}
	for i, text := range query["add"] {
		added, err := addressIn(fmt.Sprintf("add[%d]", i), text)
		if err != nil {
			return nil, err
		}
		q.Add = append(q.Add, added[0])
	}
	answer, err := h.Explainer.Explain(r.Context(), workspace, q)
	if err != nil {
		return nil, err
	}
	ids := make([]identity.ObservationID, len(answer.Observations))
	for i := range answer.Observations {
		ids[i] = answer.Observations[i].ID
	}
	return answer, h.record(r, ids, answer.Profile, answer.IdentityVersion, policy.ClassIdentity, policy.ClassContact, policy.ClassIdentifier)
}

func addressIn(field, text string) (profiles.Address, error) {
	address, err := profiles.ParseAddress(text)
	if err != nil {
		return nil, problem.Field(field, "must be type:value, such as email:… or profile:<uuid>")
	}
	return address, nil
}

func (h *handlers) identifier(r *http.Request) (*explain.Standing, error) {
	workspace, err := workspaceOf(r)
	if err != nil {
		return nil, err
	}
	address, err := addressIn("address", r.URL.Query().Get("address"))
	if err != nil {
		return nil, err
	}
	standing, err := h.Explainer.Identifier(r.Context(), workspace, address[0])
	if err != nil || len(standing.Profiles) == 0 {
		return standing, err
	}
	return standing, h.record(r, standing.Profiles, uuid.Nil, 0, policy.ClassIdentifier)
}

func (h *handlers) rules(r *http.Request) (explain.Ruled, error) {
	workspace, err := workspaceOf(r)
	if err != nil {
		return explain.Ruled{}, err
	}
	return h.Explainer.Rules(workspace)
}

// previewRequest is the body of a preview.
type previewRequest struct {
	Rules  json.RawMessage `json:"rules"`
	Metric explain.Metric  `json:"metric,omitempty"`
	Bound  int             `json:"bound,omitempty"`
}

// previewLine is one line of the answer: how far it is, and last the forecast or what went wrong.
type previewLine struct {
	Progress *explain.Progress `json:"progress,omitempty"`
	Forecast *explain.Forecast `json:"forecast,omitempty"`
	Problem  *problem.Document `json:"problem,omitempty"`
}

// preview answers with lines of JSON for as long as it takes. It ends when the client goes away.
func (h *handlers) preview(w http.ResponseWriter, r *http.Request) {
	workspace, trial, err := h.trial(r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	lines, flush := json.NewEncoder(w), http.NewResponseController(w)
	say := func(line previewLine) {
		_ = lines.Encode(line) // a client that is gone ends the request's context
		_ = flush.Flush()
	}
	trial.Progress = func(p explain.Progress) { say(previewLine{Progress: &p}) }
	forecast, err := h.Explainer.Preview(r.Context(), workspace, trial)
	if err == nil {
		say(previewLine{Forecast: forecast})
		return
	}
	d := toProblem(err)
	if d.Status == http.StatusInternalServerError {
		h.Logger.ErrorContext(r.Context(), "admin request failed", slog.String("route", r.Pattern), slog.Any("error", err))
	}
	say(previewLine{Problem: d})
}

func (h *handlers) trial(r *http.Request) (string, explain.Trial, error) {
	workspace, err := workspaceOf(r)
	if err != nil {
		return "", explain.Trial{}, err
	}
	var body previewRequest
	if err := decode(r, &body); err != nil {
		return "", explain.Trial{}, err
	}
	t := explain.Trial{Metric: body.Metric, Bound: body.Bound}
	if t.Rules, err = identity.ParseRules(body.Rules); err != nil {
		return "", t, problem.Field("rules", err.Error())
	}
	if err := t.Metric.Validate(); err != nil {
		return "", t, err
	}
	return workspace, t, nil
}

// ExplainQuery asks about who somebody is. Each address is of the form type:value.
type ExplainQuery struct {
	Address string
	With    string   // empty: nothing
	Add     []string // at most ten
}

// ExplainIdentity says why a profile is what it is.
func (c *Client) ExplainIdentity(ctx context.Context, workspace string, q ExplainQuery) (*explain.Answer, error) {
	values := url.Values{"workspace": {workspace}, "address": {q.Address}, "add": q.Add}
	if q.With != "" {
		values.Set("with", q.With)
	}
	return call[*explain.Answer](ctx, c, http.MethodGet, "identity/explain", values, nil)
}

// IdentifierStanding says how an identifier stands.
func (c *Client) IdentifierStanding(ctx context.Context, workspace, address string) (*explain.Standing, error) {
	return call[*explain.Standing](ctx, c, http.MethodGet, "identity/identifier", url.Values{"workspace": {workspace}, "address": {address}}, nil)
}

// IdentityRules returns the rules of a workspace.
func (c *Client) IdentityRules(ctx context.Context, workspace string) (explain.Ruled, error) {
	return call[explain.Ruled](ctx, c, http.MethodGet, "identity/rules", url.Values{"workspace": {workspace}}, nil)
}

// SetIdentityRules puts rules in force. Everything is decided again by them in the background.
func (c *Client) SetIdentityRules(ctx context.Context, workspace string, rules unify.IdentityRules) (Decided, error) {
	return call[Decided](ctx, c, http.MethodPost, "identity/rules", url.Values{"workspace": {workspace}}, rules)
}

// PreviewIdentity tells what rules would make of the whole history. progress is called now and then.
// Cancelling ctx ends it.
func (c *Client) PreviewIdentity(ctx context.Context, workspace string, t explain.Trial, progress func(explain.Progress)) (*explain.Forecast, error) {
	body, err := json.Marshal(previewRequest{Rules: t.Rules.Encode(), Metric: t.Metric, Bound: t.Bound})
	if err != nil {
		return nil, fmt.Errorf("ask server: %w", err)
	}
	response, err := c.ask(ctx, http.MethodPost, "identity/preview", url.Values{"workspace": {workspace}}, strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	return readPreview(response.Body, progress)
}

// readPreview reads the lines of a preview.
func readPreview(body io.Reader, progress func(explain.Progress)) (*explain.Forecast, error) {
	lines := json.NewDecoder(bufio.NewReader(body))
	for {
		var line previewLine
		switch err := lines.Decode(&line); {
		case errors.Is(err, io.EOF):
			return nil, errors.New("read answer of server: it ends before the forecast")
		case err != nil:
			return nil, fmt.Errorf("read answer of server: %w", err)
		case line.Problem != nil:
			return nil, line.Problem
		case line.Forecast != nil:
			return line.Forecast, nil
		case line.Progress != nil && progress != nil:
			progress(*line.Progress)
		}
	}
}
