package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"tributary/api/audit"
	"tributary/api/auth"
	"tributary/api/problem"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// Trail reads the audit trail; audit.Trail is one.
type Trail interface {
	Page(ctx context.Context, r audit.Request) (*audit.Page, error)
}

// Problems about keys and workspaces.
var (
	noSuchWorkspace = problem.Kind{Name: "not-found", Status: http.StatusNotFound, Title: "There is no such workspace"}
	keyConflict     = problem.Kind{Name: "conflict", Status: http.StatusConflict, Title: "That cannot be done with it now"}
)

// authProblem says what an error about keys, workspaces or the audit trail means; nil: it is none.
func authProblem(err error) *problem.Document {
	switch {
	case errors.Is(err, auth.ErrNoWorkspace):
		return problem.New(noSuchWorkspace, "`tributary workspaces list` shows which there are")
	case errors.Is(err, auth.ErrClosed):
		return problem.New(keyConflict, "the workspace is closed; `tributary workspaces reopen` opens it again")
	case errors.Is(err, auth.ErrRevoked):
		return problem.New(keyConflict, "the key is revoked")
	case errors.Is(err, auth.ErrExpired):
		return problem.New(keyConflict, "the key has expired")
	case errors.Is(err, audit.ErrCursor):
		return problem.Field("cursor", "is not one of the audit trail")
	}
	return nil
}

// Rotation says how long the old key goes on.
type Rotation struct {
	Grace string `json:"grace"` // such as 24h
}

func (h *handlers) rotateKey(r *http.Request) (NewKey, error) {
	var body Rotation
	if err := decode(r, &body); err != nil {
		return NewKey{}, err
	}
	grace, err := time.ParseDuration(body.Grace)
	if err != nil {
		return NewKey{}, problem.Field("grace", "must be a duration such as 24h")
	}
	secret, key, err := h.Keys.Rotate(r.Context(), r.PathValue("id"), grace)
	return NewKey{secret, key}, err
}

// WorkspaceInfo is a workspace and how many keys of it open something.
type WorkspaceInfo struct {
	*auth.Workspace
	Keys int `json:"keys"`
}

