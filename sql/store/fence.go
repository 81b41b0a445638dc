package store

import (
	"context"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// Fence makes this store the writer of an epoch, a number greater than that of every writer before. When
// it returns, every insert of an earlier epoch that was begun has ended, and every one that comes yet,
// from wherever, is refused with ErrFenced. It returns ErrFenced if there is a later epoch already.
// Rows that are inserted from then on bear the epoch. A store that is never fenced is of epoch 0.
//
// On a cluster it must reach all nodes: one that is away makes it fail.
func (s *Store) Fence(ctx context.Context, epoch uint32) error {
	for _, step := range []string{"store/fence", "store/reload_fence"} {
		if err := s.exec(ctx, s.queries[step], Params{"epoch": epoch}); err != nil {
			return wrap("fence", err)
		}
	}
	query, err := Prepare[struct {
		Epoch uint32 `ch:"epoch"`
	}](s, "store/fenced")
	if err != nil {
		return err
	}
	now, err := query.One(ctx, nil)
	if err != nil {
		return err
	}
	if now.Epoch != epoch {
		return fmt.Errorf("fence at epoch %d: %w: epoch %d is in force", epoch, ErrFenced, now.Epoch)
	}
	if err := s.exec(ctx, s.queries["store/kill_fenced"], Params{"epoch": epoch}); err != nil {
		return wrap("end statements of earlier writers", err)
	}
	s.writer.Store(epoch)
	return nil
}

// StatementName is the query id of a statement of the sink; Fence knows the epoch by it.
func StatementName(epoch uint32, unique string) string {
	return fmt.Sprintf("sink-%d-%s", epoch, unique)
}

// sign adds the writer's epoch to a block of n rows, if there is one.
func (s *Store) sign(b *block, n int) {
	epoch := s.writer.Load()
	if epoch == 0 {
		return
	}
	writers := make([]uint32, n)
	for i := range writers {
		writers[i] = epoch
	}
	b.columns = append(b.columns, clickhouse.ColumnNameAndType{Name: "writer", Type: "UInt32"})
	b.values = append(b.values, writers)
}
