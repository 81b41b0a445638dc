package node

import (
	"context"
	"errors"
	"time"

	"tributary/ingest/stream"
	"tributary/profiles/unify"
)

const trimEvery = 10 * time.Minute

// trimLoop lets the log forget what is older than the retention and needed by nobody.
func (n *Node) trimLoop(ctx context.Context) error {
	if n.config.Log.Retention == 0 {
		return nil
	}
	trimmer := &unify.Trimmer{Log: trimmed{n.log, n.sink.AnnounceTrim}, State: n.state, Outbox: n.outbox.Queue}
	ticker := time.NewTicker(trimEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			_, err := trimmer.Trim(ctx, time.Now().Add(-time.Duration(n.config.Log.Retention)))
			if err != nil && !errors.Is(err, context.Canceled) {
				n.logger.WarnContext(ctx, "trim log", "error", err)
			}
		}
	}
}

// trimmed is a log whose owner says so before it is trimmed.
type trimmed struct {
	stream.Log
	announce func(context.Context) error
}

// Trim implements stream.Log.
func (l trimmed) Trim(ctx context.Context, p stream.Partition, before uint64) error {
	if err := l.announce(ctx); err != nil {
		return err
	}
	return l.Log.Trim(ctx, p, before)
}
