package chdb

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

// ErrEngineDown says that the engine's process is starting, or died under the request. It passes: the
// supervisor restarts the engine. Whether a statement that was under way took effect is unknown.
var ErrEngineDown = errors.New("chdb: engine is down")

const (
	firstBackoff = 50 * time.Millisecond
	maxBackoff   = 5 * time.Second
	// stableAfter is how long a child must have served for the next failure to count as the first.
	stableAfter = 30 * time.Second
)

// Child says how to start the engine's process.
type Child struct {
	// Path of the program; this executable if empty. With Args it must end in RunChild.
	Path string
	Args []string
	// Env is added to this process's environment.
	Env []string
	// Stderr takes what the child prints; os.Stderr if nil.
	Stderr *os.File
	// ProbeEvery is how often the child is asked whether it still answers, and ProbeTimeout how long
	// it may take. One that misses three in a row is killed and started again. Defaults 10 s, 30 s.
	ProbeEvery, ProbeTimeout time.Duration
}

// Supervisor keeps the engine running in a child process, and is an http.RoundTripper to it. Requests
// fail with ErrEngineDown while there is none.
type Supervisor struct {
	config    childConfig
	child     Child
	log       *slog.Logger
	transport *http.Transport

	stop    context.CancelFunc
	stopped chan struct{}

	mu       sync.Mutex
	pid      int // 0 unless ready
	restarts uint64
	last     error         // why it is not ready
	change   chan struct{} // closed and replaced at each change of the above
	closed   bool
}

var _ http.RoundTripper = (*Supervisor)(nil)

// Supervise starts the engine in a child process and waits until it serves. If that first start
// fails, its error is returned and nothing runs; but a child that was killed, or crashed, while it
// started is restarted, now as at any later time, until Close. Then the supervisor is returned
// before it is ready. The child dies with this process.
func Supervise(ctx context.Context, config Config, child Child) (*Supervisor, error) {
	if err := config.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOpen, err)
	}
	config = config.withDefaults()
	if child.Path == "" {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrOpen, err)
		}
		child.Path = self
	}
	child.ProbeEvery = cmp.Or(child.ProbeEvery, DefaultProbeEvery)
	child.ProbeTimeout = cmp.Or(child.ProbeTimeout, DefaultProbeTimeout)
	if err := os.MkdirAll(config.Path, 0o700); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOpen, err)
	}
	socket, removeSocket, err := socketPath(config.Path)
	if err != nil {
		return nil, err
	}
	s := &Supervisor{
		config: childConfig{Config: config, Socket: socket}, child: child, log: config.Logger,
		stopped: make(chan struct{}), change: make(chan struct{}),
		last: errors.New("starting"),
	}
	s.transport = &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		},
		MaxIdleConns: 64, MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute,
		DisableCompression: true, WriteBufferSize: 64 << 10, ReadBufferSize: 64 << 10,
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	first := make(chan error, 1)
	go func() {
		defer close(s.stopped)
		defer removeSocket()
		s.run(running, first)
	}()
	select {
	case err := <-first:
		if err == nil {
			return s, nil
		}
		return nil, errors.Join(err, s.Close())
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), s.Close())
	}
}

