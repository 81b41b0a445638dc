package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"tributary/api/problem"
	"tributary/journeys/cx"
)

// Targets says what metrics are to come to; cx.Targets does.
type Targets interface {
	Set(ctx context.Context, workspace string, id uuid.UUID, goal cx.Goal, by cx.Author) (*cx.Target, error)
	Remove(ctx context.Context, workspace string, id uuid.UUID, by cx.Author) (*cx.Target, error)
	List(workspace string) ([]cx.Target, error)
}

// NewTarget is a target to be set. Who sends one key again sets it once.
type NewTarget struct {
	cx.Goal
	IdempotencyKey string `json:"idempotency_key"`
	Actor          string `json:"actor,omitempty"` // on whose behalf
}

// targetIDs is the name space of the ids of targets that are set over the socket.
var targetIDs = uuid.MustParse("5d5b7c1e-7f0a-5c0f-9a3e-6f7a3c0b9d21")

func addTargets(mux *patterns, h *handlers) {
	handle(mux, h, "POST /admin/v1/metric-targets", h.setTarget)
	handle(mux, h, "GET /admin/v1/metric-targets", h.listTargets)
	handle(mux, h, "DELETE /admin/v1/metric-targets/{id}", h.removeTarget)
}

func (h *handlers) setTarget(r *http.Request) (*cx.Target, error) {
	workspace, err := workspaceOf(r)
	if err != nil {
		return nil, err
	}
	var n NewTarget
	if err := decode(r, &n); err != nil {
		return nil, err
	}
	if n.IdempotencyKey == "" {
		return nil, problem.Field("idempotency_key", "is required: a name of the write, so that trying again does it once")
	}
	id := uuid.NewSHA1(targetIDs, []byte(workspace+"\x00"+n.IdempotencyKey))
	set, err := h.Targets.Set(r.Context(), workspace, id, n.Goal, cx.Author{Name: n.Actor})
	if errors.Is(err, cx.ErrOtherTarget) {
		return nil, problem.New(problem.IdempotencyConflict, "the key set another target before")
	}
	return set, err
}

func (h *handlers) listTargets(r *http.Request) ([]cx.Target, error) {
	workspace, err := workspaceOf(r)
	if err != nil {
		return nil, err
	}
	list, err := h.Targets.List(workspace)
	return append([]cx.Target{}, list...), err
}

func (h *handlers) removeTarget(r *http.Request) (*cx.Target, error) {
	workspace, err := workspaceOf(r)
	if err != nil {
		return nil, err
	}
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return nil, problem.Field("id", "must be the id of a target")
	}
	removed, err := h.Targets.Remove(r.Context(), workspace, id, cx.Author{Name: r.URL.Query().Get("actor")})
	if errors.Is(err, cx.ErrNoTarget) {
		return nil, problem.New(problem.NotFound, "there is no such target; tributary metrics target list shows those there are")
	}
	return removed, err
}

// SetTarget sets a target of a metric.
func (c *Client) SetTarget(ctx context.Context, workspace string, n NewTarget) (*cx.Target, error) {
	return call[*cx.Target](ctx, c, http.MethodPost, "metric-targets", url.Values{"workspace": {workspace}}, n)
}

// Targets lists the targets of a workspace.
func (c *Client) Targets(ctx context.Context, workspace string) ([]cx.Target, error) {
	return call[[]cx.Target](ctx, c, http.MethodGet, "metric-targets", url.Values{"workspace": {workspace}}, nil)
}

// RemoveTarget takes a target back, on behalf of an actor.
func (c *Client) RemoveTarget(ctx context.Context, workspace, id, actor string) (*cx.Target, error) {
	return call[*cx.Target](ctx, c, http.MethodDelete, "metric-targets/"+url.PathEscape(id), url.Values{"workspace": {workspace}, "actor": {actor}}, nil)
}
