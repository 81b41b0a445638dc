package chdb_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	osexec "os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
)

func supervise(t *testing.T, path string) *chdb.Supervisor {
	t.Helper()
	s, err := chdb.Supervise(t.Context(), chdb.Config{Path: path}, chdbtest.Child())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func connectTo(t *testing.T, via http.RoundTripper) driver.Conn {
	t.Helper()
	conn, err := clickhouse.Open(chdb.Options(via, ""))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// alive reports whether a process is there.
func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func TestChildServesTheSameInterface(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := supervise(t, dir)
	conn := connectTo(t, s)
	exec(t, conn, "CREATE TABLE t (n UInt64, s String) ENGINE = MergeTree ORDER BY n")
	batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO t")
	if err != nil {
		t.Fatal(err)
	}
	for n := range uint64(50_000) {
		if err := batch.Append(n, strings.Repeat("x", 100)); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
	var count uint64
	if err := conn.QueryRow(t.Context(), "SELECT count() FROM t WHERE n >= {n:UInt64}", clickhouse.Named("n", 10)).Scan(&count); err != nil || count != 49_990 {
		t.Errorf("count %d: %v", count, err)
	}
	wantCode(t, conn.Exec(t.Context(), "SELECT * FROM missing"), 60)
	wantCode(t, connectTo(t, s.Transport(chdb.PoolRead)).Exec(t.Context(), "DROP TABLE t"), 164)

	info, err := os.Stat(filepath.Join(dir, "engine.sock"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("socket: %v, %v", info.Mode(), err)
	}
	pid := s.PID()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if alive(pid) {
		t.Error("the child outlived Close")
	}
	if err := conn.Exec(t.Context(), "SELECT 1"); !errors.Is(err, chdb.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if err := s.Ready(); !errors.Is(err, chdb.ErrClosed) {
		t.Errorf("ready after Close: %v", err)
	}
	again := connectTo(t, supervise(t, dir))
	if err := again.QueryRow(t.Context(), "SELECT count() FROM t").Scan(&count); err != nil || count != 50_000 {
		t.Errorf("after a restart: count %d: %v", count, err)
	}
}

func TestChildRefusedRowsGiveATypedError(t *testing.T) {
	s := supervise(t, t.TempDir())
	conn := connectTo(t, s)
	exec(t, conn, "CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
	rows := strings.Repeat("1\n", 4<<20) + "x\n" + strings.Repeat("1\n", 4<<20)
	for _, table := range []string{"t", "missing"} {
		resp := do(t, s, url.Values{"query": {"INSERT INTO " + table + " FORMAT TSV"}}, strings.NewReader(rows))
		if got := resp.Header.Get("X-ClickHouse-Exception-Code"); got != "27" && got != "60" {
			t.Errorf("%s: %d %s", table, resp.StatusCode, text(t, resp))
		}
	}
}

func TestChildCancelAndKill(t *testing.T) {
	s := supervise(t, t.TempDir())
	conn := connectTo(t, s)
	ctx, cancel := context.WithCancel(clickhouse.Context(t.Context(), clickhouse.WithQueryID("remote-1")))
	done := make(chan error, 1)
	go func() { done <- conn.Exec(ctx, endless) }()
	waitRunning(t, conn, "remote-1")
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := s.Kill(t.Context(), "remote-1"); err != nil {
		t.Fatal(err)
	}
	if n := countRunning(t, conn, "remote-1"); n != 0 {
		t.Errorf("%d statements run after Kill returned", n)
	}
	ctx = clickhouse.Context(t.Context(), clickhouse.WithQueryID("remote-1"))
	if err := conn.Exec(ctx, "SELECT 1"); !errors.Is(err, chdb.ErrKilled) {
		t.Errorf("a killed id started: %v", err)
	}
}

// The engine dies under a reader and under a writer: both get a passing error, the engine comes back
// by itself, and what was acknowledged is there.
func TestChildKilled(t *testing.T) {
	s := supervise(t, t.TempDir())
	conn := connectTo(t, s)
	exec(t, conn, "CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n SETTINGS fsync_after_insert = 1, fsync_part_directory = 1")
	for round := range uint64(3) {
		exec(t, conn, fmt.Sprintf("INSERT INTO t VALUES (%d)", round))

		rows, err := conn.Query(t.Context(), "SELECT number FROM numbers(10000000000)")
		if err != nil || !rows.Next() {
			t.Fatal("no row", err)
		}
		ctx := clickhouse.Context(t.Context(), clickhouse.WithQueryID(fmt.Sprintf("victim-%d", round)))
		done := make(chan error, 1)
		go func() { done <- conn.Exec(ctx, endless) }()
		waitRunning(t, conn, fmt.Sprintf("victim-%d", round))

		pid := s.PID()
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if err := <-done; !errors.Is(err, chdb.ErrEngineDown) {
			t.Errorf("statement: %v", err)
		}
		for rows.Next() { // what was under way
		}
		if err := rows.Err(); !errors.Is(err, chdb.ErrEngineDown) {
			t.Errorf("result: %v", err)
		}
		_ = rows.Close()
		for s.PID() == pid { // until the death is noticed
			if err := t.Context().Err(); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.WaitReady(t.Context()); err != nil {
			t.Fatal(err)
		}
		var n uint64
		if err := conn.QueryRow(t.Context(), "SELECT count() FROM t").Scan(&n); err != nil || n != round+1 {
			t.Errorf("%d rows of %d: %v", n, round+1, err)
		}
		if got := s.Restarts(); got != round+1 {
			t.Errorf("%d restarts, want %d", got, round+1)
		}
	}
}

// TestChildThatHangsIsStartedAgain: a stopped process neither answers nor dies.
func TestChildThatHangsIsStartedAgain(t *testing.T) {
	child := chdbtest.Child()
	child.ProbeEvery, child.ProbeTimeout = 10*time.Millisecond, time.Second
	s, err := chdb.Supervise(t.Context(), chdb.Config{Path: t.TempDir()}, child)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	conn := connectTo(t, s)
	exec(t, conn, "SELECT 1")
	hung := s.PID()
	if err := syscall.Kill(hung, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	for !stopped(t, hung) { // until then it may answer
		runtime.Gosched()
	}
	if err := conn.Exec(t.Context(), "SELECT 1"); !errors.Is(err, chdb.ErrEngineDown) {
		t.Errorf("a statement to the one that hangs: %v, want ErrEngineDown", err)
	}
	for s.PID() == hung || s.PID() == 0 {
		if err := s.WaitReady(t.Context()); err != nil {
			t.Fatal(err)
		}
		runtime.Gosched()
	}
	exec(t, conn, "SELECT 1")
}

// stopped says whether all threads of a process stand still, or it is gone.
func stopped(t *testing.T, pid int) bool {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if _, state, _ := strings.Cut(string(text), ") "); err == nil && !strings.HasPrefix(state, "T") && !strings.HasPrefix(state, "Z") {
			return false
		}
	}
	return true
}

func TestChildStartFaults(t *testing.T) {
	held := t.TempDir()
	supervise(t, held)
	for name, tt := range map[string]struct {
		config chdb.Config
		child  chdb.Child
		want   error
	}{
		"unknown setting": {chdb.Config{Path: t.TempDir(), Pools: map[string]chdb.Pool{"x": {Settings: map[string]string{"no_such": "1"}}}}, chdbtest.Child(), chdb.ErrOpen},
		"folder held":     {chdb.Config{Path: held, LockTimeout: time.Millisecond}, chdbtest.Child(), chdb.ErrHeld},
		"no library":      {chdb.Config{Path: t.TempDir(), Library: "/nonexistent"}, chdbtest.Child(), chdb.ErrLibrary},
		"relative path":   {chdb.Config{Path: "x"}, chdbtest.Child(), chdb.ErrOpen},
		"no program":      {chdb.Config{Path: t.TempDir()}, chdb.Child{Path: "/nonexistent"}, chdb.ErrOpen},
		"another program": {chdb.Config{Path: t.TempDir()}, chdb.Child{Path: "/bin/true"}, chdb.ErrOpen},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := chdb.Supervise(t.Context(), tt.config, tt.child)
			if !errors.Is(err, tt.want) || s != nil {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

// A child that is killed while it starts for the first time is no fault of the configuration.
func TestChildKilledWhileItStarts(t *testing.T) {
	child := chdbtest.Child()
	const dieOnce = `test -e "$0" || { : > "$0"; kill -KILL $$; }; exec "$@"`
	child.Args = append([]string{"-c", dieOnce, filepath.Join(t.TempDir(), "died"), os.Args[0]}, child.Args...)
	child.Path = "/bin/sh"
	s, err := chdb.Supervise(t.Context(), chdb.Config{Path: t.TempDir()}, child)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := connectTo(t, s).Exec(t.Context(), "SELECT 1"); err != nil {
		t.Error(err)
	}
}

func TestLongPathsGetAShortSocket(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	if err := connectTo(t, supervise(t, dir)).Exec(t.Context(), "SELECT 1"); err != nil {
		t.Fatal(err)
	}
}

// parentEnv turns the test binary into a program that supervises an engine in that folder.
const parentEnv = "TRIBUTARY_CHDB_TEST_PARENT"

// parent prints the process id of its engine and waits to be killed.
func parent(dir string) int {
	_ = os.Unsetenv(parentEnv) // the child is no parent
	s, err := chdb.Supervise(context.Background(), chdb.Config{Path: dir}, chdbtest.Child())
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(s.PID())
	select {}
}

// A parent that is killed takes the engine along, and the next one gets the folder.
func TestChildDiesWithItsParent(t *testing.T) {
	dir := t.TempDir()
	cmd := osexec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), parentEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var child int
	if _, err := fmt.Fscan(out, &child); err != nil {
		t.Fatal(err)
	}
	if !alive(child) {
		t.Fatal("there is no child")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if err := connectTo(t, supervise(t, dir)).Exec(t.Context(), "SELECT 1"); err != nil {
		t.Error(err)
	}
}

func TestChildMemory(t *testing.T) {
	s, err := chdb.Supervise(t.Context(), chdb.Config{Path: t.TempDir(), MaxMemory: 300 << 20}, chdbtest.Child())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	conn := connectTo(t, s)
	exec(t, conn, "CREATE TABLE t (n UInt64, s String, j JSON(max_dynamic_paths = 64)) ENGINE = MergeTree ORDER BY n")
	exec(t, conn, "INSERT INTO t SELECT number, toString(number), '{\"a\":1}' FROM numbers(100000)")
	exec(t, conn, "SELECT uniq(s), count(j.a) FROM t")
	if got := residentOf(t, s.PID()); got > 300<<20 {
		t.Errorf("the engine's process takes %d MB", got>>20)
	} else {
		t.Logf("the engine's process takes %d MB after a little work", got>>20)
	}
	wantCode(t, conn.Exec(t.Context(), "SELECT groupArray(number) FROM numbers(1000000000)"), 241)
}
