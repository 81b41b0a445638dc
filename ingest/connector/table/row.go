package table

import (
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bytedance/sonic/encoder"
)

// reader turns rows into JSON objects, columns in the table's order: numbers as numbers with every digit,
// times as ISO 8601 in UTC, dates as dates, JSON as it is, binary as base64.
type reader struct {
	names       []string // quoted
	kinds       []string // of the database, in capitals
	values      []any
	targets     []any
	cursor, key int
}

func newReader(rows *sql.Rows, t *Table) (*reader, error) {
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	r := &reader{values: make([]any, len(types)), targets: make([]any, len(types)), cursor: -1, key: -1}
	for i, c := range types {
		r.names, r.kinds = append(r.names, encoder.Quote(c.Name())), append(r.kinds, strings.ToUpper(c.DatabaseTypeName()))
		r.targets[i] = &r.values[i]
		if strings.EqualFold(c.Name(), t.Cursor) {
			r.cursor = i
		}
		if strings.EqualFold(c.Name(), t.Key) {
			r.key = i
		}
	}
	if r.cursor < 0 || r.key < 0 {
		return nil, fmt.Errorf("the table has no column %s or %s", t.Cursor, t.Key)
	}
	return r, nil
}

// row reads one, and returns it with its place.
func (r *reader) row(rows *sql.Rows) (object []byte, at place, err error) {
	if err := rows.Scan(r.targets...); err != nil {
		return nil, at, err
	}
	object = append(object, '{')
	for i, v := range r.values {
		if i > 0 {
			object = append(object, ',')
		}
		object = append(append(object, r.names[i]...), ':')
		object = appendValue(object, r.kinds[i], v)
	}
	if at.Cursor, err = mark(r.values[r.cursor]); err == nil {
		at.Key, err = mark(r.values[r.key])
	}
	return append(object, '}'), at, err
}

// appendValue appends a value as JSON.
func appendValue(text []byte, kind string, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(text, "null"...)
	case bool:
		return strconv.AppendBool(text, v)
	case int64:
		return strconv.AppendInt(text, v, 10)
	case uint64:
		return strconv.AppendUint(text, v, 10)
	case float32:
		return appendFloat(text, float64(v), 32)
	case float64:
		return appendFloat(text, v, 64)
	case time.Time:
		return append(text, encoder.Quote(timeText(kind, v))...)
	case string:
		return appendText(text, kind, v)
	case []byte:
		if binary(kind) || !utf8.Valid(v) {
			return append(text, encoder.Quote(base64.StdEncoding.EncodeToString(v))...)
		}
		return appendText(text, kind, string(v))
	}
	return append(text, encoder.Quote(fmt.Sprint(v))...)
}

func appendFloat(text []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(text, "null"...)
	}
	return strconv.AppendFloat(text, f, 'g', -1, bits)
}

func appendText(text []byte, kind, s string) []byte {
	switch kind {
	case "NUMERIC", "DECIMAL", "NEWDECIMAL", "BIGINT", "INT", "UNSIGNED BIGINT", "FLOAT", "DOUBLE":
		if json.Valid([]byte(s)) { // not NaN
			return append(text, s...)
		}
	case "JSON", "JSONB":
		if json.Valid([]byte(s)) {
			return append(text, s...)
		}
	}
	return append(text, encoder.Quote(strings.ToValidUTF8(s, "\uFFFD"))...)
}

func binary(kind string) bool {
	return kind == "BYTEA" || kind == "BIT" || strings.Contains(kind, "BLOB") || strings.Contains(kind, "BINARY")
}

func timeText(kind string, at time.Time) string {
	if kind == "DATE" {
		return at.Format(time.DateOnly)
	}
	return at.UTC().Format(time.RFC3339Nano)
}

// value is a cursor or key in a checkpoint.
type value struct {
	Time   time.Time `json:"t,omitzero"`
	Number *int64    `json:"n,omitempty"`
	Text   string    `json:"s,omitempty"`
}

var errMark = errors.New("must be a time, a whole number or a text")

// mark is a column's value for the checkpoint.
func mark(v any) (value, error) {
	switch v := v.(type) {
	case time.Time:
		return value{Time: v.UTC()}, nil
	case int64:
		return value{Number: &v}, nil
	case uint64:
		return value{Text: strconv.FormatUint(v, 10)}, nil
	case string:
		return value{Text: v}, nil
	case []byte:
		return value{Text: string(v)}, nil
	}
	return value{}, errMark
}

func (v *value) empty() bool { return v.Time.IsZero() && v.Number == nil && v.Text == "" }

// bind is the value as a statement's argument.
func (v *value) bind() any {
	switch {
	case !v.Time.IsZero():
		return v.Time
	case v.Number != nil:
		return *v.Number
	}
	return v.Text
}

// equal says whether two values are the same.
func (v *value) equal(w *value) bool {
	if v.Number != nil && w.Number != nil {
		return *v.Number == *w.Number
	}
	return v.Number == nil && w.Number == nil && v.Time.Equal(w.Time) && v.Text == w.Text
}
