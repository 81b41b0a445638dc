package store

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// insertSettings are the settings of every insert.
func insertSettings(more map[string]string) clickhouse.Settings {
	settings := clickhouse.Settings{
		// The answer comes when the rows are there, and says so truly: nothing is put off,
		// and nothing is dropped for looking like an earlier block.
		"async_insert":       0,
		"insert_deduplicate": 0,
		"optimize_on_insert": 0,
		// A column is sent as String and becomes what the table has.
		"input_format_native_allow_types_conversion": 1,
		// Text in JSON stays text, whatever it looks like.
		"input_format_try_infer_dates":     0,
		"input_format_try_infer_datetimes": 0,
		// SafeJSON leaves no path twice. Should it ever, the row is worth more than the value.
		"type_json_skip_duplicated_paths": 1,
	}
	for name, value := range more {
		settings[name] = value
	}
	return settings
}

// Insert inserts the rows as one statement of the given query id, which must be new, or empty.
// When it returns nil they are on disk and can be queried. After any error some of them may be
// there or still arrive, until Kill has returned for the query id; see Present.
//
// Only columns that any of the rows fills are sent. A block may span 100 partitions at most
// (SplitByPartition). Insert keeps no reference to the rows.
func Insert[R any](ctx context.Context, s *Store, t *Table[R], rows []*R, queryID string) error {
	if len(rows) == 0 {
		return nil
	}
	columns := t.encoder()
	defer t.release(columns)
	b := gather(columns, rows)
	s.sign(&b, len(rows))
	if err := s.send(ctx, t.name, b, queryID); err != nil {
		return fmt.Errorf("insert into %s: %w", t.name, Classify(err))
	}
	return nil
}

// block is what is sent: the values of the columns that have any.
type block struct {
	columns []clickhouse.ColumnNameAndType
	values  []any
}

func gather[R any](columns []column[R], rows []*R) block {
	b := block{
		columns: make([]clickhouse.ColumnNameAndType, 0, len(columns)),
		values:  make([]any, 0, len(columns)),
	}
	for i, c := range columns {
		values, any := c.gather(rows)
		if any || i == 0 { // a block without columns has no rows
			b.columns = append(b.columns, c.describe())
			b.values = append(b.values, values)
		}
	}
	return b
}

func (b *block) statement(table string) string {
	names := make([]string, len(b.columns))
	for i, c := range b.columns {
		names[i] = c.Name
	}
	return "INSERT INTO " + table + " (" + strings.Join(names, ", ") + ")"
}

// send sends the block. The context carries the columns, so that the driver need not ask for them.
func (s *Store) send(ctx context.Context, table string, b block, queryID string) error {
	options := []clickhouse.QueryOption{
		clickhouse.WithColumnNamesAndTypes(b.columns),
		clickhouse.WithSettings(maps.Clone(s.insert)),
	}
	if queryID != "" {
		options = append(options, clickhouse.WithQueryID(queryID))
	}
	batch, err := s.conn.PrepareBatch(clickhouse.Context(ctx, options...), b.statement(table))
	if err != nil {
		return err
	}
	defer func() { _ = batch.Close() }()
	columns := batch.Columns()
	s.spare.lend(table, columns)
	for i, values := range b.values {
		if err := batch.Column(i).Append(values); err != nil {
			// The driver cannot send it, so it is the rows' fault.
			return &classified{ErrPermanent, fmt.Errorf("column %s: %w", b.columns[i].Name, err)}
		}
	}
	if err := batch.Send(); err != nil {
		return err
	}
	s.spare.takeBack(table, columns)
	return nil
}
