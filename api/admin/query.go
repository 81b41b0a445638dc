package admin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tributary/api/policy"
	"tributary/api/statement"
	"tributary/ingest/event"
)

// Defaults of who sees what a statement of the operator's answers.
const (
	DefaultPurpose = "analytics"
	DefaultReader  = "human"
)

// StatementRequest is a statement, and the purpose and kind of reader by which it is answered.
type StatementRequest struct {
	statement.Request
	StatementReader
}

// StatementReader says by which rules of the reader policy a statement is answered.
type StatementReader struct {
	Purpose string `json:"purpose,omitempty"` // default DefaultPurpose
	Reader  string `json:"reader,omitempty"`  // default DefaultReader
}

// asker fails with event.Errors.
func (r StatementReader) asker(workspace string) (statement.Asker, error) {
	who := statement.Asker{Workspace: workspace, Purpose: r.Purpose, Kind: r.Reader}
	if who.Purpose == "" {
		who.Purpose = DefaultPurpose
	}
	if who.Kind == "" {
		who.Kind = DefaultReader
	}
	var faults event.Errors
	if !slices.Contains(policy.Purposes(), who.Purpose) {
		faults.Add("purpose", "must be one of "+strings.Join(policy.Purposes(), ", "))
	}
	if !slices.Contains(policy.Readers(), who.Kind) {
		faults.Add("reader", "must be one of "+strings.Join(policy.Readers(), ", "))
	}
	return who, faults.Err()
}

func addStatements(mux *patterns, h *handlers) {
	mux.HandleFunc("POST /admin/v1/query", h.answering(h.query))
	addSaved(mux, h)
}

// answering serves a route that writes rows as they come.
func (h *handlers) answering(f func(w http.ResponseWriter, r *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := f(w, r); err != nil {
			h.fail(w, r, ofStatement(err))
		}
	}
}

func ofStatement(err error) error {
	if d := statement.Problem(err); d != nil {
		return d
	}
	return err
}

func (h *handlers) query(w http.ResponseWriter, r *http.Request) error {
	workspace, err := workspaceOf(r)
	if err != nil {
		return err
	}
	var body StatementRequest
	if err := decode(r, &body); err != nil {
		return err
	}
	who, err := body.asker(workspace)
	if err := merged(err, body.Validate()); err != nil {
		return err
	}
	return h.Statements.Answer(r.Context(), w, who, &body.Request)
}

// merged is one list of the faults of several.
func merged(all ...error) error {
	var faults event.Errors
	for _, err := range all {
		var some event.Errors
		if errors.As(err, &some) {
			faults = append(faults, some...)
		} else if err != nil {
			return err
		}
	}
	return faults.Err()
}

// Query runs a statement and copies its rows, as they come, in the format that is asked for. On an error w may hold a
// part of them.
func (c *Client) Query(ctx context.Context, workspace string, q StatementRequest, w io.Writer) error {
	return c.rows(ctx, "query", workspace, q, w)
}

func (c *Client) rows(ctx context.Context, path, workspace string, body any, w io.Writer) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("ask server: %w", err)
	}
	response, err := c.ask(ctx, http.MethodPost, path, url.Values{"workspace": {workspace}}, strings.NewReader(string(text)))
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(w, response.Body); err != nil {
		return fmt.Errorf("the answer broke off: %w", err)
	}
	return nil
}
