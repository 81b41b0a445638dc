package bench

import (
	"context"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"tributary/cmd/internal/node"
	"tributary/sql/chdb"
	"tributary/sql/store"
)

// As the sink does by default.
const (
	insertBlock  = 20_000 // rows
	insertAtOnce = 2
)

type insertOutcome struct {
	rows           int
	rate           float64 // rows per second
	cpu, engineCPU float64 // CPU-seconds per million rows: both, and the engine alone
}

// insertBare inserts ready rows into an engine of its own, a child process like the server's, and
// takes the better of two times, the first of which warms up.
func (b *bench) insertBare(ctx context.Context, rows []*store.EventRow) (o insertOutcome, err error) {
	quiet := slog.New(slog.DiscardHandler)
	engine, err := chdb.Supervise(ctx, chdb.Config{Path: b.folder("bare"), Logger: quiet},
		chdb.Child{Path: b.cfg.Binary, Args: []string{node.EngineCommand}})
	if err != nil {
		return o, err
	}
	defer func() { _ = engine.Close() }() // its data is of no use
	s, err := store.New(chdb.Options(engine.Transport(chdb.PoolWrite), ""), store.Config{Kill: engine.Kill})
	if err != nil {
		return o, err
	}
	defer func() { _ = s.Close() }()
	if _, err := s.Migrate(ctx); err != nil {
		return o, err
	}
	for range 2 {
		again, err := insertAll(ctx, s, engine.PID(), rows)
		if err != nil {
			return o, err
		}
		if again.rate > o.rate {
			o = again
		}
	}
	return o, nil
}

func insertAll(ctx context.Context, s *store.Store, engine int, rows []*store.EventRow) (o insertOutcome, err error) {
	ours, theirs, err := cpuOfBoth(engine)
	if err != nil {
		return o, err
	}
	began := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(insertAtOnce)
	for from := 0; from < len(rows); from += insertBlock {
		block := rows[from:min(from+insertBlock, len(rows))]
		group.Go(func() error { return store.Insert(ctx, s, store.Events, block, "") })
	}
	if err := group.Wait(); err != nil {
		return o, err
	}
	took := time.Since(began)
	oursAfter, theirsAfter, err := cpuOfBoth(engine)
	return insertOutcome{
		rows: len(rows), rate: float64(len(rows)) / took.Seconds(),
		cpu:       perMillion(oursAfter-ours+theirsAfter-theirs, len(rows)),
		engineCPU: perMillion(theirsAfter-theirs, len(rows)),
	}, err
}

// cpuOfBoth is the CPU time of this process, where the driver runs, and of the engine.
func cpuOfBoth(engine int) (ours, theirs time.Duration, err error) {
	if ours, err = cpuTime(os.Getpid()); err != nil {
		return 0, 0, err
	}
	theirs, err = cpuTime(engine)
	return ours, theirs, err
}
