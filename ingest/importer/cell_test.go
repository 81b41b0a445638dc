package importer

import (
	"bytes"
	"io"
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/decimal256"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
)

// cellCase is a type with one value, and what a property of it is.
type cellCase struct {
	name  string
	typ   arrow.DataType
	json  string // as the library reads it; "" for null
	want  string
	apply func(array.Builder) // instead of json
	// onlyArrow: Parquet has no such type, or the library cannot write it.
	onlyArrow bool
}

func bigOf(digits string) *big.Int {
	n, _ := new(big.Int).SetString(digits, 10)
	return n
}

const digits38 = "99999999999999999999999999999999999999"

var cellCases = []cellCase{
	{name: "bool", typ: arrow.FixedWidthTypes.Boolean, json: `true`, want: `true`},
	{name: "int8", typ: arrow.PrimitiveTypes.Int8, json: `-128`, want: `-128`},
	{name: "int64", typ: arrow.PrimitiveTypes.Int64, json: `-9223372036854775808`, want: `-9223372036854775808`},
	{name: "uint64", typ: arrow.PrimitiveTypes.Uint64, want: `18446744073709551615`,
		apply: func(b array.Builder) { b.(*array.Uint64Builder).Append(math.MaxUint64) }},
	{name: "float32", typ: arrow.PrimitiveTypes.Float32, json: `0.1`, want: `0.1`},
	{name: "float64", typ: arrow.PrimitiveTypes.Float64, json: `1e300`, want: `1e+300`},
	{name: "float16", typ: arrow.FixedWidthTypes.Float16, json: `1.5`, want: `1.5`, onlyArrow: true},
	{name: "nan", typ: arrow.PrimitiveTypes.Float64, json: `"NaN"`, want: `"NaN"`},
	{name: "money", typ: &arrow.Decimal128Type{Precision: 38, Scale: 2}, want: digits38[:36] + "." + digits38[36:],
		apply: func(b array.Builder) { b.(*array.Decimal128Builder).Append(decimal128.FromBigInt(bigOf(digits38))) }},
	{name: "cents", typ: &arrow.Decimal128Type{Precision: 9, Scale: 4}, want: `-0.0012`,
		apply: func(b array.Builder) { b.(*array.Decimal128Builder).Append(decimal128.FromI64(-12)) }},
	{name: "huge", typ: &arrow.Decimal256Type{Precision: 76, Scale: 10}, want: digits38 + digits38[:28] + "." + digits38[:10], onlyArrow: true,
		apply: func(b array.Builder) {
			b.(*array.Decimal256Builder).Append(decimal256.FromBigInt(bigOf(digits38 + digits38)))
		}},
	{name: "thousands", typ: &arrow.Decimal128Type{Precision: 5, Scale: -3}, want: `12000`, onlyArrow: true,
		apply: func(b array.Builder) { b.(*array.Decimal128Builder).Append(decimal128.FromI64(12)) }},
	{name: "text", typ: arrow.BinaryTypes.String, json: `"a\u0001\"<é"`, want: `"a\u0001\"<é"`},
	{name: "large", typ: arrow.BinaryTypes.LargeString, json: `"x"`, want: `"x"`},
	{name: "bytes", typ: arrow.BinaryTypes.Binary, want: `"plain"`, apply: func(b array.Builder) { b.(*array.BinaryBuilder).Append([]byte("plain")) }},
	{name: "utc", typ: &arrow.TimestampType{Unit: arrow.Nanosecond, TimeZone: "Europe/Paris"}, want: `"2024-01-02T03:04:05.123456789Z"`,
		apply: func(b array.Builder) { b.(*array.TimestampBuilder).Append(1704164645123456789) }},
	{name: "local", typ: &arrow.TimestampType{Unit: arrow.Millisecond}, want: `"2024-01-02T03:04:05.5"`,
		apply: func(b array.Builder) { b.(*array.TimestampBuilder).Append(1704164645500) }},
	{name: "seconds", typ: &arrow.TimestampType{Unit: arrow.Second, TimeZone: "UTC"}, want: `"1969-12-31T23:59:59Z"`,
		apply: func(b array.Builder) { b.(*array.TimestampBuilder).Append(-1) }},
	{name: "day", typ: arrow.FixedWidthTypes.Date32, json: `"2024-02-29"`, want: `"2024-02-29"`},
	{name: "clock", typ: arrow.FixedWidthTypes.Time64us, json: `"23:59:58.000100"`, want: `"23:59:58.0001"`},
	{name: "lasting", typ: arrow.FixedWidthTypes.Duration_ms, want: `-0.050`, onlyArrow: true,
		apply: func(b array.Builder) { b.(*array.DurationBuilder).Append(-50) }},
	{name: "list", typ: arrow.ListOf(arrow.PrimitiveTypes.Int32), json: `[1,null,3]`, want: `[1,null,3]`},
	{name: "struct", typ: arrow.StructOf(arrow.Field{Name: "a", Type: arrow.PrimitiveTypes.Int32, Nullable: true}, arrow.Field{Name: "b", Type: arrow.ListOf(arrow.BinaryTypes.String), Nullable: true}),
		json: `{"a":null,"b":["x","\""]}`, want: `{"a":null,"b":["x","\""]}`},
	{name: "map", typ: arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64), json: `[{"key":"k","value":7}]`, want: `{"k":7}`},
	{name: "words", typ: &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}, want: `"gold"`,
		apply: func(b array.Builder) { _ = b.(*array.BinaryDictionaryBuilder).AppendString("gold") }},
	{name: "null", typ: arrow.BinaryTypes.String, json: `null`},
	{name: "nothing", typ: arrow.Null, json: `null`, onlyArrow: true},
	{name: "uuid", typ: &arrow.FixedSizeBinaryType{ByteWidth: 16}, want: `"00112233-4455-6677-8899-aabbccddeeff"`,
		apply: func(b array.Builder) {
			b.(*array.FixedSizeBinaryBuilder).Append([]byte("\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"))
		}},
}

