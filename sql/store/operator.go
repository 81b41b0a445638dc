package store

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
)

// OperatorRow is a row of a query that the operator wrote: a profile, and a value as JSON.
type OperatorRow struct {
	Profile uuid.UUID `ch:"profile"`
	Value   string    `ch:"value"`
}

// EachOfOperator runs a query that stands in the operator's configuration, and nobody else's: SQL can read
// every workspace. It has the parameter {workspace:String} and the columns profile UUID and value String, can
// change nothing, and is bounded by ctx, and by the pool's memory. It yields to f until that fails.
func (s *Store) EachOfOperator(ctx context.Context, sql, workspace string, f func(OperatorRow) error) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"readonly": 1}))
	q := Query[OperatorRow]{store: s, name: "of the operator", sql: sql}
	for row, err := range q.Each(ctx, Params{"workspace": workspace}) {
		if err == nil {
			err = f(row)
		}
		if err != nil {
			return fmt.Errorf("run the operator's query: %w", err)
		}
	}
	return nil
}
