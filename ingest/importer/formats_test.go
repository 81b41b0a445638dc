package importer

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
	"github.com/klauspost/compress/zstd"

	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// order is a row of the table that the tests write in every format.
type order struct {
	id       int
	email    string // empty: not said
	name     string
	placed   time.Time
	cents    int64
	quantity int32
	gift     bool
	status   string
	tags     []string
	score    float64
	note     string // empty: not said
}

func makeOrder(n int) order {
	o := order{
		id: n, email: fmt.Sprintf("buyer%d@example.com", n%97), name: fmt.Sprintf("Zoë \"Z\" Ōno, %d", n%97),
		placed: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * 61 * time.Second),
		cents:  int64(n)*7919 - 500, quantity: int32(n % 5), gift: n%3 == 0, status: []string{"new", "paid", "sent"}[n%3],
		tags: []string{"a", fmt.Sprint(n)}[:n%3], score: float64(n) / 8,
	}
	if n%4 == 0 {
		o.note = "line one\nline, two\t" + fmt.Sprint(n)
	}
	if n%11 == 0 {
		o.email = ""
	}
	return o
}

func (o *order) amount() string {
	sign, cents := "", o.cents
	if cents < 0 {
		sign, cents = "-", -cents
	}
	return fmt.Sprintf("%s%d.%02d", sign, cents/100, cents%100)
}

// orderMapping reads the table in any of its formats. CSV has texts alone, so it says what they are.
const orderMapping = `
version: 1
row_id: id
identifiers: {email: buyer.email, shop.order: id}
attributes: {name: buyer.name}
channel: {value: web}
cx: {order_id: id, amount: amount, currency: {value: EUR}}
events:
  - name: order.placed
    at: [placed]
    properties:
      - {column: quantity, as: number}
      - {column: gift, as: boolean}
      - {column: tags, as: json}
      - {column: score, as: number}
      - {column: note, name: remark}
  - name: order.shipped
    when: {column: status, equals: sent}
    at: [placed]
`

