package analyst_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"

	"tributary/journeys/analyst"
	"tributary/sql/chdb/chdbtest"
)

// everyType has a column of each type that a statement may come to.
const everyType = `SELECT toInt8(-1) AS i8, toUInt64(18446744073709551615) AS u64, toFloat64(1.5) AS f, 'é' AS s, true AS b,
	CAST('12.34' AS Decimal(38, 8)) AS d, toDate('2026-03-01') AS day, CAST('2026-03-01 10:00:00' AS DateTime('Europe/Berlin')) AS t,
	CAST('2026-03-01 10:00:00.123' AS DateTime64(3, 'UTC')) AS ms, toUUID('018f6a52-0000-4000-8000-000000000001') AS id,
	[1, 2] AS list, map('a', 1) AS m, (1, 'x') AS tup, CAST(NULL AS Nullable(String)) AS none, CAST('x' AS LowCardinality(String)) AS low,
	[CAST(NULL AS Nullable(Float64)), 2] AS holes FROM numbers(5000)`

func TestEveryTypeIsWritten(t *testing.T) {
	w := newWorld(t, chdbtest.Engine(t), analyst.Limits{})
	write := func(f analyst.Format) []byte {
		t.Helper()
		result, err := w.Run(t.Context(), all("acme"), everyType, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer result.Close()
		var b bytes.Buffer
		most := uint64(0)
		if f == analyst.FormatJSON {
			most = 1
		}
		if err := result.Write(&b, f, most); err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		return b.Bytes()
	}
	const row = `[-1,18446744073709551615,1.5,"é",true,"12.34","2026-03-01","2026-03-01T09:00:00Z","2026-03-01T10:00:00.123Z",` +
		`"018f6a52-0000-4000-8000-000000000001",[1,2],{"a":1},[1,"x"],null,"x",[null,2]]`
	if text := string(write(analyst.FormatJSON)); !strings.Contains(text, `"rows":[`+row+`],"row_count":1,"truncated":true}`) {
		t.Errorf("JSON: %s", text)
	}
	if lines := strings.Count(string(write(analyst.FormatCSV)), "\r\n"); lines != 5001 {
		t.Errorf("CSV: %d lines", lines)
	}
	stream, err := ipc.NewReader(bytes.NewReader(write(analyst.FormatArrow)))
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Release()
	rows := int64(0)
	for stream.Next() {
		rows += stream.Record().NumRows()
	}
	if stream.Err() != nil || rows != 5000 {
		t.Errorf("Arrow: %v, %d rows", stream.Err(), rows)
	}
	table, err := pqarrow.ReadTable(context.Background(), bytes.NewReader(write(analyst.FormatParquet)), parquet.NewReaderProperties(nil), pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	if table.NumRows() != 5000 || table.NumCols() != 16 {
		t.Errorf("Parquet: %d rows, %d columns", table.NumRows(), table.NumCols())
	}
}
