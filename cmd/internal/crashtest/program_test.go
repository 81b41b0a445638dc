package crashtest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
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

// program is a server started from the built binary, on a data folder of its own.
type program struct {
	t       testing.TB
	data    string
	api     string // host:port of the HTTP interface
	inspect string // host:port of the engine's read-only interface
	env     []string
	cmd     *exec.Cmd
	exited  chan struct{}
	starts  int
	excused []string // what checkLog may find
}

// newProgram prepares a server; nothing runs yet.
func newProgram(t testing.TB, env ...string) *program {
	t.Helper()
	p := &program{t: t, data: t.TempDir(), api: freeAddress(t), inspect: freeAddress(t)}
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TRIBUTARY_") || strings.HasPrefix(variable, "TRIBUTARY_CHDB_LIB=") {
			p.env = append(p.env, variable)
		}
	}
	p.env = append(p.env, "TRIBUTARY_HTTP_LISTEN="+p.api, "TRIBUTARY_CLICKHOUSE_INSPECT_LISTEN="+p.inspect)
	p.env = append(p.env, "TRIBUTARY_PROFILES_PUBLISH_AFTER=300ms") // so that every test publishes a lot
	p.env = append(p.env, env...)
	t.Cleanup(func() {
		if p.running() {
			p.kill()
		}
		p.checkLog()
	})
	return p
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start starts the server, under another command if one is given. It does not wait until the
// server is ready.
func (p *program) start(under ...string) {
	p.t.Helper()
	log, err := os.OpenFile(p.data+".log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	p.starts++
	fmt.Fprintf(log, "--- start %d\n", p.starts)
	args := slices.Concat(under, []string{binary, "serve", "--data-dir", p.data})
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = p.env, log, log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.exited = make(chan struct{})
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait() // a killed process has an error, as meant
		close(exited)
	}(p.cmd, p.exited)
}

func (p *program) running() bool {
	if p.cmd == nil {
		return false
	}
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// kill ends the server as a power switch would.
func (p *program) kill() {
	_ = p.cmd.Process.Kill() // it may be gone already
	<-p.exited
}

// stop ends the server as an operator would, and fails the test when that is not clean.
func (p *program) stop() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.exited:
	case <-time.After(time.Minute):
		p.t.Fatal("the server did not stop within a minute of SIGTERM")
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		p.t.Fatalf("the server ended with status %d\n%s", code, p.logTail())
	}
}

// checkLog looks for what no kill excuses.
func (p *program) checkLog() {
	p.t.Helper()
	for _, word := range []string{"DATA RACE", "panic:", "panic in", "fatal error:"} {
		if at := strings.Index(p.log(), word); at >= 0 && !slices.Contains(p.excused, word) {
			p.t.Errorf("%q in the server's log:\n%s", word, p.log()[at:min(at+3000, len(p.log()))])
		}
	}
}

// log is all that the server and its engine said.
func (p *program) log() string {
	text, err := os.ReadFile(p.data + ".log")
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// logTail is the end of the server's log, for the message of a failed test.
func (p *program) logTail() string {
	text := p.log()
	return text[max(0, len(text)-6000):]
}

// children returns the process ids of the server's children: the engine.
func (p *program) children() []int {
	var pids []int
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", p.cmd.Process.Pid))
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue // the thread ended
		}
		for _, field := range strings.Fields(string(text)) {
			if pid, err := strconv.Atoi(field); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// killEngine kills the engine's process alone. It says whether there was one.
func (p *program) killEngine() bool {
	killed := false
	for _, pid := range p.children() {
		killed = syscall.Kill(pid, syscall.SIGKILL) == nil || killed
	}
	return killed
}

// awaitReady waits until /readyz says so.
func (p *program) awaitReady() {
	p.t.Helper()
	p.await("the server to be ready", 2*time.Minute, func() bool {
		status, _, err := p.request(http.MethodGet, "http://"+p.api+"/readyz", "", nil)
		return err == nil && status == http.StatusOK
	})
}

// await polls a condition of another process, of which no signal reaches us.
func (p *program) await(what string, limit time.Duration, done func() bool) {
	p.t.Helper()
	deadline := time.Now().Add(limit)
	for !done() {
		if time.Now().After(deadline) {
			p.t.Fatalf("waited %s for %s\n%s", limit, what, p.logTail())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// run runs a command of the program against the data folder and returns what it printed.
func (p *program) run(args ...string) string {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, append(args, "--data-dir", p.data)...)
	cmd.Env = p.env
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		p.t.Fatalf("tributary %s: %v\n%s\n%s", strings.Join(args, " "), err, complaint.String(), p.logTail())
	}
	return strings.TrimSpace(out.String())
}

// key makes an API key through the command line.
func (p *program) key(args ...string) string {
	p.t.Helper()
	return p.run(append([]string{"keys", "create", "--quiet"}, args...)...)
}

var client = &http.Client{Timeout: 20 * time.Second}

func (p *program) request(method, address, bearer string, body []byte) (int, []byte, error) {
	request, err := http.NewRequestWithContext(context.Background(), method, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if bearer != "" {
		request.Header.Set("Authorization", "Bearer "+bearer)
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, text, err
}

// ask puts a query to the engine itself, past everything of Tributary, and returns rows of text
// columns.
func (p *program) ask(statement string) ([][]string, error) {
	status, text, err := p.request(http.MethodGet, "http://"+p.inspect+"/?database=tributary&query="+url.QueryEscape(statement+" FORMAT TabSeparated"), "", nil)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("status %d: %s", status, text)
	}
	if err != nil {
		return nil, fmt.Errorf("query the engine: %w", err)
	}
	var rows [][]string
	for line := range strings.Lines(string(text)) {
		rows = append(rows, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	return rows, nil
}

// query is ask of an engine that must answer.
func (p *program) query(statement string) [][]string {
	p.t.Helper()
	rows, err := p.ask(statement)
	if err != nil {
		p.t.Fatal(err)
	}
	return rows
}

// profile fetches a profile as JSON.
func (p *program) profile(readKey, address string) map[string]any {
	p.t.Helper()
	status, text, err := p.request(http.MethodGet, "http://"+p.api+"/v1/profiles/"+url.PathEscape(address), readKey, nil)
	if err != nil || status != http.StatusOK {
		p.t.Fatalf("profile: status %d, %v, %s", status, err, text)
	}
	var profile map[string]any
	if err := json.Unmarshal(text, &profile); err != nil {
		p.t.Fatal(err)
	}
	return profile
}
