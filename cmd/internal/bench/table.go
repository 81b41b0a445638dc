package bench

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/decimal128"
	arrowmemory "github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
)

// tableRow is a row of the file that is imported: an order, about 200 bytes as CSV, each of another
// buyer in ten.
type tableRow struct {
	id, email, name, status, city, note string
	placed                              time.Time
	cents                               int64
}

func makeTableRow(source string, n int) tableRow {
	buyer := n / 10
	return tableRow{
		id: fmt.Sprintf("%s-%08d", source, n), email: fmt.Sprintf("%s.buyer%d@example.com", source, buyer),
		name:   fmt.Sprintf("%s %s", firstNames[buyer%len(firstNames)], lastNames[buyer/7%len(lastNames)]),
		placed: time.Unix(int64(1_700_000_000+17*n), 0).UTC(), cents: int64(100 + n*7919%50_000),
		status: []string{"placed", "shipped", "returned"}[n%3], city: []string{"Leeds", "Lyon", "Lund", "Lodz"}[n%4],
		note: fmt.Sprintf("left at the door of number %d, as agreed with the neighbours on the %d. floor", n*31%997, n%9),
	}
}

var (
	firstNames = []string{"Ada", "Ben", "Chiara", "Dilan", "Emre", "Freya", "Goran", "Hana", "Ivo", "Jun", "Kofi"}
	lastNames  = []string{"Marsh", "Ito", "Rossi", "Kaya", "Novak", "Berg", "Owusu", "Silva", "Weber", "Moreau"}
)

// tableMapping imports the table, as either file has it.
const tableMapping = `version: 1
row_id: id
identifiers: {email: email}
attributes: {name: name, city: city}
cx: {order_id: id, amount: amount, currency: {value: EUR}}
events:
  - name: order.placed
    at: [placed]
    properties: [status, note]
`

func writeTableCSV(path, source string, rows int) error {
	return writeFile(path, func(w io.Writer) error {
		fmt.Fprintln(w, "id,email,name,placed,amount,status,city,note")
		for n := range rows {
			r := makeTableRow(source, n)
			_, err := fmt.Fprintf(w, "%s,%s,%s,%s,%s,%s,%s,%q\n", r.id, r.email, r.name, r.placed.Format(time.RFC3339),
				strconv.FormatFloat(float64(r.cents)/100, 'f', 2, 64), r.status, r.city, r.note)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

var tableSchema = arrow.NewSchema([]arrow.Field{
	{Name: "id", Type: arrow.BinaryTypes.String}, {Name: "email", Type: arrow.BinaryTypes.String}, {Name: "name", Type: arrow.BinaryTypes.String},
	{Name: "placed", Type: arrow.FixedWidthTypes.Timestamp_ms}, {Name: "amount", Type: &arrow.Decimal128Type{Precision: 18, Scale: 2}},
	{Name: "status", Type: arrow.BinaryTypes.String}, {Name: "city", Type: arrow.BinaryTypes.String}, {Name: "note", Type: arrow.BinaryTypes.String},
}, nil)

// tableGroup is how many rows a row group of the Parquet file has.
const tableGroup = 100_000

func writeTableParquet(path, source string, rows int) error {
	return writeFile(path, func(w io.Writer) error {
		properties := parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd))
		writer, err := pqarrow.NewFileWriter(tableSchema, w, properties, pqarrow.DefaultWriterProps())
		if err != nil {
			return err
		}
		b := array.NewRecordBuilder(arrowmemory.DefaultAllocator, tableSchema)
		defer b.Release()
		for n := range rows {
			appendTableRow(b, makeTableRow(source, n))
			if (n+1)%tableGroup != 0 && n+1 != rows {
				continue
			}
			record := b.NewRecord()
			err := writer.Write(record)
			record.Release()
			if err != nil {
				return err
			}
		}
		return writer.Close()
	})
}

func appendTableRow(b *array.RecordBuilder, r tableRow) {
	for i, text := range []string{r.id, r.email, r.name} {
		b.Field(i).(*array.StringBuilder).Append(text)
	}
	b.Field(3).(*array.TimestampBuilder).Append(arrow.Timestamp(r.placed.UnixMilli()))
	b.Field(4).(*array.Decimal128Builder).Append(decimal128.FromI64(r.cents))
	for i, text := range []string{r.status, r.city, r.note} {
		b.Field(5 + i).(*array.StringBuilder).Append(text)
	}
}

// writeFile writes a file through a buffer. A writer that closes what it writes to closes nothing.
func writeFile(path string, write func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriterSize(file, 1<<20)
	if err = write(struct{ io.Writer }{buffered}); err == nil {
		err = buffered.Flush()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}
