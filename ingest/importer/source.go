package importer

import (
	"context"
	"time"
)

// source is a file, or pipe, as events.
type source interface {
	// next reads a row and adds its events to b, and counts it there. It returns io.EOF after the
	// last row, a *RowError for one that makes no events, after which the next can be read, and any
	// other error when the rest cannot be read.
	next(b *batch) error
	// payload is the row that next refused, as JSON, for the quarantine.
	payload() []byte
	// skip reads over n rows.
	skip(ctx context.Context, n int) error
	// position is how many rows have been read or skipped.
	position() int
	// neverFilled are columns of the mapping that no row had so far, where that cannot be told
	// beforehand.
	neverFilled() []string
	// notes are for people, at the end.
	notes() []string
}

// row is one row of a table.
type row struct {
	number int // from 1
	values []value
	// Of a Singer record: its name by the key of its stream, its version, when the tap saw it, and
	// whether the source says that it is gone.
	id        string
	version   string
	extracted time.Time
	deleted   bool
}

// table is a file of rows with named columns.
type table interface {
	// read sets the wanted columns of the next row; errors are as those of source.next.
	read(values []value) error
	skip(ctx context.Context, n int) error
	payload() []byte
	// at is the number of the row that was read, from 1, and its line, if it has one.
	at() (number, line int)
}

// tableSource makes events of a table by a mapping.
type tableSource struct {
	table
	mapper *mapper
	row    row
}

func newTableSource(t table, m *mapper) *tableSource {
	return &tableSource{table: t, mapper: m, row: row{values: make([]value, len(m.columns))}}
}

func (s *tableSource) next(b *batch) error {
	err := s.read(s.row.values)
	var line int
	s.row.number, line = s.at()
	if err == nil {
		err = s.mapper.row(&s.row, b)
	}
	if err == nil {
		b.part.Rows++
		return nil
	}
	return placed(err, s.row.number, line)
}

// placed gives a *RowError its place; other errors pass.
func placed(err error, number, line int) error {
	if fault, ok := err.(*RowError); ok { //nolint:errorlint // it is made here, and never wrapped
		fault.Row, fault.Line = number, line
	}
	return err
}

func (s *tableSource) position() int {
	number, _ := s.at()
	return number
}

func (s *tableSource) neverFilled() []string {
	if t, ok := s.table.(*jsonTable); ok {
		return t.tree.neverFilled()
	}
	return nil
}

func (s *tableSource) notes() []string { return nil }

// jsonTable is a file of JSON objects, one a line.
type jsonTable struct {
	lines *lineReader
	tree  *jsonTree
}

func (t *jsonTable) read(values []value) error {
	if err := t.lines.object(); err != nil {
		return err
	}
	if t.lines.fault != "" {
		return &RowError{Field: "line", Reason: t.lines.fault}
	}
	t.tree.read(string(t.lines.text), values)
	return nil
}

func (t *jsonTable) skip(ctx context.Context, n int) error { return t.lines.skip(ctx, n) }
func (t *jsonTable) payload() []byte                       { return t.lines.payload() }
func (t *jsonTable) at() (number, line int)                { return t.lines.number, t.lines.line }
