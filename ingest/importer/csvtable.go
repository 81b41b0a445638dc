package importer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// csvTable is a CSV file with a header.
type csvTable struct {
	csv     *csvReader
	header  []string
	names   []string // of the header, trimmed
	places  []int    // in a row, of the wanted columns
	columns []string
	number  int
}

// openCSV reads the header, and finds the wanted columns in it.
func openCSV(r io.Reader, delimiter string, columns []string) (*csvTable, error) {
	comma := byte(',')
	if delimiter != "" {
		comma = delimiter[0]
	}
	t := &csvTable{csv: newCSVReader(r, comma), columns: columns}
	if err := t.csv.read(); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.New("there is no header: the first row must name the columns")
		}
		return nil, fmt.Errorf("header: %w", err)
	}
	if t.csv.fault != "" {
		return nil, fmt.Errorf("header: %s", t.csv.fault)
	}
	t.header = slices.Clone(t.csv.split())
	if t.csv.notUTF8(t.header) >= 0 {
		return nil, errors.New("header: is not UTF-8; convert the file first")
	}
	for _, name := range t.header {
		t.names = append(t.names, strings.TrimSpace(name))
	}
	return t, t.bind()
}

func (t *csvTable) bind() error {
	var faults, missing []error
	for _, column := range t.columns {
		place := slices.Index(t.names, column)
		switch {
		case place < 0:
			missing = append(missing, missingColumn(column))
		case slices.Contains(t.names[place+1:], column):
			faults = append(faults, fmt.Errorf("header: column %q stands twice, and the mapping names it; rename one of them", column))
		}
		t.places = append(t.places, place)
	}
	if len(missing) > 0 {
		missing = append(missing, errors.New(t.hint()))
	}
	return errors.Join(append(faults, missing...)...)
}

func missingColumn(column string) error {
	return fmt.Errorf("mapping names column %q, which the file does not have", column)
}

// hint says what the file has, and what may be wrong.
func (t *csvTable) hint() string {
	if len(t.names) == 1 {
		for _, other := range []string{";", "\t", "|", ","} {
			if other[0] != t.csv.comma && strings.Contains(t.names[0], other) {
				return fmt.Sprintf("the header has one column only; are columns separated by %q? Then the mapping needs csv: {delimiter: %q}", other, other)
			}
		}
	}
	return fmt.Sprintf("the file has the columns %q", t.names)
}

func (t *csvTable) read(values []value) error {
	if err := t.csv.read(); err != nil {
		if !errors.Is(err, io.EOF) {
			err = fmt.Errorf("row %d: %w", t.number+1, err)
		}
		return err
	}
	t.number++
	if t.csv.fault != "" {
		return t.fault("row", t.csv.fault)
	}
	cells := t.csv.split()
	if len(cells) != len(t.names) {
		return t.fault("row", fmt.Sprintf("has %d columns, the header %d", len(cells), len(t.names)))
	}
	if i := t.csv.notUTF8(cells); i >= 0 {
		return t.fault(t.names[i], "is not UTF-8; convert the file first")
	}
	for i, place := range t.places {
		values[i] = value{}
		if cell := strings.TrimSpace(cells[place]); cell != "" {
			values[i] = textValue(cell)
		}
	}
	if slices.Equal(cells, t.header) {
		return t.fault("row", "is the header again; were files joined? Import them one by one, or take the line out")
	}
	return nil
}

func (t *csvTable) fault(field, reason string) error {
	return &RowError{Field: field, Reason: reason}
}

func (t *csvTable) skip(ctx context.Context, n int) error {
	for range n {
		if err := t.csv.read(); err != nil {
			return err
		}
		if t.number++; t.number%batchRecords == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// payload is the row as a list of texts; of one that cannot be split, the text as it stands.
func (t *csvTable) payload() []byte {
	if t.csv.fault != "" {
		return appendQuoted(nil, validText(string(t.csv.row[:min(len(t.csv.row), shownOfRow)])))
	}
	payload, _ := json.Marshal(t.csv.split()) // strings always encode
	return payload
}

func (t *csvTable) at() (number, line int) { return t.number, t.csv.line }
