// Package chdbtest gives tests the embedded ClickHouse engine: one per test binary, on a folder of
// its own, and a database for each test.
//
//	func TestMain(m *testing.M) { chdbtest.Main(m) }
//
//	func TestSomething(t *testing.T) {
//		conn := chdbtest.Conn(t)
//		…
//	}
package chdbtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tributary/sql/chdb"
)

var shared struct {
	sync.Mutex
	engine *chdb.Engine
	dir    string
}

// M runs a test binary and then stops its engine. It fits goleak.VerifyTestMain.
type M struct{ *testing.M }

// childEnv turns the test binary into the engine's process.
const childEnv = "TRIBUTARY_CHDBTEST_CHILD"

// Child starts this test binary as the engine's process, for chdb.Supervise.
func Child() chdb.Child {
	return chdb.Child{Args: []string{"-test.run=^$"}, Env: []string{childEnv + "=1"}}
}

// Run runs the tests and returns the exit code. In a process started by Child it is the engine.
func (m M) Run() int {
	if os.Getenv(childEnv) != "" {
		if err := chdb.RunChild(context.Background(), slog.New(slog.DiscardHandler)); err != nil {
			return 1
		}
		return 0
	}
	code := m.M.Run()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stop the engine:", err)
		code = 1
	}
	return code
}

// Main is the whole of a TestMain that needs nothing else.
func Main(m *testing.M) { os.Exit(M{m}.Run()) }

// Engine returns the test binary's engine and starts it at the first call. The TestMain of the
// package must be Main, or run M.
func Engine(tb testing.TB) *chdb.Engine {
	tb.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.engine != nil {
		return shared.engine
	}
	dir, err := os.MkdirTemp("", "chdbtest-")
	if err != nil {
		tb.Fatalf("make a folder for the engine: %v", err)
	}
	engine, err := chdb.Open(chdb.Config{Path: dir})
	if err != nil {
		_ = os.RemoveAll(dir)
		tb.Fatalf("start the engine: %v", err)
	}
	shared.engine, shared.dir = engine, dir
	return engine
}

func stop() error {
	shared.Lock()
	defer shared.Unlock()
	if shared.engine == nil {
		return nil
	}
	if err := shared.engine.Close(); err != nil {
		return err
	}
	return os.RemoveAll(shared.dir)
}

// Database makes a new database and drops it when the test ends.
func Database(tb testing.TB) string {
	tb.Helper()
	name := "test_" + strings.ToLower(rand.Text())
	exec(tb, "CREATE DATABASE "+name)
	tb.Cleanup(func() { exec(tb, "DROP DATABASE "+name+" SYNC") })
	return name
}

// Conn opens clickhouse-go on a new database of the shared engine.
func Conn(tb testing.TB) driver.Conn {
	tb.Helper()
	return open(tb, Database(tb))
}

func open(tb testing.TB, database string) driver.Conn {
	tb.Helper()
	conn, err := clickhouse.Open(chdb.Options(Engine(tb), database))
	if err != nil {
		tb.Fatalf("open clickhouse-go: %v", err)
	}
	tb.Cleanup(func() { _ = conn.Close() })
	return conn
}

func exec(tb testing.TB, sql string) {
	tb.Helper()
	conn, err := clickhouse.Open(chdb.Options(Engine(tb), ""))
	if err != nil {
		tb.Fatalf("open clickhouse-go: %v", err)
	}
	defer conn.Close()
	if err := conn.Exec(context.Background(), sql); err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
}
