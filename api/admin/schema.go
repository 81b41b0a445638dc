package admin

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"tributary/api/problem"
	"tributary/ingest/schema"
	"tributary/profiles/unify"
)

// Schemas knows what sources send and what they should; state.Store is one.
type Schemas interface {
	SchemaSources(workspace string) ([]string, error)
	SchemaReport(workspace, source string) (r *schema.Report, ok bool, err error)
}

var noSuchSchema = problem.Kind{Name: "not-found", Status: http.StatusNotFound, Title: "Nothing is known of such an event or source in this workspace"}

func (h *handlers) listSchemas(r *http.Request) ([]*schema.Report, error) {
	workspace, err := workspaceOf(r)
	if err != nil {
		return nil, err
	}
	sources, err := h.Schemas.SchemaSources(workspace)
	if err != nil {
		return nil, err
	}
	all := []*schema.Report{}
	for _, source := range sources {
		report, ok, err := h.Schemas.SchemaReport(workspace, source)
		if err != nil {
			return nil, err
		}
		if ok {
			all = append(all, report)
		}
	}
	return all, nil
}

func (h *handlers) showSchema(r *http.Request) (*schema.Report, error) {
	workspace, err := workspaceOf(r)
	if err != nil {
		return nil, err
	}
	report, ok, err := h.Schemas.SchemaReport(workspace, r.PathValue("source"))
	if name := r.URL.Query().Get("event"); ok && name != "" {
		report, ok = report.Only(name)
	}
	if err == nil && !ok {
		err = problem.New(noSuchSchema, "")
	}
	return report, err
}

func (h *handlers) schemaDrift(r *http.Request) (*schema.DriftReport, error) {
	var since time.Time
	if text := r.URL.Query().Get("since"); text != "" {
		var err error
		if since, err = time.Parse(time.RFC3339, text); err != nil {
			return nil, problem.Field("since", "must be a time such as 2026-03-01T00:00:00Z")
		}
	}
	report, err := h.showSchema(r)
	if err != nil {
		return nil, err
	}
	return report.Drift(since), nil
}

// contract gives a command about a contract.
func contract[C unify.Command](h *handlers) func(*http.Request) (struct{}, error) {
	return func(r *http.Request) (none struct{}, err error) {
		workspace, err := workspaceOf(r)
		if err != nil {
			return none, err
		}
		var command C
		if err := decode(r, &command); err != nil {
			return none, err
		}
		at, err := h.Commands.Do(r.Context(), workspace, command)
		if err != nil {
			return none, err
		}
		item, quarantined, err := h.Quarantine.Item(workspace, at, 0)
		if err != nil {
			return none, fmt.Errorf("look for the command in the quarantine: %w", err)
		}
		if quarantined {
			return none, problem.New(refused, item.Detail)
		}
		return none, nil
	}
}

// SchemaQuery asks about a source's events.
type SchemaQuery struct {
	Source string
	Event  string    // empty: all
	Since  time.Time // of drift; zero: all
}

func (q SchemaQuery) values(workspace string) url.Values {
	values := url.Values{"workspace": {workspace}, "event": {q.Event}}
	if !q.Since.IsZero() {
		values.Set("since", q.Since.Format(time.RFC3339))
	}
	return values
}

// ListSchemas tells of all sources of a workspace.
func (c *Client) ListSchemas(ctx context.Context, workspace string) ([]*schema.Report, error) {
	return call[[]*schema.Report](ctx, c, http.MethodGet, "schemas", url.Values{"workspace": {workspace}}, nil)
}

// ShowSchema tells of a source's events, and their contracts.
func (c *Client) ShowSchema(ctx context.Context, workspace string, q SchemaQuery) (*schema.Report, error) {
	return call[*schema.Report](ctx, c, http.MethodGet, "schemas/"+url.PathEscape(q.Source), q.values(workspace), nil)
}

// SchemaDrift tells how a source's events differ from what they should be.
func (c *Client) SchemaDrift(ctx context.Context, workspace string, q SchemaQuery) (*schema.DriftReport, error) {
	return call[*schema.DriftReport](ctx, c, http.MethodGet, "schemas/"+url.PathEscape(q.Source)+"/drift", q.values(workspace), nil)
}

// SetSchema puts a contract in force, from now on.
func (c *Client) SetSchema(ctx context.Context, workspace string, s unify.SchemaSet) error {
	_, err := call[struct{}](ctx, c, http.MethodPost, "schemas-set", url.Values{"workspace": {workspace}}, s)
	return err
}

// RemoveSchema takes a contract back, from now on.
func (c *Client) RemoveSchema(ctx context.Context, workspace string, s unify.SchemaRemove) error {
	_, err := call[struct{}](ctx, c, http.MethodPost, "schemas-remove", url.Values{"workspace": {workspace}}, s)
	return err
}
