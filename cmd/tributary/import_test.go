package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const testMapping = `version: 1
row_id: id
identifiers: {email: mail}
events:
  - name: order.placed
    at: [when]
    properties: [id]
`

// importFiles writes a mapping and a table whose last row is no event.
func importFiles(t *testing.T, rows int) (mapping, table string) {
	t.Helper()
	dir := t.TempDir()
	mapping, table = filepath.Join(dir, "mapping.yaml"), filepath.Join(dir, "orders.csv")
	var text strings.Builder
	text.WriteString("id,mail,when\n")
	for n := range rows {
		fmt.Fprintf(&text, "%d,buyer%d@example.com,%s\n", n, n%50, time.Unix(int64(1_700_000_000+60*n), 0).UTC().Format(time.RFC3339))
	}
	text.WriteString("bad,buyer@example.com,tomorrow\n")
	for path, content := range map[string]string{mapping: testMapping, table: text.String()} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return mapping, table
}

// account is what reconcile says of a source.
type account struct {
	Source                                            string
	Received, Pending, Stored, Duplicate, Quarantined int
	StoredClickHouse                                  int `json:"stored_clickhouse"`
	Balanced                                          bool
}

func accountOf(t *testing.T, dir, source string) account {
	t.Helper()
	text, err := run(t, "reconcile", "--json", "--data-dir", dir)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var answer struct{ Sources []account }
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatal(err)
	}
	for _, a := range answer.Sources {
		if a.Source == source {
			return a
		}
	}
	t.Fatalf("no source %s in %s", source, text)
	return account{}
}

// TestImportKilledGoesOn kills an import in its middle, with nothing to clean up after it: the same
// command then goes on, and every row is there once. A third one has nothing to do.
func TestImportKilledGoesOn(t *testing.T) {
	const rows = 60_000
	mapping, table := importFiles(t, rows)
	dir, report := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "report.json")
	args := []string{"import", "csv", "--source", "shop", "--mapping", mapping, "--data-dir", dir, "--report", report, table}
	cmd, out := command(t, nil, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(time.Millisecond) {
		if kept, _ := filepath.Glob(filepath.Join(dir, "imports", "*.json")); len(kept) > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("no progress is kept:\n%s", out.String())
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	printed, err := run(t, args...)
	if err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	var told struct {
		Files []struct {
			Rows, Events, Rejected int
			ResumedFrom            int `json:"resumed_from"`
			Complete               bool
			ByName                 map[string]int `json:"events_by_name"`
		}
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &told); err != nil {
		t.Fatal(err)
	}
	if f := told.Files[0]; f.ResumedFrom == 0 || f.Rows != rows+1 || f.Events != rows || f.Rejected != 1 || !f.Complete || f.ByName["order.placed"] != rows {
		t.Errorf("report %s", text)
	}
	if !strings.Contains(printed, "went on after row") || !strings.Contains(printed, "when: is not a time") {
		t.Errorf("printed:\n%s", printed)
	}
	a := accountOf(t, dir, "shop")
	if a.Stored != rows || a.StoredClickHouse != rows || a.Quarantined != 1 || a.Pending != 0 || !a.Balanced {
		t.Errorf("account %+v", a)
	}
	printed, err = run(t, args...)
	if again := accountOf(t, dir, "shop"); err != nil || !strings.Contains(printed, "imported before") || again.Received != a.Received {
		t.Errorf("%v, %+v, printed:\n%s", err, again, printed)
	}
}

// TestImportSingerPipe: states come out behind the rows before them, and alone.
func TestImportSingerPipe(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	mapping := filepath.Join(t.TempDir(), "streams.yaml")
	const streams = "version: 1\nstreams:\n  users:\n    identifiers: {email: email}\n    events: [{name: contact.updated, type: identify, record: {}}]\n"
	if err := os.WriteFile(mapping, []byte(streams), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd, _ := command(t, nil, "import", "singer", "--source", "crm", "--mapping", mapping, "--data-dir", dir)
	var states, told bytes.Buffer
	cmd.Stdout, cmd.Stderr = &states, &told
	cmd.Stdin = strings.NewReader(`{"type":"SCHEMA","stream":"users","schema":{},"key_properties":["id"]}
{"type":"RECORD","stream":"users","record":{"id":1,"email":"ada@example.com"}}
{"type":"STATE","value":{"users":1}}
no message
{"type":"RECORD","stream":"users","record":{"id":2,"email":"ben@example.com"}}
{"type":"STATE","value":{"users":2}}
`)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, told.String())
	}
	lines := strings.Split(strings.TrimSpace(states.String()), "\n")
	if lines[len(lines)-1] != `{"users":2}` || !strings.Contains(told.String(), "3 rows: 2 events sent, 1 rows rejected") {
		t.Errorf("states %q, told:\n%s", states.String(), told.String())
	}
	if a := accountOf(t, dir, "crm"); a.Stored != 2 || a.Quarantined != 1 || !a.Balanced {
		t.Errorf("account %+v", a)
	}
}