// cellRecord holds each case's value in a column of its own.
func cellRecord(t *testing.T, cases []cellCase) arrow.Record {
	t.Helper()
	fields := make([]arrow.Field, len(cases))
	for i, c := range cases {
		fields[i] = arrow.Field{Name: c.name, Type: c.typ, Nullable: true}
		if c.name == "uuid" {
			fields[i].Metadata = arrow.NewMetadata([]string{"ARROW:extension:name"}, []string{"arrow.uuid"})
		}
	}
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))
	for i, c := range cases {
		if c.apply != nil {
			c.apply(b.Field(i))
		} else if err := b.Field(i).UnmarshalJSON([]byte("[" + c.json + "]")); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
	}
	return b.NewRecord()
}

// TestEveryType: what a typed file holds is what a property says, exactly; null is not said.
func TestEveryType(t *testing.T) {
	var inParquet []cellCase
	for _, c := range cellCases {
		if !c.onlyArrow {
			inParquet = append(inParquet, c)
		}
	}
	var file bytes.Buffer
	record := cellRecord(t, cellCases)
	stream := ipc.NewWriter(&file, ipc.WithSchema(record.Schema()))
	if err := stream.Write(record); err != nil {
		t.Fatal(err)
	}
	if err := stream.Close(); err != nil {
		t.Fatal(err)
	}
	checkCells(t, FormatArrow, file.String(), cellCases)

	file.Reset()
	record = cellRecord(t, inParquet)
	w, err := pqarrow.NewFileWriter(record.Schema(), struct{ io.Writer }{&file}, parquet.NewWriterProperties(), pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(record); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	checkCells(t, FormatParquet, file.String(), inParquet)
}

func checkCells(t *testing.T, format Format, file string, cases []cellCase) {
	t.Helper()
	for _, c := range cases {
		log := &tape{}
		m := mappingOf(t, "version: 1\nevents: [{name: seen, at: [utc], properties: [\""+c.name+"\"]}]\n")
		report, err := Import{Path: writeFile(t, "cells", file), Format: format, Mapping: m, Workspace: "default", Source: "s"}.Run(t.Context(), log)
		if err != nil || report.Events != 1 {
			t.Errorf("%s %s: %+v, %v", format, c.name, report, err)
			continue
		}
		want := ""
		if c.want != "" {
			want = `{"` + c.name + `":` + c.want + `}`
		}
		e := log.events(t)[0]
		if string(e.Properties) != want || !e.At.Equal(time.Date(2024, 1, 2, 3, 4, 5, 123_000_000, time.UTC)) {
			t.Errorf("%s %s: %s at %v, want %s", format, c.name, e.Properties, e.At, want)
		}
	}
}

// TestLocalTimesHaveTheMappingsZone: a time without a zone is in that of the mapping, a moment is not.
func TestLocalTimesHaveTheMappingsZone(t *testing.T) {
	var file bytes.Buffer
	record := cellRecord(t, cellCases)
	w := ipc.NewWriter(&file, ipc.WithSchema(record.Schema()))
	if err := w.Write(record); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	for column, want := range map[string]string{"local": "2024-01-02T02:04:05.5Z", "utc": "2024-01-02T03:04:05.123Z", "day": "2024-02-28T23:00:00Z"} {
		log := &tape{}
		m := mappingOf(t, "version: 1\ntime: {zone: Europe/Paris}\nevents: [{name: seen, at: ["+column+"]}]\n")
		if _, err := (Import{Path: writeFile(t, "cells", file.String()), Format: FormatArrow, Mapping: m, Workspace: "default", Source: "s"}).Run(t.Context(), log); err != nil {
			t.Fatal(err)
		}
		if got := log.events(t)[0].At.Format(time.RFC3339Nano); got != want {
			t.Errorf("%s is at %s, want %s", column, got, want)
		}
	}
}

// TestBytesThatAreNoText: the row is refused with the column, and the others go on.
func TestBytesThatAreNoText(t *testing.T) {
	schema := arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.PrimitiveTypes.Int64}, {Name: "blob", Type: arrow.BinaryTypes.Binary}, {Name: "at", Type: arrow.FixedWidthTypes.Timestamp_s}}, nil)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for i, blob := range []string{"ok", "\xff\xfe", "fine"} {
		b.Field(0).(*array.Int64Builder).Append(int64(i))
		b.Field(1).(*array.BinaryBuilder).Append([]byte(blob))
		b.Field(2).(*array.TimestampBuilder).Append(1)
	}
	var file bytes.Buffer
	w := ipc.NewWriter(&file, ipc.WithSchema(schema))
	if err := w.Write(b.NewRecord()); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	log := &tape{}
	m := mappingOf(t, "version: 1\nevents: [{name: seen, at: [at], properties: [id, blob]}]\n")
	report, err := Import{Path: writeFile(t, "blobs", file.String()), Format: FormatArrow, Mapping: m, Workspace: "default", Source: "s"}.Run(t.Context(), log)
	if err != nil || report.Events != 2 || report.Rejected != 1 || report.First[0].Field != "blob" || report.First[0].Row != 2 {
		t.Fatalf("%+v, %v", report, err)
	}
	if payload := string(log.records[1].Value); !strings.Contains(payload, `"payload":{"at":"1970-01-01T00:00:01Z","blob":null,"id":1}`) {
		t.Errorf("payload %s", payload)
	}
}
