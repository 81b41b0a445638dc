package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCommitmentsFromTheCommandLine lists a promise that came with a file, without a server.
func TestCommitmentsFromTheCommandLine(t *testing.T) {
	dir := t.TempDir()
	data, calls := filepath.Join(dir, "data"), filepath.Join(dir, "calls.jsonl")
	const promise = `{"type":"track","messageId":"1","userId":"u-1","event":"commitment.made","timestamp":"2026-03-01T12:00:00Z","properties":
		{"commitment_id":"p-1","kind":"refund","text":"A refund","due_at":"2026-03-06T12:00:00Z","amount":25,"currency":"EUR","author_role":"human"}}`
	if err := os.WriteFile(calls, []byte(strings.ReplaceAll(promise, "\n", "")), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args       []string
		has, hasNo string
		fails      bool
	}{
		{args: []string{"import", "jsonl", "--source", "crm", calls}},
		{args: []string{"commitments", "list"}, has: `"A refund"`},
		{args: []string{"commitments", "list"}, has: "25.00 EUR"},
		{args: []string{"commitments", "list", "--json"}, has: `"id": "p-1"`},
		{args: []string{"commitments", "list", "--due-before", "2026-03-06T12:00:00Z"}, has: "STATUS", hasNo: "p-1"},
		{args: []string{"commitments", "list", "--due-before", "Friday"}, has: "--due-before", fails: true},
		{args: []string{"commitments", "list", "--status", "due"}, has: "status", fails: true},
	} {
		out, err := run(t, append(c.args, "--data-dir", data)...)
		if (err != nil) != c.fails || !strings.Contains(out, c.has) || c.hasNo != "" && strings.Contains(out, c.hasNo) {
			t.Errorf("%v: %v\n%s", c.args, err, out)
		}
	}
}