// TestImportDryRun shows what a file would become, and makes no data folder.
func TestImportDryRun(t *testing.T) {
	mapping, table := importFiles(t, 50)
	none := filepath.Join(t.TempDir(), "none")
	printed, fault := execute(t, "import", "csv", "--source", "shop", "--mapping", mapping, "--data-dir", none, "--dry-run", table)
	for _, words := range []string{"51 rows: 50 events would be sent, 1 rows rejected", "50 order.placed", `row 51 (line 52): when: is not a time`, `"tomorrow"`} {
		if fault != "" || !strings.Contains(printed, words) {
			t.Errorf("%s: does not say %q:\n%s", fault, words, printed)
		}
	}
	if _, err := os.Stat(none); !os.IsNotExist(err) {
		t.Error("a data folder was made")
	}
}

// TestImportChecksAllFilesFirst: nothing is sent when one of several files cannot be.
func TestImportChecksAllFilesFirst(t *testing.T) {
	mapping, table := importFiles(t, 50)
	other := filepath.Join(t.TempDir(), "other.csv")
	if err := os.WriteFile(other, []byte("id,e-mail,when\n1,a@example.com,2024-01-01T00:00:00Z\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(t.TempDir(), "none")
	_, fault := execute(t, "import", "csv", "--source", "shop", "--mapping", mapping, "--data-dir", none, table, other, t.TempDir())
	for _, words := range []string{`other.csv: mapping names column "mail"`, "is a folder", `"e-mail"`} {
		if !strings.Contains(fault, words) {
			t.Errorf("does not say %q: %s", words, fault)
		}
	}
	if _, err := os.Stat(none); !os.IsNotExist(err) {
		t.Error("a data folder was made")
	}
}

// TestImportNeedsItsWorkspace: what is brought in for a workspace that nobody made, or that is closed, is
// refused, with what to do, and nothing of it is kept; made, it comes in.
func TestImportNeedsItsWorkspace(t *testing.T) {
	mapping, table := importFiles(t, 3)
	dir := filepath.Join(t.TempDir(), "data")
	list := filepath.Join(t.TempDir(), "list.csv")
	if err := os.WriteFile(list, []byte("contact\nada@example.com\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := run(t, "keys", "create", "--kind", "read", "--data-dir", dir); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	csv := []string{"import", "csv", "--source", "shop", "--mapping", mapping, "--workspace", "shop-de", "--data-dir", dir, table}
	suppression := []string{"import", "suppression", "--workspace", "shop-de", "--data-dir", dir, list}
	refused := func(words string) {
		t.Helper()
		for _, args := range [][]string{csv, suppression} {
			if out, err := run(t, args...); err == nil || !strings.Contains(out, words) {
				t.Errorf("%v: %v, does not say %q:\n%s", args[:2], err, words, out)
			}
		}
	}
	refused("tributary workspaces create shop-de")
	do := func(args ...string) {
		t.Helper()
		if out, err := run(t, append(args, "--data-dir", dir)...); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	do("workspaces", "create", "shop-de")
	do("workspaces", "close", "shop-de")
	refused("tributary workspaces reopen shop-de")
	do("workspaces", "reopen", "shop-de")
	for _, args := range [][]string{csv, suppression} {
		if out, err := run(t, args...); err != nil {
			t.Errorf("%v: %v\n%s", args[:2], err, out)
		}
	}
	if a := accountOf(t, dir, "shop"); a.Received == 0 || !a.Balanced {
		t.Errorf("the import came to %+v", a)
	}
}
