package chdb

import (
	"context"
	"sync"
	"time"
)

const (
	// tombstoneAge is how long a killed query id stays refused.
	tombstoneAge = 15 * time.Minute
	// killEvery is the pause between attempts to end a statement: the first may come before the
	// engine knows of it.
	killEvery = 20 * time.Millisecond
)

// calls are the requests under way, by query id.
type calls struct {
	mu     sync.Mutex
	closed bool
	active map[*call]struct{}
	killed map[string]time.Time
	idle   chan struct{} // closed when the last call ends after close
}

// call is one request, from its arrival until its session is closed.
type call struct {
	queryID string
	cancel  context.CancelFunc
	done    chan struct{}
}

func (c *calls) init() {
	c.active = map[*call]struct{}{}
	c.killed = map[string]time.Time{}
	c.idle = make(chan struct{})
}

// begin registers a request. The context ends with the caller's, by Kill and by Close.
func (c *calls) begin(ctx context.Context, queryID string) (context.Context, *call, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, nil, ErrClosed
	}
	if at, ok := c.killed[queryID]; ok && queryID != "" && time.Since(at) < tombstoneAge {
		return nil, nil, ErrKilled
	}
	ctx, cancel := context.WithCancel(ctx)
	call := &call{queryID: queryID, cancel: cancel, done: make(chan struct{})}
	c.active[call] = struct{}{}
	return ctx, call, nil
}

// end is called exactly once for each call.
func (c *calls) end(call *call) {
	call.cancel()
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.active, call)
	close(call.done)
	if c.closed && len(c.active) == 0 {
		close(c.idle)
	}
}

func (c *calls) kill(ctx context.Context, queryID string) error {
	c.mu.Lock()
	now := time.Now()
	for id, at := range c.killed {
		if now.Sub(at) >= tombstoneAge {
			delete(c.killed, id)
		}
	}
	c.killed[queryID] = now
	var found []*call
	for call := range c.active {
		if call.queryID == queryID {
			found = append(found, call)
			call.cancel()
		}
	}
	c.mu.Unlock()
	for _, call := range found {
		select {
		case <-call.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// close refuses new requests, cancels the running ones and waits for them. It reports false if it
// was closed before.
func (c *calls) close() bool {
	c.mu.Lock()
	first := !c.closed
	if first {
		c.closed = true
		for call := range c.active {
			call.cancel()
		}
		if len(c.active) == 0 {
			close(c.idle)
		}
	}
	c.mu.Unlock()
	<-c.idle
	return first
}
