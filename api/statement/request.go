package statement

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"tributary/ingest/event"
	"tributary/journeys/analyst"
)

// Bounds of an answer in JSON, in rows.
const (
	DefaultRows = 10_000
	MaxRows     = 100_000
)

// Request is a statement with its parameters.
type Request struct {
	SQL    string `json:"sql"`
	Params Params `json:"params,omitempty"`
	// Format is how the rows are written. Default JSON.
	Format analyst.Format `json:"format,omitempty"`
	// MaxRows bounds an answer in JSON, which says whether it was cut. Default DefaultRows, at most MaxRows.
	MaxRows uint64 `json:"max_rows,omitempty"`
}

// Params are values by the names of parameters. Numbers keep every digit.
type Params map[string]any

// UnmarshalJSON implements json.Unmarshaler.
func (p *Params) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode((*map[string]any)(p))
}

// Validate reports every fault as event.Errors.
func (r *Request) Validate() error {
	var faults event.Errors
	if strings.TrimSpace(r.SQL) == "" {
		faults.Add("sql", "is required")
	}
	if r.Format != "" && !r.Format.Known() {
		faults.Add("format", fmt.Sprintf("must be one of %v", analyst.Formats()))
	}
	if r.MaxRows > MaxRows {
		faults.Add("max_rows", fmt.Sprintf("must be 1 to %d; CSV, Arrow and Parquet have no such bound", MaxRows))
	}
	return faults.Err()
}

// most is how many rows are written; 0: all.
func (r *Request) most() uint64 {
	switch {
	case r.Format != analyst.FormatJSON && r.Format != "":
		return 0
	case r.MaxRows == 0:
		return DefaultRows
	}
	return r.MaxRows
}
