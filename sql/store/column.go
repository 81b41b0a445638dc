package store

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
)

// column is one column of a table: its name, its type as it is sent, and its values. What the
// table keeps as LowCardinality(String) or JSON is sent as String, which costs the client a
// fraction and the engine nothing more.
type column[R any] interface {
	describe() clickhouse.ColumnNameAndType
	// gather returns the column's values, a slice that is good until the next call, and whether
	// there is any but its default.
	gather(rows []*R) (values any, any bool)
	// forget lets go of what the values refer to.
	forget()
}

type typed[R, V any] struct {
	name, typ string
	get       func(*R) V
	said      func(V) bool // other than the column's default
	values    []V
}

func (c *typed[R, V]) describe() clickhouse.ColumnNameAndType {
	return clickhouse.ColumnNameAndType{Name: c.name, Type: c.typ}
}

func (c *typed[R, V]) gather(rows []*R) (values any, said bool) {
	c.values = slices.Grow(c.values[:0], len(rows))
	for _, row := range rows {
		v := c.get(row)
		said = said || c.said(v)
		c.values = append(c.values, v)
	}
	return c.values, said
}

func (c *typed[R, V]) forget() { clear(c.values) }

func text[R any](name string, get func(*R) string) column[R] {
	return &typed[R, string]{name: name, typ: "String", get: get, said: isNotZero[string]}
}

func boolean[R any](name string, get func(*R) bool) column[R] {
	return &typed[R, bool]{name: name, typ: "Bool", get: get, said: isNotZero[bool]}
}

func int64s[R any](name string, get func(*R) int64) column[R] {
	return &typed[R, int64]{name: name, typ: "Int64", get: get, said: isNotZero[int64]}
}

func uint32s[R any](name string, get func(*R) uint32) column[R] {
	return &typed[R, uint32]{name: name, typ: "UInt32", get: get, said: isNotZero[uint32]}
}

func uint64s[R any](name string, get func(*R) uint64) column[R] {
	return &typed[R, uint64]{name: name, typ: "UInt64", get: get, said: isNotZero[uint64]}
}

func float32s[R any](name string, get func(*R) float32) column[R] {
	return &typed[R, float32]{name: name, typ: "Float32", get: get, said: isNotZero[float32]}
}

func id[R any](name string, get func(*R) uuid.UUID) column[R] {
	return &typed[R, uuid.UUID]{name: name, typ: "UUID", get: get, said: isNotZero[uuid.UUID]}
}

// optional is a nullable column; nil is NULL.
func optional[R, V any](name, typ string, get func(*R) *V) column[R] {
	return &typed[R, *V]{name: name, typ: "Nullable(" + typ + ")", get: get, said: isNotZero[*V]}
}

// object is a column of JSON objects; nothing is the empty one.
func object[R any](name string, get func(*R) string) column[R] {
	const empty = "{}"
	return &typed[R, string]{
		name: name, typ: "JSON(max_dynamic_paths=64)",
		get: func(r *R) string {
			if v := get(r); v != "" {
				return v
			}
			return empty
		},
		said: func(v string) bool { return v != empty },
	}
}

// list is a column of arrays.
func list[R, V any](name, typ string, get func(*R) []V) column[R] {
	said := func(v []V) bool { return len(v) > 0 }
	return &typed[R, []V]{name: name, typ: "Array(" + typ + ")", get: get, said: said}
}

func moment[R any](name string, get func(*R) time.Time) column[R] {
	return &typed[R, time.Time]{
		name: name, typ: "DateTime64(3, 'UTC')",
		get:  func(r *R) time.Time { return clamp(get(r)) },
		said: func(t time.Time) bool { return !t.IsZero() },
	}
}

// place is the columns that every table ends with.
func place[R any](get func(*R) *Place) []column[R] {
	return []column[R]{
		uint32s("log_partition", func(r *R) uint32 { return get(r).LogPartition }),
		uint64s("log_offset", func(r *R) uint64 { return get(r).LogOffset }),
		uint32s("ordinal", func(r *R) uint32 { return get(r).Ordinal }),
	}
}

func isNotZero[V comparable](v V) bool {
	var zero V
	return v != zero
}

// clamp moves t into what a column holds; the zero time, which the driver sends as 1970, stays.
func clamp(t time.Time) time.Time {
	switch {
	case t.IsZero():
		return t
	case t.Before(MinTime):
		return MinTime
	case t.After(MaxTime):
		return MaxTime
	default:
		return t
	}
}

// ObservationKey returns the 64 bits that stand for an observation in ClickHouse: its last eight
// bytes, big-endian.
func ObservationKey(observation uuid.UUID) uint64 { return binary.BigEndian.Uint64(observation[8:]) }
