// Package libchdb binds the C interface of chDB, the ClickHouse engine as a shared library, without
// cgo. It adds to the C functions what makes them safe to call from Go: lengths instead of
// terminators, memory pinned for the length of a call, and handles that are freed exactly once.
//
// A Conn runs one statement at a time and is not safe for concurrent use; many of them may run side
// by side.
package libchdb

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// ErrLoad is returned by Load when the file is not a chDB library that this package can use.
var ErrLoad = errors.New("not a usable chDB library")

// ErrConnect is returned by Connect; the engine gives no reason.
var ErrConnect = errors.New("the engine refused the connection")

// Library is a loaded libchdb. The engine inside it exists once per process.
type Library struct {
	path string

	connect       func(argc int32, argv unsafe.Pointer) unsafe.Pointer
	closeConn     func(conn unsafe.Pointer)
	shutdown      func() int32
	handleSignals func(enabled int32)
	version       func() string

	classify func(conn, sql unsafe.Pointer, sqlLen uintptr, database unsafe.Pointer, databaseLen uintptr, out unsafe.Pointer) int32

	query        queryFunc
	streamQuery  queryFunc
	streamFetch  func(conn, stream unsafe.Pointer) unsafe.Pointer
	streamCancel func(conn, stream unsafe.Pointer)

	resultBuffer  func(result unsafe.Pointer) unsafe.Pointer
	resultLength  func(result unsafe.Pointer) uintptr
	resultError   func(result unsafe.Pointer) string
	resultWritten func(result unsafe.Pointer) uint64
	resultFree    func(result unsafe.Pointer)

	insert       queryFunc
	insertAppend func(stream, data unsafe.Pointer, length uintptr) int32
	insertDone   func(stream unsafe.Pointer) unsafe.Pointer
	insertCancel func(stream unsafe.Pointer)
	insertError  func(stream unsafe.Pointer) string
	insertFree   func(stream unsafe.Pointer)
}

// queryFunc is the shape shared by the functions that start a statement:
// connection, SQL, format, and four parallel arrays of parameter names and values.
type queryFunc func(
	conn, sql unsafe.Pointer, sqlLen uintptr, format unsafe.Pointer, formatLen uintptr,
	names, nameLens, values, valueLens unsafe.Pointer, count uintptr,
) unsafe.Pointer

var (
	loadMu sync.Mutex
	loaded = map[string]*Library{}
)

// Load opens the library at path. Opening the same path again returns the same Library: a shared
// library of this size is never unloaded. The error wraps ErrLoad.
func Load(path string) (*Library, error) {
	loadMu.Lock()
	defer loadMu.Unlock()
	if lib, ok := loaded[path]; ok {
		return lib, nil
	}
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLoad, err)
	}
	lib := &Library{path: path}
	for name, fn := range lib.symbols() {
		address, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("%w: %s has no function %s", ErrLoad, path, name), purego.Dlclose(handle))
		}
		purego.RegisterFunc(fn, address)
	}
	loaded[path] = lib
	return lib, nil
}

func (l *Library) symbols() map[string]any {
	return map[string]any{
		"chdb_version":                     &l.version,
		"chdb_connect":                     &l.connect,
		"chdb_close_conn":                  &l.closeConn,
		"chdb_shutdown":                    &l.shutdown,
		"chdb_set_signal_handlers_enabled": &l.handleSignals,
		"chdb_classify_query_n":            &l.classify,
		"chdb_query_with_params_n":         &l.query,
		"chdb_stream_query_with_params_n":  &l.streamQuery,
		"chdb_stream_fetch_result":         &l.streamFetch,
		"chdb_stream_cancel_query":         &l.streamCancel,
		"chdb_result_buffer":               &l.resultBuffer,
		"chdb_result_length":               &l.resultLength,
		"chdb_result_error":                &l.resultError,
		"chdb_result_rows_written":         &l.resultWritten,
		"chdb_destroy_query_result":        &l.resultFree,
		"chdb_stream_insert_with_params_n": &l.insert,
		"chdb_stream_append":               &l.insertAppend,
		"chdb_stream_done":                 &l.insertDone,
		"chdb_stream_cancel_insert":        &l.insertCancel,
		"chdb_stream_insert_error":         &l.insertError,
		"chdb_destroy_insert_stream":       &l.insertFree,
	}
}

// Version is the engine's version, such as "26.7.2".
func (l *Library) Version() string { return l.version() }

// DisableSignalHandlers keeps the engine from taking over the process's signals. Call it before the
// first Connect.
func (l *Library) DisableSignalHandlers() { l.handleSignals(0) }

// Shutdown stops the engine's threads for good; afterwards no connection can be opened in this
// process. It reports false, and does nothing, while a connection is open.
func (l *Library) Shutdown() bool { return l.shutdown() == 0 }

// Connect opens a connection. args are those of clickhouse-local without the program name:
// "--path=/absolute/directory", which boots the engine if it is the first connection, and query
// settings such as "--max_threads=4".
func (l *Library) Connect(args ...string) (*Conn, error) {
	var pins runtime.Pinner
	defer pins.Unpin()
	argv := make([]unsafe.Pointer, 0, len(args)+2)
	for _, arg := range append([]string{"clickhouse"}, args...) {
		terminated := append([]byte(arg), 0)
		pins.Pin(&terminated[0])
		argv = append(argv, unsafe.Pointer(&terminated[0]))
	}
	argc := int32(len(argv))
	argv = append(argv, nil)
	pins.Pin(&argv[0])
	handle := l.connect(argc, unsafe.Pointer(&argv[0]))
	if handle == nil {
		return nil, ErrConnect
	}
	return &Conn{lib: l, handle: handle}, nil
}
