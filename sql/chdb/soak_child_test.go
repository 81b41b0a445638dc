package chdb_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
)

// The same load as TestSoakReadersAndWriters through the child process, which is killed again and again.
// A writer that was cut off looks which of its rows are there, as the sink does, so that at the end
// every block is there once.
func TestSoakReadersAndWritersWhileTheEngineDies(t *testing.T) {
	s, err := chdb.Supervise(t.Context(), chdb.Config{Path: t.TempDir()}, chdbtest.Child())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	write, read := connectTo(t, s.Transport(chdb.PoolWrite)), connectTo(t, s.Transport(chdb.PoolRead))
	exec(t, write, "CREATE TABLE t (writer UInt8, block UInt64, n UInt64) ENGINE = MergeTree ORDER BY (writer, block) SETTINGS fsync_after_insert = 1, fsync_part_directory = 1")

	const insertsPerKill = 15
	var group sync.WaitGroup
	var inserted, cutOff, reads atomic.Uint64
	killNow := make(chan struct{}, 1)
	until := time.Now().Add(soakTime(t))
	for writer := range uint8(2) {
		group.Go(func() {
			for block := uint64(0); time.Now().Before(until); block++ {
				for {
					err := insertOnce(t.Context(), s, fmt.Sprintf("w%d-%d-%d", writer, block, cutOff.Load()), writer, block)
					if err == nil {
						break
					}
					if !errors.Is(err, chdb.ErrEngineDown) {
						t.Error(err)
						return
					}
					cutOff.Add(1)
				}
				if inserted.Add(1)%insertsPerKill == 0 {
					select {
					case killNow <- struct{}{}:
					default:
					}
				}
			}
		})
	}
	for range 8 {
		group.Go(func() {
			for round := 0; time.Now().Before(until); round++ {
				reads.Add(1)
				err := readBlocks(t.Context(), read, round)
				if errors.Is(err, chdb.ErrEngineDown) {
					err = s.WaitReady(t.Context())
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	finished := make(chan struct{})
	go func() { group.Wait(); close(finished) }()
	for done := false; !done; {
		select {
		case <-killNow:
			if pid := s.PID(); pid != 0 {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		case <-finished:
			done = true
		}
	}
	if err := s.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	for readBlocks(t.Context(), read, 0) != nil { // the last kill may not have been noticed yet
		if err := s.WaitReady(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	var rows, blocks uint64
	if err := read.QueryRow(t.Context(), "SELECT count(), uniqExact(writer, block) FROM t").Scan(&rows, &blocks); err != nil {
		t.Fatal(err)
	}
	if want := inserted.Load(); blocks != want || rows != want*blockRows {
		t.Errorf("%d rows in %d blocks, want %d blocks of %d", rows, blocks, want, blockRows)
	}
	t.Logf("%d blocks, %d times cut off, %d reads, %d restarts", blocks, cutOff.Load(), reads.Load(), s.Restarts())
}

// insertOnce inserts a block unless it is there. An earlier attempt of unknown outcome is over, for
// its query id was killed or its engine is dead.
func insertOnce(ctx context.Context, s *chdb.Supervisor, id string, writer uint8, block uint64) error {
	if err := s.WaitReady(ctx); err != nil {
		return err
	}
	conn, err := clickhouse.Open(chdb.Options(s.Transport(chdb.PoolWrite), ""))
	if err != nil {
		return err
	}
	defer conn.Close()
	var there uint64
	err = conn.QueryRow(ctx, "SELECT count() FROM t WHERE writer = {w:UInt8} AND block = {b:UInt64}",
		clickhouse.Named("w", writer), clickhouse.Named("b", block)).Scan(&there)
	switch {
	case err != nil:
		return fmt.Errorf("look: %w", err)
	case there == blockRows:
		return nil
	case there != 0:
		return fmt.Errorf("%d rows of block %d", there, block)
	}
	if err := insertBlock(clickhouse.Context(ctx, clickhouse.WithQueryID(id)), conn, writer, block); err != nil {
		if killErr := s.Kill(ctx, id); killErr != nil && !errors.Is(killErr, chdb.ErrEngineDown) {
			return killErr
		}
		return err
	}
	return nil
}