func (h *handlers) listWorkspaces(*http.Request) ([]WorkspaceInfo, error) {
	spaces, err := h.Keys.Workspaces.List()
	if err != nil {
		return nil, err
	}
	all := make([]WorkspaceInfo, len(spaces))
	for i, space := range spaces {
		if all[i], err = h.workspaceInfo(space); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (h *handlers) workspaceInfo(space *auth.Workspace) (WorkspaceInfo, error) {
	keys, err := h.Keys.List(space.Name)
	info := WorkspaceInfo{Workspace: space}
	for _, key := range keys {
		if key.Valid(h.Commands.Now()) {
			info.Keys++
		}
	}
	return info, err
}

func (h *handlers) showWorkspace(r *http.Request) (WorkspaceInfo, error) {
	space, err := h.Keys.Workspaces.Get(r.PathValue("name"))
	if err != nil {
		return WorkspaceInfo{}, err
	}
	return h.workspaceInfo(space)
}

// NewWorkspace says what a workspace is to be.
type NewWorkspace struct {
	Name string `json:"name"`
	Note string `json:"note,omitempty"`
}

func (h *handlers) createWorkspace(r *http.Request) (*auth.Workspace, error) {
	var body NewWorkspace
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	return h.Keys.Workspaces.Create(r.Context(), body.Name, body.Note)
}

func (h *handlers) closeWorkspace(r *http.Request) (*auth.Workspace, error) {
	return h.Keys.Workspaces.Close(r.Context(), r.PathValue("name"))
}

func (h *handlers) reopenWorkspace(r *http.Request) (*auth.Workspace, error) {
	return h.Keys.Workspaces.Reopen(r.Context(), r.PathValue("name"))
}

// readAudit answers with the trail, and puts the reading on record there.
func (h *handlers) readAudit(r *http.Request) (*audit.Page, error) {
	request, err := auditRequest(r.URL.Query())
	if err != nil {
		return nil, err
	}
	page, err := h.Trail.Page(r.Context(), request)
	if err != nil {
		return nil, err
	}
	return page, h.Commands.Note(r.Context(), request.Workspace, unify.AuditNote{
		Action: "read", SubjectKind: "audit", Outcome: store.AuditDone,
	})
}

func auditRequest(q url.Values) (audit.Request, error) {
	request := audit.Request{
		Workspace: q.Get("workspace"), Actor: q.Get("actor"), Action: q.Get("action"), Outcome: q.Get("outcome"), Cursor: q.Get("cursor"),
	}
	if request.Workspace == "" {
		return request, problem.Field("workspace", "is required")
	}
	for name, at := range map[string]*time.Time{"since": &request.Since, "until": &request.Until} {
		if text := q.Get(name); text != "" {
			var err error
			if *at, err = time.Parse(time.RFC3339, text); err != nil {
				return request, problem.Field(name, "must be a time in the form of RFC 3339")
			}
		}
	}
	if text := q.Get("limit"); text != "" {
		var err error
		if request.Limit, err = strconv.Atoi(text); err != nil || request.Limit < 1 || request.Limit > audit.MaxLimit {
			return request, problem.Field("limit", "must be a number from 1 to "+strconv.Itoa(audit.MaxLimit))
		}
	}
	return request, nil
}

// RotateKey makes the successor of a key, which goes on for grace.
func (c *Client) RotateKey(ctx context.Context, id string, grace time.Duration) (NewKey, error) {
	return call[NewKey](ctx, c, http.MethodPost, "keys/"+url.PathEscape(id)+"/rotate", nil, Rotation{grace.String()})
}

// ListWorkspaces lists all workspaces.
func (c *Client) ListWorkspaces(ctx context.Context) ([]WorkspaceInfo, error) {
	return call[[]WorkspaceInfo](ctx, c, http.MethodGet, "workspaces", nil, nil)
}

// ShowWorkspace finds a workspace.
func (c *Client) ShowWorkspace(ctx context.Context, name string) (WorkspaceInfo, error) {
	return call[WorkspaceInfo](ctx, c, http.MethodGet, "workspaces/"+url.PathEscape(name), nil, nil)
}

// CreateWorkspace makes a workspace.
func (c *Client) CreateWorkspace(ctx context.Context, n NewWorkspace) (*auth.Workspace, error) {
	return call[*auth.Workspace](ctx, c, http.MethodPost, "workspaces", nil, n)
}

// CloseWorkspace closes a workspace: its keys open nothing until it is opened again.
func (c *Client) CloseWorkspace(ctx context.Context, name string) (*auth.Workspace, error) {
	return call[*auth.Workspace](ctx, c, http.MethodPost, "workspaces/"+url.PathEscape(name)+"/close", nil, nil)
}

// ReopenWorkspace takes CloseWorkspace back.
func (c *Client) ReopenWorkspace(ctx context.Context, name string) (*auth.Workspace, error) {
	return call[*auth.Workspace](ctx, c, http.MethodPost, "workspaces/"+url.PathEscape(name)+"/reopen", nil, nil)
}

// Audit reads a page of a workspace's audit trail.
func (c *Client) Audit(ctx context.Context, r audit.Request) (*audit.Page, error) {
	q := url.Values{
		"workspace": {r.Workspace}, "actor": {r.Actor}, "action": {r.Action}, "outcome": {r.Outcome}, "cursor": {r.Cursor},
	}
	for name, at := range map[string]time.Time{"since": r.Since, "until": r.Until} {
		if !at.IsZero() {
			q.Set(name, at.Format(time.RFC3339Nano))
		}
	}
	if r.Limit > 0 {
		q.Set("limit", strconv.Itoa(r.Limit))
	}
	return call[*audit.Page](ctx, c, http.MethodGet, "audit", q, nil)
}
