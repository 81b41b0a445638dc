package sink

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"tributary/ingest/stream"
	"tributary/profiles/outbox"
)

// splitAfter is how many times a block may find the store overloaded before it is tried in halves:
// it may be too large for the engine's memory.
const splitAfter = 3

// send plans each span and sends it, InFlight of them at once.
func (s *Sink) send(ctx context.Context, in <-chan *cycle, out chan<- *cycle, slots chan struct{}) error {
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		c, ok := <-in
		if !ok {
			return nil
		}
		if err := s.dispatch(ctx, c); err != nil {
			return err
		}
		out <- c
	}
}

// dispatch writes the plan down and starts to send. The plan's sync makes the entries durable.
func (s *Sink) dispatch(ctx context.Context, c *cycle) error {
	c.seal(s.cfg.MaxPartitions, s.epoch)
	if err := s.queue.Save(c.plan); err != nil {
		return err
	}
	if err := s.announce(ctx, c); err != nil {
		return err
	}
	if err := s.at(stepPlanned); err != nil {
		return err
	}
	s.deliveries.Go(func() { c.done <- s.deliver(ctx, c) })
	return nil
}

// deliver returns nil once each of the span's rows is in the store or refused.
func (s *Sink) deliver(ctx context.Context, c *cycle) error {
	if err := s.refuse(ctx, c.refusals...); err != nil {
		return err
	}
	for i, b := range c.blocks {
		if err := s.at(stepBeforeSend); err != nil {
			return err
		}
		if err := s.putNew(ctx, c, i, b); err != nil {
			return err
		}
		if err := s.at(stepSent); err != nil {
			return err
		}
	}
	c.blocks = nil
	return nil
}

// putNew puts a block of which nothing was sent yet, unless by an outbox before this one.
func (s *Sink) putNew(ctx context.Context, c *cycle, i int, b Block) error {
	if slices.ContainsFunc(b.Rows, func(r Row) bool { return r.Offset < s.horizon[r.Partition] }) {
		var err error
		if b.Rows, err = s.missingRows(ctx, b); err != nil || len(b.Rows) == 0 {
			return err
		}
	}
	return s.put(ctx, c, i, b)
}

// put returns nil once each of the rows of c's i-th block is in the store or refused, however long
// that takes. After any failure it ends the statement and looks before it sends again. A block
// that is refused for what it holds is cut in halves down to the row.
func (s *Sink) put(ctx context.Context, c *cycle, i int, b Block) error {
	for attempt := 1; ; attempt++ {
		cause := s.insert(ctx, b)
		if cause == nil || errors.Is(cause, stream.ErrFenced) {
			return cause
		}
		s.metrics.Retried(b.Table)
		s.logFailure(ctx, b, attempt, cause)
		var err error
		if b.Rows, err = s.settle(ctx, b); err != nil || len(b.Rows) == 0 {
			return err
		}
		refused, overloaded := errors.Is(cause, ErrRefused), errors.Is(cause, ErrOverload)
		switch {
		case refused && len(b.Rows) == 1:
			return s.refuse(ctx, refusalOf(b.Table, &b.Rows[0], cause))
		case len(b.Rows) > 1 && (refused || overloaded && attempt >= splitAfter):
			return s.putHalves(ctx, c, i, b)
		}
		if err := s.pause(ctx, attempt); err != nil {
			return err
		}
		if err := s.rename(c, i, &b); err != nil {
			return err
		}
	}
}

// logFailure leaves out what the engine says of rows it refuses, for it cites their values.
func (s *Sink) logFailure(ctx context.Context, b Block, attempt int, cause error) {
	if errors.Is(cause, ErrRefused) {
		cause = ErrRefused
	}
	s.logger.WarnContext(ctx, "insert failed, looking which rows are there",
		"table", b.Table.String(), "rows", len(b.Rows), "attempt", attempt, "error", cause)
}

func (s *Sink) putHalves(ctx context.Context, c *cycle, i int, b Block) error {
	half := len(b.Rows) / 2
	for _, rows := range [][]Row{b.Rows[:half], b.Rows[half:]} {
		b.Rows = rows
		if err := s.rename(c, i, &b); err != nil {
			return err
		}
		if err := s.put(ctx, c, i, b); err != nil {
			return err
		}
	}
	return nil
}

// rename gives c's i-th block a new query id, in the plan first: every statement has its own, so
// that a late one cannot be taken for the next.
func (s *Sink) rename(c *cycle, i int, b *Block) error {
	b.QueryID = newQueryID(s.epoch)
	c.plan.Blocks[i].QueryID = b.QueryID
	return s.queue.Save(c.plan)
}

func (s *Sink) insert(ctx context.Context, b Block) error {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	began := time.Now()
	if err := s.store.Insert(ctx, b); err != nil {
		return err
	}
	s.metrics.Inserted(b.Table, len(b.Rows), time.Since(began))
	return nil
}

// settle ends the block's statement and returns the rows that are not there. It waits for the
// store as long as it must.
func (s *Sink) settle(ctx context.Context, b Block) ([]Row, error) {
	if err := s.kill(ctx, b.QueryID); err != nil {
		return nil, err
	}
	return s.missingRows(ctx, b)
}

func (s *Sink) missingRows(ctx context.Context, b Block) ([]Row, error) {
	keys := make([]Key, len(b.Rows))
	for i := range b.Rows {
		keys[i] = b.Rows[i].Key
	}
	missing, err := s.missing(ctx, b.Table, keys)
	if err != nil {
		return nil, err
	}
	rows := make([]Row, len(missing))
	for i, m := range missing {
		rows[i] = b.Rows[m]
	}
	return rows, nil
}

func (s *Sink) kill(ctx context.Context, queryID string) error {
	return s.retry(ctx, "end statement", func(ctx context.Context) error { return s.store.Kill(ctx, queryID) })
}

// missing returns the indices of the keys that the table has no row of; of equal keys the first.
func (s *Sink) missing(ctx context.Context, table outbox.Table, keys []Key) ([]int, error) {
	var present []Key
	err := s.retry(ctx, "look for rows", func(ctx context.Context) (err error) {
		present, err = s.store.Present(ctx, table, rangesOf(keys))
		return err
	})
	if err != nil {
		return nil, err
	}
	seen := make(map[Key]struct{}, len(present)+len(keys))
	for _, k := range present {
		seen[k] = struct{}{}
	}
	var missing []int
	for i, k := range keys {
		if _, ok := seen[k]; !ok {
			missing = append(missing, i)
			seen[k] = struct{}{}
		}
	}
	return missing, nil
}

// retry calls f until it succeeds, the sink is to stop, or ctx ends. Each call has Timeout.
func (s *Sink) retry(ctx context.Context, action string, f func(context.Context) error) error {
	for attempt := 1; ; attempt++ {
		call, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
		err := f(call)
		cancel()
		if err == nil {
			return nil
		}
		if attempt == 1 || attempt%20 == 0 {
			s.logger.WarnContext(ctx, "trying again", "action", action, "attempt", attempt, "error", err)
		}
		if err := s.pause(ctx, attempt); err != nil {
			return err
		}
	}
}

// pause waits before the next attempt: RetryMin, doubled each time up to RetryMax, less up to half
// of it by chance.
func (s *Sink) pause(ctx context.Context, attempt int) error {
	wait := s.cfg.RetryMin << min(attempt-1, 20)
	if wait > s.cfg.RetryMax || wait <= 0 {
		wait = s.cfg.RetryMax
	}
	timer := time.NewTimer(wait - rand.N(wait/2+1))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-s.stop:
		return errStopping
	case <-ctx.Done():
		return ctx.Err()
	}
}
