package chdb_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
)

// both runs a benchmark on the engine in this process and in a child.
func both(b *testing.B, bench func(b *testing.B, conn driver.Conn)) {
	b.Run("process", func(b *testing.B) { bench(b, chdbtest.Conn(b)) })
	b.Run("child", func(b *testing.B) {
		s, err := chdb.Supervise(b.Context(), chdb.Config{Path: b.TempDir()}, chdbtest.Child())
		if err != nil {
			b.Fatal(err)
		}
		defer s.Close()
		conn, err := clickhouse.Open(chdb.Options(s, ""))
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		bench(b, conn)
	})
}

func BenchmarkSelectOne(b *testing.B) {
	both(b, func(b *testing.B, conn driver.Conn) {
		b.ReportAllocs()
		for b.Loop() {
			var n uint8
			if err := conn.QueryRow(b.Context(), "SELECT {n:UInt8}", clickhouse.Named("n", 1)).Scan(&n); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// One operation is an insert of 10,000 rows of ten columns, encoding included.
func BenchmarkInsert10kRows(b *testing.B) {
	both(b, func(b *testing.B, conn driver.Conn) {
		exec(b, conn, "CREATE TABLE bench (a UInt64, b UInt64, c UInt64, d String, e String, f String, g LowCardinality(String), h Float64, i DateTime64(3), j String) ENGINE = MergeTree ORDER BY a")
		b.ReportAllocs()
		for b.Loop() {
			if err := insertBench(b.Context(), conn); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)*10_000/b.Elapsed().Seconds(), "rows/s")
	})
}

func insertBench(ctx context.Context, conn driver.Conn) error {
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO bench")
	if err != nil {
		return err
	}
	for n := range uint64(10_000) {
		s := fmt.Sprintf("value-%d", n)
		if err := batch.Append(n, n, n, s, s, "a longer text that is the same in every row", "web", float64(n), int64(n), s); err != nil {
			return err
		}
	}
	return batch.Send()
}

// One operation reads a million numbers.
func BenchmarkSelectMillion(b *testing.B) {
	both(b, func(b *testing.B, conn driver.Conn) {
		b.SetBytes(8_000_000)
		for b.Loop() {
			rows, err := conn.Query(b.Context(), "SELECT number FROM numbers(1000000)")
			if err != nil {
				b.Fatal(err)
			}
			for rows.Next() {
			}
			if err := rows.Err(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
