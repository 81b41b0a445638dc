package admin

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/google/uuid"

	"tributary/api/problem"
	"tributary/profiles/privacy/desk"
	"tributary/profiles/unify"
)

// PrivacyAction is what is asked of the desk of privacy.
type PrivacyAction string

// The actions.
const (
	PrivacyPreview    PrivacyAction = "preview"
	PrivacyErase      PrivacyAction = "erase"
	PrivacyCancel     PrivacyAction = "cancel"
	PrivacyStatus     PrivacyAction = "status" // of one erasure, or of all
	PrivacyStanding   PrivacyAction = "standing"
	PrivacySuppress   PrivacyAction = "suppress"
	PrivacyUnsuppress PrivacyAction = "unsuppress"
	PrivacyRestrict   PrivacyAction = "restrict"
	PrivacyUnrestrict PrivacyAction = "unrestrict"
)

// PrivacyRequest is a request of privacy.
type PrivacyRequest struct {
	Action    PrivacyAction `json:"action"`
	Workspace string        `json:"workspace"`
	ID        uuid.UUID     `json:"id,omitzero"` // of an erasure
	desk.Body
}

// privacy answers a request of privacy.
func (h *handlers) privacy(r *http.Request) (any, error) {
	if h.Privacy == nil {
		return nil, problem.New(problem.Unavailable, "requests of privacy are not taken here")
	}
	var q PrivacyRequest
	if err := decode(r, &q); err != nil {
		return nil, err
	}
	if q.Workspace == "" {
		return nil, problem.Field("workspace", "is required")
	}
	v, err := h.answerPrivacy(r.Context(), &q, unify.ByOf(r.Context()).Actor)
	if d := problem.OfPrivacy(err); d != nil {
		return nil, d
	}
	return v, err
}

func (h *handlers) answerPrivacy(ctx context.Context, q *PrivacyRequest, actor string) (any, error) {
	d := h.Privacy
	done := desk.Done{Count: len(q.Identifiers)}
	switch q.Action {
	case PrivacyPreview, PrivacyErase:
		request, err := q.Request(q.Workspace, actor)
		if err != nil {
			return nil, err
		}
		if q.Action == PrivacyPreview {
			return d.Preview(ctx, request)
		}
		return d.Request(ctx, request)
	case PrivacyCancel:
		if err := d.Cancel(ctx, q.Workspace, q.ID, actor); err != nil {
			return nil, err
		}
		fallthrough
	case PrivacyStatus:
		if q.ID == uuid.Nil {
			all, err := d.List(ctx, q.Workspace)
			return desk.Views(all), err
		}
		found, err := d.Get(ctx, q.Workspace, q.ID)
		if err != nil {
			return nil, err
		}
		return desk.View(found), nil
	case PrivacyStanding:
		if len(q.Identifiers) != 1 {
			return nil, problem.Field("identifiers", "must be one")
		}
		return d.Standing(ctx, q.Workspace, q.IDs()[0])
	case PrivacySuppress:
		return done, d.Suppress(ctx, q.Workspace, q.IDs(), actor, q.Reason)
	case PrivacyUnsuppress:
		return done, d.Unsuppress(ctx, q.Workspace, q.IDs(), actor)
	case PrivacyRestrict, PrivacyUnrestrict:
		who, err := q.Who()
		if err != nil {
			return nil, err
		}
		if q.Action == PrivacyRestrict {
			done.Count, err = d.Restrict(ctx, q.Workspace, who, actor, q.Reason)
		} else {
			done.Count, err = d.Unrestrict(ctx, q.Workspace, who, actor)
		}
		return done, err
	}
	return nil, problem.Field("action", "is not known")
}

// Privacy asks the desk of privacy; the answer is JSON.
func (c *Client) Privacy(ctx context.Context, q PrivacyRequest) (json.RawMessage, error) {
	return call[json.RawMessage](ctx, c, http.MethodPost, "privacy", nil, q)
}
