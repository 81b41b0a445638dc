package chdb_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"go.uber.org/goleak"

	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(parentEnv); dir != "" {
		os.Exit(parent(dir))
	}
	goleak.VerifyTestMain(chdbtest.M{M: m})
}

// connect opens clickhouse-go on a pool of the shared engine, in a database of the test's own.
func connect(tb testing.TB, pool, database string) driver.Conn {
	tb.Helper()
	conn, err := clickhouse.Open(chdb.Options(chdbtest.Engine(tb).Transport(pool), database))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return conn
}

func exec(tb testing.TB, conn driver.Conn, sql string) {
	tb.Helper()
	if err := conn.Exec(tb.Context(), sql); err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
}

func wantCode(t *testing.T, err error, code int32) {
	t.Helper()
	var exception *clickhouse.Exception
	if !errors.As(err, &exception) {
		t.Fatalf("got %v, want an exception of code %d", err, code)
	}
	if exception.Code != code {
		t.Fatalf("got %v, want code %d", err, code)
	}
}

func TestExceptionsAreTyped(t *testing.T) {
	conn := chdbtest.Conn(t)
	for _, tt := range []struct {
		sql  string
		code int32
	}{
		{"SELECT * FROM missing", 60},
		{"SELEC 1", 62},
		{"SELECT throwIf(1)", 395},
		{"CREATE TABLE t", 80},
		{"DROP TABLE missing", 60},
		{"SELECT missing_function(1)", 46},
		{"SELECT 1; SELECT 2", 62},
		{"INSERT INTO missing VALUES (1)", 60},
		{"SELECT toUInt8('x')", 6},
		{"SELECT " + strings.Repeat("(", 100_000) + "1" + strings.Repeat(")", 100_000), 306},
		{"SELECT " + strings.Repeat("[", 5000) + "1" + strings.Repeat("]", 5000), 306},
		{"", 62},
	} {
		t.Run(tt.sql[:min(len(tt.sql), 40)], func(t *testing.T) {
			wantCode(t, conn.Exec(t.Context(), tt.sql), tt.code)
		})
	}
}

func TestExceptionInTheMiddleOfAResult(t *testing.T) {
	conn := chdbtest.Conn(t)
	rows, err := conn.Query(t.Context(), "SELECT throwIf(number = 300000) FROM numbers(1000000) SETTINGS max_block_size = 65536, max_threads = 1")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	wantCode(t, rows.Err(), 395)
	if n == 0 {
		t.Error("no row came before the exception")
	}
}

func TestSettingsDoNotLeak(t *testing.T) {
	conn := chdbtest.Conn(t)
	ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_threads": 7, "max_block_size": 1234}))
	ask := func(ctx context.Context) (threads, block uint64) {
		t.Helper()
		if err := conn.QueryRow(ctx, "SELECT toUInt64(getSetting('max_threads')), toUInt64(getSetting('max_block_size'))").Scan(&threads, &block); err != nil {
			t.Fatal(err)
		}
		return threads, block
	}
	if threads, block := ask(ctx); threads != 7 || block != 1234 {
		t.Errorf("within the request: max_threads %d, max_block_size %d", threads, block)
	}
	if threads, block := ask(t.Context()); threads == 7 || block == 1234 {
		t.Errorf("after the request: max_threads %d, max_block_size %d", threads, block)
	}
	exec(t, conn, "SET max_block_size = 4321")
	if _, block := ask(t.Context()); block == 4321 {
		t.Error("SET reached the next request")
	}
	for name, code := range map[string]int32{"no_such_setting": 115, "max_threads": 27} {
		ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{name: "x"}))
		wantCode(t, conn.Exec(ctx, "SELECT 1"), code)
	}
}

