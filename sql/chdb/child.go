package chdb

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// ErrOrphaned is returned by RunChild when the parent is gone. The program should exit at once: the
// engine was not closed, which its data survives as it survives a crash.
var ErrOrphaned = errors.New("chdb: the parent process is gone")

const (
	// stopLine on the control pipe asks the child to stop; the pipe's end without it means that
	// the parent died.
	stopLine = "stop"
	// maxSocketPath is what every system's sockaddr_un has room for.
	maxSocketPath = 100
	// statusFD is the child's end of the pipe on which it reports.
	statusFD = 3
)

// childConfig is the first line on the control pipe.
type childConfig struct {
	Config Config
	Socket string
}

// childStatus is the one line that the child answers.
type childStatus struct {
	Error string `json:",omitempty"` // "" when it serves
	Kind  string `json:",omitempty"` // of the error, a key of startErrors
}

var startErrors = map[string]error{"library": ErrLibrary, "held": errors.Join(ErrOpen, ErrHeld), "open": ErrOpen}

func failure(err error) childStatus {
	status := childStatus{Error: err.Error()}
	switch {
	case errors.Is(err, ErrLibrary):
		status.Kind = "library"
	case errors.Is(err, ErrHeld):
		status.Kind = "held"
	case errors.Is(err, ErrOpen):
		status.Kind = "open"
	}
	return status
}

func (s childStatus) err() error {
	if s.Error == "" {
		return nil
	}
	return &startError{text: s.Error, kind: startErrors[s.Kind]}
}

// startError is an error of the child, in its own words and of its own kind.
type startError struct {
	text string
	kind error
}

func (e *startError) Error() string { return e.text }
func (e *startError) Unwrap() error { return e.kind }

// RunChild is the whole of the hidden command that Supervise starts: it reads its configuration from
// standard input, opens the engine, serves it on a Unix socket and returns when the parent asks it to
// stop (nil), when the context ends, or when the parent is gone (ErrOrphaned). Only the parent decides
// when to stop: SIGINT, SIGTERM and SIGHUP are ignored.
func RunChild(ctx context.Context, logger *slog.Logger) error {
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	preferOOMKill(logger)
	yieldToParent(logger)
	status := os.NewFile(statusFD, "status")
	if status == nil {
		return errors.New("chdb: not started by a supervisor")
	}
	control := bufio.NewReader(os.Stdin)
	err := serveChild(ctx, control, status, logger)
	if err != nil && !errors.Is(err, ErrOrphaned) {
		_ = json.NewEncoder(status).Encode(failure(err)) // too late if it was ready: then nobody reads
	}
	return err
}

func serveChild(ctx context.Context, control *bufio.Reader, status io.Writer, logger *slog.Logger) error {
	line, err := control.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("chdb: read configuration: %w", err)
	}
	var config childConfig
	if err := json.Unmarshal(line, &config); err != nil {
		return fmt.Errorf("chdb: read configuration: %w", err)
	}
	config.Config.Logger = logger
	engine, err := Open(config.Config)
	if err != nil {
		return err
	}
	if err := engine.lib.Trim(); err != nil {
		logger.WarnContext(ctx, "give back memory of the engine's library", "error", err)
	}
	listener, err := listenPrivate(ctx, config.Socket)
	if err != nil {
		return errors.Join(err, engine.Close())
	}
	server := &http.Server{
		Handler:        childHandler(engine),
		MaxHeaderBytes: maxHeader,
		ErrorLog:       slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
		BaseContext:    func(net.Listener) context.Context { return ctx },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	if err := json.NewEncoder(status).Encode(childStatus{}); err != nil {
		return ErrOrphaned
	}
	if err := waitForStop(ctx, control, failed); err != nil {
		return err
	}
	err = errors.Join(engine.Close(), server.Close())
	engine.lib.Shutdown()
	return err
}

// waitForStop returns nil when the child shall close down in order.
func waitForStop(ctx context.Context, control *bufio.Reader, failed <-chan error) error {
	orders := make(chan error, 1)
	go func() {
		order, err := control.ReadString('\n')
		if err != nil || order != stopLine+"\n" {
			orders <- ErrOrphaned
			return
		}
		orders <- nil
	}()
	select {
	case err := <-orders:
		return err
	case err := <-failed:
		return fmt.Errorf("chdb: serve the engine: %w", err)
	case <-ctx.Done():
		return nil
	}
}

// listenPrivate listens on a Unix socket that only this user can reach.
func listenPrivate(ctx context.Context, path string) (net.Listener, error) {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("chdb: remove old socket: %w", err)
	}
	previous := syscall.Umask(0o177)
	listener, err := (&net.ListenConfig{}).Listen(ctx, "unix", path)
	syscall.Umask(previous)
	if err != nil {
		return nil, fmt.Errorf("chdb: listen: %w", err)
	}
	return listener, nil
}

// socketPath is beside the data, or in a private folder of its own where that path is too long for a
// socket; remove cleans up.
func socketPath(data string) (path string, remove func(), err error) {
	path = filepath.Join(data, "engine.sock")
	if len(path) <= maxSocketPath {
		return path, func() { _ = os.Remove(path) }, nil
	}
	dir, err := os.MkdirTemp("", "tributary-")
	if err != nil {
		return "", nil, fmt.Errorf("chdb: make a folder for the socket: %w", err)
	}
	path = filepath.Join(dir, "engine.sock")
	if len(path) > maxSocketPath {
		_ = os.RemoveAll(dir)
		return "", nil, fmt.Errorf("chdb: neither %s nor the temporary folder has a path short enough for a Unix socket", data)
	}
	return path, func() { _ = os.RemoveAll(dir) }, nil
}

// killAfter is how long a child that was asked to stop may take.
const killAfter = 15 * time.Second
