package store

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"path"
	"slices"
	"strings"

	statements "tributary/sql"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Params are the values bound to a query's {name:Type}, by name. Strings, numbers, bools, times,
// UUIDs and slices of them.
type Params map[string]any

// Query is a named query with rows of type R, a struct whose fields have `ch` tags with the names
// of the query's columns, all of them.
type Query[R any] struct {
	store *Store
	name  string
	sql   string
}

// Prepare returns the query sql/queries/<name>.sql, name being "domain/query". An unknown name is an
// error, so that a program finds out when it starts.
func Prepare[R any](s *Store, name string) (Query[R], error) {
	text, ok := s.queries[name]
	if !ok {
		return Query[R]{}, fmt.Errorf("prepare query: there is no %q", name)
	}
	return Query[R]{s, name, text}, nil
}

// Names returns the names of all queries, sorted.
func (s *Store) Names() []string { return slices.Sorted(maps.Keys(s.queries)) }

// All returns all rows.
func (q Query[R]) All(ctx context.Context, params Params) ([]R, error) {
	var rows []R
	for row, err := range q.Each(ctx, params) {
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// One returns the only row; ErrNotFound if there is none.
func (q Query[R]) One(ctx context.Context, params Params) (R, error) {
	for row, err := range q.Each(ctx, params) {
		return row, err
	}
	var none R
	return none, fmt.Errorf("query %s: no row: %w", q.name, ErrNotFound)
}

// Each yields the rows as they arrive, and at most one error, as the last.
func (q Query[R]) Each(ctx context.Context, params Params) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		var none R
		rows, err := q.store.query(ctx, q.sql, params)
		if err != nil {
			yield(none, fmt.Errorf("query %s: %w", q.name, Classify(err)))
			return
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var row R
			if err := rows.ScanStruct(&row); err != nil { // R is not what the query returns
				yield(none, fmt.Errorf("query %s: %w: %w", q.name, ErrInvalid, err))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(none, fmt.Errorf("query %s: %w", q.name, Classify(err)))
		}
	}
}

func (s *Store) query(ctx context.Context, sql string, params Params) (driver.Rows, error) {
	return s.conn.Query(ctx, sql, named(params)...)
}

func (s *Store) exec(ctx context.Context, sql string, params Params) error {
	return s.conn.Exec(ctx, sql, named(params)...)
}

func named(params Params) []any {
	args := make([]any, 0, len(params))
	for _, name := range slices.Sorted(maps.Keys(params)) {
		args = append(args, clickhouse.Named(name, params[name]))
	}
	return args
}

func (c Config) loadQueries(auth clickhouse.Auth) (map[string]string, error) {
	queries := map[string]string{}
	err := fs.WalkDir(statements.Queries, "queries", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(file) != ".sql" {
			return err
		}
		text, err := fs.ReadFile(statements.Queries, file)
		name := strings.TrimSuffix(strings.TrimPrefix(file, "queries/"), ".sql")
		queries[name] = c.render(string(text), auth)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read queries: %w", err)
	}
	return queries, nil
}
