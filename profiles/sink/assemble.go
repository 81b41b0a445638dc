package sink

import (
	"context"
	"time"

	"tributary/profiles/outbox"
)

// readChunk is how many entries are taken into memory, with their log records, at once.
const readChunk = 2048

// assemble reads the outbox from the sent cursor on and hands over span after span. A span is
// handed over when it is full, or FlushEvery after the one before it, as soon as there is a taker:
// so a lone event goes at once, and spans grow by themselves while the store is busy.
func (s *Sink) assemble(ctx context.Context, out chan<- *cycle) error {
	after, flush := s.queue.Sent(), time.NewTimer(0)
	defer flush.Stop()
	for {
		c, err := s.fill(ctx, newCycle(after), out, flush)
		if c == nil || err != nil {
			return err
		}
		after = c.plan.To
		flush.Reset(s.cfg.FlushEvery)
	}
}

// fill takes entries into c until it can hand it over. It returns nil when the sink is to stop and
// nothing waits.
func (s *Sink) fill(ctx context.Context, c *cycle, out chan<- *cycle, flush *time.Timer) (*cycle, error) {
	stop, due := s.stop, false
	for {
		last, grown := s.queue.Grown()
		full := c.full(&s.cfg)
		if !full && c.plan.To < last {
			if err := s.take(ctx, c, last); err != nil {
				return nil, err
			}
			continue
		}
		if c.size == 0 && stop == nil {
			return nil, nil
		}
		if full {
			grown = nil
		}
		var taker chan<- *cycle
		if c.size > 0 && (full || due || stop == nil) {
			taker = out
		}
		select {
		case taker <- c:
			return c, nil
		case <-grown:
		case <-flush.C:
			due = true
		case <-stop:
			stop = nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// take reads one chunk of entries, up to last, into c.
func (s *Sink) take(ctx context.Context, c *cycle, last uint64) error {
	entries, err := s.queue.Take(c.plan.To, last, min(readChunk, s.cfg.MaxRows-c.size))
	if err != nil {
		return err
	}
	if len(entries) == 0 { // a gap, where a batch was dropped
		c.plan.To = last
		return nil
	}
	if c.size == 0 {
		c.oldest = s.cfg.Now()
		s.mu.Lock()
		s.flying = append(s.flying, c)
		s.mu.Unlock()
	}
	return s.load(ctx, c, entries)
}

// load adds the entries to c, with their log records.
func (s *Sink) load(ctx context.Context, c *cycle, entries []outbox.Entry) error {
	var records []loaded
	err := s.retry(ctx, "read the log", func(ctx context.Context) (err error) {
		records, err = s.loader.load(ctx, entries)
		return err
	})
	if err != nil {
		return err
	}
	s.mu.Lock() // oldest is read by Lag
	defer s.mu.Unlock()
	c.add(entries, records)
	return nil
}
