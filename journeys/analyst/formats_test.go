//go:build formats

package analyst_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"tributary/journeys/analyst"
	"tributary/sql/chdb/chdbtest"
)

// formatRows is more than a row group of Parquet has, which is more than a batch of Arrow has.
const formatRows = 70_000

// TestFormatsAreReadByOthers writes one statement's rows in every format, and has the libraries that analysts use read
// them and compare values, types and how many there are with what formats/check.py expects, which was written apart.
func TestFormatsAreReadByOthers(t *testing.T) {
	python := os.Getenv("TRIBUTARY_PYTHON")
	if python == "" {
		t.Fatal("TRIBUTARY_PYTHON: names the Python that has formats/requirements.txt; run make test-formats")
	}
	sql, err := os.ReadFile("formats/everything.sql")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, chdbtest.Engine(t), analyst.Limits{})
	dir := t.TempDir()
	for _, rows := range []int{formatRows, 0} {
		for _, f := range analyst.Formats() {
			w.writeFile(t, filepath.Join(dir, strconv.Itoa(rows)+"."+string(f)), f, string(sql), rows)
		}
		check := exec.CommandContext(t.Context(), python, "formats/check.py", dir, strconv.Itoa(rows))
		if said, err := check.CombinedOutput(); err != nil {
			t.Errorf("%d rows: %v\n%s", rows, err, said)
		} else {
			t.Logf("%s", said)
		}
	}
}

func (w *world) writeFile(t *testing.T, name string, f analyst.Format, sql string, rows int) {
	t.Helper()
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	result, err := w.Run(t.Context(), all("acme"), sql, map[string]any{"rows": json.Number(strconv.Itoa(rows))})
	if err != nil {
		t.Fatal(err)
	}
	defer result.Close()
	if err := result.Write(file, f, 0); err != nil {
		t.Fatalf("%s: %v", f, err)
	}
}
