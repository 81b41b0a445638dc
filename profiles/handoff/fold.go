package handoff

import (
	"slices"
	"time"

	"tributary/ingest/event"
)

func timeOf(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// Fold returns the hand-off as it stands after all of its steps, at a time; nil if it was not offered. A time before
// its last step is that step's, for clocks differ. A lease that is over opens it again, by the time of the step that meets it, or of who reads: no event says so,
// and so none can come too late to. The caller does not change what lies within the record.
func (h *History) Fold(at time.Time) *Record {
	if last := h.Last(); last != nil && last.At.After(at) {
		at = last.At
	}
	return h.AsOf(at)
}

// AsOf returns the hand-off as it stood at a time, whatever came later; nil if it was not offered yet.
func (h *History) AsOf(at time.Time) *Record {
	f := folding{}
	for _, s := range h.all() {
		if !s.At.After(at) {
			f.step(&s)
		}
	}
	if f.record == nil {
		return nil
	}
	f.lapse(at)
	return f.record
}

// After returns the hand-off as the step of a message id left it, at that step's time; nil if there is none.
func (h *History) After(messageID string) *Record {
	last := h.Step(messageID)
	if last == nil {
		return nil
	}
	f := folding{}
	for _, s := range h.all() {
		if s.compare(last) <= 0 {
			f.step(&s)
		}
	}
	return f.record
}

// HeldUntil says until when the last lease that somebody had was to last, or when they let go; zero: they never had one.
func (h *History) HeldUntil(p Party) (until time.Time) {
	f := folding{}
	for _, s := range h.all() {
		held := f.record != nil && f.heldBy(p)
		f.step(&s)
		switch {
		case f.record == nil:
		case f.heldBy(p):
			until = f.record.Lease.Until
		case held && s.At.Before(until):
			until = s.At
		}
	}
	return until
}

// folding is a record in the making. last is who held it last, as long as nobody else has since.
type folding struct {
	record *Record
	last   *Party
}

func (f *folding) step(s *Step) {
	if f.record == nil {
		if s.Name == event.NameHandoffOffered && s.Record != nil {
			offered := *s.Record
			offered.Lease, offered.Reads, offered.Returns = nil, nil, nil
			f.record = &offered
		}
		return
	}
	f.lapse(s.At)
	switch s.Name {
	case event.NameHandoffAccepted:
		f.accept(s)
	case event.NameHandoffExtended:
		if f.heldBy(s.By) {
			f.hold(s)
		}
	case event.NameHandoffReleased:
		if f.heldBy(s.By) {
			f.record.Status, f.record.Lease, f.last = StatusReleased, nil, nil
		}
	case event.NameHandoffReturned:
		f.giveBack(s)
	case event.NameHandoffRead:
		f.record.Reads = append(f.record.Reads, Read{By: s.By, At: s.At, Parts: slices.Clone(s.Parts)})
	}
}

// lapse ends a lease that is over.
func (f *folding) lapse(at time.Time) {
	if l := f.record.Lease; l != nil && !at.Before(l.Until) {
		f.record.Status, f.record.Lease = StatusExpired, nil
	}
}

func (f *folding) heldBy(p Party) bool {
	return f.record.Lease != nil && f.record.Lease.Holder.Same(p)
}

func (f *folding) accept(s *Step) {
	switch {
	case f.record.Status.Over(), !f.record.To.Admits(s.By):
	case f.record.Lease == nil, f.heldBy(s.By):
		f.hold(s)
	}
}

// hold lets the step's party hold it for the step's lease; a lease is never cut short.
func (f *folding) hold(s *Step) {
	until := s.At.Add(min(s.Lease(), MaxLease))
	if l := f.record.Lease; l != nil && l.Until.After(until) {
		until = l.Until
	}
	holder := s.By
	f.record.Status, f.record.Lease, f.last = StatusAccepted, &Lease{holder, until}, &holder
}

// giveBack takes a return by the holder; of one whose lease is over, as long as nobody else holds it: what
// was done is not lost because it took long.
func (f *folding) giveBack(s *Step) {
	late := f.record.Status == StatusExpired && f.last != nil && f.last.Same(s.By)
	if !f.heldBy(s.By) && !late {
		return
	}
	f.record.Status, f.record.Lease, f.last = StatusReturned, nil, nil
	if s.Resolved {
		f.record.Status = StatusClosed
	}
	f.record.Returns = append(f.record.Returns, Return{By: s.By, At: s.At, Summary: s.Summary, Resolved: s.Resolved, Next: s.Next})
}
