package chdb

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"tributary/sql/chdb/internal/libchdb"
)

// RoundTrip runs the request's statement. An error of the engine is a response, as from a server;
// the error returned is the context's, ErrClosed or ErrKilled.
//
// A statement whose context ends is killed, and RoundTrip returns when it has ended: what follows
// never meets it still running. The body of a response that is not read holds its session.
func (e *Engine) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	st, err := parseRequest(req)
	if err != nil {
		var refusal *exception
		if errors.As(err, &refusal) {
			return refusal.response(req), nil
		}
		return nil, err
	}
	if st.queryID == "" {
		st.queryID = rand.Text()
	}
	if st.sql == helloSQL && req.URL.Query().Get("client_protocol_version") != "" {
		return newResponse(req, http.StatusOK, e.header(st), e.hello), nil
	}
	ctx, call, err := e.calls.begin(req.Context(), st.queryID)
	if err != nil {
		return nil, err
	}
	r := &run{engine: e, st: st, caller: req.Context(), ctx: ctx, call: call}
	resp, err := r.start(req)
	if err != nil {
		cut := ctx.Err() != nil // finish ends the context as well
		r.finish()
		if cut {
			return nil, e.cause(req.Context())
		}
		return asException(err).response(req), nil
	}
	return resp, nil
}

// cause says why a request was cut off: its own context, or Kill or Close.
func (e *Engine) cause(caller context.Context) error {
	if err := caller.Err(); err != nil {
		return err
	}
	e.calls.mu.Lock()
	defer e.calls.mu.Unlock()
	if e.calls.closed {
		return ErrClosed
	}
	return ErrKilled
}

func (e *Engine) header(st *statement) http.Header {
	header := http.Header{}
	header.Set("X-ClickHouse-Server-Display-Name", "chdb")
	header.Set("X-ClickHouse-Query-Id", st.queryID)
	header.Set("X-ClickHouse-Format", st.format)
	header.Set("X-ClickHouse-Timezone", e.timezone)
	header.Set(exceptionTagHeader, exceptionTag)
	header.Set("Content-Type", contentType(st.format))
	return header
}

func contentType(format string) string {
	switch f := strings.ToLower(format); {
	case strings.HasPrefix(f, "json"):
		return "application/json; charset=UTF-8"
	case strings.HasPrefix(f, "tabseparated"), strings.HasPrefix(f, "tsv"):
		return "text/tab-separated-values; charset=UTF-8"
	case strings.HasPrefix(f, "csv"):
		return "text/csv; charset=UTF-8"
	case strings.HasPrefix(f, "pretty"), f == "vertical", f == "values":
		return contentTypeText
	default:
		return "application/octet-stream"
	}
}

// run is one statement on its session.
type run struct {
	engine *Engine
	st     *statement
	caller context.Context
	ctx    context.Context // ends with the caller's, by Kill, and by Close
	call   *call

	pool   *pool
	conn   *libchdb.Conn
	stream *libchdb.Stream
	stop   func() // ends the watch on ctx
}

// start runs the statement up to its first piece of result.
func (r *run) start(req *http.Request) (*http.Response, error) {
	if err := r.open(); err != nil {
		return nil, err
	}
	header := r.engine.header(r.st)
	if r.st.rows != nil {
		rows, err := r.insert()
		if err != nil {
			return nil, err
		}
		r.finish()
		header.Set("X-ClickHouse-Summary", fmt.Sprintf(`{"written_rows":"%d"}`, rows))
		return newResponse(req, http.StatusOK, header, nil), nil
	}
	first, err := r.query()
	if err != nil {
		return nil, err
	}
	if r.stream == nil || first == nil {
		r.finish()
		return newResponse(req, http.StatusOK, header, first), nil
	}
	resp := newResponse(req, http.StatusOK, header, nil)
	resp.ContentLength = -1
	resp.Body = newBody(r, first)
	return resp, nil
}

// open waits for a place in the pool and opens the session.
func (r *run) open() error {
	p, ok := r.engine.pools[r.st.pool]
	if !ok {
		return refuse(codeBadRequest, "BAD_ARGUMENTS", "There is no pool %q", r.st.pool)
	}
	if err := p.check(r.st); err != nil {
		return err
	}
	select {
	case p.slots <- struct{}{}:
		r.pool = p
	case <-r.ctx.Done():
		return r.ctx.Err()
	}
	if err := r.ctx.Err(); err != nil {
		return err
	}
	mark := strings.TrimSpace(r.st.queryID + " " + r.st.comment)
	conn, err := r.engine.open(p, r.st, mark)
	if err != nil {
		return err
	}
	r.conn = conn
	r.watch(mark)
	return nil
}

// watch kills the statement when its context ends, again and again until it has ended.
func (r *run) watch(mark string) {
	ended, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		select {
		case <-ended:
			return
		case <-r.ctx.Done():
		}
		if rows, ok := r.st.rows.(io.Closer); ok {
			go rows.Close() // the sender may be stuck; its Close may wait for it
		}
		tick := time.NewTicker(killEvery)
		defer tick.Stop()
		for {
			r.engine.killMark(mark)
			select {
			case <-ended:
				return
			case <-tick.C:
			}
		}
	}()
	r.stop = func() { close(ended); <-stopped }
}

// insert feeds the request's rows to the engine. A body that breaks off is no end: nothing more is
// written then.
func (r *run) insert() (uint64, error) {
	insert, err := r.conn.Insert(r.st.sql, r.st.format, r.st.params)
	if err != nil {
		return 0, err
	}
	defer insert.Close()
	buf := make([]byte, 256<<10)
	for {
		n, err := r.st.rows.Read(buf)
		if n > 0 && !insert.Append(buf[:n]) {
			return insert.Done()
		}
		if err == io.EOF { // not a wrapped one, which could stand for a broken body
			break
		}
		if err != nil {
			return 0, fmt.Errorf("read rows: %w", err)
		}
	}
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return insert.Done()
}

// query starts the statement and returns the first piece of its result, or all of it. The engine
// streams nothing but SELECT, and says so before it does anything.
func (r *run) query() ([]byte, error) {
	const notStreamed = "Code: 36. DB::Exception: Streaming query is not supported"
	if r.st.stream && !r.st.whole {
		stream, err := r.conn.Stream(r.st.sql, r.st.format, r.st.params)
		if err == nil {
			r.stream = stream
			return stream.Next()
		}
		if !strings.HasPrefix(err.Error(), notStreamed) {
			return nil, err
		}
	}
	return r.conn.Query(r.st.sql, r.st.format, r.st.params)
}

// finish closes what is open and gives the place back; it is called once.
func (r *run) finish() {
	if r.stream != nil {
		r.stream.Close()
	}
	if r.stop != nil {
		r.stop()
	}
	if r.conn != nil {
		r.conn.Close()
	}
	if r.pool != nil {
		<-r.pool.slots
	}
	r.engine.calls.end(r.call)
}
