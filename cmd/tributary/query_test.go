package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"tributary/api/statement"
)

func TestParamsOfAStatement(t *testing.T) {
	got, err := params("param", []string{"since=2026-03-01", "empty=", "formula=a=b", `list=["a","it's"]`})
	want := statement.Params{"since": "2026-03-01", "empty": "", "formula": "a=b", "list": []any{"a", "it's"}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v, want %v", got, err, want)
	}
	for _, wrong := range [][]string{{"since"}, {"=1"}, {"a=1", "a=2"}, {"a=[1"}} {
		if _, err := params("param", wrong); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}

// TestStatementIsReadOnce: from the argument, a file or standard input.
func TestStatementIsReadOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "s.sql")
	if err := os.WriteFile(file, []byte("SELECT 2"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args       []string
		file, want string
	}{{[]string{"SELECT 1"}, "", "SELECT 1"}, {nil, file, "SELECT 2"}, {nil, "-", "SELECT 3"}, {nil, "", "SELECT 3"}} {
		if got, err := readStatement(strings.NewReader("SELECT 3"), tt.args, tt.file); err != nil || got != tt.want {
			t.Errorf("%v %s: %q, %v, want %q", tt.args, tt.file, got, err, tt.want)
		}
	}
	if _, err := readStatement(strings.NewReader(""), []string{"SELECT 1"}, file); err == nil {
		t.Error("two statements are taken")
	}
}

// TestTableHoldsNothingThatMovesATerminal: what others wrote cannot.
func TestTableHoldsNothingThatMovesATerminal(t *testing.T) {
	const answer = `{"columns":[{"name":"a"},{"name":"b"}],"rows":[["x\u001b[2J\ny",12345678901234567890],[null,["\u009b"]]],"truncated":true}`
	var out strings.Builder
	err := asTable(&out, func(w io.Writer) error {
		_, err := io.WriteString(w, answer)
		return err
	})
	const want = "a              b\n\"x\\x1b[2J\\ny\"  12345678901234567890\n               [\"\uFFFD\"]\n… there are more than 2 rows\n"
	if err != nil || out.String() != want {
		t.Errorf("%v, %q, want %q", err, out.String(), want)
	}
}

// TestOutIsThereWhole, or as it was.
func TestOutIsThereWhole(t *testing.T) {
	dir := t.TempDir()
	f := rowsFlags{format: "csv", out: filepath.Join(dir, "out.csv")}
	broken := errors.New("the answer broke off")
	for i, tt := range []struct {
		err  error
		want string
	}{{nil, "rows 0"}, {broken, "rows 0"}, {nil, "rows 2"}} {
		err := f.write(&cobra.Command{}, func(w io.Writer) error {
			_, err := fmt.Fprint(w, "rows ", i)
			return errors.Join(err, tt.err)
		})
		if !errors.Is(err, tt.err) {
			t.Errorf("%d: %v", i, err)
		}
		if text, err := os.ReadFile(f.out); err != nil || string(text) != tt.want {
			t.Errorf("%d: the file holds %q, %v", i, text, err)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%v, %v are left", files, err)
	}
}
