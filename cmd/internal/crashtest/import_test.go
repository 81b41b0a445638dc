package crashtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCrashDuringImport kills the server in the middle of an import, which then fails, and begins
// the import again: no row of the file is lost or there twice.
func TestCrashDuringImport(t *testing.T) {
	const rows = 8_000
	r := newRand(t)
	p := newProgram(t)
	p.start()
	p.awaitReady()
	failed := 0
	for range 3 {
		imported := p.startImport(t, rows)
		select {
		case err := <-imported.done:
			if err != nil {
				t.Fatalf("import: %v\n%s", err, imported.out.String())
			}
		case <-time.After(time.Duration(50+r.IntN(500)) * time.Millisecond):
			p.kill()
			if <-imported.done != nil {
				failed++
			}
			p.start()
			p.awaitReady()
		}
	}
	p.startImport(t, rows).ends(t)
	p.awaitDrained()
	checkImport(t, p, rows)
	noRowTwice(t, p)
	t.Logf("%d imports failed", failed)
	p.stop()
}

// checkImport sees that each row of the imported file is there once.
func checkImport(t *testing.T, p *program, rows int) {
	t.Helper()
	if n := p.query("SELECT uniqExact(message_id), count() FROM events WHERE source = 'files'")[0]; number(t, n[0]) != rows || n[1] != n[0] {
		t.Errorf("of %d imported events %s are there, in %s rows", rows, n[0], n[1])
	}
	a := p.accounts()["files"]
	if a.Stored != rows || a.Quarantined == 0 || a.sum() != a.Received {
		t.Errorf("%d rows and a bad one were imported, but the accounts are %+v", rows, a)
	}
}

// running is an import that runs.
type running struct {
	out  strings.Builder
	done chan error
}

// startImport starts to bring in a file over the bulk lane. Its last row is no event.
func (p *program) startImport(t *testing.T, rows int) *running {
	t.Helper()
	dir := t.TempDir()
	const mapping = `version: 1
row_id: id
time: {layouts: ["2006-01-02 15:04:05"], zone: UTC}
identifiers: {email: mail}
events:
  - name: order.placed
    at: [when]
    properties: [id]
`
	var table strings.Builder
	table.WriteString("id,mail,when\n")
	for n := range rows {
		fmt.Fprintf(&table, "%d,buyer%d@example.com,%s\n", n, n%50, begin.Add(time.Duration(n)*time.Minute).Format(time.DateTime))
	}
	table.WriteString("bad,buyer@example.com,tomorrow\n")
	for name, content := range map[string]string{"mapping.yaml": mapping, "rows.csv": table.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	cmd := exec.CommandContext(ctx, binary, "import", "csv", "--source", "files",
		"--mapping", filepath.Join(dir, "mapping.yaml"), "--data-dir", p.data, filepath.Join(dir, "rows.csv"))
	r := &running{done: make(chan error, 1)}
	cmd.Env, cmd.Stdout, cmd.Stderr = p.env, &r.out, &r.out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer cancel()
		r.done <- cmd.Wait()
	}()
	return r
}

// waits sees that the import does not come to its end.
func (r *running) waits(t *testing.T) {
	t.Helper()
	select {
	case err := <-r.done:
		t.Fatalf("the import ended while there was no room for it: %v\n%s", err, r.out.String())
	case <-time.After(2 * time.Second):
	}
}

func (r *running) ends(t *testing.T) {
	t.Helper()
	if err := <-r.done; err != nil {
		t.Fatalf("import: %v\n%s", err, r.out.String())
	}
}
