package chdb_test

import (
	"math"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"

	"tributary/sql/chdb/chdbtest"
)

// Every value goes out as a bound parameter and comes back as text that ClickHouse wrote.
func TestBoundParameters(t *testing.T) {
	conn := chdbtest.Conn(t)
	id := uuid.MustParse("0198f7a5-1c2d-7e3f-8a4b-5c6d7e8f9a0b")
	for _, tt := range []struct {
		kind  string
		value any
		want  string
	}{
		{"String", "plain", "plain"},
		{"String", "", ""},
		{"String", "tab\tnewline\nreturn\rback\\slash 'quote' \"double\" `tick`", "tab\tnewline\nreturn\rback\\slash 'quote' \"double\" `tick`"},
		{"String", "a\x00b", "a\x00b"},
		{"String", "'; DROP TABLE t; --", "'; DROP TABLE t; --"},
		{"String", "ünïcödé 🙂", "ünïcödé 🙂"},
		{"Nullable(String)", nil, ""},
		{"UInt64", uint64(math.MaxUint64), "18446744073709551615"},
		{"Int64", int64(math.MinInt64), "-9223372036854775808"},
		{"Int8", int8(-7), "-7"},
		{"Float64", 1.5, "1.5"},
		{"Bool", true, "true"},
		{"Decimal(38, 9)", "12345678901234567890.123456789", "12345678901234567890.123456789"},
		{"UUID", id, id.String()},
		{"Date", "2026-03-04", "2026-03-04"},
		{"DateTime64(3, 'UTC')", time.Date(2026, 3, 4, 5, 6, 7, 891e6, time.UTC), "2026-03-04 05:06:07.891"},
		{"Array(String)", []string{"a'b", "c\nd", `e\f`}, `['a\'b','c\nd','e\\f']`},
		{"Array(UInt64)", []uint64{1, 2, 3}, "[1,2,3]"},
		{"Map(String, UInt64)", map[string]uint64{"k'": 1}, `{'k\'':1}`},
		{"Tuple(String, UInt8)", []any{"x", uint8(1)}, ""},
		{"IPv6", "2001:db8::1", "2001:db8::1"},
	} {
		t.Run(tt.kind, func(t *testing.T) {
			if tt.kind == "Tuple(String, UInt8)" {
				tt.value, tt.want = clickhouse.GroupSet{Value: []any{"x", uint8(1)}}, "('x',1)"
			}
			var got *string
			sql := "SELECT CAST(toString({v:" + tt.kind + "}), 'Nullable(String)')"
			if err := conn.QueryRow(t.Context(), sql, clickhouse.Named("v", tt.value)).Scan(&got); err != nil {
				t.Fatal(err)
			}
			switch {
			case tt.value == nil && got != nil:
				t.Errorf("got %q, want NULL", *got)
			case tt.value != nil && (got == nil || *got != tt.want):
				t.Errorf("got %q, want %q", *got, tt.want)
			}
		})
	}
}

func TestParametersInAnInsertAndAsIdentifiers(t *testing.T) {
	conn := chdbtest.Conn(t)
	exec(t, conn, "CREATE TABLE t (a String) ENGINE = MergeTree ORDER BY a")
	ctx := clickhouse.Context(t.Context(), clickhouse.WithParameters(clickhouse.Parameters{"table": "t", "a": `x\ty`}))
	if err := conn.Exec(ctx, "INSERT INTO {table:Identifier} SELECT {a:String}"); err != nil {
		t.Fatal(err)
	}
	var got string
	if err := conn.QueryRow(ctx, "SELECT a FROM {table:Identifier}").Scan(&got); err != nil {
		t.Fatal(err)
	}
	if got != "x\ty" {
		t.Errorf("got %q", got)
	}
	wantCode(t, conn.Exec(t.Context(), "SELECT {missing:String}"), 456)
}