func mappingOf(t testing.TB, text string) *Mapping {
	t.Helper()
	m, err := ReadMapping(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func quoteCSV(s string) string {
	if strings.ContainsAny(s, "\",\n") {
		return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return s
}

func writeCSV(w io.Writer, rows int) {
	fmt.Fprintln(w, "id,buyer.email,buyer.name,placed,amount,quantity,gift,status,tags,score,note")
	for n := range rows {
		o := makeOrder(n)
		tags, _ := json.Marshal(append([]string{}, o.tags...))
		fmt.Fprintf(w, "%d,%s,%s,%s,%s,%d,%v,%s,%s,%v,%s\n", o.id, o.email, quoteCSV(o.name), o.placed.Format(time.RFC3339),
			o.amount(), o.quantity, o.gift, o.status, quoteCSV(string(tags)), o.score, quoteCSV(o.note))
	}
}

func writeJSONL(w io.Writer, rows int) {
	encoder := json.NewEncoder(w)
	for n := range rows {
		o := makeOrder(n)
		buyer := map[string]any{"name": o.name, "email": nil}
		if o.email != "" {
			buyer["email"] = o.email
		}
		line := map[string]any{
			"id": o.id, "buyer": buyer, "placed": o.placed, "amount": json.Number(o.amount()), "quantity": o.quantity, "gift": o.gift,
			"status": o.status, "tags": append([]string{}, o.tags...), "score": o.score, "unmapped": map[string]any{"id": "}\\\""},
		}
		if o.note != "" {
			line["note"] = o.note
		}
		_ = encoder.Encode(line)
	}
}

var buyerType = arrow.StructOf(arrow.Field{Name: "email", Type: arrow.BinaryTypes.String, Nullable: true}, arrow.Field{Name: "name", Type: arrow.BinaryTypes.String})

// orderSchema has the types that each writer can write; Arrow's status is a dictionary.
func orderSchema(status arrow.DataType) *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{
		{Name: "unmapped", Type: arrow.PrimitiveTypes.Int64},
		{Name: "id", Type: arrow.PrimitiveTypes.Int64},
		{Name: "buyer", Type: buyerType, Nullable: true},
		{Name: "placed", Type: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"}},
		{Name: "amount", Type: &arrow.Decimal128Type{Precision: 18, Scale: 2}},
		{Name: "quantity", Type: arrow.PrimitiveTypes.Int32},
		{Name: "gift", Type: arrow.FixedWidthTypes.Boolean},
		{Name: "status", Type: status},
		{Name: "tags", Type: arrow.ListOf(arrow.BinaryTypes.String), Nullable: true},
		{Name: "score", Type: arrow.PrimitiveTypes.Float64},
		{Name: "note", Type: arrow.BinaryTypes.String, Nullable: true},
	}, nil)
}

// orderRecords yields the table in record batches.
func orderRecords(schema *arrow.Schema, rows, batch int, yield func(arrow.Record) error) error {
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for n := range rows {
		appendOrder(b, makeOrder(n))
		if (n+1)%batch == 0 || n+1 == rows {
			record := b.NewRecord()
			err := yield(record)
			record.Release()
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func appendOrder(b *array.RecordBuilder, o order) {
	b.Field(0).(*array.Int64Builder).Append(int64(o.id) * 3)
	b.Field(1).(*array.Int64Builder).Append(int64(o.id))
	buyer := b.Field(2).(*array.StructBuilder)
	buyer.Append(true)
	appendText(buyer.FieldBuilder(0), o.email)
	buyer.FieldBuilder(1).(*array.StringBuilder).Append(o.name)
	b.Field(3).(*array.TimestampBuilder).Append(arrow.Timestamp(o.placed.UnixMicro()))
	b.Field(4).(*array.Decimal128Builder).Append(decimal128.FromI64(o.cents))
	b.Field(5).(*array.Int32Builder).Append(o.quantity)
	b.Field(6).(*array.BooleanBuilder).Append(o.gift)
	if words, ok := b.Field(7).(*array.BinaryDictionaryBuilder); ok {
		_ = words.AppendString(o.status)
	} else {
		b.Field(7).(*array.StringBuilder).Append(o.status)
	}
	tags := b.Field(8).(*array.ListBuilder)
	tags.Append(true)
	for _, tag := range o.tags {
		tags.ValueBuilder().(*array.StringBuilder).Append(tag)
	}
	b.Field(9).(*array.Float64Builder).Append(o.score)
	appendText(b.Field(10), o.note)
}

func appendText(b array.Builder, s string) {
	if s == "" {
		b.AppendNull()
		return
	}
	b.(*array.StringBuilder).Append(s)
}

func writeParquet(w io.Writer, rows, group int) error {
	schema := orderSchema(arrow.BinaryTypes.String)
	writer, err := pqarrow.NewFileWriter(schema, struct{ io.Writer }{w}, parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Snappy),
		parquet.WithMaxRowGroupLength(int64(group))), pqarrow.DefaultWriterProps())
	if err != nil {
		return err
	}
	if err := orderRecords(schema, rows, group, writer.Write); err != nil {
		return err
	}
	return writer.Close()
}

var words = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}

func writeArrowFile(w io.WriteSeeker, rows, batch int) error {
	schema := orderSchema(arrow.BinaryTypes.String) // the library replaces no dictionary in a file
	writer, err := ipc.NewFileWriter(w, ipc.WithSchema(schema), ipc.WithLZ4())
	if err != nil {
		return err
	}
	if err := orderRecords(schema, rows, batch, writer.Write); err != nil {
		return err
	}
	return writer.Close()
}

func writeArrowStream(w io.Writer, rows, batch int) error {
	schema := orderSchema(words)
	writer := ipc.NewWriter(w, ipc.WithSchema(schema))
	if err := orderRecords(schema, rows, batch, writer.Write); err != nil {
		return err
	}
	return writer.Close()
}

// orderFiles writes the table in every format.
func orderFiles(t testing.TB, rows int) map[string]Import {
	t.Helper()
	dir := t.TempDir()
	files := map[string]Import{}
	add := func(name string, format Format, write func(w io.Writer) error) {
		path := filepath.Join(dir, name)
		file, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := write(file); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
		files[name] = Import{Path: path, Format: format, Mapping: mappingOf(t, orderMapping), Workspace: "default", Source: "shop", Now: fixedNow}
	}
	whole := func(write func(io.Writer, int)) func(io.Writer) error {
		return func(w io.Writer) error { write(w, rows); return nil }
	}
	add("orders.csv", FormatCSV, whole(writeCSV))
	add("orders.csv.gz", FormatCSV, func(w io.Writer) error {
		packed := gzip.NewWriter(w)
		writeCSV(packed, rows)
		return packed.Close()
	})
	add("orders.jsonl", FormatJSONL, whole(writeJSONL))
	add("orders.jsonl.zst", FormatJSONL, func(w io.Writer) error {
		packed, err := zstd.NewWriter(w)
		if err != nil {
			return err
		}
		writeJSONL(packed, rows)
		return packed.Close()
	})
	add("orders.parquet", FormatParquet, func(w io.Writer) error { return writeParquet(w, rows, max(1, rows/3)) })
	add("orders.arrow", FormatArrow, func(w io.Writer) error { return writeArrowFile(w.(io.WriteSeeker), rows, max(1, rows/4)) })
	add("orders.arrows", FormatArrow, func(w io.Writer) error { return writeArrowStream(w, rows, max(1, rows/5)) })
	return files
}

func fixedNow() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

// TestSameTableSameEvents: a table becomes the same events, byte for byte, in whatever format it is.
func TestSameTableSameEvents(t *testing.T) {
	const rows = 2000
	files := orderFiles(t, rows)
	var want []stream.Record
	for _, name := range []string{"orders.csv", "orders.csv.gz", "orders.jsonl", "orders.jsonl.zst", "orders.parquet", "orders.arrow", "orders.arrows"} {
		log := &tape{}
		report, err := files[name].Run(t.Context(), log)
		if err != nil || report.Rows != rows || report.Rejected != 0 || report.Events != rows+rows/3 || !report.Complete {
			t.Fatalf("%s: %+v, %v", name, report, err)
		}
		if want == nil {
			want = log.records
			checkFirstOrder(t, log.records[0].Value)
		}
		for i := range want {
			if !bytes.Equal(log.records[i].Value, want[i].Value) || log.records[i].MessageID != want[i].MessageID {
				t.Fatalf("%s: event %d is\n%s\nwant\n%s", name, i, log.records[i].Value, want[i].Value)
			}
		}
	}
}

// checkFirstOrder compares with what a person wrote down.
func checkFirstOrder(t *testing.T, value []byte) {
	t.Helper()
	const want = `{"workspace":"default","source":"shop","message_id":"0:order.placed","type":"track","name":"order.placed","channel":"web",` +
		`"original_at":"2024-01-01T00:00:00Z","received_at":"2026-01-02T03:04:05Z","at":"2024-01-01T00:00:00Z",` +
		`"identifiers":[{"type":"shop.order","value":"0"}],"attributes":{"name":"Zoë \"Z\" Ōno, 0"},` +
		`"cx":{"amount":"-5.00","currency":"EUR","order_id":"0"},` +
		`"properties":{"gift":true,"quantity":0,"remark":"line one\nline, two\t0","score":0,"tags":[]}}`
	var got, wanted any
	if err := json.Unmarshal(value, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(got)
	b, _ := json.Marshal(wanted)
	if !bytes.Equal(a, b) {
		t.Errorf("the first event is\n%s\nwant\n%s", a, b)
	}
	if e, err := event.Decode(value); err != nil || e.Validate() != nil {
		t.Errorf("the first event is not valid: %v", err)
	}
}

// BenchmarkImport brings the table in, up to the log. Its events are made of a row each, a third of
// the rows make two.
func BenchmarkImport(b *testing.B) {
	const rows = 20_000
	for name, im := range orderFiles(b, rows) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if report, err := im.Run(b.Context(), nowhere{}); err != nil || report.Rows != rows {
					b.Fatal(report, err)
				}
			}
			b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// nowhere takes records and keeps none.
type nowhere struct{}

func (nowhere) Append(context.Context, []stream.Record) ([]stream.Position, error) { return nil, nil }
