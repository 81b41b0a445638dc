package chdb_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"

	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
)

// answer is a response whose body is closed when the test ends.
type answer struct {
	StatusCode int
	Header     http.Header
	Body       io.ReadCloser
}

// do sends one request of ClickHouse's HTTP interface.
func do(t *testing.T, via http.RoundTripper, query url.Values, body io.Reader) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://embedded/?"+query.Encode(), body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := via.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return answer{resp.StatusCode, resp.Header, resp.Body}
}

func text(t *testing.T, a answer) string { t.Helper(); return readAll(t, a.Body) }

func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	all, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

func resident(t *testing.T) int { t.Helper(); return residentOf(t, os.Getpid()) }

// residentOf is the memory of a process in bytes.
func residentOf(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil && os.Getenv("CI") == "" {
		t.Skip("no /proc: ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(rest), " kB"))
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatal("no VmRSS")
	return 0
}

func TestHugeResultInBoundedMemory(t *testing.T) {
	const rows, most = 100_000_000, 256 << 20
	before, peak := resident(t), 0
	resp := do(t, chdbtest.Engine(t), url.Values{"default_format": {"Native"}},
		strings.NewReader("SELECT number FROM numbers("+strconv.Itoa(rows)+")"))
	size := int64(0)
	for range 1000 {
		n, err := io.CopyN(io.Discard, resp.Body, 1<<20)
		size, peak = size+n, max(peak, resident(t))
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if size < rows*8 {
		t.Fatalf("%d bytes", size)
	}
	if grown := peak - before; grown > most {
		t.Errorf("a result of %d MB took %d MB", size>>20, grown>>20)
	}
}

// A result that is closed half read ends its statement and gives its place back.
func TestCloseAHalfReadResult(t *testing.T) {
	via := chdbtest.Engine(t).Transport(chdb.PoolInspect)
	for range 10 { // more than the pool has places
		resp := do(t, via, url.Values{"query_id": {"half"}}, strings.NewReader("SELECT number FROM numbers(1000000000)"))
		if _, err := io.CopyN(io.Discard, resp.Body, 1<<20); err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := resp.Body.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("read after close: %v", err)
		}
	}
	if n := countRunning(t, chdbtest.Conn(t), "half"); n != 0 {
		t.Errorf("%d statements still run", n)
	}
}

func TestCancelWhileReading(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://embedded/", strings.NewReader("SELECT number FROM numbers(100000000000)"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := chdbtest.Engine(t).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.CopyN(io.Discard, resp.Body, 1<<20); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

// Kill ends a statement whose result nobody reads or closes.
func TestKillAnUnreadResult(t *testing.T) {
	engine := chdbtest.Engine(t)
	resp := do(t, engine, url.Values{"query_id": {"unread"}}, strings.NewReader("SELECT number FROM numbers(100000000000)"))
	if err := engine.Kill(t.Context(), "unread"); err != nil {
		t.Fatal(err)
	}
	if n := countRunning(t, chdbtest.Conn(t), "unread"); n != 0 {
		t.Errorf("%d statements still run", n)
	}
	if _, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, chdb.ErrKilled) {
		t.Errorf("got %v, want ErrKilled", err)
	}
}

// An insert whose rows do not come ends with its context.
func TestCancelAnInsertThatWaitsForRows(t *testing.T) {
	engine, database := chdbtest.Engine(t), chdbtest.Database(t)
	conn := connect(t, chdb.PoolDefault, database)
	exec(t, conn, "CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
	ctx, cancel := context.WithCancel(t.Context())
	rows, sender := io.Pipe()
	query := url.Values{"database": {database}, "query": {"INSERT INTO t FORMAT TSV"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://embedded/?"+query.Encode(), rows)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := engine.RoundTrip(req) //nolint:bodyclose // there is none
		done <- err
	}()
	if _, err := io.WriteString(sender, "1\n"); err != nil { // taken, so the insert runs
		t.Fatal(err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	var n uint64
	if err := conn.QueryRow(t.Context(), "SELECT count() FROM t").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows: %v", n, err)
	}
}

// Formats with a head or a tail come as one document, also when the result has many blocks.
func TestFormats(t *testing.T) {
	engine := chdbtest.Engine(t)
	many := "SELECT number AS n FROM numbers(5) SETTINGS max_block_size = 2"
	for _, tt := range []struct{ sql, format, want string }{
		{many, "", "0\n1\n2\n3\n4\n"},
		{many, "CSV", "0\n1\n2\n3\n4\n"},
		{many, "TSVWithNames", "n\n0\n1\n2\n3\n4\n"},
		{many, "Values", "(0),(1),(2),(3),(4)"},
		{many + " FORMAT CSVWithNames", "", "\"n\"\n0\n1\n2\n3\n4\n"},
		{"SELECT number AS n FROM numbers(5) FORMAT TSVWithNames SETTINGS max_block_size = 2", "", "n\n0\n1\n2\n3\n4\n"},
		{"SELECT format('{}', 'x')", "", "x\n"},
		{"SHOW DATABASES LIKE 'defaul%'", "", "default\n"},
		{"SELECT 1 WHERE 0", "", ""},
	} {
		query := url.Values{}
		if tt.format != "" {
			query.Set("default_format", tt.format)
		}
		if got := text(t, do(t, engine, query, strings.NewReader(tt.sql))); got != tt.want {
			t.Errorf("%s in %s: got %q, want %q", tt.sql, tt.format, got, tt.want)
		}
	}
}

func TestInsertForms(t *testing.T) {
	engine, database := chdbtest.Engine(t), chdbtest.Database(t)
	with := func(sql string) url.Values { return url.Values{"database": {database}, "query": {sql}} }
	text(t, do(t, engine, with("CREATE TABLE t (a UInt64, b String) ENGINE = MergeTree ORDER BY a"), nil))
	big := strings.Repeat("7,many\n", 300_000)
	for _, tt := range []struct{ sql, body string }{
		{"INSERT INTO t FORMAT CSV", "1,one\n2,two\n"},
		{"  /* x */ -- y\ninsert into t (b, a) settings max_threads = 1 format TSV ;", "three\t3\n"},
		{"INSERT INTO t VALUES", "(4, 'four'), (5, 'five')"},
		{"", "INSERT INTO t FORMAT CSV\n6,six\n"},
		{"INSERT INTO t FORMAT CSV", ""},
		{"INSERT INTO t SELECT number + 1000, 'select'", " FROM numbers(10)"},
		{"INSERT INTO t FORMAT CSV", big},
	} {
		resp := do(t, engine, with(tt.sql), strings.NewReader(tt.body))
		if got := text(t, resp); resp.StatusCode != http.StatusOK || got != "" {
			t.Errorf("%s: %d %s", tt.sql, resp.StatusCode, got)
		}
	}
	if got := text(t, do(t, engine, with("SELECT countIf(a < 7), countIf(a = 7), countIf(a >= 1000) FROM t"), nil)); got != "6\t300000\t10\n" {
		t.Errorf("rows: %q", got)
	}
	for sql, code := range map[string]string{
		"INSERT INTO missing FORMAT CSV":     "60",
		"INSERT INTO t (nothere) FORMAT CSV": "16",
		"INSERT INTO t FORMAT NoSuchFormat":  "73",
		"INSERT INTO t FORMAT CSV":           "27",
	} {
		resp := do(t, engine, with(sql), strings.NewReader("x,y\n"))
		if got := resp.Header.Get("X-ClickHouse-Exception-Code"); got != code || resp.StatusCode == http.StatusOK {
			t.Errorf("%s: %d, code %s, %s", sql, resp.StatusCode, got, text(t, resp))
		}
	}
}

// A body that breaks off inserts nothing: its end is an error and not the end of the rows.
func TestBrokenBodyInsertsNothing(t *testing.T) {
	engine, database := chdbtest.Engine(t), chdbtest.Database(t)
	conn := connect(t, chdb.PoolDefault, database)
	exec(t, conn, "CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
	for _, broken := range []error{io.ErrUnexpectedEOF, errors.New("connection reset")} {
		body := io.MultiReader(bytes.NewReader([]byte("1\n2\n")), failing{broken})
		resp := do(t, engine, url.Values{"database": {database}, "query": {"INSERT INTO t FORMAT TSV"}}, body)
		if resp.StatusCode == http.StatusOK {
			t.Errorf("%v: the insert was taken", broken)
		}
	}
	var n uint64
	if err := conn.QueryRow(t.Context(), "SELECT count() FROM t").Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows: %v", n, err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestWaitEndOfQuery(t *testing.T) {
	resp := do(t, chdbtest.Engine(t), url.Values{"wait_end_of_query": {"1"}, "max_block_size": {"1000"}},
		strings.NewReader("SELECT throwIf(number = 100000) FROM numbers(1000000)"))
	if resp.StatusCode != http.StatusInternalServerError || resp.Header.Get("X-ClickHouse-Exception-Code") != "395" {
		t.Errorf("status %d, %s", resp.StatusCode, text(t, resp))
	}
}
