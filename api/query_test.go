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

// oneSaved is a library with one statement.
type oneSaved struct{}

func (oneSaved) Create(_ context.Context, _ *analyst.Reader, by analyst.Author, s analyst.Saved) (*analyst.Saved, error) {
	s.Owner, s.SavedAt = by.Name, epoch
	return &s, nil
}

func (o oneSaved) Replace(ctx context.Context, r *analyst.Reader, by analyst.Author, s analyst.Saved) (*analyst.Saved, error) {
	return o.Create(ctx, r, by, s)
}

func (oneSaved) Get(_, name string) (*analyst.Saved, error) {
	if name != "by-channel" {
		return nil, analyst.ErrNotSaved
	}
	return &analyst.Saved{Name: name, SQL: "SELECT 1", Params: []analyst.SavedParam{}, Owner: "key:1", SavedAt: epoch}, nil
}

func (o oneSaved) List(string) ([]analyst.Saved, error) {
	s, err := o.Get("", "by-channel")
	return []analyst.Saved{*s}, err
}

func (o oneSaved) Delete(_ context.Context, _ string, _ analyst.Author, name string) (*analyst.Saved, error) {
	return o.Get("", name)
}

// statements are run by queries.
func (w *world) statements(queries statement.Queries, policies statement.Policies, notes statement.Notes, clock func() time.Time) *statement.Desk {
	w.Helper()
	d, err := statement.New(statement.Config{
		Queries: queries, Saved: oneSaved{}, Policies: policies, Restricted: w.state, Notes: notes, Logger: slog.New(slog.NewJSONHandler(w.lines, nil)), Now: clock,
	})
	w.must(err)
	return d
}
