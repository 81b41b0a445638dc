package analyst

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"time"
)

// jsonRows writes {"columns":[…],"rows":[[…],…],"row_count":n,"truncated":false}.
type jsonRows struct {
	w       io.Writer
	columns []ResultColumn
	rows    uint64
}

func newJSON(w io.Writer, columns []ResultColumn) (encoder, error) {
	head, err := json.Marshal(append([]ResultColumn{}, columns...))
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(w, `{"columns":%s,"rows":[`, head)
	return &jsonRows{w: w, columns: columns}, err
}

func (j *jsonRows) row(values []any) error {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = jsonValue(&j.columns[i].data, v)
	}
	line, err := json.Marshal(list)
	if err != nil {
		return err
	}
	if j.rows++; j.rows > 1 {
		line = append([]byte{','}, line...)
	}
	_, err = j.w.Write(line)
	return err
}

func (j *jsonRows) end(truncated bool) error {
	_, err := fmt.Fprintf(j.w, `],"row_count":%d,"truncated":%t}`, j.rows, truncated)
	return err
}

// jsonValue is a value as encoding/json writes it: whole numbers up to 64 bits and floats as numbers; larger ones and decimals
// as text, so that no digit is lost; what is no number (NaN, Inf) as null; times as RFC 3339, days as 2006-01-02.
func jsonValue(t *dataType, value any) any {
	switch v := value.(type) {
	case nil:
		return nil
	case time.Time:
		if t.name == "Date" || t.name == "Date32" {
			return v.Format(time.DateOnly)
		}
		return v.Format(timeLayout(t))
	case float64:
		return number64(v)
	case float32:
		return number64(float64(v))
	case string:
		return strings.ToValidUTF8(v, "\uFFFD")
	case fmt.Stringer: // decimals, UUIDs, addresses, large numbers
		return v.String()
	}
	return jsonNested(t, reflect.ValueOf(value), value)
}

func jsonNested(t *dataType, v reflect.Value, value any) any {
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = jsonValue(t.element(i), plain(v.Index(i)))
		}
		return list
	case reflect.Map:
		object := make(map[string]any, v.Len())
		for key, one := range v.Seq2() {
			name := fmt.Sprint(jsonValue(t.element(0), plain(key)))
			object[name] = jsonValue(t.field(name), plain(one))
		}
		return object
	default:
		return value
	}
}

// element is the type of an element of an array, or of a tuple.
func (t *dataType) element(i int) *dataType {
	switch {
	case len(t.of) == 0:
		return &dataType{}
	case t.name == "Tuple" && i < len(t.of):
		return &t.of[i]
	}
	return &t.of[0]
}

// field is the type of a value of a map, or of a named element of a tuple.
func (t *dataType) field(name string) *dataType {
	for i, n := range t.names {
		if n == name {
			return &t.of[i]
		}
	}
	if len(t.of) == 2 {
		return &t.of[1]
	}
	return &dataType{}
}

func number64(v float64) any {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return v
}

// timeLayout has as many digits of a second as the type.
func timeLayout(t *dataType) string {
	if t.name != "DateTime64" || t.scale == 0 {
		return time.RFC3339
	}
	return "2006-01-02T15:04:05." + strings.Repeat("0", t.scale) + "Z07:00"
}

// csvRows writes RFC 4180 with a header. NULL is empty, text too where it is empty; what is no single value is JSON.
type csvRows struct {
	w       *bufio.Writer
	columns []ResultColumn
	values  []string
	line    bytes.Buffer
	quoting *csv.Writer // to line
}

func newCSV(w io.Writer, columns []ResultColumn) (encoder, error) {
	c := &csvRows{w: bufio.NewWriter(w), columns: columns, values: make([]string, len(columns))}
	c.quoting = csv.NewWriter(&c.line)
	for i := range columns {
		c.values[i] = columns[i].Name
	}
	return c, c.write()
}

// write ends a line with CRLF. csv.Writer's UseCRLF would change the ends of lines within values too.
func (c *csvRows) write() error {
	c.line.Reset()
	if err := c.quoting.Write(c.values); err != nil {
		return err
	}
	c.quoting.Flush()
	c.line.Truncate(c.line.Len() - 1)
	c.line.WriteString("\r\n")
	_, err := c.w.Write(c.line.Bytes())
	return err
}

func (c *csvRows) row(values []any) error {
	for i, v := range values {
		text, err := csvText(jsonValue(&c.columns[i].data, v))
		if err != nil {
			return err
		}
		c.values[i] = text
	}
	return c.write()
}

func csvText(value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	}
	text, err := json.Marshal(value)
	return string(text), err
}

func (c *csvRows) end(bool) error { return c.w.Flush() }
