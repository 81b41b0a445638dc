package disclosure

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tributary/ingest/stream"
)

// Log tells how far it reaches; stream.Log does.
type Log interface {
	Partitions(ctx context.Context) ([]stream.PartitionInfo, error)
}

// Worker tells when a record is applied; unify.Worker does.
type Worker interface {
	Applied(ctx context.Context, pos stream.Position) error
}

// Queue is what waits for the analytics store; outbox.Queue is one.
type Queue interface {
	Committed() (uint64, error)
	Sent() uint64
}

// pollEvery is how often is asked how far the sink has come: it tells nobody.
const pollEvery = 20 * time.Millisecond

// Ready returns a function that waits until everything that was in the log's live lane when it was called is in the
// analytics store: what was disclosed before is then in a report. It fails with ErrBehind when ctx ends before.
func Ready(log Log, worker Worker, queue Queue) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		err := ready(ctx, log, worker, queue)
		if err != nil && (ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded)) {
			return ErrBehind
		}
		return err
	}
}

func ready(ctx context.Context, log Log, worker Worker, queue Queue) error {
	partitions, err := log.Partitions(ctx)
	if err != nil {
		return fmt.Errorf("read the log's end: %w", err)
	}
	for _, p := range partitions {
		if p.Lane != stream.LaneLive || p.Next == 0 {
			continue
		}
		if err := worker.Applied(ctx, stream.Position{Partition: p.ID, Offset: p.Next - 1}); err != nil {
			return fmt.Errorf("wait until disclosures are applied: %w", err)
		}
	}
	last, err := queue.Committed()
	if err != nil {
		return fmt.Errorf("read the outbox: %w", err)
	}
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for queue.Sent() < last {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return nil
}
