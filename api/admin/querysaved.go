package admin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

	"tributary/api/statement"
	"tributary/journeys/analyst"
	"tributary/profiles/unify"
)

// SavedRequest is a statement that is to be saved under a name, and by whose policy it is checked.
type SavedRequest struct {
	Description string               `json:"description,omitempty"`
	SQL         string               `json:"sql"`
	Params      []analyst.SavedParam `json:"params,omitempty"`
	StatementReader
}

// SavedRun is how a saved statement is run, and by whose policy.
type SavedRun struct {
	statement.Run
	StatementReader
}

func addSaved(mux *patterns, h *handlers) {
	handle(mux, h, "GET /admin/v1/queries", h.savedList)
	handle(mux, h, "GET /admin/v1/queries/{saved}", h.savedOne)
	handle(mux, h, "PUT /admin/v1/queries/{saved}", h.save)
	handle(mux, h, "DELETE /admin/v1/queries/{saved}", h.deleteSaved)
	mux.HandleFunc("POST /admin/v1/queries/{saved}/run", h.answering(h.runSaved))
}

// operator may change what anybody saved.
func operator(r *http.Request) analyst.Author {
	return analyst.Author{Name: unify.ByOf(r.Context()).Actor, Any: true}
}

func (h *handlers) savedList(r *http.Request) ([]analyst.Saved, error) {
	workspace, err := workspaceOf(r)
	if err != nil {
		return nil, err
	}
	list, err := h.Statements.Saved.List(workspace)
	return append([]analyst.Saved{}, list...), err
}

func (h *handlers) savedOne(r *http.Request) (*analyst.Saved, error) {
	workspace, err := workspaceOf(r)
	if err != nil {
		return nil, err
	}
	s, err := h.Statements.Saved.Get(workspace, r.PathValue("saved"))
	return s, ofStatement(err)
}

// save saves a statement under a name, in place of the one that has it.
func (h *handlers) save(r *http.Request) (*analyst.Saved, error) {
	workspace, err := workspaceOf(r)
	if err != nil {
		return nil, err
	}
	var body SavedRequest
	if err := decode(r, &body); err != nil {
		return nil, err
	}
	who, err := body.asker(workspace)
	if err != nil {
		return nil, err
	}
	reader, err := h.Statements.Reader(who)
	if err != nil {
		return nil, err
	}
	s := analyst.Saved{Name: r.PathValue("saved"), Description: body.Description, SQL: body.SQL, Params: body.Params}
	saved, err := h.Statements.Saved.Replace(r.Context(), reader, operator(r), s)
	if errors.Is(err, analyst.ErrNotSaved) {
		saved, err = h.Statements.Saved.Create(r.Context(), reader, operator(r), s)
	}
	return saved, ofStatement(err)
}

func (h *handlers) deleteSaved(r *http.Request) (*analyst.Saved, error) {
	workspace, err := workspaceOf(r)
	if err != nil {
		return nil, err
	}
	s, err := h.Statements.Saved.Delete(r.Context(), workspace, operator(r), r.PathValue("saved"))
	return s, ofStatement(err)
}

func (h *handlers) runSaved(w http.ResponseWriter, r *http.Request) error {
	workspace, err := workspaceOf(r)
	if err != nil {
		return err
	}
	var body SavedRun
	if err := decode(r, &body); err != nil {
		return err
	}
	who, err := body.asker(workspace)
	if err != nil {
		return err
	}
	return h.Statements.AnswerSaved(r.Context(), w, who, r.PathValue("saved"), body.Run)
}

// SavedQueries lists the saved statements of a workspace, without their text.
func (c *Client) SavedQueries(ctx context.Context, workspace string) ([]analyst.Saved, error) {
	return call[[]analyst.Saved](ctx, c, http.MethodGet, "queries", url.Values{"workspace": {workspace}}, nil)
}

// SavedQuery reads a saved statement.
func (c *Client) SavedQuery(ctx context.Context, workspace, name string) (*analyst.Saved, error) {
	return call[*analyst.Saved](ctx, c, http.MethodGet, savedPath(name), url.Values{"workspace": {workspace}}, nil)
}

// SaveQuery saves a statement under a name, in place of the one that has it.
func (c *Client) SaveQuery(ctx context.Context, workspace, name string, s SavedRequest) (*analyst.Saved, error) {
	return call[*analyst.Saved](ctx, c, http.MethodPut, savedPath(name), url.Values{"workspace": {workspace}}, s)
}

// DeleteQuery removes a saved statement.
func (c *Client) DeleteQuery(ctx context.Context, workspace, name string) error {
	_, err := call[*analyst.Saved](ctx, c, http.MethodDelete, savedPath(name), url.Values{"workspace": {workspace}}, nil)
	return err
}

// RunQuery runs a saved statement and copies its rows as Query does.
func (c *Client) RunQuery(ctx context.Context, workspace, name string, run SavedRun, w io.Writer) error {
	return c.rows(ctx, savedPath(name)+"/run", workspace, run, w)
}

func savedPath(name string) string { return "queries/" + url.PathEscape(name) }
