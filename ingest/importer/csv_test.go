package importer

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// csvRow is a row, or the fault of one.
type csvRow struct {
	cells []string
	fault bool
	line  int
}

// readCSV reads with the reader under test; open is true if it ends in a quote that is never closed.
func readCSV(t *testing.T, r io.Reader) (rows []csvRow, open bool) {
	t.Helper()
	c := newCSVReader(r, ',')
	for {
		err := c.read()
		if errors.Is(err, io.EOF) {
			return rows, false
		}
		if err != nil {
			if !strings.Contains(err.Error(), "never closed") {
				t.Fatal(err)
			}
			return rows, true
		}
		row := csvRow{fault: c.fault != "", line: c.line}
		if !row.fault {
			row.cells = slices.Clone(c.split())
		}
		rows = append(rows, row)
	}
}

// standardCSV reads the same with the standard library.
func standardCSV(text string) (rows []csvRow, open bool) {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	for {
		cells, err := r.Read()
		var fault *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return rows, false
		case errors.As(err, &fault):
			if _, next := r.Read(); errors.Is(next, io.EOF) && errors.Is(fault, csv.ErrQuote) && unclosed(text, fault.StartLine) {
				return rows, true
			}
			return append(rows, csvRow{fault: true, line: fault.StartLine}), true // they are compared as far as this
		default:
			line, _ := r.FieldPos(0)
			rows = append(rows, csvRow{cells: cells, line: line})
		}
	}
}

// unclosed says whether the row that begins on a line has an odd number of quotes up to the end.
func unclosed(text string, line int) bool {
	for range line - 1 {
		text = text[strings.IndexByte(text, '\n')+1:]
	}
	return strings.Count(text, `"`)%2 == 1
}

func FuzzCSVLikeTheStandardLibrary(f *testing.F) {
	for _, text := range []string{
		"a,b\n1,2\n", "a,\"b\"\"c\"\r\n\r\n,\n", "\"x\ny\",z\n\"open\n", "a\"b,c\nd\n", "\"a\"b\nc\n", "\"a\"\r", "a\r", "\r\n\n\"\",\"\"", "\"a\r\nb\"\n", "\xff,\x00\n", "\"\n", "\"a\"\rb\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "\r") && !plainReturns(text) {
			return // what a lone carriage return before the end of a row is, they do not agree on
		}
		want, ends := standardCSV(text)
		got, _ := readCSV(t, iotest.OneByteReader(strings.NewReader(text)))
		whole, _ := readCSV(t, strings.NewReader(text))
		if !slices.EqualFunc(got, whole, equalRows) {
			t.Fatalf("by bytes %+v, as a whole %+v", got, whole)
		}
		if ends {
			got = got[:min(len(got), len(want))]
		}
		if !slices.EqualFunc(got, want, equalRows) {
			t.Fatalf("%q: rows %+v, want %+v", text, got, want)
		}
	})
}

func plainReturns(text string) bool {
	return strings.Count(text, "\r") == strings.Count(text, "\r\n")
}

func equalRows(a, b csvRow) bool {
	return a.fault == b.fault && a.line == b.line && slices.Equal(a.cells, b.cells)
}

// TestCSVLongRows: a row that is too long is read over to where it ends, in bounded memory.
func TestCSVLongRows(t *testing.T) {
	long := strings.Repeat("long line\n", maxRow/10+firstWindow)
	for name, c := range map[string]struct {
		text string
		rows int
		open bool
	}{
		"quoted":   {"a\n\"" + long + "\"\nb\n", 3, false},
		"plain":    {"a\n" + strings.ReplaceAll(long, "\n", " ") + "\nb\n", 3, false},
		"at end":   {"a\nb\n" + strings.ReplaceAll(long, "\n", " "), 3, false},
		"unclosed": {"a\nb\n\"" + long, 2, true},
	} {
		rows, open := readCSV(t, strings.NewReader(c.text))
		if len(rows) != c.rows || open != c.open {
			t.Errorf("%s: %d rows, unclosed %v", name, len(rows), open)
			continue
		}
		if last := rows[len(rows)-1]; name == "quoted" && (last.line != strings.Count(c.text, "\n") || !rows[1].fault) {
			t.Errorf("%s: the row behind it is on line %d, fault %v", name, last.line, rows[1].fault)
		}
	}
}

func BenchmarkCSV(b *testing.B) {
	var text strings.Builder
	writeCSV(&text, 5000)
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		c := newCSVReader(strings.NewReader(text.String()), ',')
		for c.read() == nil {
			_ = c.split()
		}
	}
}

func BenchmarkCSVStandardLibrary(b *testing.B) {
	var text strings.Builder
	writeCSV(&text, 5000)
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		r := csv.NewReader(strings.NewReader(text.String()))
		r.ReuseRecord = true
		for {
			if _, err := r.Read(); err != nil {
				break
			}
		}
	}
}