// Values of settings and names of databases are data, whatever they look like.
func TestAwkwardSettingsAndDatabases(t *testing.T) {
	for _, awkward := range []string{"plain", "", "it's", "x', max_threads = '9", "back\\slash\\", "new\nline\ttab", "`tick`", "ünï 🙂", "--", "/*"} {
		ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"format_csv_null_representation": awkward}))
		conn := connect(t, chdb.PoolDefault, "")
		var got string
		if err := conn.QueryRow(ctx, "SELECT getSetting('format_csv_null_representation')").Scan(&got); err != nil || got != awkward {
			t.Errorf("setting %q: got %q, %v", awkward, got, err)
		}
		if awkward == "" {
			continue
		}
		identifier := "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`").Replace(awkward) + "`"
		exec(t, conn, "CREATE DATABASE "+identifier)
		if err := connect(t, chdb.PoolDefault, awkward).QueryRow(t.Context(), "SELECT currentDatabase()").Scan(&got); err != nil || got != awkward {
			t.Errorf("database %q: got %q, %v", awkward, got, err)
		}
		exec(t, conn, "DROP DATABASE "+identifier+" SYNC")
	}
}

func TestInsert100kRows(t *testing.T) {
	conn := chdbtest.Conn(t)
	exec(t, conn, "CREATE TABLE t (id UInt64, name String, at DateTime64(3), tags Array(LowCardinality(String)), props Map(String, String), n Nullable(Int32)) ENGINE = MergeTree ORDER BY id")
	const rows = 100_000
	batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO t")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	for i := range uint64(rows) {
		var n *int32
		if i%3 == 0 {
			v := int32(i)
			n = &v
		}
		err := batch.Append(i, fmt.Sprintf("näme\n%d", i), at, []string{"a", "b"}, map[string]string{"k": "v"}, n)
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
	var count, sum, nulls uint64
	if err := conn.QueryRow(t.Context(), "SELECT count(), sum(id), countIf(n IS NULL) FROM t").Scan(&count, &sum, &nulls); err != nil {
		t.Fatal(err)
	}
	if count != rows || sum != rows*(rows-1)/2 || nulls != rows-rows/3-1 {
		t.Errorf("count %d, sum %d, nulls %d", count, sum, nulls)
	}
	var parts uint64
	if err := conn.QueryRow(t.Context(), "SELECT count() FROM system.parts WHERE database = currentDatabase() AND level = 0").Scan(&parts); err != nil || parts != 1 {
		t.Errorf("a block became %d parts, so it is not inserted whole or not at all: %v", parts, err)
	}
	var name string
	var got time.Time
	if err := conn.QueryRow(t.Context(), "SELECT name, at FROM t WHERE id = {id:UInt64}", clickhouse.Named("id", 77)).Scan(&name, &got); err != nil {
		t.Fatal(err)
	}
	if name != "näme\n77" || !got.Equal(at) {
		t.Errorf("name %q at %v", name, got)
	}
}

func TestCancelEndsTheQuery(t *testing.T) {
	conn := chdbtest.Conn(t)
	for name, sql := range map[string]string{
		"before a result": "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1",
		"not streamed":    "CREATE TABLE x ENGINE = MergeTree ORDER BY n AS SELECT number AS n FROM numbers(1000000000000) WHERE sipHash64(number) = 1",
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(clickhouse.Context(t.Context(), clickhouse.WithQueryID("cancel-"+name)))
			defer cancel()
			done := make(chan error, 1)
			go func() { done <- conn.Exec(ctx, sql) }()
			waitRunning(t, conn, "cancel-"+name)
			cancel()
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want the context's error", err)
			}
			if n := countRunning(t, conn, "cancel-"+name); n != 0 {
				t.Errorf("%d statements still run", n)
			}
		})
	}
}

func countRunning(t *testing.T, conn driver.Conn, id string) (n uint64) {
	t.Helper()
	const sql = "SELECT count() FROM system.processes WHERE Settings['log_comment'] = {id:String}"
	if err := conn.QueryRow(t.Context(), sql, clickhouse.Named("id", id)).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func waitRunning(t *testing.T, conn driver.Conn, id string) {
	t.Helper()
	for countRunning(t, conn, id) == 0 {
		if err := t.Context().Err(); err != nil {
			t.Fatal(err)
		}
	}
}
