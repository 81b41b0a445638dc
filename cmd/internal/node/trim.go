package node

import (
	"context"
	"errors"
	"time"

	"tributary/profiles/unify"
)

const trimEvery = 10 * time.Minute

// trimLoop lets the log forget what is older than the retention and needed by nobody.
func (n *Node) trimLoop(ctx context.Context) error {
	if n.config.Log.Retention == 0 {
		return nil
	}
	trimmer := &unify.Trimmer{Log: n.log, State: n.state, Outbox: n.outbox.Queue}
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
