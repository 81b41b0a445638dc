package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/google/uuid"

	"tributary/api/problem"
	"tributary/identity"
	"tributary/profiles"
	"tributary/profiles/steward"
	"tributary/profiles/unify"
)

// Decided is what came of a decision of a person about who is who.
type Decided struct {
	// Decision is what was decided, whose id is what undoing takes; absent of rules.
	Decision *steward.Decision `json:"decision,omitempty"`
	// Before and IdentityVersion are the workspace's identity_version before and after it. They are
	// equal when it changed nobody's profile.
	Before          uint64 `json:"identity_version_before"`
	IdentityVersion uint64 `json:"identity_version"`
	// Moved is how many observations went to another profile meanwhile.
	Moved uint64 `json:"moved"`
}

// NewDecision is what to decide, and who decides.
type NewDecision struct {
	steward.Proposal
	Actor string `json:"actor,omitempty"`
}

var refused = problem.Kind{Name: "not-applied", Status: http.StatusConflict, Title: "The decision was not applied"}

// decide says who is who, by the desk of stewards: what the REST API decides means the same here.
func (h *handlers) decide(r *http.Request) (Decided, error) {
	var body NewDecision
	return h.decided(r, &body, func(workspace string) (*steward.Decision, error) {
		done, err := h.Stewards.Decide(r.Context(), workspace, steward.Request{Proposal: body.Proposal, ID: uuid.New(), Actor: body.Actor})
		for _, told := range []error{steward.ErrNoDecision, steward.ErrUndone, steward.ErrContradicted, identity.ErrTooLarge} {
			if errors.Is(err, told) {
				return nil, problem.New(refused, told.Error())
			}
		}
		return done, err
	})
}

// putRules puts a document of rules in place of the one before.
func (h *handlers) putRules(r *http.Request) (Decided, error) {
	var command unify.IdentityRules
	return h.decided(r, &command, func(workspace string) (*steward.Decision, error) {
		at, err := h.Commands.Do(r.Context(), workspace, command)
		if err != nil {
			return nil, err
		}
		item, quarantined, err := h.Quarantine.Item(workspace, at, 0)
		if err != nil {
			return nil, fmt.Errorf("look for the command in the quarantine: %w", err)
		}
		if quarantined {
			return nil, problem.New(refused, item.Detail)
		}
		return nil, h.Commands.Worker.Decided(r.Context(), workspace)
	})
}

// decided reads the request's body, has something decided, and tells what changed.
func (h *handlers) decided(r *http.Request, body any, decide func(workspace string) (*steward.Decision, error)) (d Decided, err error) {
	workspace, err := workspaceOf(r)
	if err != nil {
		return d, err
	}
	if err := decode(r, body); err != nil {
		return d, err
	}
	if d.Before, err = identityVersion(h.Identity, workspace); err != nil {
		return d, err
	}
	before, err := h.Commands.Worker.Status(workspace)
	if err != nil {
		return d, err
	}
	if d.Decision, err = decide(workspace); err != nil {
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

func identityVersion(store profiles.HotStore, workspace string) (version uint64, err error) {
	hot, err := store.Snapshot(workspace)
	if err != nil {
		return 0, fmt.Errorf("open snapshot: %w", err)
	}
	defer func() { err = errors.Join(err, hot.Close()) }()
	return hot.IdentityVersion()
}

// Decide says who is who.
func (c *Client) Decide(ctx context.Context, workspace string, decision NewDecision) (Decided, error) {
	return call[Decided](ctx, c, http.MethodPost, "identity/decisions", url.Values{"workspace": {workspace}}, decision)
}
