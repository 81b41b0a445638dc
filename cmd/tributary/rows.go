package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"

	"tributary/api/statement"
	"tributary/journeys/analyst"
)

// formatTable is for people: what JSON holds, in columns.
const formatTable = "table"

// rowsFlags say what a statement is given, and how and where its rows are written.
type rowsFlags struct {
	format, out string
	params      []string
	maxRows     uint64
}

func (f *rowsFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.format, "format", "", "table, json, csv, arrow (IPC stream) or parquet (default: that of the ending of --out, else table)")
	flags.StringVar(&f.out, "out", "", "write to this `file`, and over it once the answer is whole (default: standard output)")
	flags.StringArrayVar(&f.params, "param", nil, "`name=value` of a parameter of the statement; several times")
	flags.Uint64Var(&f.maxRows, "max-rows", 0, fmt.Sprintf("bound of table and json, up to %d (default %d)", statement.MaxRows, statement.DefaultRows))
}

// byEnding are the formats of files.
var byEnding = map[string]string{".json": "json", ".csv": "csv", ".arrow": "arrow", ".arrows": "arrow", ".parquet": "parquet"}

// request says what the server is asked for.
func (f *rowsFlags) request(cmd *cobra.Command) (p statement.Params, format analyst.Format, most uint64, err error) {
	f.format = cmp.Or(f.format, byEnding[filepath.Ext(f.out)], formatTable)
	format = analyst.Format(f.format)
	if f.format == formatTable {
		format = analyst.FormatJSON
	}
	stdout, _ := cmd.OutOrStdout().(*os.File)
	switch {
	case !format.Known():
		err = fmt.Errorf("--format: must be table or one of %v", analyst.Formats())
	case f.maxRows > 0 && format != analyst.FormatJSON:
		err = errors.New("--max-rows: is for table and json alone; write LIMIT into the statement")
	case f.out == "" && stdout != nil && isTerminal(stdout) && (format == analyst.FormatArrow || format == analyst.FormatParquet):
		err = fmt.Errorf("--format %s: is no text; give --out, or send the output elsewhere", format)
	}
	if err != nil {
		return nil, "", 0, err
	}
	p, err = params("param", f.params)
	return p, format, f.maxRows, err
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// write has ask write rows, to standard output or a file.
func (f *rowsFlags) write(cmd *cobra.Command, ask func(io.Writer) error) error {
	if f.format == formatTable {
		text := ask
		ask = func(w io.Writer) error { return asTable(w, text) }
	}
	if f.out == "" {
		return ask(cmd.OutOrStdout())
	}
	file, err := os.CreateTemp(filepath.Dir(f.out), filepath.Base(f.out)+".*.part") // readable by this user alone
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	err = ask(file)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), f.out)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return nil
}

// rowsOf is an answer in JSON.
type rowsOf struct {
	Columns []struct{ Name string }
	Rows    [][]any
	// Truncated: there were more.
	Truncated bool
}

// asTable writes an answer in JSON in columns.
func asTable(w io.Writer, ask func(io.Writer) error) error {
	var text bytes.Buffer
	if err := ask(&text); err != nil {
		return err
	}
	var answer rowsOf
	d := json.NewDecoder(&text)
	d.UseNumber()
	if err := d.Decode(&answer); err != nil {
		return fmt.Errorf("read answer of server: %w", err)
	}
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	cells := make([]string, len(answer.Columns))
	for i, column := range answer.Columns {
		cells[i] = column.Name
	}
	fmt.Fprintln(t, strings.Join(cells, "\t"))
	for _, row := range answer.Rows {
		for i, value := range row {
			cells[i] = cell(value)
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	if answer.Truncated {
		fmt.Fprintf(t, "… there are more than %d rows\n", len(answer.Rows))
	}
	return t.Flush()
}

// cell is a value for a terminal: text in which anything is that moves it stands in quotation marks.
func cell(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case string:
		if quoted := strconv.Quote(v); quoted != `"`+v+`"` {
			return quoted
		}
		return v
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "?"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, string(text))
}
