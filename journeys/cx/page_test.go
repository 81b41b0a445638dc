package cx

import (
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write METRICS.md")

// TestPageIsFresh: METRICS.md is what the registry says.
func TestPageIsFresh(t *testing.T) {
	if *update {
		if err := os.WriteFile("METRICS.md", []byte(Page()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile("METRICS.md")
	if err != nil || string(text) != Page() {
		t.Errorf("METRICS.md is not what the registry says (%v): go test ./journeys/cx -run Page -update", err)
	}
}
