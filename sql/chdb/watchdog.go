package chdb

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"
)

const (
	alivePath = "/-/alive"
	// DefaultProbeEvery is how often Child is asked whether it still answers.
	DefaultProbeEvery = 10 * time.Second
	// DefaultProbeTimeout is how long it may take to answer.
	DefaultProbeTimeout = 30 * time.Second
	// probesMissed in a row make a child one that hangs. Any answer counts, an error too: a busy
	// engine is not to be taken for a dead one.
	probesMissed = 3
)

// alive says whether the engine still answers: over a session of its own, so that no pool's queue
// delays it.
func (e *Engine) alive(ctx context.Context) error {
	_, call, err := e.calls.begin(ctx, "") // Close waits for it: a session would start the engine anew
	if err != nil {
		return err
	}
	defer e.calls.end(call)
	conn, err := e.lib.Connect("--path=" + e.config.Path)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Query("SELECT 1", defaultFormat, nil)
	return err
}

func serveAlive(e *Engine) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := e.alive(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
}

// watchdog kills a child that has stopped answering without dying: nobody else would end it, and
// every statement would wait for its own timeout, for ever.
func (s *Supervisor) watchdog(ctx context.Context, child *os.Process) {
	tick := time.NewTicker(s.child.ProbeEvery)
	defer tick.Stop()
	for missed := 0; missed < probesMissed; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if err := s.probe(ctx); err == nil {
			missed = 0
		} else if missed++; ctx.Err() == nil {
			s.log.WarnContext(ctx, "the engine does not answer", "pid", child.Pid, "missed", missed, "error", err)
		}
	}
	if ctx.Err() == nil {
		s.log.ErrorContext(ctx, "the engine hangs; ending its process", "pid", child.Pid)
		_ = child.Kill() // it may just have died by itself
	}
}

func (s *Supervisor) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.child.ProbeTimeout)
	defer cancel()
	target := url.URL{Scheme: "http", Host: socketHost, Path: alivePath}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.String(), nil)
	if err != nil {
		return fmt.Errorf("chdb: probe: %w", err)
	}
	resp, err := s.transport.RoundTrip(req)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.Body.Close()
}
