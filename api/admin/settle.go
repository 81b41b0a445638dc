package admin

import (
	"context"
	"net/http"
	"net/url"

	"tributary/api/problem"
	"tributary/profiles/unify"
)

// identityStatus says how far a workspace has come in deciding who is who.
func (h *handlers) identityStatus(r *http.Request) (s unify.Status, err error) {
	workspace := r.URL.Query().Get("workspace")
	if workspace == "" {
		return s, problem.Field("workspace", "is required")
	}
	return h.Commands.Worker.Status(workspace)
}

// settleIdentity has a model made of all that is there, if the one in force was not, waits until
// nothing is pending, and says how it then stands. Who hangs up stops waiting, and nothing else.
func (h *handlers) settleIdentity(r *http.Request) (s unify.Status, err error) {
	workspace := r.URL.Query().Get("workspace")
	if workspace == "" {
		return s, problem.Field("workspace", "is required")
	}
	if err := h.Commands.Worker.Settle(r.Context(), workspace); err != nil {
		return s, err
	}
	return h.Commands.Worker.Status(workspace)
}

// IdentityStatus says how far a workspace has come in deciding who is who.
func (c *Client) IdentityStatus(ctx context.Context, workspace string) (unify.Status, error) {
	return call[unify.Status](ctx, c, http.MethodGet, "identity/status", url.Values{"workspace": {workspace}}, nil)
}

// SettleIdentity has everything decided by a model of all that is there, and waits for it.
func (c *Client) SettleIdentity(ctx context.Context, workspace string) (unify.Status, error) {
	return call[unify.Status](ctx, c, http.MethodPost, "identity/settle", url.Values{"workspace": {workspace}}, nil)
}
