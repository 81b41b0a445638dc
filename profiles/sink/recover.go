package sink

import (
	"context"

	"tributary/profiles/outbox"
)

// lookChunk is how many entries are looked for in the store at once.
const lookChunk = 50_000

// recover brings the store and the outbox to agreement before new work begins: every statement
// that was planned is ended; then what was sent since the clean point, unless the run before ended
// in good order, and what was planned, is looked for, and the missing rows are sent.
func (s *Sink) recover(ctx context.Context, clean bool) error {
	plans, err := s.queue.Plans()
	if err != nil {
		return err
	}
	for _, p := range plans {
		for _, b := range p.Blocks {
			if err := s.kill(ctx, b.QueryID); err != nil {
				return err
			}
		}
	}
	if !clean {
		s.logger.InfoContext(ctx, "looking for what was sent since the clean point",
			"rows", s.queue.Sent()-s.queue.Clean())
		if err := s.revisit(ctx, s.queue.Clean(), s.queue.Sent()); err != nil {
			return err
		}
	}
	for _, p := range plans {
		if err := s.revisit(ctx, max(p.After, s.queue.Sent()), p.To); err != nil {
			return err
		}
		if err := s.queue.Done(p); err != nil {
			return err
		}
	}
	if !clean || len(plans) > 0 {
		s.dictionaryChanged()
	}
	s.marks.add(s.queue.Sent(), s.cfg.Now())
	return nil
}

// revisit looks for the rows of the entries with after < Seq <= to and sends the missing ones.
func (s *Sink) revisit(ctx context.Context, after, to uint64) error {
	for after < to {
		entries, err := s.queue.Read(after, to, lookChunk)
		if err != nil || len(entries) == 0 {
			return err
		}
		missing, err := s.missingEntries(ctx, entries)
		if err != nil {
			return err
		}
		if err := s.restore(ctx, after, missing); err != nil {
			return err
		}
		after = entries[len(entries)-1].Seq
	}
	return nil
}

// missingEntries returns those of the entries whose rows are neither in the store nor refused, in
// their order.
func (s *Sink) missingEntries(ctx context.Context, entries []outbox.Entry) ([]outbox.Entry, error) {
	refused, err := s.queue.Refused(entries[0].Seq-1, entries[len(entries)-1].Seq)
	if err != nil {
		return nil, err
	}
	keys, index := map[outbox.Table][]Key{}, map[outbox.Table][]int{}
	for i := range entries {
		if e := &entries[i]; !refused[e.Seq] {
			keys[e.Table] = append(keys[e.Table], keyOf(e))
			index[e.Table] = append(index[e.Table], i)
		}
	}
	gone := make([]bool, len(entries))
	for t := range keys {
		missing, err := s.missing(ctx, t, keys[t])
		if err != nil {
			return nil, err
		}
		s.metrics.Restored(t, len(missing))
		for _, m := range missing {
			gone[index[t][m]] = true
		}
	}
	var left []outbox.Entry
	for i := range entries {
		if gone[i] {
			left = append(left, entries[i])
		}
	}
	return left, nil
}

// restore sends the entries' rows, span by span, each planned like new ones.
func (s *Sink) restore(ctx context.Context, after uint64, entries []outbox.Entry) error {
	for len(entries) > 0 {
		c := newCycle(after)
		for len(entries) > 0 && !c.full(&s.cfg) {
			n := min(readChunk, len(entries), s.cfg.MaxRows-c.size)
			if err := s.load(ctx, c, entries[:n]); err != nil {
				return err
			}
			entries = entries[n:]
		}
		if err := s.dispatch(ctx, c); err != nil {
			return err
		}
		if err := <-c.done; err != nil {
			return err
		}
		if err := s.queue.Done(c.plan); err != nil {
			return err
		}
		after = c.plan.To
	}
	return nil
}
