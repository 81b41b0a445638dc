package scaffold

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestSkeletonsPass: what New writes compiles, is vetted, and passes the conformance kit, whichever
// parts it has. The packages are written into the module, since they import it, where ./... does not look.
func TestSkeletonsPass(t *testing.T) {
	if err := os.MkdirAll("testdata", 0o750); err != nil {
		t.Fatal(err)
	}
	root, err := os.MkdirTemp("testdata", "skeleton-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = os.RemoveAll(root)
		_ = os.Remove("testdata") // if nothing else is in it
	})
	arguments := []string{"test"}
	for _, c := range []struct {
		name          string
		webhook, pull bool
	}{{"acme", true, true}, {"acme-hooks", true, false}, {"acme_pull2", false, true}} {
		dir := filepath.Join(root, Package(c.name))
		if err := New(dir, c.name, c.webhook, c.pull); err != nil {
			t.Fatal(err)
		}
		arguments = append(arguments, "./"+filepath.ToSlash(dir))
	}
	if out, err := exec.CommandContext(t.Context(), "go", arguments...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestNewRefuses: what cannot be a connector, and a folder that holds something, are errors and write nothing.
func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct{ webhook, pull bool }{
		"": {true, true}, "Acme": {true, true}, "9lives": {true, true}, "a.b": {true, true}, "acme": {}, "func": {true, false}, "../acme": {true, true},
	} {
		dir := filepath.Join(t.TempDir(), "x")
		if err := New(dir, name, c.webhook, c.pull); err == nil {
			t.Errorf("%q is taken", name)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%q: a folder is made", name)
		}
	}
	dir := t.TempDir()
	kept := filepath.Join(dir, "connector.go")
	if err := os.WriteFile(kept, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := New(dir, "acme", true, true); err == nil {
		t.Error("a folder that holds something is taken")
	}
	if text, err := os.ReadFile(kept); err != nil || string(text) != "mine" {
		t.Errorf("%q, %v", text, err)
	}
}
