package importer

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/google/uuid"
)

// cells reads one Arrow array. The value's text may refer to the array.
type cells func(i int) (value, error)

// newCells returns the reader of an array, nulls included.
func newCells(a arrow.Array) cells {
	read := typedCells(a)
	return func(i int) (value, error) {
		if a.IsNull(i) {
			return value{}, nil
		}
		return read(i)
	}
}

func typedCells(a arrow.Array) cells {
	switch a := a.(type) {
	case *array.Boolean:
		return func(i int) (value, error) { return value{kind: kindBoolean, text: strconv.FormatBool(a.Value(i))}, nil }
	case *array.Int8:
		return integers(a)
	case *array.Int16:
		return integers(a)
	case *array.Int32:
		return integers(a)
	case *array.Int64:
		return integers(a)
	case *array.Uint8:
		return integers(a)
	case *array.Uint16:
		return integers(a)
	case *array.Uint32:
		return integers(a)
	case *array.Uint64:
		return func(i int) (value, error) {
			return value{kind: kindNumber, text: strconv.FormatUint(a.Value(i), 10)}, nil
		}
	case *array.Float16:
		return func(i int) (value, error) { return floating(float64(a.Value(i).Float32()), 32), nil }
	case *array.Float32:
		return func(i int) (value, error) { return floating(float64(a.Value(i)), 32), nil }
	case *array.Float64:
		return func(i int) (value, error) { return floating(a.Value(i), 64), nil }
	case *array.Decimal128:
		scale := a.DataType().(arrow.DecimalType).GetScale()
		return func(i int) (value, error) { return decimal(a.Value(i).BigInt().String(), int(scale)), nil }
	case *array.Decimal256:
		scale := a.DataType().(arrow.DecimalType).GetScale()
		return func(i int) (value, error) { return decimal(a.Value(i).BigInt().String(), int(scale)), nil }
	}
	if read := textCells(a); read != nil {
		return read
	}
	if read := timeCells(a); read != nil {
		return read
	}
	return nestedCells(a)
}

// integers reads whole numbers, all of whose values int64 holds.
func integers[T int8 | int16 | int32 | int64 | uint8 | uint16 | uint32](a interface{ Value(int) T }) cells {
	return func(i int) (value, error) {
		return value{kind: kindNumber, text: strconv.FormatInt(int64(a.Value(i)), 10)}, nil
	}
}

// floating writes a number as encoding/json does. What JSON has no number for becomes a text.
func floating(f float64, bits int) value {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return textValue(strconv.FormatFloat(f, 'g', -1, bits))
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return value{kind: kindNumber, text: strconv.FormatFloat(f, format, -1, bits)}
}

// textCells reads strings, and bytes that are text.
func textCells(a arrow.Array) cells {
	switch a := a.(type) {
	case interface{ Value(int) string }: // String, LargeString, StringView
		return func(i int) (value, error) { return checkedText(a.Value(i)) }
	case interface{ Value(int) []byte }: // Binary, LargeBinary, BinaryView, FixedSizeBinary
		return func(i int) (value, error) { return checkedText(string(a.Value(i))) }
	}
	return nil
}

func checkedText(s string) (value, error) {
	if !utf8.ValidString(s) {
		return value{}, fmt.Errorf("holds bytes that are no text in UTF-8; leave the column out of the mapping, or write it as text")
	}
	return textValue(s), nil
}

func timeCells(a arrow.Array) cells {
	switch a := a.(type) {
	case *array.Timestamp:
		t := a.DataType().(*arrow.TimestampType)
		k := kindInstant
		if t.TimeZone == "" {
			k = kindLocal
		}
		return func(i int) (value, error) { return value{kind: k, at: a.Value(i).ToTime(t.Unit)}, nil }
	case *array.Date32:
		return func(i int) (value, error) { return value{kind: kindDate, at: a.Value(i).ToTime()}, nil }
	case *array.Date64:
		return func(i int) (value, error) { return value{kind: kindDate, at: a.Value(i).ToTime()}, nil }
	case *array.Time32:
		unit := a.DataType().(*arrow.Time32Type).Unit
		return func(i int) (value, error) { return clock(a.Value(i).ToTime(unit)), nil }
	case *array.Time64:
		unit := a.DataType().(*arrow.Time64Type).Unit
		return func(i int) (value, error) { return clock(a.Value(i).ToTime(unit)), nil }
	case *array.Duration:
		unit := a.DataType().(*arrow.DurationType).Unit
		return func(i int) (value, error) { return seconds(int64(a.Value(i)), unit), nil }
	}
	return nil
}

