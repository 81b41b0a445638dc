package importer

import (
	"fmt"
	"maps"
	"strings"
	"time"
	"unicode/utf8"
)

// Report says what an import did; of one that ended early, what of it is durable.
type Report struct {
	Rows   int            `json:"rows"` // events and rejected rows come from them
	Events int            `json:"events"`
	ByName map[string]int `json:"events_by_name"`
	// Rejected rows went to the quarantine; First holds the first of them, at most maxFaults.
	Rejected int        `json:"rejected"`
	First    []RowError `json:"first_rejected,omitempty"`
	// Skipped are rows of Singer streams that the mapping leaves out.
	Skipped int `json:"skipped,omitempty"`
	// ResumedFrom is how many rows an interrupted run had made durable before this one; they are in
	// the figures above. Complete is false when the file was not read to its end.
	ResumedFrom int  `json:"resumed_from"`
	Complete    bool `json:"complete"`
	// Before is set when an earlier run had imported the whole file, and this one did nothing.
	Before *time.Time `json:"imported_before,omitempty"`
	// NeverFilled are columns of the mapping that no row had, where a file does not list its
	// columns: a misspelt name, perhaps.
	NeverFilled []string `json:"never_filled,omitempty"`
	Notes       []string `json:"notes,omitempty"`
	// Seconds and RowsPerSecond are of this run alone.
	Seconds       float64 `json:"seconds"`
	RowsPerSecond float64 `json:"rows_per_second"`
}

const maxFaults = 20

// add adds what a part of the rows came to.
func (r *Report) add(part *Report) {
	r.Rows, r.Events, r.Rejected, r.Skipped = r.Rows+part.Rows, r.Events+part.Events, r.Rejected+part.Rejected, r.Skipped+part.Skipped
	r.First = append(r.First, part.First[:min(len(part.First), maxFaults-len(r.First))]...)
	if r.ByName == nil {
		r.ByName = map[string]int{}
	}
	for name, n := range part.ByName {
		r.ByName[name] += n
	}
	r.NeverFilled = part.NeverFilled
}

func (r *Report) clone() Report {
	c := *r
	c.ByName, c.First = maps.Clone(r.ByName), append([]RowError(nil), r.First...)
	return c
}

// RowError is a row that cannot become events. Nothing of the row is imported.
type RowError struct {
	Row    int    `json:"row"`            // from 1; the header is none
	Line   int    `json:"line,omitempty"` // of a text, on which the row begins, from 1
	Field  string `json:"field"`
	Reason string `json:"reason"`          // repeats no value, for it goes to the quarantine
	Value  string `json:"value,omitempty"` // what the row holds there, where that helps; for the eyes of who owns the file
}

// shownValue bounds how much of a value is shown, in bytes.
const shownValue = 60

// Error tells the value too.
func (e *RowError) Error() string {
	text := fmt.Sprintf("row %d", e.Row)
	if e.Line > 0 {
		text += fmt.Sprintf(" (line %d)", e.Line)
	}
	text += fmt.Sprintf(": %s: %s", e.Field, e.Reason)
	if e.Value != "" {
		text += fmt.Sprintf(" (it is %q)", e.Value)
	}
	return text
}

// owned is a copy that does not refer to the row's buffer, with as much of the value as is shown.
func (e *RowError) owned() RowError {
	c := *e
	if len(c.Value) > shownValue {
		cut := shownValue
		for cut > 0 && !utf8.RuneStart(c.Value[cut]) {
			cut--
		}
		c.Value = c.Value[:cut] + "…"
	}
	c.Value, c.Field = strings.Clone(validText(c.Value)), strings.Clone(c.Field)
	return c
}
