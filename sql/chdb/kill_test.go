package chdb_test

import (
	"errors"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
)

const endless = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1"

func TestKillByQueryID(t *testing.T) {
	engine, conn := chdbtest.Engine(t), chdbtest.Conn(t)
	for _, id := range []string{"kill-1", "we\"ird 'id'\\ \t\n --x=y ünï"} {
		ctx := clickhouse.Context(t.Context(), clickhouse.WithQueryID(id))
		done := make(chan error, 1)
		go func() { done <- conn.Exec(ctx, endless) }()
		waitRunning(t, conn, id)
		if err := engine.Kill(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if n := countRunning(t, conn, id); n != 0 {
			t.Errorf("%q: %d statements run after Kill returned", id, n)
		}
		if err := <-done; !errors.Is(err, chdb.ErrKilled) {
			t.Errorf("%q: got %v, want ErrKilled", id, err)
		}
		if err := conn.Exec(ctx, "SELECT 1"); !errors.Is(err, chdb.ErrKilled) {
			t.Errorf("%q: a killed id started again: %v", id, err)
		}
	}
	if err := engine.Kill(t.Context(), ""); err == nil {
		t.Error("the empty id was taken")
	}
}

// The same by SQL, in words that a ClickHouse server understands too.
func TestKillBySQL(t *testing.T) {
	conn := chdbtest.Conn(t)
	ctx := clickhouse.Context(t.Context(), clickhouse.WithQueryID("kill-sql"),
		clickhouse.WithSettings(clickhouse.Settings{"log_comment": ""}))
	done := make(chan error, 1)
	go func() { done <- conn.Exec(ctx, endless) }()
	waitRunning(t, conn, "kill-sql")
	kill := "KILL QUERY WHERE query_id = {id:String} OR Settings['log_comment'] = {id:String} SYNC"
	if err := conn.Exec(t.Context(), kill, clickhouse.Named("id", "kill-sql")); err != nil {
		t.Fatal(err)
	}
	wantCode(t, <-done, 394)
}

// A killed insert writes nothing after Kill returned.
func TestKillAnInsert(t *testing.T) {
	engine, conn := chdbtest.Engine(t), chdbtest.Conn(t)
	exec(t, conn, "CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
	ctx := clickhouse.Context(t.Context(), clickhouse.WithQueryID("kill-insert"))
	done := make(chan error, 1)
	go func() {
		done <- conn.Exec(ctx, "INSERT INTO t SELECT number FROM numbers(1000000000000) WHERE sipHash64(number) % 1000000 = 1")
	}()
	waitRunning(t, conn, "kill-insert")
	if err := engine.Kill(t.Context(), "kill-insert"); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err == nil {
		t.Error("the insert succeeded")
	}
}
