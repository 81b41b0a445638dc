package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// execute runs a command line; it returns what is printed and the error's text.
func execute(t *testing.T, args ...string) (printed, fault string) {
	t.Helper()
	var out bytes.Buffer
	root := newRoot()
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(args)
	if err := root.ExecuteContext(t.Context()); err != nil {
		fault = err.Error()
	}
	return out.String(), fault
}

// TestWrongUseIsRefused: a mistyped line fails and says why, and makes no data folder.
func TestWrongUseIsRefused(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	mapping := filepath.Join(t.TempDir(), "mapping.yaml")
	if err := os.WriteFile(mapping, []byte("colour: blue\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	in := []string{"--data-dir", none}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"keyz"}, "unknown command"},
		{[]string{"keys", "lst"}, "did you mean list?"},
		{[]string{"import", "xml", "x"}, "unknown command"},
		{[]string{"quarantine", "empty"}, "unknown command"},
		{append([]string{"keys", "list"}, in...), "there is no data folder"},
		{append([]string{"keys", "revoke", "x"}, in...), "there is no data folder"},
		{append([]string{"reconcile"}, in...), "there is no data folder"},
		{append([]string{"quarantine", "list"}, in...), "there is no data folder"},
		{append([]string{"query", "SELECT 1"}, in...), "there is no data folder"},
		{append([]string{"query", "SELECT 1", "--format", "xml"}, in...), "--format"},
		{append([]string{"query", "SELECT 1", "--format", "csv", "--max-rows", "1"}, in...), "--max-rows"},
		{append([]string{"query", "SELECT 1", "--param", "a"}, in...), "--param a"},
		{[]string{"identity", "explian"}, "unknown command"},
		{[]string{"identity", "rules", "put"}, "unknown command"},
		{append([]string{"identity", "explain"}, in...), "arg(s)"},
		{append([]string{"identity", "explain", "user_id:1"}, in...), "there is no data folder"},
		{append([]string{"identity", "preview"}, in...), "rules"},
		{append([]string{"identity", "preview", "--rules", none}, in...), "read rules"},
		{append([]string{"identity", "rules", "set", mapping}, in...), "colour: there is no such key"},
		{append([]string{"keys", "create", "--kind", "read", "--expires", "-1h"}, in...), "--expires"},
		{append([]string{"keys", "create"}, in...), "kind"},
		{[]string{"schema", "sett"}, "unknown command"},
		{append([]string{"schema", "set", "shop"}, in...), "policy: is required"},
		{append([]string{"schema", "set", "shop", "E"}, in...), "FILE is missing"},
		{append([]string{"schema", "set", "shop", "E", none}, in...), "read schema"},
		{append([]string{"schema", "set", "shop", "E", mapping}, in...), "schema: is not JSON"},
		{append([]string{"schema", "show", "shop", "--json-schema"}, in...), "EVENT"},
		{append([]string{"schema", "drift", "shop", "--since", "monday"}, in...), "--since"},
		{append([]string{"schema", "list"}, in...), "there is no data folder"},
		{append([]string{"import", "csv", "x.csv", "--source", "Desk", "--mapping", "../../ingest/importer/examples/helpdesk-tickets.yaml"}, in...), "--source"},
		{append([]string{"import", "csv", "x.csv", "--source", "desk", "--mapping", none}, in...), "--mapping"},
		{append([]string{"import", "csv", "x.csv", "--source", "desk", "--mapping", mapping}, in...), "colour"},
	} {
		if _, fault := execute(t, tt.args...); !strings.Contains(fault, tt.want) {
			t.Errorf("%v: %q does not say %q", tt.args, fault, tt.want)
		}
	}
	if _, err := os.Stat(none); !os.IsNotExist(err) {
		t.Error("a data folder was made")
	}
}

func TestHelpIsThereForEveryCommand(t *testing.T) {
	for _, cmd := range newRoot().Commands() {
		if cmd.Hidden {
			continue
		}
		printed, fault := execute(t, cmd.Name(), "--help")
		if fault != "" || !strings.Contains(printed, "Usage:") || strings.Contains(printed, "--config tributary") {
			t.Errorf("%s: %s\n%s", cmd.Name(), fault, printed)
		}
	}
}
