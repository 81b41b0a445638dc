package analyst

import (
	"fmt"
	"io"
	"slices"
)

// Format is how a result is written.
type Format string

// The formats.
const (
	FormatJSON    Format = "json"
	FormatCSV     Format = "csv"
	FormatArrow   Format = "arrow" // Arrow IPC, streaming
	FormatParquet Format = "parquet"
)

// formats are their media types.
var formats = map[Format]string{
	FormatJSON: "application/json", FormatCSV: "text/csv; charset=utf-8; header=present",
	FormatArrow: "application/vnd.apache.arrow.stream", FormatParquet: "application/vnd.apache.parquet",
}

// Formats lists the formats.
func Formats() []Format { return []Format{FormatJSON, FormatCSV, FormatArrow, FormatParquet} }

// Known says whether it is one of Formats.
func (f Format) Known() bool { return slices.Contains(Formats(), f) }

// MediaType is the Content-Type of what is written.
func (f Format) MediaType() string { return formats[f] }

// encoder writes a result. Memory is bounded by a batch of rows, of Parquet by a row group.
type encoder interface {
	row(values []any) error
	// end writes what follows the last row; truncated: there were more.
	end(truncated bool) error
}

// Write writes the rows of a result. most bounds how many; 0: all. What stands in a result is its rows', so that
// no error of it repeats any.
func (r *Result) Write(w io.Writer, f Format, most uint64) error {
	e, err := newEncoder(w, f, r.Columns)
	if err != nil {
		return err
	}
	values := make([]any, len(r.Columns))
	truncated := false
	for {
		more, err := r.Next(values)
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if most > 0 && r.read > most {
			truncated = true
			break
		}
		if err := e.row(values); err != nil {
			return fmt.Errorf("write a row: %w", err)
		}
	}
	return e.end(truncated)
}

func newEncoder(w io.Writer, f Format, columns []ResultColumn) (encoder, error) {
	switch f {
	case FormatCSV:
		return newCSV(w, columns)
	case FormatArrow:
		return newArrow(w, columns)
	case FormatParquet:
		return newParquet(w, columns)
	case FormatJSON:
	}
	return newJSON(w, columns)
}
