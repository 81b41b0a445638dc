package admin_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"tributary/api/admin"
	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/api/statement"
	"tributary/journeys/analyst"
)

// noQueries runs no statement.
type noQueries struct{}

func (noQueries) Run(context.Context, *analyst.Reader, string, map[string]any) (*analyst.Result, error) {
	return nil, analyst.ErrUnavailable
}

func (s *server) statements(notes statement.Notes) *statement.Desk {
	s.Helper()
	d, err := statement.New(statement.Config{
		Queries: noQueries{}, Saved: analyst.NewLibrary(nil, nil, s.state, time.Now), Policies: policy.NewBook(s.state), Restricted: s.state, Notes: notes, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	s.must(err)
	return d
}

// TestStatementsByTheSocket: every fault of a request is told, and that nothing runs.
func TestStatementsByTheSocket(t *testing.T) {
	s := newServer(t)
	var out bytes.Buffer
	wrong := admin.StatementRequest{StatementReader: admin.StatementReader{Purpose: "fun", Reader: "cat"}}
	wrong.Format = "xml"
	var d *problem.Document
	if err := s.Query(t.Context(), "acme", wrong, &out); !errors.As(err, &d) || len(d.Errors) != 4 {
		t.Errorf("%v, want four faults", err)
	}
	var right admin.StatementRequest
	right.SQL = "SELECT 1"
	if err := s.Query(t.Context(), "acme", right, &out); !errors.As(err, &d) || d.Status != http.StatusServiceUnavailable || out.Len() > 0 {
		t.Errorf("%v, %q, want that the store does not answer", err, out.String())
	}
}
