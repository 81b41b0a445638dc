package sink

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// settling asks the finisher to move the clean point to seq.
type settling struct {
	seq  uint64
	done chan error
}

// settlePause is how long Settle waits before it looks again how far the sink has come.
const settlePause = 20 * time.Millisecond

// Settle returns once everything that the outbox holds now is in the store, or refused, and the outbox has
// let go of it: from then on, rows of it that somebody removes from the store are not missed, and not sent again.
// Durable is called before it lets go: when it returns, what the store has acknowledged is on disk for certain,
// though it is younger than KeepFor. Run must be under way.
func (s *Sink) Settle(ctx context.Context, durable func(context.Context) error) error {
	last := s.queue.Last()
	for s.queue.Sent() < last {
		select {
		case <-time.After(settlePause):
		case <-ctx.Done():
			return fmt.Errorf("settle sink: %w", ctx.Err())
		}
	}
	if err := durable(ctx); err != nil {
		return fmt.Errorf("settle sink: %w", err)
	}
	ask := settling{seq: last, done: make(chan error, 1)}
	select {
	case s.settles <- ask:
	case <-ctx.Done():
		return fmt.Errorf("settle sink: %w", ctx.Err())
	}
	select {
	case err := <-ask.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("settle sink: %w", ctx.Err())
	}
}

// settleNow moves the clean point for Settle.
func (s *Sink) settleNow(ask settling) error {
	err := s.queue.Discard(ask.seq)
	if err == nil {
		err = s.at(stepDiscarded)
	}
	if err != nil {
		err = fmt.Errorf("settle sink: %w", err)
	}
	ask.done <- err
	return errors.Unwrap(err)
}
