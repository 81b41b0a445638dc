package libchdb

import (
	"runtime"
	"unsafe"
)

// Param is a bound parameter: {name:Type} in the statement. The value is in ClickHouse's escaped
// text form (a tab, a newline and a backslash are escaped), as param_* of the HTTP interface.
type Param struct{ Name, Value string }

// Error is the engine's own message, usually "Code: 60. DB::Exception: …".
type Error string

func (e Error) Error() string { return string(e) }

// Conn is one session of the engine.
type Conn struct {
	lib    *Library
	handle unsafe.Pointer // chdb_connection *
}

// Close ends the session. Every Stream and Insert of it must be closed before.
func (c *Conn) Close() {
	if c.handle != nil {
		c.lib.closeConn(c.handle)
		c.handle = nil
	}
}

func (c *Conn) session() unsafe.Pointer { return *(*unsafe.Pointer)(c.handle) }

// Query runs a statement and returns its whole result.
func (c *Conn) Query(sql, format string, params []Param) ([]byte, error) {
	result := c.call(c.lib.query, sql, format, params)
	defer c.lib.resultFree(result)
	if msg := c.lib.resultError(result); msg != "" {
		return nil, Error(msg)
	}
	return c.lib.bytes(result), nil
}

// Stream runs a statement whose result is fetched in pieces. The engine takes only SELECT here.
func (c *Conn) Stream(sql, format string, params []Param) (*Stream, error) {
	handle := c.call(c.lib.streamQuery, sql, format, params)
	if msg := c.lib.resultError(handle); msg != "" {
		c.lib.resultFree(handle)
		return nil, Error(msg)
	}
	return &Stream{conn: c, handle: handle}, nil
}

// Insert starts an INSERT without its FORMAT clause; the rows follow through Append.
func (c *Conn) Insert(sql, format string, params []Param) (*Insert, error) {
	handle := c.call(c.lib.insert, sql, format, params)
	if msg := c.lib.insertError(handle); msg != "" {
		c.lib.insertFree(handle)
		return nil, Error(msg)
	}
	return &Insert{lib: c.lib, handle: handle}, nil
}

// ReadOnly reports whether the text is exactly one statement that leaves no trace, neither in the
// engine nor in a file beside it. The engine's own parser decides; nothing is run.
func (c *Conn) ReadOnly(sql string) bool {
	analysis := struct{ size, statements, flags, class uint32 }{size: 16}
	text := append([]byte(sql), 0)
	state := c.lib.classify(c.session(), unsafe.Pointer(&text[0]), uintptr(len(sql)), nil, 0, unsafe.Pointer(&analysis))
	return state == 0 && analysis.statements == 1 && analysis.class == 0
}

// call pins everything that C sees through a pointer inside another pointer.
func (c *Conn) call(fn queryFunc, sql, format string, params []Param) unsafe.Pointer {
	var pins runtime.Pinner
	defer pins.Unpin()
	pin := func(s string) unsafe.Pointer {
		p := unsafe.Pointer(unsafe.StringData(s))
		if len(s) == 0 {
			return unsafe.Pointer(&emptyString)
		}
		pins.Pin(p)
		return p
	}
	n := len(params)
	pointers := make([]unsafe.Pointer, 2*n+1)
	lengths := make([]uintptr, 2*n+1)
	for i, param := range params {
		pointers[i], lengths[i] = pin(param.Name), uintptr(len(param.Name))
		pointers[n+i], lengths[n+i] = pin(param.Value), uintptr(len(param.Value))
	}
	pins.Pin(&pointers[0])
	pins.Pin(&lengths[0])
	return fn(
		c.session(), pin(sql), uintptr(len(sql)), pin(format), uintptr(len(format)),
		unsafe.Pointer(&pointers[0]), unsafe.Pointer(&lengths[0]),
		unsafe.Pointer(&pointers[n]), unsafe.Pointer(&lengths[n]), uintptr(n),
	)
}

// emptyString stands in for the data of "", whose pointer may be nil.
var emptyString byte

func (l *Library) bytes(result unsafe.Pointer) []byte {
	length := l.resultLength(result)
	if length == 0 {
		return nil
	}
	out := make([]byte, length)
	copy(out, unsafe.Slice((*byte)(l.resultBuffer(result)), length))
	return out
}

// Stream is a running SELECT.
type Stream struct {
	conn   *Conn
	handle unsafe.Pointer
	ended  bool
}

// Next returns the next piece of the result, nil at its end.
func (s *Stream) Next() ([]byte, error) {
	if s.ended {
		return nil, nil
	}
	lib := s.conn.lib
	piece := lib.streamFetch(s.conn.session(), s.handle)
	defer lib.resultFree(piece)
	if msg := lib.resultError(piece); msg != "" {
		s.ended = true
		return nil, Error(msg)
	}
	data := lib.bytes(piece)
	s.ended = data == nil
	return data, nil
}

// Close frees the stream, and cancels the statement if its end was not reached.
func (s *Stream) Close() {
	if s.handle == nil {
		return
	}
	if !s.ended {
		s.conn.lib.streamCancel(s.conn.session(), s.handle)
	}
	s.conn.lib.resultFree(s.handle)
	s.handle = nil
}

// Insert is a running INSERT that takes its rows in pieces of any size.
type Insert struct {
	lib    *Library
	handle unsafe.Pointer
	done   bool
}

// Append hands over bytes in the insert's format. It blocks while the engine is behind, and reports
// false when the insert failed already: Done then says why.
func (i *Insert) Append(data []byte) bool {
	if len(data) == 0 {
		return true
	}
	return i.lib.insertAppend(i.handle, unsafe.Pointer(&data[0]), uintptr(len(data))) == 0
}

// Done ends the input, waits until the rows are stored and returns how many were written, those of
// materialised views included.
func (i *Insert) Done() (rows uint64, err error) {
	i.done = true
	result := i.lib.insertDone(i.handle)
	defer i.lib.resultFree(result)
	if msg := i.lib.resultError(result); msg != "" {
		return 0, Error(msg)
	}
	return i.lib.resultWritten(result), nil
}

// Close frees the insert, and cancels it if Done was not called: blocks that the engine wrote
// before stay.
func (i *Insert) Close() {
	if i.handle == nil {
		return
	}
	if !i.done {
		i.lib.insertCancel(i.handle)
	}
	i.lib.insertFree(i.handle)
	i.handle = nil
}