func clock(t time.Time) value { return textValue(t.Format("15:04:05.999999999")) }

// decimal puts the point into a whole number: scale digits stand behind it.
func decimal(digits string, scale int) value {
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	switch {
	case scale < 0 && digits != "0":
		digits += strings.Repeat("0", -scale)
	case scale > 0:
		digits = strings.Repeat("0", max(0, scale+1-len(digits))) + digits
		digits = digits[:len(digits)-scale] + "." + digits[len(digits)-scale:]
	}
	return value{kind: kindNumber, text: sign + digits}
}

// seconds writes a duration in seconds.
func seconds(n int64, unit arrow.TimeUnit) value {
	scale := map[arrow.TimeUnit]int{arrow.Second: 0, arrow.Millisecond: 3, arrow.Microsecond: 6, arrow.Nanosecond: 9}[unit]
	return decimal(strconv.FormatInt(n, 10), scale)
}

// uuids reads the 16 bytes of a UUID.
func uuids(a *array.FixedSizeBinary) cells {
	return func(i int) (value, error) {
		if a.IsNull(i) {
			return value{}, nil
		}
		id, err := uuid.FromBytes(a.Value(i))
		return textValue(id.String()), err
	}
}

// nestedCells reads what holds other values, as JSON.
func nestedCells(a arrow.Array) cells {
	switch a := a.(type) {
	case *array.Dictionary:
		words := newCells(a.Dictionary())
		return func(i int) (value, error) { return words(a.GetValueIndex(i)) }
	case *array.RunEndEncoded:
		runs := newCells(a.Values())
		return func(i int) (value, error) { return runs(a.GetPhysicalIndex(i)) }
	case array.ExtensionArray:
		return newCells(a.Storage())
	case *array.Map:
		return mapCells(a)
	case array.ListLike:
		items := newCells(a.ListValues())
		return func(i int) (value, error) {
			from, to := a.ValueOffsets(i)
			return listOf(items, int(from), int(to))
		}
	case *array.Struct:
		return structCells(a)
	}
	return func(i int) (value, error) { // unions, intervals
		text, err := json.Marshal(a.GetOneForMarshal(i))
		if err != nil {
			return value{}, fmt.Errorf("cannot be written as JSON")
		}
		return jsonValue(string(text)), nil
	}
}

func listOf(items cells, from, to int) (value, error) {
	text := []byte{'['}
	for i := from; i < to; i++ {
		if i > from {
			text = append(text, ',')
		}
		item, err := items(i)
		if err != nil {
			return value{}, err
		}
		text = item.appendJSON(text)
	}
	return value{kind: kindNested, text: string(append(text, ']'))}, nil
}

func structCells(a *array.Struct) cells {
	names := a.DataType().(*arrow.StructType).Fields()
	members := make([]cells, a.NumField())
	for i := range members {
		members[i] = newCells(a.Field(i))
	}
	return func(i int) (value, error) {
		text := []byte{'{'}
		for k, member := range members {
			if k > 0 {
				text = append(text, ',')
			}
			v, err := member(i)
			if err != nil {
				return value{}, err
			}
			text = v.appendJSON(append(appendQuoted(text, validText(names[k].Name)), ':'))
		}
		return value{kind: kindNested, text: string(append(text, '}'))}, nil
	}
}

// mapCells reads a map as an object; keys that are no text as the text that they are written as.
func mapCells(a *array.Map) cells {
	keys, items := newCells(a.Keys()), newCells(a.Items())
	return func(i int) (value, error) {
		text := []byte{'{'}
		from, to := a.ValueOffsets(i)
		for k := int(from); k < int(to); k++ {
			if k > int(from) {
				text = append(text, ',')
			}
			key, err := keys(k)
			if err != nil {
				return value{}, err
			}
			item, err := items(k)
			if err != nil {
				return value{}, err
			}
			if key.kind != kindText {
				key = textValue(key.String())
			}
			text = item.appendJSON(append(appendQuoted(text, key.text), ':'))
		}
		return value{kind: kindNested, text: string(append(text, '}'))}, nil
	}
}
