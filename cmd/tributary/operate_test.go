package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tributary/api/admin"
	"tributary/profiles/reconcile"
)

// operator is a running server, and the program's commands on its data folder.
type operator struct {
	*testing.T
	dir, address string
}

func newOperator(t *testing.T) *operator {
	t.Helper()
	o := &operator{T: t, dir: filepath.Join(t.TempDir(), "data"), address: freeAddress(t)}
	cmd, out := command(t, []string{"TRIBUTARY_HTTP_LISTEN=" + o.address}, "serve", "--data-dir", o.dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the server ended with %v:\n%s", err, out.String())
		}
	})
	out.await(t, "ready to serve")
	return o
}

// run runs a command that has to work.
func (o *operator) run(args ...string) string {
	o.Helper()
	out, err := run(o.T, append(args, "--data-dir", o.dir)...)
	if err != nil {
		o.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out
}

// refused runs a command that has to fail and say so.
func (o *operator) refused(words string, args ...string) {
	o.Helper()
	out, err := run(o.T, append(args, "--data-dir", o.dir)...)
	if err == nil || !strings.Contains(out, words) {
		o.Errorf("%v: %v, does not say %q:\n%s", args, err, words, out)
	}
}

func (o *operator) says(out string, words ...string) {
	o.Helper()
	for _, w := range words {
		if !strings.Contains(out, w) {
			o.Errorf("does not say %q:\n%s", w, out)
		}
	}
}

// send sends calls in batches of at most 500 and waits for the answer.
func (o *operator) send(key string, calls []string) {
	o.Helper()
	for len(calls) > 0 {
		n := min(len(calls), 500)
		request, err := http.NewRequestWithContext(o.Context(), http.MethodPost, "http://"+o.address+"/v1/batch",
			strings.NewReader(`{"batch":[`+strings.Join(calls[:n], ",")+`]}`))
		if err != nil {
			o.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.SetBasicAuth(key, "")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			o.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			o.Fatalf("answers %s", response.Status)
		}
		calls = calls[n:]
	}
}

func (o *operator) account() reconcile.Source {
	o.Helper()
	var report reconcile.Report
	if err := json.Unmarshal([]byte(o.run("reconcile", "--source", "web", "--json")), &report); err != nil {
		o.Fatal(err)
	}
	return report.Sources[0]
}

// settled waits until nothing of source web is pending.
func (o *operator) settled() reconcile.Source {
	o.Helper()
	for deadline := time.Now().Add(5 * time.Minute); ; { // without a server every look opens and closes the folder
		if a := o.account(); a.Pending == 0 || time.Now().After(deadline) {
			return a
		}
	}
}

// TestQuarantineAsAnOperatorUsesIt: count, list, show, correct, replay, discard, and the account through it all.
func TestQuarantineAsAnOperatorUsesIt(t *testing.T) {
	o := newOperator(t)
	key := strings.TrimSpace(o.run("keys", "create", "--kind", "write", "--source", "web", "--quiet"))
	good := `{"type":"track","userId":"u-1","event":"order.placed","messageId":"one"}`
	o.send(key, []string{good, good, strings.Replace(good, "placed", "shipped", 1), `{"type":"track","userId":"u-1","messageId":"two"}`, `{"type":"dance"}`, `{}`})
	a := o.settled()
	if a.Received != 6 || a.Stored != 1 || a.Duplicate != 2 || a.Quarantined != 3 || a.Reasons["duplicate"]["conflict"] != 1 {
		t.Fatalf("account %+v", a)
	}
	today := time.Now().UTC().Format(time.DateOnly)
	o.says(o.run("quarantine", "count", "--source", "web", "--since", "24h"), "DAY", "web", "invalid")
	o.says(o.run("quarantine", "list", "--until", "1h"), "nothing in the quarantine")

	var page admin.Items
	if err := json.Unmarshal([]byte(o.run("quarantine", "list", "--reason", "invalid", "--json")), &page); err != nil || len(page.Items) != 3 {
		t.Fatalf("%d items, %v", len(page.Items), err)
	}
	place := page.Items[0].Place
	payload := o.run("quarantine", "show", place, "--payload")
	file := filepath.Join(t.TempDir(), "item.json")
	right := strings.Replace(payload, `"type":"track"`, `"type":"track","event":"order.shipped"`, 1)
	if err := os.WriteFile(file, []byte(right), 0o600); err != nil {
		t.Fatal(err)
	}
	o.refused("--with", "quarantine", "replay", place)
	o.refused("no such file", "quarantine", "replay", place, "--with", file+"x")
	o.refused("is empty", "quarantine", "replay", place, "--with", os.DevNull)
	o.says(o.run("quarantine", "replay", place, "--with", file), `"status": "replayed"`)
	o.refused("the item is replayed", "quarantine", "replay", place, "--with", file)

	o.says(o.run("quarantine", "replay", "--source", "web"), "WOULD BE", "quarantined: not_replayable", "2 items are selected. Nothing was changed; --yes does it.")
	o.says(o.run("quarantine", "discard", "--source", "web", "--since", today), "WOULD BE", "discarded", "--yes")
	if a = o.account(); a.Received != 6 || a.Stored != 2 || a.Quarantined != 2 {
		t.Errorf("after a correction and two rehearsals %+v", a)
	}
	o.says(o.run("quarantine", "discard", "--source", "web", "--yes"), "NOW", "discarded")
	o.says(o.run("quarantine", "discard", "--source", "web", "--yes"), "nothing open")
	if a = o.account(); a.Quarantined != 2 {
		t.Errorf("what is discarded stays counted: %+v", a)
	}

	o.says(o.run("reconcile", "--source", "web", "--expect", today+"=3", "--note", "orders in the shop"), "1 too many here", "orders in the shop", "conflict", "total")
	o.says(o.run("reconcile", "--source", "web", "--expect", today+"=6"), "2 missing here")
	o.says(o.run("reconcile"), "default/web", "2 missing here")
	if out := o.run("reconcile", "--source", "web", "--expect", today+"=none"); strings.Contains(out, "missing") {
		t.Errorf("taken back:\n%s", out)
	}
	for words, args := range map[string][]string{
		"--expect needs --source": {"reconcile", "--expect", today + "=1"},
		"is not DAY=COUNT":        {"reconcile", "--source", "web", "--expect", today + "=many"},
		"--since":                 {"quarantine", "list", "--since", "tomorrow"},
		"is not after --since":    {"quarantine", "list", "--since", "1h", "--until", "2h"},
		"name its place":          {"quarantine", "replay", "--with", file},
		"such a source":           {"reconcile", "--source", "nobody"},
		"must be a day":           {"reconcile", "--since", "1969-01-01"},
	} {
		o.refused(words, args...)
	}
}

// TestSelectionIsTakenUpAgain: a command on a selection is killed in the middle; a second run does the
// rest, and nothing twice.
func TestSelectionIsTakenUpAgain(t *testing.T) {
	o := newOperator(t)
	key := strings.TrimSpace(o.run("keys", "create", "--kind", "write", "--source", "web", "--quiet"))
	const items = 4000
	var calls []string
	for i := range items {
		calls = append(calls, fmt.Sprintf(`{"type":"dance","messageId":"m-%d"}`, i))
	}
	o.send(key, calls)
	if a := o.settled(); a.Quarantined != items {
		t.Fatalf("account %+v", a)
	}
	count := func(status string) (n uint64) {
		t.Helper()
		var counts []admin.ItemCount
		if err := json.Unmarshal([]byte(o.run("quarantine", "count", "--status", status, "--json")), &counts); err != nil {
			t.Fatal(err)
		}
		for _, c := range counts {
			n += c.Items
		}
		return n
	}
	cmd, _ := command(t, nil, "quarantine", "discard", "--yes", "--data-dir", o.dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Minute); count("discarded") == 0 && time.Now().Before(deadline); {
		continue
	}
	_ = cmd.Process.Kill() // it may have come to its end
	_ = cmd.Wait()
	rest := o.run("quarantine", "discard", "--yes", "--json")
	if open, discarded := count("open"), count("discarded"); open != 0 || discarded != items {
		t.Errorf("%d open, %d discarded; the second run: %s", open, discarded, rest)
	}
	if a := o.settled(); a.Received != items || a.Quarantined != items || !a.Balanced {
		t.Errorf("account %+v", a)
	}
	if commands := o.run("quarantine", "list", "--source", "tributary.command", "--status", ""); !strings.Contains(commands, "nothing in the quarantine") {
		t.Errorf("commands that could not be carried out:\n%s", commands)
	}
}

// TestReplayIsTakenUpAgain: a copy of a history is killed in the middle; nobody can serve the folder until
// a second run has done the rest, and then it has the same accounts.
func TestReplayIsTakenUpAgain(t *testing.T) {
	o := newOperator(t)
	key := strings.TrimSpace(o.run("keys", "create", "--kind", "write", "--source", "web", "--quiet"))
	var calls []string
	for i := range 8_000 {
		calls = append(calls, fmt.Sprintf(`{"type":"track","userId":"u-%d","event":"E","messageId":"m-%d"}`, i%100, i%7_600))
	}
	o.send(key, append(calls, `{"type":"dance"}`))
	want := o.settled()

	into := filepath.Join(t.TempDir(), "copy")
	args := []string{"replay", "--from", o.dir, "--into", into, "--source", "web"}
	cmd, _ := command(t, nil, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); {
		if _, err := os.Stat(filepath.Join(into, "log")); err == nil {
			break
		}
	}
	_ = cmd.Process.Kill() // it may have come to its end
	_ = cmd.Wait()
	if out, err := run(t, "reconcile", "--data-dir", into); err != nil && !strings.Contains(out, "tributary replay again") {
		t.Errorf("a folder that is not whole: %v\n%s", err, out)
	}
	out, err := run(t, args...)
	if err != nil || !strings.Contains(out, "8001 records are copied") || !strings.Contains(out, "config.put") {
		t.Fatalf("%v\n%s", err, out)
	}
	copied := &operator{T: t, dir: into}
	got := copied.settled()
	if got.Received != want.Received || got.Stored != want.Stored || got.Duplicate != want.Duplicate || got.Quarantined != want.Quarantined || !got.Balanced {
		t.Errorf("the copy has %+v, want %+v", got.Account, want.Account)
	}
	for words, args := range map[string][]string{
		"another choice":    {"replay", "--from", o.dir, "--into", into},
		"is no data folder": {"replay", "--from", t.TempDir(), "--into", filepath.Join(t.TempDir(), "x")},
		"--since":           {"replay", "--from", o.dir, "--into", into, "--since", "7d"},
		"required flag":     {"replay", "--from", o.dir},
	} {
		if out, err := run(t, args...); err == nil || !strings.Contains(out, words) {
			t.Errorf("%v: %v, does not say %q:\n%s", args, err, words, out)
		}
	}
}
