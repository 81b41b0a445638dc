package admin

import (
	"context"
	"net/http"
	"net/url"

	"tributary/profiles/analysis"
	"tributary/profiles/define"
	"tributary/profiles/unify"
)

// Definitions knows the documents of definitions; analysis.Service does.
type Definitions interface {
	Definitions(workspace string) (*analysis.Document, error)
	Segments(workspace string) ([]analysis.Segment, error)
}

func (h *handlers) showDefinitions(r *http.Request) (*analysis.Document, error) {
	workspace, err := workspaceOf(r)
	if err != nil {
		return nil, err
	}
	return h.Definitions.Definitions(workspace)
}

func (h *handlers) setDefinitions(r *http.Request) (*analysis.Document, error) {
	workspace, err := workspaceOf(r)
	if err != nil {
		return nil, err
	}
	var c unify.ProfilesDefinitions
	if err := decode(r, &c); err != nil {
		return nil, err
	}
	if _, err := define.Compile([]byte(c.Document)); err != nil {
		return nil, err
	}
	if _, err := h.Commands.Do(unify.WithAction(r.Context(), "definitions.set"), workspace, c); err != nil {
		return nil, err
	}
	return h.Definitions.Definitions(workspace)
}

func (h *handlers) listSegments(r *http.Request) ([]analysis.Segment, error) {
	workspace, err := workspaceOf(r)
	if err != nil {
		return nil, err
	}
	list, err := h.Definitions.Segments(workspace)
	return append([]analysis.Segment{}, list...), err
}

// Definitions returns the document of definitions of a workspace, and how far the work is that it leads to.
func (c *Client) Definitions(ctx context.Context, workspace string) (*analysis.Document, error) {
	return call[*analysis.Document](ctx, c, http.MethodGet, "definitions", url.Values{"workspace": {workspace}}, nil)
}

// SetDefinitions puts a document of definitions in force; an empty one declares nothing.
func (c *Client) SetDefinitions(ctx context.Context, workspace string, d unify.ProfilesDefinitions) (*analysis.Document, error) {
	return call[*analysis.Document](ctx, c, http.MethodPut, "definitions", url.Values{"workspace": {workspace}}, d)
}

// Segments lists the segments of a workspace.
func (c *Client) Segments(ctx context.Context, workspace string) ([]analysis.Segment, error) {
	return call[[]analysis.Segment](ctx, c, http.MethodGet, "segments", url.Values{"workspace": {workspace}}, nil)
}
