package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// asProgram makes the test binary run as the program, so that the tests start the true one.
const asProgram = "RUN_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// command prepares a run of the program; its output goes to what output returns.
func command(t *testing.T, env []string, args ...string) (*exec.Cmd, *transcript) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 6*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, self, args...)
	// Whatever the disk of the machine has free.
	cmd.Env = append(os.Environ(), "TRIBUTARY_LOG_BULK_WATERMARK_FREE=1MiB", "TRIBUTARY_LOG_LIVE_WATERMARK_FREE=1MiB")
	cmd.Env = append(cmd.Env, append(env, asProgram+"=1")...)
	out := &transcript{seen: make(chan struct{}, 1)}
	cmd.Stdout, cmd.Stderr = out, out
	return cmd, out
}

// run runs the program to its end and returns what it printed.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd, out := command(t, nil, args...)
	err := cmd.Run()
	return out.String(), err
}

// transcript is what a program prints, as it prints it.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
	seen chan struct{}
}

func (o *transcript) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.seen <- struct{}{}:
	default:
	}
	return o.text.Write(p)
}

func (o *transcript) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await waits until the program has printed the words.
func (o *transcript) await(t *testing.T, words string) {
	t.Helper()
	limit := time.After(2 * time.Minute)
	for !strings.Contains(o.String(), words) {
		select {
		case <-o.seen:
		case <-limit:
			t.Fatalf("the program did not print %q, but:\n%s", words, o.String())
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestDemo runs the demo as a newcomer does: it loads, says what to try, what it says works, it stops
// on Ctrl-C, and a second run goes on with the same data.
func TestDemo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	env := []string{"TRIBUTARY_HTTP_LISTEN=" + freeAddress(t)}
	for _, expected := range []string{"Sent ", "already in"} {
		cmd, out := command(t, env, "demo", "--customers", "40", "--data-dir", dir)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		out.await(t, "Press Ctrl-C")
		if !strings.Contains(out.String(), expected) {
			t.Errorf("the output does not say %q:\n%s", expected, out.String())
		}
		tryAll(t, out.String())
		if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("the demo ended with %v:\n%s", err, out.String())
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "truth.csv")); err != nil {
		t.Error(err)
	}
	accounts, err := run(t, "reconcile", "--json", "--data-dir", dir)
	if err != nil {
		t.Fatalf("%v\n%s", err, accounts)
	}
	var answer struct {
		Sources []struct {
			Source                                                    string
			Received, Pending, Stored, Duplicate, Quarantined, Erased uint64
			StoredClickHouse                                          uint64 `json:"stored_clickhouse"`
			Balanced                                                  bool
		}
	}
	if err := json.Unmarshal([]byte(accounts), &answer); err != nil {
		t.Fatal(err)
	}
	for _, s := range answer.Sources {
		if !s.Balanced || s.Pending != 0 || s.Stored != s.StoredClickHouse || s.Received != s.Stored+s.Duplicate+s.Quarantined {
			t.Errorf("account %+v", s)
		}
	}
}

// tryAll sends the requests of the curl commands that the demo prints.
func tryAll(t *testing.T, output string) {
	t.Helper()
	commands := regexp.MustCompile(`curl -s -H "Authorization: (Bearer \S+)" "?(http\S+?)"?\n`).FindAllStringSubmatch(output, -1)
	if len(commands) != 6 {
		t.Fatalf("the demo offers %d commands, want 6:\n%s", len(commands), output)
	}
	says := map[string]string{ // what an answer must hold
		"/members": `"profile":`, "/consent": `"consent":[{`, "/accounts/": `"members":`,
	}
	for _, c := range commands {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c[2], http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", c[1])
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || !json.Valid(text) {
			t.Errorf("%s: %s, %v: %.200s", c[2], response.Status, err, text)
		}
		if strings.HasSuffix(c[2], "u-100007") && !strings.Contains(string(text), `"conversations":`) {
			t.Errorf("%s has no computed traits: %.300s", c[2], text)
		}
		for part, want := range says {
			if strings.Contains(c[2], part) && !strings.Contains(string(text), want) {
				t.Errorf("%s does not hold %s: %.300s", c[2], want, text)
			}
		}
	}
}

// TestKeysWithoutServer: commands open the folder themselves when no server has it open.
func TestKeysWithoutServer(t *testing.T) {
	dir := t.TempDir()
	secret, err := run(t, "keys", "create", "--kind", "write", "--source", "web", "--quiet", "--data-dir", dir)
	if err != nil || !strings.HasPrefix(secret, "trb_w_") {
		t.Fatalf("%q, %v", secret, err)
	}
	list, err := run(t, "keys", "list", "--data-dir", dir)
	if err != nil || !strings.Contains(list, "web") || strings.Contains(list, strings.TrimSpace(secret)) {
		t.Fatalf("%v\n%s", err, list)
	}
	id := regexp.MustCompile(`(?m)^[0-9a-f]{16}`).FindString(list)
	if out, err := run(t, "keys", "revoke", id, "--data-dir", dir); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if list, err = run(t, "keys", "list", "--data-dir", dir); err != nil || !strings.Contains(list, "revoked") {
		t.Errorf("%v\n%s", err, list)
	}
}

// TestConfigCheckOfSources: each fault of a source is said, whether or not its secrets are at hand.
func TestConfigCheckOfSources(t *testing.T) {
	check := func(sources string) (string, error) {
		t.Helper()
		file := filepath.Join(t.TempDir(), "tributary.yaml")
		if err := os.WriteFile(file, []byte("sources:\n"+sources), 0o600); err != nil {
			t.Fatal(err)
		}
		return run(t, "config", "check", file)
	}
	out, err := check(`
- {name: billing, connector: stripe, settings: {webhook_secret: whsec_itself, colour: red}}
- {name: crm, connector: nosuch}
- {name: shop, file: none.yaml}
`)
	if err == nil {
		t.Fatalf("no error, but:\n%s", out)
	}
	for _, words := range []string{"sources[0] (billing)", "settings.webhook_secret: must say where the secret is", "settings.colour", "sources[1] (crm)", "nosuch", "sources[2] (shop)", "none.yaml"} {
		if !strings.Contains(out, words) {
			t.Errorf("the error does not say %q:\n%s", words, out)
		}
	}
	if strings.Contains(out, "whsec_itself") {
		t.Errorf("the error repeats a secret:\n%s", out)
	}
	if out, err := check("- {name: billing, connector: stripe, settings: {webhook_secret: env:NOT_SET_HERE}}\n"); err != nil {
		t.Errorf("a secret that is not at hand: %s", out)
	}
}

// TestFaultsAreSaid: what a user gets wrong is named, with what to do.
func TestFaultsAreSaid(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.yaml")
	if err := os.WriteFile(bad, []byte("http:\n  lisen: 127.0.0.1:1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		says []string
	}{
		"unknown key":     {[]string{"serve", "--config", bad, "--data-dir", dir}, []string{"lisen"}},
		"foreign engine":  {[]string{"serve", "--engine-listen", "0.0.0.0:8123", "--role", "dance", "--data-dir", dir}, []string{"inspect_listen", "loopback", "dance"}},
		"missing file":    {[]string{"serve", "--config", dir + "/none.yaml"}, []string{"none.yaml"}},
		"missing flag":    {[]string{"keys", "create", "--data-dir", dir}, []string{"kind"}},
		"no such kind":    {[]string{"keys", "create", "--kind", "golden", "--data-dir", dir}, []string{"kind", "read, write, agent or admin"}},
		"no source":       {[]string{"keys", "create", "--kind", "write", "--data-dir", dir}, []string{"source"}},
		"no such command": {[]string{"srve"}, []string{"srve", "serve"}},
		"no mapping":      {[]string{"import", "csv", "x.csv", "--source", "a", "--mapping", dir + "/m.yaml", "--data-dir", dir}, []string{"m.yaml"}},
		"no such place":   {[]string{"quarantine", "show", "first", "--data-dir", dir}, []string{"partition-offset-ordinal"}},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := run(t, c.args...)
			if err == nil {
				t.Fatalf("no error, but:\n%s", out)
			}
			for _, words := range c.says {
				if !strings.Contains(out, words) {
					t.Errorf("the error does not say %q:\n%s", words, out)
				}
			}
		})
	}
}

// TestHelpNamesEveryCommand keeps --help whole.
func TestHelpNamesEveryCommand(t *testing.T) {
	out, err := run(t, "--help")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"serve", "demo", "import", "migrate", "keys", "quarantine", "reconcile", "config", "version"} {
		if !strings.Contains(out, "\n  "+name) {
			t.Errorf("the help does not list %s:\n%s", name, out)
		}
	}
}
