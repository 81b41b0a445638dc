// Package chdb runs the ClickHouse engine inside a process and serves it as an http.RoundTripper
// that clickhouse-go takes as its transport: the driver, its queries and its errors are the same as
// against a ClickHouse server.
//
//	engine, err := chdb.Open(chdb.Config{Path: dir})
//	conn, err := clickhouse.Open(&clickhouse.Options{
//		Protocol: clickhouse.HTTP,
//		Addr:     []string{"embedded"},
//		TransportFunc: func(*http.Transport) (http.RoundTripper, error) { return engine, nil },
//	})
//
// Options does this in one call. Open runs the engine in this process, for tests and one-shot
// commands; Supervise runs it in a child process, so that a crash in C++ never takes the server
// along.
package chdb

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

var (
	// ErrLibrary says that the engine's library is missing or of no use, and what to run.
	ErrLibrary = errors.New("chdb: engine library")
	// ErrOpen says that the engine did not start on its folder; with ErrHeld, that another process
	// holds it.
	ErrOpen = errors.New("chdb: open engine")
	// ErrInUse says that this process already runs an engine; there can be one at a time.
	ErrInUse = errors.New("chdb: this process already runs an engine")
	// ErrClosed is returned for every request after Close.
	ErrClosed = errors.New("chdb: engine is closed")
	// ErrKilled is returned for a request whose query id was given to Kill before it started.
	ErrKilled = errors.New("chdb: query id was killed")
)

// PoolDefault is the pool of requests that name none.
const PoolDefault = "default"

// The pools of DefaultPools besides PoolDefault.
const (
	// PoolWrite is for the inserting side: few threads, so that reads get their share.
	PoolWrite = "write"
	// PoolRead is for the program's own queries: read-only, with a memory limit per query.
	PoolRead = "read"
	// PoolAnalyst is for statements that analysts write: read-only, and its limits cannot be raised by a request.
	PoolAnalyst = "analyst"
	// PoolInspect is for operators' tools: read-only, and its limits cannot be raised by a request.
	PoolInspect = "inspect"
)

// Pool is a share of the engine: how many statements run at a time, and under which settings. Each
// request gets a session of its own, so nothing that one request sets or uses reaches the next.
type Pool struct {
	// Sessions is the number of statements that run at a time; further requests wait until
	// their context ends. 0 means 16.
	Sessions int
	// ReadOnly admits only single statements that leave no trace; file(), url() and their kin
	// are refused. A request cannot undo it.
	ReadOnly bool
	// Settings are ClickHouse's query settings for every request of the pool.
	Settings map[string]string
	// Fixed refuses requests that set any of Settings otherwise.
	Fixed bool
}

// Config says where the engine keeps its data and how much it may use.
type Config struct {
	// Path is the folder of the data, absolute; it is made if missing. One process at a time.
	Path string
	// Library is the file of libchdb, or a folder that holds it. Empty means to look in
	// TRIBUTARY_CHDB_LIB, beside the executable, and in node_modules up the tree from the
	// working folder and from the executable.
	Library string
	// MaxMemory is the limit of the whole engine in bytes; 0 leaves it to the engine (90% of
	// the machine's memory).
	MaxMemory uint64
	// LockTimeout is how long to wait for a folder that another process holds, which may be an
	// engine that is just ending; 10 seconds if 0.
	LockTimeout time.Duration
	// Pools by name; DefaultPools if nil. PoolDefault is added if missing.
	Pools map[string]Pool
	// Logger defaults to slog.Default.
	Logger *slog.Logger `json:"-"`
}

// DefaultPools are the shares that the program uses.
func DefaultPools() map[string]Pool {
	return map[string]Pool{
		PoolDefault: {Sessions: 16},
		PoolWrite: {Sessions: 4, Settings: map[string]string{
			"max_threads": "1", "max_insert_threads": "1", "max_memory_usage": "2147483648",
		}},
		PoolRead: {Sessions: 8, ReadOnly: true, Settings: map[string]string{
			"max_memory_usage": "2147483648", "max_execution_time": "300",
			// Groups are parted to be merged by many threads from 100,000 or 50 MB on otherwise. On the few cores that an
			// embedded engine has, a report over 200,000 conversations takes an eighth more CPU so, one over surveys a fifth.
			"group_by_two_level_threshold": "500000", "group_by_two_level_threshold_bytes": "250000000",
		}},
		PoolAnalyst: {Sessions: 4, ReadOnly: true, Fixed: true, Settings: map[string]string{
			"max_memory_usage": "1073741824", "max_execution_time": "300", "max_threads": "2",
		}},
		PoolInspect: {Sessions: 2, ReadOnly: true, Fixed: true, Settings: map[string]string{
			"max_memory_usage": "1073741824", "max_execution_time": "60", "max_threads": "2",
		}},
	}
}

// Validate reports every fault of the configuration.
func (c Config) Validate() error {
	var faults []error
	if c.Path == "" {
		faults = append(faults, errors.New("path: is required"))
	} else if !filepath.IsAbs(c.Path) {
		faults = append(faults, errors.New("path: must be absolute"))
	}
	for _, name := range slices.Sorted(maps.Keys(c.Pools)) {
		pool := c.Pools[name]
		if pool.Sessions < 0 {
			faults = append(faults, fmt.Errorf("pools.%s.sessions: must not be negative", name))
		}
		for _, setting := range slices.Sorted(maps.Keys(pool.Settings)) {
			if !settingName.MatchString(setting) {
				faults = append(faults, fmt.Errorf("pools.%s.settings: %q is not the name of a setting", name, setting))
			}
		}
	}
	return errors.Join(faults...)
}

func (c Config) withDefaults() Config {
	if c.Pools == nil {
		c.Pools = DefaultPools()
	}
	pools := make(map[string]Pool, len(c.Pools)+1)
	maps.Copy(pools, c.Pools)
	if _, ok := pools[PoolDefault]; !ok {
		pools[PoolDefault] = Pool{}
	}
	for name, pool := range pools {
		if pool.Sessions == 0 {
			pool.Sessions = 16
			pools[name] = pool
		}
	}
	c.Pools = pools
	if c.LockTimeout == 0 {
		c.LockTimeout = defaultLockTimeout
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// Options returns options for clickhouse.Open that reach the engine behind transport: an *Engine, a
// *Supervisor, or what their Transport returns.
func Options(transport http.RoundTripper, database string) *clickhouse.Options {
	return &clickhouse.Options{
		Protocol:      clickhouse.HTTP,
		Addr:          []string{"embedded"},
		Auth:          clickhouse.Auth{Database: database},
		TransportFunc: func(*http.Transport) (http.RoundTripper, error) { return transport, nil },
	}
}
