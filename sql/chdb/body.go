package chdb

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
)

var errBodyClosed = errors.New("chdb: read of a closed result")

// body is a result that is fetched while it is read.
type body struct {
	run    *run
	closed atomic.Bool
	forget func() bool // ends the wait for the context

	mu    sync.Mutex
	piece []byte
	err   error // after piece; the run has ended once it is set
}

// newBody starts with the first piece. When the context ends, so does the run, though nobody may be
// reading.
func newBody(r *run, first []byte) *body {
	b := &body{run: r, piece: first}
	b.mu.Lock() // abort may begin before forget is set: the context may have ended already
	defer b.mu.Unlock()
	b.forget = context.AfterFunc(r.ctx, b.abort)
	return b
}

func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.piece) == 0 {
		if b.err != nil {
			return 0, b.err
		}
		b.fetch()
	}
	n := copy(p, b.piece)
	b.piece = b.piece[n:]
	return n, nil
}

// fetch gets the next piece. An error of the engine becomes the framed tail that clients look for.
func (b *body) fetch() {
	piece, err := b.run.stream.Next()
	if piece != nil && err == nil {
		b.piece = piece
		return
	}
	switch {
	case err == nil:
		b.err = io.EOF
	case b.run.ctx.Err() != nil:
		b.err = b.run.engine.cause(b.run.caller)
	default:
		b.piece, b.err = asException(err).framed(), io.EOF
	}
	b.forget()
	b.run.finish()
}

func (b *body) abort() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err != nil {
		return
	}
	b.err = errBodyClosed
	if !b.closed.Load() {
		b.err = b.run.engine.cause(b.run.caller)
	}
	b.piece = nil
	b.forget()
	b.run.finish()
}

// Close ends the statement if it still runs, also while another goroutine reads.
func (b *body) Close() error {
	b.closed.Store(true)
	b.run.call.cancel()
	b.abort()
	return nil
}
