package chdb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"

	"tributary/sql/chdb/internal/libchdb"
)

// running is the one engine of this process.
var running struct {
	sync.Mutex
	engine *Engine
}

// Engine is the ClickHouse engine in this process, as an http.RoundTripper.
type Engine struct {
	config   Config
	lib      *libchdb.Library
	log      *slog.Logger
	version  string
	hello    []byte
	timezone string

	pools map[string]*pool
	calls calls

	// base stays open for as long as the engine: the engine stops with its last session.
	base *libchdb.Conn
}

// pool counts the sessions in use.
type pool struct {
	Pool
	slots chan struct{}
	args  []string
}

var _ http.RoundTripper = (*Engine)(nil)

// Open starts the engine on its folder. There is one engine per process: while it is open, Open
// returns ErrInUse. After Close another may be opened.
func Open(config Config) (*Engine, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOpen, err)
	}
	config = config.withDefaults()
	running.Lock()
	defer running.Unlock()
	if running.engine != nil {
		return nil, fmt.Errorf("%w, on %s", ErrInUse, running.engine.config.Path)
	}
	lib, err := loadLibrary(config.Library)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(config.Path, 0o700); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOpen, err)
	}
	e := &Engine{config: config, lib: lib, log: config.Logger, pools: map[string]*pool{}}
	e.calls.init()
	for name, p := range config.Pools {
		e.pools[name] = &pool{Pool: p, slots: make(chan struct{}, p.Sessions), args: poolArgs(p)}
	}
	if err := e.boot(); err != nil {
		return nil, err
	}
	if err := e.checkPools(); err != nil {
		e.base.Close()
		return nil, err
	}
	running.engine = e
	return e, nil
}

func poolArgs(p Pool) []string {
	var args []string
	for name, value := range p.Settings {
		args = append(args, "--"+name+"="+value)
	}
	return args
}

// boot opens the first session, which starts the engine, and asks it who it is.
func (e *Engine) boot() error {
	if err := waitForFolder(e.config.Path, e.config.LockTimeout); err != nil {
		return fmt.Errorf("%w on %s: %w", ErrOpen, e.config.Path, err)
	}
	e.lib.DisableSignalHandlers()
	base, err := e.lib.Connect(e.serverArgs()...)
	if err != nil {
		return fmt.Errorf("%w on %s: %w; standard error has its reason", ErrOpen, e.config.Path, err)
	}
	answer, err := base.Query("SELECT version(), timezone()", defaultFormat, nil)
	if err == nil {
		e.version, e.timezone, _ = strings.Cut(strings.TrimSpace(string(answer)), "\t")
		e.hello, err = hello(e.version, e.timezone)
	}
	if err != nil {
		base.Close()
		return fmt.Errorf("%w: ask for its version: %w", ErrOpen, err)
	}
	e.base = base
	return nil
}

// checkPools has the engine look at the pools' settings: a connection would ignore a name that it
// does not know.
func (e *Engine) checkPools() error {
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(e.pools)) {
		st := statement{settings: e.pools[name].Settings}
		set := st.set()
		if set == "" {
			continue
		}
		conn, err := e.lib.Connect("--path=" + e.config.Path)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrOpen, err)
		}
		if _, err := conn.Query(set, defaultFormat, nil); err != nil {
			faults = append(faults, fmt.Errorf("%w: pools.%s.settings: %w", ErrOpen, name, err))
		}
		conn.Close()
	}
	return errors.Join(faults...)
}

// serverSettings keep the engine small: its caches may by default grow to shares of the machine's
// memory. Figures are bytes.
var serverSettings = []string{
	"mark_cache_size=67108864",
	"primary_index_cache_size=67108864",
	"index_mark_cache_size=16777216",
	"index_uncompressed_cache_size=0",
	"uncompressed_cache_size=0",
	"query_condition_cache_size=16777216",
	"compiled_expression_cache_size=33554432",
	"text_index_tokens_cache_size=16777216",
	"text_index_header_cache_size=16777216",
	"text_index_postings_cache_size=33554432",
	"vector_similarity_index_cache_size=67108864",
	"parquet_metadata_cache_size=16777216",
	"iceberg_metadata_files_cache_size=1048576",
}

// serverArgs are what the first session starts the engine with.
func (e *Engine) serverArgs() []string {
	args := []string{"--path=" + e.config.Path}
	for _, setting := range serverSettings {
		args = append(args, "--"+setting)
	}
	if e.config.MaxMemory > 0 {
		args = append(args, "--max_server_memory_usage="+strconv.FormatUint(e.config.MaxMemory, 10))
	}
	return args
}

// Version is the engine's, such as "26.7.2.1".
func (e *Engine) Version() string { return e.version }

// Transport sends requests to the pool of that name; Engine itself sends them to PoolDefault.
func (e *Engine) Transport(poolName string) http.RoundTripper { return poolTransport{e, poolName} }

// poolTransport names a pool in each request.
type poolTransport struct {
	next http.RoundTripper
	pool string
}

func (t poolTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set(poolHeader, t.pool)
	return t.next.RoundTrip(req)
}

// Kill ends the statements that were sent under the query id and returns when they are gone. An id
// that was killed is refused for a quarter of an hour: a request that was on its way when its sender
// gave up never starts afterwards.
func (e *Engine) Kill(ctx context.Context, queryID string) error {
	if queryID == "" {
		return errors.New("chdb: kill: empty query id")
	}
	return e.calls.kill(ctx, queryID)
}

// Close ends every running statement, waits for it, and stops the engine. It may be called again.
func (e *Engine) Close() error {
	if !e.calls.close() {
		return nil
	}
	running.Lock()
	defer running.Unlock()
	e.base.Close()
	running.engine = nil
	return nil
}

// open gives the statement a session of its own, with the pool's settings, the request's database and
// settings, and at last readonly, which nothing can undo.
func (e *Engine) open(p *pool, st *statement, mark string) (*libchdb.Conn, error) {
	args := append([]string{"--path=" + e.config.Path, "--log_comment=" + mark}, p.args...)
	conn, err := e.lib.Connect(args...)
	if err != nil {
		return nil, err
	}
	if err := prepare(conn, p, st); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

func prepare(conn *libchdb.Conn, p *pool, st *statement) error {
	var steps []string
	if st.database != "" {
		steps = append(steps, "USE "+quote(st.database, '`'))
	}
	if set := st.set(); set != "" {
		steps = append(steps, set)
	}
	if p.ReadOnly {
		steps = append(steps, "SET readonly = 1")
	}
	for _, sql := range steps {
		if _, err := conn.Query(sql, defaultFormat, nil); err != nil {
			return err
		}
	}
	if p.ReadOnly && !conn.ReadOnly(st.sql) {
		return refuse(codeReadOnly, "READONLY", "Cannot execute query in readonly mode")
	}
	return nil
}

// escapeParam puts a string into the text form that bound parameters have.
var escapeParam = strings.NewReplacer("\\", `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

// killMark asks the engine to end the statement of that mark. It does not wait.
func (e *Engine) killMark(mark string) {
	conn, err := e.lib.Connect("--path=" + e.config.Path)
	if err != nil {
		e.log.Error("connect to kill a query", "error", err)
		return
	}
	defer conn.Close()
	const sql = "KILL QUERY WHERE Settings['log_comment'] = {mark:String} ASYNC"
	if _, err := conn.Query(sql, defaultFormat, []libchdb.Param{{Name: "mark", Value: escapeParam.Replace(mark)}}); err != nil {
		e.log.Error("kill query", "error", err)
	}
}
