package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// process is a child of ours.
type process struct {
	cmd    *exec.Cmd
	log    string // path of what it printed
	exited chan struct{}
}

// start starts the program with its default configuration, env apart.
func (b *bench) start(name string, env []string, args ...string) (*process, error) {
	return b.startWith(name, env, nil, nil, args...)
}

// startWith starts the program with pipes as standard input and output; nil for nothing and the log.
func (b *bench) startWith(name string, env []string, in, out *os.File, args ...string) (*process, error) {
	log, err := os.OpenFile(filepath.Join(b.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := &process{cmd: exec.Command(b.cfg.Binary, args...), log: log.Name(), exited: make(chan struct{})} //nolint:noctx // ended by stop or kill
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = append(cleanEnvironment(), env...), log, log
	if in != nil {
		p.cmd.Stdin, p.cmd.Stdout = in, out
	}
	p.cmd.SysProcAttr = childAttributes()
	started := make(chan error)
	go func() {
		// Linux ties the child's life to the thread that started it, so this goroutine keeps its own.
		runtime.LockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			_ = p.cmd.Wait() // its status is in cmd
			close(p.exited)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	return p, nil
}

// cleanEnvironment is ours without what configures a server: the defaults are measured. Where the
// engine's library is stays.
func cleanEnvironment() []string {
	return slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return strings.HasPrefix(entry, "TRIBUTARY_") && !strings.HasPrefix(entry, "TRIBUTARY_CHDB_LIB=")
	})
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// kill ends a process whose data nobody needs any more.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.exited
}

// stop ends a process in order.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-p.exited:
	case <-time.After(time.Minute):
		p.kill()
	}
	if !p.cmd.ProcessState.Success() {
		return p.fault("ended with " + p.cmd.ProcessState.String())
	}
	return nil
}

// fault is an error with the end of what the process printed.
func (p *process) fault(what string) error {
	text, _ := os.ReadFile(p.log)
	return fmt.Errorf("%s %s\n%s", filepath.Base(p.log), what, text[max(0, len(text)-3000):])
}

// pollEvery is seldom enough to take nothing of the machine that counts.
const pollEvery = 100 * time.Millisecond

// awaitLimit is how long a process may go on without coming any further.
const awaitLimit = 2 * time.Minute

// await polls another process, of which no signal reaches us. Done says also how far it is, in any number that
// changes while it works.
func (p *process) await(ctx context.Context, what string, done func() (far uint64, all bool)) error {
	limit := time.NewTimer(awaitLimit)
	defer limit.Stop()
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for last := uint64(0); ; {
		far, all := done()
		if all {
			return nil
		}
		if far != last {
			last = far
			limit.Reset(awaitLimit)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.exited:
			return p.fault("ended while it was waited for " + what)
		case <-limit.C:
			return p.fault("was waited for in vain: " + what)
		case <-ticker.C:
		}
	}
}

// freeAddress returns a loopback address that nobody listens on.
func freeAddress(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// answers says whether a server answers a path with 200.
func answers(ctx context.Context, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	return err == nil && errors.Join(response.Body.Close()) == nil && response.StatusCode == http.StatusOK
}

// bare starts the bare handlers and returns where they are.
func (b *bench) bare(ctx context.Context) (*process, string, error) {
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, "", err
	}
	p, err := b.start("bare", nil, append(slices.Clone(BareCommand), address)...)
	if err != nil {
		return nil, "", err
	}
	err = p.await(ctx, "an answer", func() (uint64, bool) { return 0, answers(ctx, "http://"+address+restCall.path) })
	if err != nil {
		p.kill()
		return nil, "", err
	}
	return p, address, nil
}
