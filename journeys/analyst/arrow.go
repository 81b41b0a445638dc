package analyst

import (
	"io"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"
)

const (
	batchRows    = 4096   // of a record batch
	groupBatches = 16     // of a Parquet row group
	ofEngine     = "type" // metadata of a field: the engine's type
)

// batches gathers rows into record batches.
type batches struct {
	columns []ResultColumn
	builder *array.RecordBuilder
	rows    int
	send    func(arrow.Record) error
	finish  func() error
}

func newBatches(columns []ResultColumn) *batches {
	fields := make([]arrow.Field, len(columns))
	for i := range columns {
		c := &columns[i]
		fields[i] = arrow.Field{
			Name: c.Name, Type: arrowType(&c.data), Nullable: c.data.nullable || c.data.name == "Nothing",
			Metadata: arrow.NewMetadata([]string{ofEngine}, []string{c.Type}),
		}
	}
	return &batches{columns: columns, builder: array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema(fields, nil))}
}

// newArrow writes Arrow's streaming format.
func newArrow(w io.Writer, columns []ResultColumn) (encoder, error) {
	b := newBatches(columns)
	out := ipc.NewWriter(w, ipc.WithSchema(b.builder.Schema()))
	b.send, b.finish = out.Write, out.Close
	return b, nil
}

// newParquet writes Parquet, compressed by ZSTD, in row groups of batchRows × groupBatches rows.
func newParquet(w io.Writer, columns []ResultColumn) (encoder, error) {
	b := newBatches(columns)
	out, err := pqarrow.NewFileWriter(b.builder.Schema(), unclosed{w},
		parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Zstd)), pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		return nil, err
	}
	n := 0
	b.send = func(r arrow.Record) error {
		if n%groupBatches == 0 && n > 0 {
			out.NewBufferedRowGroup()
		}
		n++
		return out.WriteBuffered(r)
	}
	b.finish = out.Close
	return b, nil
}

// unclosed keeps a writer from being closed by who writes to it.
type unclosed struct{ io.Writer }

func (b *batches) row(values []any) error {
	for i, v := range values {
		if err := appendArrow(b.builder.Field(i), &b.columns[i].data, v); err != nil {
			return err
		}
	}
	if b.rows++; b.rows < batchRows {
		return nil
	}
	return b.flush()
}

func (b *batches) flush() error {
	record := b.builder.NewRecord()
	defer record.Release()
	b.rows = 0
	return b.send(record)
}

func (b *batches) end(bool) error {
	defer b.builder.Release()
	if b.rows > 0 {
		if err := b.flush(); err != nil {
			return err
		}
	}
	return b.finish()
}

var arrowTypes = map[string]arrow.DataType{
	"Bool": arrow.FixedWidthTypes.Boolean, "Nothing": arrow.Null,
	"Int8": arrow.PrimitiveTypes.Int8, "Int16": arrow.PrimitiveTypes.Int16, "Int32": arrow.PrimitiveTypes.Int32, "Int64": arrow.PrimitiveTypes.Int64,
	"UInt8": arrow.PrimitiveTypes.Uint8, "UInt16": arrow.PrimitiveTypes.Uint16, "UInt32": arrow.PrimitiveTypes.Uint32, "UInt64": arrow.PrimitiveTypes.Uint64,
	"Float32": arrow.PrimitiveTypes.Float32, "Float64": arrow.PrimitiveTypes.Float64,
	"Date": arrow.FixedWidthTypes.Date32, "Date32": arrow.FixedWidthTypes.Date32,
}

// arrowType is the type that stands for one of the engine's. What has none of its own (UUID, IPv4, whole numbers of more than 64
// bits, Enum) is text.
func arrowType(t *dataType) arrow.DataType {
	if known, ok := arrowTypes[t.name]; ok {
		return known
	}
	switch t.name {
	case "Decimal":
		if t.precision > 38 {
			return &arrow.Decimal256Type{Precision: int32(t.precision), Scale: int32(t.scale)} //nolint:gosec // the engine's: at most 76
		}
		return &arrow.Decimal128Type{Precision: int32(t.precision), Scale: int32(t.scale)} //nolint:gosec // likewise
	case "DateTime", "DateTime64":
		zone := t.zone
		if zone == "" {
			zone = "UTC"
		}
		return &arrow.TimestampType{Unit: timeUnit(t), TimeZone: zone}
	case "Array":
		return arrow.ListOfField(arrow.Field{Name: "item", Type: arrowType(&t.of[0]), Nullable: t.of[0].nullable})
	case "Map":
		m := arrow.MapOf(arrowType(&t.of[0]), arrowType(&t.of[1]))
		m.SetItemNullable(t.of[1].nullable)
		return m
	case "Tuple":
		fields := make([]arrow.Field, len(t.of))
		for i := range t.of {
			fields[i] = arrow.Field{Name: t.elementName(i), Type: arrowType(&t.of[i]), Nullable: t.of[i].nullable}
		}
		return arrow.StructOf(fields...)
	}
	return arrow.BinaryTypes.String
}

// elementName is what an element of a tuple is called: by its place from 1 on where it has no name.
func (t *dataType) elementName(i int) string {
	if t.names[i] != "" {
		return t.names[i]
	}
	return strconv.Itoa(i + 1)
}

// timeUnit is the coarsest that holds all digits; seconds are milliseconds, for Parquet has none.
func timeUnit(t *dataType) arrow.TimeUnit {
	switch {
	case t.scale > 6:
		return arrow.Nanosecond
	case t.scale > 3:
		return arrow.Microsecond
	}
	return arrow.Millisecond
}
