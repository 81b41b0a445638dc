package crashtest

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// needStrace skips where there is no strace, but never in CI.
func needStrace(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("strace"); err == nil {
		return
	}
	const message = "faults at chosen system calls need strace: apt-get install strace"
	if os.Getenv("CI") != "" {
		t.Fatal(message)
	}
	t.Skip(message)
}

// tracer is an strace that is attached to a process with all its threads.
type tracer struct {
	t      *testing.T
	cmd    *exec.Cmd
	output string
	exited chan struct{}
}

// injection is strace's arguments for a fault, in its own words, in a set of system calls, and where
// it writes what it saw. Calls are counted by thread. Without a fault it watches alone.
func injection(t *testing.T, calls, fault string) (args []string, output string) {
	output = filepath.Join(t.TempDir(), "strace")
	args = []string{"-f", "-y", "-s", "16", "-o", output, "-e", "trace=" + calls, "-e", "signal=none"}
	if fault != "" {
		args = append(args, "-e", "inject="+calls+":"+fault)
	}
	return args, output
}

// attach lets strace inject a fault into a running process, with more of its options if given. It
// returns once strace is attached, or nil if the process is gone.
func attach(t *testing.T, pid int, calls, fault string, options ...string) *tracer {
	t.Helper()
	args, output := injection(t, calls, fault)
	tr := &tracer{t: t, output: output, exited: make(chan struct{})}
	tr.cmd = exec.Command("strace", slices.Concat(args, options, []string{"-p", strconv.Itoa(pid)})...)
	said, err := tr.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(said)
	attached, text := false, ""
	for !attached && lines.Scan() {
		text += lines.Text() + "\n"
		attached = strings.Contains(text, "attached")
	}
	go func() {
		for lines.Scan() { // it tells of each new thread
			continue
		}
		_ = tr.cmd.Wait() // its status is that of the process
		close(tr.exited)
	}()
	if !attached && syscall.Kill(pid, 0) == nil {
		t.Fatalf("strace could not attach; is ptrace allowed?\n%s", text)
	}
	if !attached {
		<-tr.exited
		return nil
	}
	return tr
}

// ended says whether the process came to its end within the limit.
func (tr *tracer) ended(limit time.Duration) bool {
	select {
	case <-tr.exited:
		return true
	case <-time.After(limit):
		return false
	}
}

// detach leaves the process to itself.
func (tr *tracer) detach() {
	_ = tr.cmd.Process.Signal(syscall.SIGINT)
	if !tr.ended(20 * time.Second) {
		tr.t.Error("strace did not detach")
		_ = tr.cmd.Process.Kill()
	}
}

// injected says whether a call was refused.
func (tr *tracer) injected() bool {
	text, err := os.ReadFile(tr.output)
	return err == nil && strings.Contains(string(text), "(INJECTED)")
}

// lastCall returns the call at which a process was killed, as strace wrote it, or "". Paths below
// base are shown without it.
func lastCall(output, base string) (call string) {
	text, err := os.ReadFile(output)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if _, what, ok := strings.Cut(strings.TrimSpace(line), " "); ok && strings.HasSuffix(what, "= ?") {
			call = strings.TrimSpace(what)
		}
	}
	return strings.ReplaceAll(call, base, "")
}
