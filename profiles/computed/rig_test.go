package computed

import (
	"bytes"
	"context"
	"slices"
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"
	"tributary/sql/storetest"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(chdbtest.M{M: m}) }

// database opens a store with all tables on the real engine.
func database(tb testing.TB) *storetest.Bench {
	tb.Helper()
	engine := chdbtest.Engine(tb)
	return storetest.Engine{Options: func() *clickhouse.Options { return chdb.Options(engine, "") }, Kill: engine.Kill}.Store(tb)
}

// failer is what *testing.T and *rapid.T share.
type failer interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// seen is an event as it was taken in.
type seen struct {
	*event.Event
	observation uuid.UUID
}

// insert writes the rows of events as the sink does.
func insert(tb failer, b *storetest.Bench, events []seen) {
	tb.Helper()
	rows := make([]*store.EventRow, len(events))
	for i, e := range events {
		row := store.NewEventRow(e.Event, store.Place{LogOffset: uint64(i)}, e.observation, nil)

		rows[i] = &row
	}
	if err := store.Insert(context.Background(), b.Store, store.Events, rows, ""); err != nil {
		tb.Fatal(err)
	}
}

// compute runs a trait's SQL and returns its rows by profile.
func compute(tb failer, b *storetest.Bench, p *Program, name, workspace string, now time.Time) map[uuid.UUID]Row {
	tb.Helper()
	query, params, err := p.SQL(name, workspace, now)
	if err != nil {
		tb.Fatal(err)
	}
	var args []any
	for name, v := range params {
		args = append(args, clickhouse.Named(name, v))
	}
	rows, err := b.Conn.Query(context.Background(), query, args...)
	if err != nil {
		tb.Fatalf("%v\n%s", err, query)
	}
	defer rows.Close()
	all := map[uuid.UUID]Row{}
	for rows.Next() {
		var profile uuid.UUID
		var row Row
		if err := rows.Scan(&profile, &row.Value, &row.Exact, &row.LeftOut); err != nil {
			tb.Fatalf("%v\n%s", err, query)
		}
		all[profile] = row
	}
	if err := rows.Err(); err != nil {
		tb.Fatalf("%v\n%s", err, query)
	}
	return all
}

func sortIDs(ids []uuid.UUID) {
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
}
