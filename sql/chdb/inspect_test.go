package chdb_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/clickhouse-go/v2"

	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
)

// inspect serves the shared engine as an operator would see it.
func inspect(t *testing.T) *httptest.Server {
	t.Helper()
	listener, err := chdb.ListenLoopback("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: chdb.Inspect(chdbtest.Engine(t))}}
	server.Start()
	t.Cleanup(server.Close)
	return server
}

func TestInspectByHTTP(t *testing.T) {
	server, database := inspect(t), chdbtest.Database(t)
	conn := connect(t, chdb.PoolDefault, database)
	exec(t, conn, "CREATE TABLE t (n UInt64, s String) ENGINE = MergeTree ORDER BY n")
	exec(t, conn, "INSERT INTO t VALUES (1, 'one'), (2, 'two')")
	q := func(sql string, more ...string) string {
		values := url.Values{"database": {database}}
		if sql != "" {
			values.Set("query", sql)
		}
		for i := 0; i < len(more); i += 2 {
			values.Set(more[i], more[i+1])
		}
		return "/?" + values.Encode()
	}
	for _, tt := range []struct {
		name, method, path, body string
		status                   int
		want                     string // the whole answer, or with … its beginning
	}{
		{"root", "GET", "/", "", 200, "Ok.\n"},
		{"ping", "GET", "/ping", "", 200, "Ok.\n"},
		{"get", "GET", q("SELECT * FROM t ORDER BY n"), "", 200, "1\tone\n2\ttwo\n"},
		{"post body", "POST", q(""), "SELECT count() FROM t", 200, "2\n"},
		{"both", "POST", q("SELECT s FROM t"), "WHERE n = 2", 200, "two\n"},
		{"format", "GET", q("SELECT n FROM t ORDER BY n FORMAT JSONEachRow"), "", 200, "{\"n\":1}\n{\"n\":2}\n"},
		{"default format", "GET", q("SELECT n FROM t ORDER BY n", "default_format", "CSV"), "", 200, "1\n2\n"},
		{"document", "GET", q("SELECT n FROM t ORDER BY n FORMAT JSON", "max_block_size", "1"), "", 200, "{\n\t\"meta\":…"},
		{"parameter", "GET", q("SELECT s FROM t WHERE n = {n:UInt64}", "param_n", "1"), "", 200, "one\n"},
		{"show", "GET", q("SHOW TABLES"), "", 200, "t\n"},
		{"describe", "POST", q(""), "DESCRIBE TABLE t FORMAT TSV", 200, "n\tUInt64…"},
		{"explain", "POST", q(""), "EXPLAIN SELECT 1", 200, "…"},
		{"session is ignored", "GET", q("SELECT 1", "session_id", "x", "user", "default", "password", ""), "", 200, "1\n"},
		{"readonly stays", "GET", q("SELECT 1", "readonly", "1"), "", 200, "1\n"},
		{"lower limit", "GET", q("SELECT 1", "max_execution_time", "5"), "", 200, "1\n"},
		{"higher limit", "GET", q("SELECT 1", "max_execution_time", "0"), "", 403, "Code: 452.…"},
		{"insert", "POST", q("INSERT INTO t FORMAT TSV"), "3\tthree\n", 403, "Code: 164.…"},
		{"insert values", "POST", q(""), "INSERT INTO t VALUES (3, 'x')", 403, "Code: 164.…"},
		{"drop", "POST", q(""), "DROP TABLE t", 403, "Code: 164.…"},
		{"file", "POST", q(""), "SELECT * FROM file('/etc/hostname', 'LineAsString')", 403, "Code: 164.…"},
		{"url", "POST", q(""), "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')", 403, "Code: 164.…"},
		{"readonly off", "GET", q("SELECT 1", "readonly", "0"), "", 403, "Code: 164.…"},
		{"two statements", "POST", q(""), "SELECT 1; SELECT 2", 403, "Code: 164.…"},
		{"missing table", "GET", q("SELECT * FROM missing"), "", 404, "Code: 60.…"},
		{"missing database", "GET", q("SELECT 1", "database", "missing"), "", 404, "Code: 81.…"},
		{"unknown setting", "GET", q("SELECT 1", "no_such", "1"), "", 400, "Code: 115.…"},
		{"a setting with a quote", "GET", q("SELECT 1", "max_block_size", "1', readonly = '0"), "", 500, "Code: 27.…"},
		{"a setting that is SQL", "GET", q("SELECT 1", "x = 1, readonly", "0"), "", 400, "Code: 115.…"},
		{"empty", "POST", q(""), "", 400, "Code: 62.…"},
		{"kill is not served", "POST", "/-/kill?query_id=x", "", 404, "404…"},
		{"play is not served", "GET", "/play", "", 404, "404…"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), tt.method, server.URL+tt.path, strings.NewReader(tt.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-Tributary-Pool", chdb.PoolDefault) // must not choose the pool
			resp, err := server.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			got := readAll(t, resp.Body)
			want, open := strings.CutSuffix(tt.want, "…")
			if resp.StatusCode != tt.status || !strings.HasPrefix(got, want) || !open && got != want {
				t.Errorf("%d %q, want %d %q", resp.StatusCode, got, tt.status, tt.want)
			}
		})
	}
}

