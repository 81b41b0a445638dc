package declarative

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"tributary/ingest/connector/kit"
)

// The example passes the conformance kit with the samples beside it. With the flag -update its golden
// files are written anew.
func TestExample(t *testing.T) {
	const folder = "examples/acmedesk"
	f, err := Load(folder + "/connector.yaml")
	if err != nil {
		t.Fatal(err)
	}
	subject := f.Subject(os.DirFS(folder + "/samples"))
	if update := flag.Lookup("update"); update != nil && update.Value.String() == "true" {
		files, err := kit.Golden(t.Context(), subject)
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range files {
			if err := os.WriteFile(filepath.Join(folder, "samples", filepath.FromSlash(name)), text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, r := range kit.Check(t.Context(), subject) {
		for _, found := range r.Findings {
			t.Errorf("%s: %s", r.Name, found)
		}
		if r.Blocked != "" {
			t.Errorf("%s: not checked, for %s", r.Name, r.Blocked)
		}
	}
}
