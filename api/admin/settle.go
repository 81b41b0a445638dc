package admin

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"tributary/api/problem"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// IdentityStatus is how far a workspace has come in deciding who is who, and how well.
type IdentityStatus struct {
	unify.Status
	Precision unify.Precision `json:"precision"`
}

// identityStatus says how far a workspace has come in deciding who is who.
func (h *handlers) identityStatus(r *http.Request) (s IdentityStatus, err error) {
	workspace := r.URL.Query().Get("workspace")
	if workspace == "" {
		return s, problem.Field("workspace", "is required")
	}
	if s.Status, err = h.Commands.Worker.Status(workspace); err != nil {
		return s, err
	}
	s.Precision, err = h.Commands.Worker.Precision(workspace)
	return s, err
}

// maxReviews is how many questions are listed at most.
const maxReviews = 1000

// reviews lists the pairs of which a person should decide.
func (h *handlers) reviews(r *http.Request) ([]store.ReviewRow, error) {
	workspace := r.URL.Query().Get("workspace")
	if workspace == "" {
		return nil, problem.Field("workspace", "is required")
	}
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || limit < 1 || limit > maxReviews {
		return nil, problem.Field("limit", fmt.Sprintf("must be 1 to %d", maxReviews))
	}
	return h.Reviews(r.Context(), workspace, limit)
}

// settleIdentity has a model made of all that is there, if the one in force was not, waits until
// nothing is pending, and says how it then stands. Who hangs up stops waiting, and nothing else.
func (h *handlers) settleIdentity(r *http.Request) (s IdentityStatus, err error) {
	workspace := r.URL.Query().Get("workspace")
	if workspace == "" {
		return s, problem.Field("workspace", "is required")
	}
	if err := h.Commands.Worker.Settle(r.Context(), workspace); err != nil {
		return s, err
	}
	return h.identityStatus(r)
}

// IdentityStatus says how far a workspace has come in deciding who is who.
func (c *Client) IdentityStatus(ctx context.Context, workspace string) (IdentityStatus, error) {
	return call[IdentityStatus](ctx, c, http.MethodGet, "identity/status", url.Values{"workspace": {workspace}}, nil)
}

// Reviews lists the pairs of which a person should decide, the likeliest first.
func (c *Client) Reviews(ctx context.Context, workspace string, limit int) ([]store.ReviewRow, error) {
	return call[[]store.ReviewRow](ctx, c, http.MethodGet, "identity/reviews", url.Values{"workspace": {workspace}, "limit": {strconv.Itoa(limit)}}, nil)
}

// SettleIdentity has everything decided by a model of all that is there, and waits for it.
func (c *Client) SettleIdentity(ctx context.Context, workspace string) (IdentityStatus, error) {
	return call[IdentityStatus](ctx, c, http.MethodPost, "identity/settle", url.Values{"workspace": {workspace}}, nil)
}
