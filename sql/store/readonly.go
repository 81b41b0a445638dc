package store

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// ReadOnly is a statement that was made and checked elsewhere, such as an analyst's: see EachOfOperator for why
// none may come here that somebody else wrote.
type ReadOnly struct {
	SQL    string
	Params Params
	// QueryID is what Kill ends it by.
	QueryID string
	// Settings are limits; readonly = 1 is added. The statement is kept out of the engine's own log, for it may
	// hold values of customers.
	Settings map[string]any
}

// Rows are the rows of a statement whose columns nobody knows before: see driver.Rows. They are closed by who asked.
type Rows = driver.Rows

// Read runs a statement that can change nothing.
func (s *Store) Read(ctx context.Context, r ReadOnly) (Rows, error) {
	settings := clickhouse.Settings{"readonly": 1, "log_queries": 0}
	for name, value := range r.Settings {
		settings[name] = value
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(settings), clickhouse.WithQueryID(r.QueryID))
	rows, err := s.query(ctx, r.SQL, r.Params)
	if err != nil {
		return nil, fmt.Errorf("read: %w", Classify(err))
	}
	return rows, nil
}