// run starts child after child. first gets the outcome of the first start; if that failed for a
// reason that will not pass there is no second.
func (s *Supervisor) run(ctx context.Context, first chan<- error) {
	// Linux ties the child's life to the thread that started it, so this goroutine keeps its own.
	runtime.LockOSThread()
	told := false
	tell := func(err error) {
		if !told {
			told = true
			first <- err
		}
	}
	backoff := firstBackoff
	for {
		began := time.Now()
		err := s.runOnce(ctx, func() { tell(nil) })
		s.transport.CloseIdleConnections()
		if !told && !endedBySignal(err) {
			tell(err)
			return
		}
		tell(nil)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > stableAfter {
			backoff = firstBackoff
		}
		s.log.ErrorContext(ctx, "the engine's process ended; starting it again", "error", err, "backoff", backoff)
		select {
		case <-time.After(backoff):
		case <-ctx.Done():
			return
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

// endedBySignal says whether the child was killed or crashed, rather than gave up.
func endedBySignal(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && !exit.Exited()
}

// runOnce starts a child and returns when it has ended, with the reason.
func (s *Supervisor) runOnce(ctx context.Context, ready func()) error {
	cmd := exec.CommandContext(ctx, s.child.Path, s.child.Args...) //nolint:gosec // the program's own executable
	cmd.SysProcAttr = childAttributes()
	cmd.Env = append(os.Environ(), s.child.Env...)
	cmd.Stderr = os.Stderr
	if s.child.Stderr != nil {
		cmd.Stderr = s.child.Stderr
	}
	control, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrOpen, err)
	}
	cmd.Cancel = func() error {
		_, err := io.WriteString(control, stopLine+"\n")
		return err
	}
	cmd.WaitDelay = killAfter
	status, childStatusEnd, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrOpen, err)
	}
	defer status.Close()
	cmd.ExtraFiles = []*os.File{childStatusEnd}
	err = cmd.Start()
	_ = childStatusEnd.Close()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrOpen, err)
	}
	startErr := s.handshake(control, status)
	watch, endWatch := context.WithCancel(ctx)
	defer endWatch()
	var watching sync.WaitGroup
	if startErr == nil {
		s.set(cmd.Process.Pid, nil)
		ready()
		watching.Go(func() { s.watchdog(watch, cmd.Process) })
	}
	exit := cmd.Wait()
	endWatch()
	watching.Wait()
	if errors.Is(exit, exec.ErrWaitDelay) {
		s.log.ErrorContext(ctx, "the engine did not stop in time and was killed", "pid", cmd.Process.Pid)
	}
	switch {
	case startErr == nil:
		startErr = fmt.Errorf("%w: %w", ErrEngineDown, cmp.Or(exit, errors.New("it exited")))
	case exit != nil:
		startErr = fmt.Errorf("%w (%w)", startErr, exit)
	}
	s.set(0, startErr)
	return startErr
}

// handshake hands over the configuration and waits until the child serves.
func (s *Supervisor) handshake(control io.Writer, status io.Reader) error {
	if err := json.NewEncoder(control).Encode(s.config); err != nil {
		return fmt.Errorf("%w: send configuration: %w", ErrOpen, err)
	}
	var answer childStatus
	if err := json.NewDecoder(status).Decode(&answer); err != nil {
		return fmt.Errorf("%w: the engine's process ended before it was ready: %w", ErrOpen, err)
	}
	return answer.err()
}

func (s *Supervisor) set(pid int, reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if pid == 0 && s.pid != 0 {
		s.restarts++
	}
	s.pid, s.last = pid, reason
	close(s.change)
	s.change = make(chan struct{})
}

// Ready returns nil when the engine serves, else why it does not: for a readiness probe.
func (s *Supervisor) Ready() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrClosed
	case s.pid != 0:
		return nil
	case errors.Is(s.last, ErrEngineDown):
		return s.last
	default:
		return fmt.Errorf("%w: %w", ErrEngineDown, s.last)
	}
}

// WaitReady waits until the engine serves.
func (s *Supervisor) WaitReady(ctx context.Context) error {
	for {
		s.mu.Lock()
		change := s.change
		s.mu.Unlock()
		err := s.Ready()
		if err == nil || errors.Is(err, ErrClosed) {
			return err
		}
		select {
		case <-change:
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		}
	}
}

// PID is the process id of the engine, 0 while it is down.
func (s *Supervisor) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pid
}

// Restarts counts how often the engine's process ended after it was ready.
func (s *Supervisor) Restarts() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.restarts
}

// Close stops the engine in order, and by force if that takes more than 15 seconds. It may be called
// again.
func (s *Supervisor) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.stop()
	<-s.stopped
	s.transport.CloseIdleConnections()
	return nil
}
