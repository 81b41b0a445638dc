package sink

import (
	"context"
	"slices"
	"time"

	"tributary/profiles/outbox"
)

// finish ends the spans in their order: it moves the sent cursor, and later the clean point.
func (s *Sink) finish(ctx context.Context, in <-chan *cycle, slots <-chan struct{}) error {
	clean := time.NewTimer(s.untilClean())
	defer clean.Stop()
	for {
		select {
		case c, ok := <-in:
			if !ok {
				return nil
			}
			if err := s.finishOne(ctx, c); err != nil {
				return err
			}
			<-slots
		case <-clean.C:
		case ask := <-s.settles:
			if err := s.settleNow(ask); err != nil {
				return err
			}
		}
		if err := s.moveCleanPoint(); err != nil {
			return err
		}
		clean.Reset(s.untilClean())
	}
}

func (s *Sink) finishOne(ctx context.Context, c *cycle) error {
	var err error
	select {
	case err = <-c.done:
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	if err := s.at(stepBeforeDone); err != nil {
		return err
	}
	if err := s.queue.Done(c.plan); err != nil {
		return err
	}
	s.mu.Lock()
	s.flying = slices.DeleteFunc(s.flying, func(f *cycle) bool { return f == c })
	s.mu.Unlock()
	s.marks.add(c.plan.To, s.cfg.Now())
	if c.wrote(outbox.TableIdentityMap) {
		s.dictionaryChanged()
	}
	return s.at(stepDone)
}

func (c *cycle) wrote(t outbox.Table) bool {
	return slices.ContainsFunc(c.plan.Blocks, func(b outbox.PlannedBlock) bool { return b.Table == t })
}

// moveCleanPoint removes the entries that were acknowledged longer than KeepFor ago.
func (s *Sink) moveCleanPoint() error {
	seq := s.marks.take(s.cfg.Now().Add(-s.cfg.KeepFor))
	if seq == 0 {
		return nil
	}
	if err := s.queue.Discard(seq); err != nil {
		return err
	}
	return s.at(stepDiscarded)
}

func (s *Sink) untilClean() time.Duration {
	oldest, ok := s.marks.oldest()
	if !ok {
		return s.cfg.KeepFor
	}
	return max(0, oldest.Add(s.cfg.KeepFor).Sub(s.cfg.Now()))
}

// marks remembers when which Seq was acknowledged, in steps, oldest first.
type marks struct {
	list []mark
	step time.Duration
}

type mark struct {
	seq   uint64
	first time.Time // when the mark was begun; decides when a new one is
	at    time.Time // when seq was acknowledged
}

// marksKept is about how many marks span KeepFor.
const marksKept = 50

// add notes that all up to seq is acknowledged.
func (m *marks) add(seq uint64, now time.Time) {
	if seq == 0 {
		return
	}
	if n := len(m.list); n > 0 && now.Sub(m.list[n-1].first) < m.step {
		m.list[n-1].seq, m.list[n-1].at = seq, now
		return
	}
	m.list = append(m.list, mark{seq: seq, first: now, at: now})
}

// take removes the marks acknowledged at or before limit and returns the greatest Seq of them.
func (m *marks) take(limit time.Time) (seq uint64) {
	for len(m.list) > 0 && !m.list[0].at.After(limit) {
		seq = m.list[0].seq
		m.list = m.list[1:]
	}
	return seq
}

func (m *marks) oldest() (time.Time, bool) {
	if len(m.list) == 0 {
		return time.Time{}, false
	}
	return m.list[0].at, true
}

// dictionaryChanged asks for a reload of the identity dictionary.
func (s *Sink) dictionaryChanged() {
	select {
	case s.reload <- struct{}{}:
	default:
	}
}

// reloadShare is the part of the time, one in so many, that may be spent on reloading the identity
// dictionary: what a reload costs grows with the map.
const reloadShare = 10

// reloadPauses bounds the time between two reloads, in ReloadEvery: a reload is slow too because
// ClickHouse hung for a while, and that says nothing about the next.
const reloadPauses = 30

// reloadIdentityMap reloads the dictionary when asked to, at most once in ReloadEvery, and less often
// if a reload takes more than a tenth of that: up to reloadPauses. A failure is tried again after
// ReloadEvery.
func (s *Sink) reloadIdentityMap(ctx context.Context) error {
	for {
		select {
		case <-s.reload:
		case <-ctx.Done():
			return nil
		}
		began, pause := time.Now(), s.cfg.ReloadEvery
		call, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
		err := s.store.ReloadIdentityMap(call)
		cancel()
		if err == nil {
			pause = min(max(pause, (reloadShare-1)*time.Since(began)), reloadPauses*s.cfg.ReloadEvery)
		} else if ctx.Err() == nil {
			s.logger.WarnContext(ctx, "reload of the identity dictionary failed", "error", err)
			s.dictionaryChanged()
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
	}
}
