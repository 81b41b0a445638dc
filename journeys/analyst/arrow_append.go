package analyst

import (
	"cmp"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/decimal256"
	"github.com/shopspring/decimal"
)

// appendArrow appends a value of the driver's to a column.
func appendArrow(b array.Builder, t *dataType, value any) error {
	if value == nil {
		b.AppendNull()
		return nil
	}
	v := reflect.ValueOf(value)
	switch b := b.(type) {
	case *array.BooleanBuilder:
		if n, ok := value.(uint8); ok {
			b.Append(n != 0)
			return nil
		}
		b.Append(v.Bool())
	case *array.StringBuilder:
		b.Append(arrowText(value))
	case *array.Date32Builder:
		b.Append(arrow.Date32FromTime(asTime(value)))
	case *array.TimestampBuilder:
		stamp, err := arrow.TimestampFromTime(asTime(value), timeUnit(t))
		if err != nil {
			return err
		}
		b.Append(stamp)
	case *array.Decimal128Builder:
		b.Append(decimal128.FromBigInt(unscaled(value, t.scale)))
	case *array.Decimal256Builder:
		b.Append(decimal256.FromBigInt(unscaled(value, t.scale)))
	case *array.ListBuilder:
		return appendList(b, t, v)
	case *array.MapBuilder:
		return appendMap(b, t, v)
	case *array.StructBuilder:
		return appendTuple(b, t, v)
	default:
		return appendNumber(b, v)
	}
	return nil
}

func appendNumber(b array.Builder, v reflect.Value) error {
	switch b := b.(type) {
	case *array.Int8Builder:
		b.Append(int8(v.Int())) //nolint:gosec // the column's own width, as of those that follow
	case *array.Int16Builder:
		b.Append(int16(v.Int())) //nolint:gosec // likewise
	case *array.Int32Builder:
		b.Append(int32(v.Int())) //nolint:gosec // likewise
	case *array.Int64Builder:
		b.Append(v.Int())
	case *array.Uint8Builder:
		if v.Kind() == reflect.Bool {
			b.Append(map[bool]uint8{true: 1}[v.Bool()])
			return nil
		}
		b.Append(uint8(v.Uint())) //nolint:gosec // likewise
	case *array.Uint16Builder:
		b.Append(uint16(v.Uint())) //nolint:gosec // likewise
	case *array.Uint32Builder:
		b.Append(uint32(v.Uint())) //nolint:gosec // likewise
	case *array.Uint64Builder:
		b.Append(v.Uint())
	case *array.Float32Builder:
		b.Append(float32(v.Float()))
	case *array.Float64Builder:
		b.Append(v.Float())
	default:
		return fmt.Errorf("there is no way to write %s", b.Type())
	}
	return nil
}

func appendList(b *array.ListBuilder, t *dataType, v reflect.Value) error {
	b.Append(true)
	for i := range v.Len() {
		if err := appendArrow(b.ValueBuilder(), &t.of[0], plain(v.Index(i))); err != nil {
			return err
		}
	}
	return nil
}

// appendMap appends the pairs by the text of their keys, so that equal maps are written alike.
func appendMap(b *array.MapBuilder, t *dataType, v reflect.Value) error {
	b.Append(true)
	keys := v.MapKeys()
	slices.SortFunc(keys, func(x, y reflect.Value) int { return cmp.Compare(fmt.Sprint(x), fmt.Sprint(y)) })
	for _, key := range keys {
		if err := appendArrow(b.KeyBuilder(), &t.of[0], plain(key)); err != nil {
			return err
		}
		if err := appendArrow(b.ItemBuilder(), &t.of[1], plain(v.MapIndex(key))); err != nil {
			return err
		}
	}
	return nil
}

// appendTuple appends a list, or a mapping where the elements have names: the driver has both.
func appendTuple(b *array.StructBuilder, t *dataType, v reflect.Value) error {
	b.Append(true)
	for i := range t.of {
		var one reflect.Value
		if v.Kind() == reflect.Map {
			one = v.MapIndex(reflect.ValueOf(t.elementName(i)))
		} else {
			one = v.Index(i)
		}
		if one.IsValid() && one.Kind() == reflect.Interface {
			one = one.Elem()
		}
		if err := appendArrow(b.FieldBuilder(i), &t.of[i], plain(one)); err != nil {
			return err
		}
	}
	return nil
}

func arrowText(value any) string {
	text, ok := value.(string)
	if s, is := value.(fmt.Stringer); is {
		text = s.String()
	} else if !ok {
		text = fmt.Sprint(value)
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

func asTime(value any) time.Time {
	t, _ := value.(time.Time)
	return t
}

// unscaled is a decimal without its point.
func unscaled(value any, scale int) *big.Int {
	d, _ := value.(decimal.Decimal)
	return d.Shift(int32(scale)).BigInt() //nolint:gosec // the engine's: at most 76
}
