package chdb_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
)

// soakTime is TRIBUTARY_SOAK, such as 1m; 5 seconds by default, 2 in short mode.
func soakTime(t *testing.T) time.Duration {
	t.Helper()
	if value := os.Getenv("TRIBUTARY_SOAK"); value != "" {
		d, err := time.ParseDuration(value)
		if err != nil {
			t.Fatalf("TRIBUTARY_SOAK: %v", err)
		}
		return d
	}
	if testing.Short() {
		return 2 * time.Second
	}
	return 5 * time.Second
}

// Eight readers and two writers at a time, and one that keeps giving up. A block is seen whole or
// not at all, and everything that was inserted is there at the end.
func TestSoakReadersAndWriters(t *testing.T) {
	database := chdbtest.Database(t)
	write, read := connect(t, chdb.PoolWrite, database), connect(t, chdb.PoolRead, database)
	exec(t, write, "CREATE TABLE t (writer UInt8, block UInt64, n UInt64) ENGINE = MergeTree ORDER BY (writer, block)")

	var group sync.WaitGroup
	var inserted, reads, cancelled atomic.Uint64
	until := time.Now().Add(soakTime(t))
	work := func(do func(round int) error) {
		group.Go(func() {
			for round := 0; time.Now().Before(until); round++ {
				if err := do(round); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for writer := range 2 {
		work(func(round int) error {
			inserted.Add(blockRows)
			return insertBlock(t.Context(), write, uint8(writer), uint64(round))
		})
	}
	for range 8 {
		work(func(round int) error { reads.Add(1); return readBlocks(t.Context(), read, round) })
	}
	work(func(int) error { cancelled.Add(1); return giveUp(t.Context(), read) })
	group.Wait()

	var rows uint64
	if err := read.QueryRow(t.Context(), "SELECT count() FROM t").Scan(&rows); err != nil || rows != inserted.Load() {
		t.Errorf("%d rows of %d: %v", rows, inserted.Load(), err)
	}
	t.Logf("%d rows, %d reads, %d given up", rows, reads.Load(), cancelled.Load())
}

const blockRows = 1000

func insertBlock(ctx context.Context, conn driver.Conn, writer uint8, block uint64) error {
	batch, err := conn.PrepareBatch(ctx, "INSERT INTO t (writer, block, n)")
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	for n := range uint64(blockRows) {
		if err := batch.Append(writer, block, n); err != nil {
			return fmt.Errorf("append: %w", err)
		}
	}
	return batch.Send()
}

func readBlocks(ctx context.Context, conn driver.Conn, round int) error {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_block_size": 100 + round%1000}))
	rows, err := conn.Query(ctx, "SELECT writer, block, count(), sum(n) FROM t WHERE block % 10 = {r:UInt8} GROUP BY writer, block",
		clickhouse.Named("r", uint8(round%10)))
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var writer uint8
		var block, count, sum uint64
		if err := rows.Scan(&writer, &block, &count, &sum); err != nil {
			return fmt.Errorf("scan: %w", err)
		}
		if count != blockRows || sum != blockRows*(blockRows-1)/2 {
			return fmt.Errorf("block %d of writer %d has %d rows with sum %d", block, writer, count, sum)
		}
	}
	return rows.Err()
}

func giveUp(ctx context.Context, conn driver.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Millisecond)
	defer cancel()
	err := conn.Exec(ctx, endless)
	if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) && !errors.Is(err, clickhouse.ErrAcquireConnTimeout) {
		return fmt.Errorf("given up: %w", err)
	}
	return nil
}
