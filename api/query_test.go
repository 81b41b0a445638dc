package api

import (
	"context"
	"log/slog"
	"time"

	"tributary/api/statement"
	"tributary/journeys/analyst"
)

// noQueries runs no statement.
type noQueries struct{}

func (noQueries) Run(context.Context, *analyst.Reader, string, map[string]any) (*analyst.Result, error) {
	return nil, analyst.ErrUnavailable
}

// statements are run by queries.
func (w *world) statements(queries statement.Queries, policies statement.Policies, notes statement.Notes, clock func() time.Time) *statement.Desk {
	w.Helper()
	d, err := statement.New(statement.Config{
		Queries: queries, Policies: policies, Restricted: w.state, Notes: notes, Logger: slog.New(slog.NewJSONHandler(w.lines, nil)), Now: clock,
	})
	w.must(err)
	return d
}