// A client library comes over TCP as to a server, with its compression on.
func TestInspectByClient(t *testing.T) {
	server := inspect(t)
	for _, method := range []clickhouse.CompressionMethod{clickhouse.CompressionNone, clickhouse.CompressionLZ4} {
		conn, err := clickhouse.Open(&clickhouse.Options{
			Protocol: clickhouse.HTTP, Addr: []string{server.Listener.Addr().String()},
			Compression: &clickhouse.Compression{Method: method},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		rows, err := conn.Query(t.Context(), "SELECT number, toString(number) FROM numbers(200000)")
		if err != nil {
			t.Fatalf("%v: %v", method, err)
		}
		var n, sum uint64
		for rows.Next() {
			var s string
			if err := rows.Scan(&n, &s); err != nil {
				t.Fatal(err)
			}
			sum += n
		}
		if err := rows.Err(); err != nil || sum != 199_999*100_000 {
			t.Errorf("%v: sum %d: %v", method, sum, err)
		}
		wantCode(t, conn.Exec(t.Context(), "DROP TABLE x"), 164)
	}
}

func TestInspectGzip(t *testing.T) {
	server := inspect(t)
	var body bytes.Buffer
	zip := gzip.NewWriter(&body)
	_, _ = zip.Write([]byte("SELECT number FROM numbers(10000)"))
	_ = zip.Close()
	for name, body := range map[string]io.Reader{"gzip": &body, "not gzip": strings.NewReader("SELECT 1")} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/?enable_http_compression=1", body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Encoding", "gzip")
		resp, err := server.Client().Do(req) // which asks for gzip and unpacks it
		if err != nil {
			t.Fatal(err)
		}
		got := readAll(t, resp.Body)
		_ = resp.Body.Close()
		if name == "gzip" && (!resp.Uncompressed || strings.Count(got, "\n") != 10_000) {
			t.Errorf("%s: %d lines, unpacked %v", name, strings.Count(got, "\n"), resp.Uncompressed)
		}
		if name == "not gzip" && resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, resp.StatusCode, got)
		}
	}
}

// A statement in ClickHouse's compressed blocks, and one that is no such thing.
func TestInspectPackedStatement(t *testing.T) {
	server := inspect(t)
	packer := compress.NewWriter(0, compress.LZ4)
	if err := packer.Compress([]byte("SELECT 42")); err != nil {
		t.Fatal(err)
	}
	broken := bytes.Clone(packer.Data)
	broken[len(broken)-1] ^= 1
	for _, tt := range []struct {
		name   string
		body   []byte
		status int
	}{
		{"packed", packer.Data, 200},
		{"broken", broken, 400},
		{"not packed", []byte("SELECT 42"), 400},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/?decompress=1", bytes.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		got := readAll(t, resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != tt.status || tt.status == 200 && got != "42\n" {
			t.Errorf("%s: %d %q", tt.name, resp.StatusCode, got)
		}
	}
}

func TestInspectAnswersToLoopbackNamesOnly(t *testing.T) {
	server := inspect(t)
	for _, tt := range []struct {
		host, origin string
		status       int
	}{
		{"localhost:8123", "", 200},
		{"127.0.0.1", "", 200},
		{"[::1]:8123", "http://localhost:3000", 200},
		{"rebound.example:8123", "", 403},
		{"localhost", "http://evil.example", 403},
		{"localhost.evil.example", "", 403},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/?query=SELECT+1", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = tt.host
		if tt.origin != "" {
			req.Header.Set("Origin", tt.origin)
		}
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != tt.status {
			t.Errorf("host %s, origin %s: %d, want %d", tt.host, tt.origin, resp.StatusCode, tt.status)
		}
	}
}

func TestListenOnLoopbackOnly(t *testing.T) {
	for _, address := range []string{":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.com:0"} {
		if listener, err := chdb.ListenLoopback(address); !errors.Is(err, chdb.ErrNotLoopback) {
			t.Errorf("%s: %v, %v", address, listener, err)
		}
	}
	for _, address := range []string{"localhost:0", "127.0.0.1:0"} {
		listener, err := chdb.ListenLoopback(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		_ = listener.Close()
	}
	if _, err := chdb.ListenLoopback("127.0.0.1"); err == nil {
		t.Error("an address without a port was taken")
	}
}
