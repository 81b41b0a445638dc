package chdb_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
)

func TestReadOnlyPool(t *testing.T) {
	database := chdbtest.Database(t)
	write := connect(t, chdb.PoolDefault, database)
	exec(t, write, "CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
	exec(t, write, "INSERT INTO t VALUES (42)")
	outfile := filepath.Join(t.TempDir(), "out.tsv")
	for _, pool := range []string{chdb.PoolRead, chdb.PoolInspect} {
		conn := connect(t, pool, database)
		var n uint64
		if err := conn.QueryRow(t.Context(), "SELECT n FROM t").Scan(&n); err != nil || n != 42 {
			t.Fatalf("%s: read %d, %v", pool, n, err)
		}
		for _, sql := range []string{
			"INSERT INTO t VALUES (1)",
			"INSERT INTO t SELECT 1",
			"INSERT INTO FUNCTION file('" + outfile + "', 'TSV') SELECT 1",
			"SELECT * FROM file('/etc/hostname', 'LineAsString')",
			"SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
			"SELECT * FROM remote('127.0.0.1:1', 'system.one')",
			"SELECT * FROM s3('http://127.0.0.1:1/bucket/x', 'LineAsString')",
			"SELECT 1 INTO OUTFILE '" + outfile + "'",
			"SELECT * FROM t FORMAT JSON; DROP TABLE t",
			"CREATE TABLE u (n UInt64) ENGINE = Memory",
			"CREATE TEMPORARY TABLE u (n UInt64)",
			"ALTER TABLE t DELETE WHERE 1",
			"DROP TABLE t",
			"SET readonly = 0",
			"SYSTEM FLUSH LOGS",
			"KILL QUERY WHERE 1",
			"SELECT 1 SETTINGS readonly = 0",
			"SELECT * FROM executable('id', 'TSV', 'x String')",
		} {
			err := conn.Exec(t.Context(), sql)
			var exception *clickhouse.Exception
			if !errors.As(err, &exception) {
				t.Errorf("%s: %s: got %v, want a refusal", pool, sql, err)
			} else if exception.Code != 164 && exception.Code != 497 && exception.Code != 62 {
				t.Errorf("%s: %s: got %v", pool, sql, err)
			}
		}
		for _, settings := range []clickhouse.Settings{{"readonly": 0}, {"readonly": 2}} {
			ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(settings))
			wantCode(t, conn.Exec(ctx, "SELECT 1"), 164)
		}
	}
	if _, err := os.Stat(outfile); err == nil {
		t.Error("a file was written")
	}
}

func TestFixedSettings(t *testing.T) {
	raise := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_memory_usage": "900000000000"}))
	wantCode(t, connect(t, chdb.PoolInspect, "").Exec(raise, "SELECT 1"), 452)
	if err := connect(t, chdb.PoolRead, "").Exec(raise, "SELECT 1"); err != nil {
		t.Errorf("a pool that is not fixed refused a setting: %v", err)
	}
}

func TestMemoryLimitOfAPool(t *testing.T) {
	conn := connect(t, chdb.PoolInspect, "")
	err := conn.Exec(t.Context(), "SELECT groupArray(number) FROM numbers(1000000000)")
	wantCode(t, err, 241)
}

func TestWaitForAPlaceHonoursTheContext(t *testing.T) {
	conn := connect(t, chdb.PoolInspect, "") // two sessions
	busy, stop := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	ids := []string{"busy-1", "busy-2"}
	for _, id := range ids {
		ctx := clickhouse.Context(busy, clickhouse.WithQueryID(id))
		go func() { ended <- conn.Exec(ctx, endless) }()
	}
	look := connect(t, chdb.PoolDefault, "")
	for _, id := range ids {
		waitRunning(t, look, id)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error, 1)
	go func() { waiting <- conn.Exec(ctx, "SELECT 1") }()
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	stop()
	for range ids {
		<-ended
	}
	if err := conn.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Errorf("the places were not given back: %v", err)
	}
}

func TestUnknownPool(t *testing.T) {
	wantCode(t, func() error {
		conn, err := clickhouse.Open(chdb.Options(chdbtest.Engine(t).Transport("no such"), ""))
		if err != nil {
			return err
		}
		defer conn.Close()
		return conn.Exec(t.Context(), "SELECT 1")
	}(), 36)
}
