package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"tributary/api/problem"
	"tributary/profiles"
	"tributary/profiles/unify"
)

// Decided is what came of a decision of a person about who is who.
type Decided struct {
	// Before and IdentityVersion are the workspace's identity_version before and after it. They are
	// equal when it changed nobody's profile.
	Before          uint64 `json:"identity_version_before"`
	IdentityVersion uint64 `json:"identity_version"`
	// Moved is how many observations went to another profile meanwhile.
	Moved uint64 `json:"moved"`
}

var refused = problem.Kind{Name: "not-applied", Status: http.StatusConflict, Title: "The decision was not applied"}

// decide reads a command of one kind from the request's body, gives it, and tells what it changed.
func decide[C unify.Command](h *handlers) func(*http.Request) (Decided, error) {
	return func(r *http.Request) (d Decided, err error) {
		workspace := r.URL.Query().Get("workspace")
		if workspace == "" {
			return d, problem.Field("workspace", "is required")
		}
		var command C
		if err := decode(r, &command); err != nil {
			return d, err
		}
		if d.Before, err = identityVersion(h.Identity, workspace); err != nil {
			return d, err
		}
		before, err := h.Commands.Worker.Status(workspace)
		if err != nil {
			return d, err
		}
		at, err := h.Commands.Do(r.Context(), workspace, command)
		if err != nil {
			return d, err
		}
		item, quarantined, err := h.Quarantine.Item(workspace, at, 0)
		if err != nil {
			return d, fmt.Errorf("look for the command in the quarantine: %w", err)
		}
		if quarantined {
			return d, problem.New(refused, item.Detail)
		}
		if err := h.Commands.Worker.Decided(r.Context(), workspace); err != nil {
			return d, err
		}
		after, err := h.Commands.Worker.Status(workspace)
		if err != nil {
			return d, err
		}
		d.Moved = after.Moved - before.Moved
		d.IdentityVersion, err = identityVersion(h.Identity, workspace)
		return d, err
	}
}

func identityVersion(store profiles.HotStore, workspace string) (version uint64, err error) {
	hot, err := store.Snapshot(workspace)
	if err != nil {
		return 0, fmt.Errorf("open snapshot: %w", err)
	}
	defer func() { err = errors.Join(err, hot.Close()) }()
	return hot.IdentityVersion()
}

// LinkIdentity says whether two observations are one person, or takes that back.
func (c *Client) LinkIdentity(ctx context.Context, workspace string, link unify.IdentityLink) (Decided, error) {
	return call[Decided](ctx, c, http.MethodPost, "identity/link", url.Values{"workspace": {workspace}}, link)
}

// BlockIdentity says that an identifier joins nobody.
func (c *Client) BlockIdentity(ctx context.Context, workspace string, block unify.IdentityBlock) (Decided, error) {
	return call[Decided](ctx, c, http.MethodPost, "identity/block", url.Values{"workspace": {workspace}}, block)
}

// UnblockIdentity takes that back.
func (c *Client) UnblockIdentity(ctx context.Context, workspace string, unblock unify.IdentityUnblock) (Decided, error) {
	return call[Decided](ctx, c, http.MethodPost, "identity/unblock", url.Values{"workspace": {workspace}}, unblock)
}
