package importer

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"

	"tributary/ingest/stream"
)

var importMB = flag.Int("import-mb", 128, "size of the files that are imported in bounded memory, in MiB")

// memoryBudget is what an import may add to the heap. It does not depend on the file.
const memoryBudget = 64 << 20

// gauge takes records, and keeps none; it looks how large the heap is.
type gauge struct {
	records int
	peak    atomic.Uint64
}

func (g *gauge) Append(_ context.Context, records []stream.Record) ([]stream.Position, error) {
	g.records += len(records)
	g.look()
	return nil, nil
}

func (g *gauge) look() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	for {
		peak := g.peak.Load()
		if m.HeapInuse <= peak || g.peak.CompareAndSwap(peak, m.HeapInuse) {
			return
		}
	}
}

const wideMapping = "version: 1\nrow_id: id\nidentifiers: {user_id: id}\nevents: [{name: seen, at: [at], properties: [text]}]\n"

// wideText is about 2 KB that hardly compress.
func wideText(r *rand.Rand) string {
	var s strings.Builder
	for s.Len() < 2000 {
		fmt.Fprintf(&s, "%016x ", r.Uint64())
	}
	return s.String()
}

// wideRows yields the rows of a table that is as large as it is told to be.
func wideRows(yield func(id int, at time.Time, text string) error) error {
	r := rand.New(rand.NewPCG(1, 2))
	for id := range *importMB << 20 / 2050 {
		if err := yield(id, time.Unix(int64(1_700_000_000+id), 0).UTC(), wideText(r)); err != nil {
			return err
		}
	}
	return nil
}

func wideRecords(write func(arrow.Record) error) error {
	b := array.NewRecordBuilder(memory.DefaultAllocator, wideSchema)
	rows := 0
	flush := func() error {
		record := b.NewRecord()
		defer record.Release()
		return write(record)
	}
	err := wideRows(func(id int, at time.Time, text string) error {
		b.Field(0).(*array.Int64Builder).Append(int64(id))
		b.Field(1).(*array.TimestampBuilder).Append(arrow.Timestamp(at.UnixMilli()))
		b.Field(2).(*array.StringBuilder).Append(text)
		if rows++; rows%1000 == 0 {
			return flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}

var wideSchema = arrow.NewSchema([]arrow.Field{
	{Name: "id", Type: arrow.PrimitiveTypes.Int64},
	{Name: "at", Type: arrow.FixedWidthTypes.Timestamp_ms},
	{Name: "text", Type: arrow.BinaryTypes.String},
}, nil)

// writeWide writes the table; Parquet has all rows in one row group.
func writeWide(format Format, file *os.File) error {
	switch format {
	case FormatCSV:
		fmt.Fprintln(file, "id,at,text")
		return wideRows(func(id int, at time.Time, text string) error {
			_, err := fmt.Fprintf(file, "%d,%s,\"%s\"\n", id, at.Format(time.RFC3339), text)
			return err
		})
	case FormatParquet:
		w, err := pqarrow.NewFileWriter(wideSchema, struct{ io.Writer }{file}, parquet.NewWriterProperties(
			parquet.WithCompression(compress.Codecs.Zstd), parquet.WithDictionaryDefault(false)), pqarrow.DefaultWriterProps())
		if err != nil {
			return err
		}
		if err := wideRecords(w.WriteBuffered); err != nil {
			return err
		}
		return w.Close()
	case FormatArrow:
		w, err := ipc.NewFileWriter(file, ipc.WithSchema(wideSchema))
		if err != nil {
			return err
		}
		if err := wideRecords(w.Write); err != nil {
			return err
		}
		return w.Close()
	default:
		return wideRows(func(id int, at time.Time, text string) error {
			_, err := fmt.Fprintf(file, "{\"id\":%d,\"at\":%q,\"text\":%q}\n", id, at.Format(time.RFC3339), text)
			return err
		})
	}
}

// TestBoundedMemory imports files that are much larger than the memory it may take. A GB:
//
//	go test ./ingest/importer -run TestBoundedMemory -v -args -import-mb 1024
func TestBoundedMemory(t *testing.T) {
	if testing.Short() { // the race detector is not about memory
		*importMB = min(*importMB, 16)
	}
	for _, format := range []Format{FormatCSV, FormatJSONL, FormatParquet, FormatArrow} {
		t.Run(string(format), func(t *testing.T) {
			file, err := os.Create(filepath.Join(t.TempDir(), "wide"))
			if err != nil {
				t.Fatal(err)
			}
			if err := writeWide(format, file); err != nil {
				t.Fatal(err)
			}
			if err := file.Close(); err != nil {
				t.Fatal(err)
			}
			defer debug.SetGCPercent(debug.SetGCPercent(25)) // so that the heap is near what is in use
			debug.FreeOSMemory()
			var before runtime.MemStats
			runtime.ReadMemStats(&before)
			g := &gauge{}
			report, err := Import{Path: file.Name(), Format: format, Mapping: mappingOf(t, wideMapping), Workspace: "default", Source: "s"}.Run(t.Context(), g)
			if err != nil || report.Rejected > 0 || report.Events != g.records || report.Rows != *importMB<<20/2050 {
				t.Fatalf("%+v, %v", report, err)
			}
			used := int64(g.peak.Load()) - int64(before.HeapInuse)
			t.Logf("%d MiB of heap for a file of %d MiB, %.0f rows/s", used>>20, *importMB, report.RowsPerSecond)
			if used > memoryBudget {
				t.Errorf("the heap grew by %d MiB, more than %d", used>>20, memoryBudget>>20)
			}
		})
	}
}
