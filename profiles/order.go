package profiles

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// SessionGap ends a client's session: no event of it within so long, by corrected time.
const SessionGap = 30 * time.Minute

// Compare orders events in the order in which they are told, the oldest first. It is total once Arrange
// has set OrderedAt.
func (x *Interaction) Compare(y *Interaction) int {
	if c := x.OrderedAt.Compare(y.OrderedAt); c != 0 {
		return c
	}
	if c := cmp.Compare(x.Client, y.Client); c != 0 {
		return c
	}
	return x.compareOwn(y)
}

// compareOwn orders two events of one client as that client saw them.
func (x *Interaction) compareOwn(y *Interaction) int {
	if c := x.OriginalAt.Compare(y.OriginalAt); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(x.Order, y.Order), strings.Compare(x.MessageID, y.MessageID), strings.Compare(x.Source, y.Source))
}

// Arrange puts events in the order in which they are told, the oldest first, and sets the OrderedAt of
// each: its corrected time, unless the same client did something later, in the same session, that has an
// earlier one; then that.
//
// The corrected time is when something happened and how long its request was under way. A slow request
// brings its events behind what the client did after them. But they cannot have happened after that: the
// least corrected time of all that came later is nearer to the truth, and never before it as long as the
// client's clock runs evenly; and it keeps the client's own order. A session is what a client did without
// a pause of SessionGap, so that a clock that is set anew confuses one session and no more.
//
// The result depends on the set of events alone. The view events_in_order and the query timeline/page
// say the same in SQL.
func Arrange(events []*Interaction) {
	for _, x := range events {
		x.OrderedAt = x.At
	}
	slices.SortFunc(events, func(a, b *Interaction) int {
		return cmp.Or(cmp.Compare(a.Client, b.Client), a.At.Compare(b.At))
	})
	eachSession(events, func(session []*Interaction) {
		slices.SortFunc(session, (*Interaction).compareOwn)
		for i := len(session) - 2; i >= 0; i-- {
			if next := session[i+1].OrderedAt; next.Before(session[i].OrderedAt) {
				session[i].OrderedAt = next
			}
		}
	})
	slices.SortFunc(events, (*Interaction).Compare)
}

// eachSession calls f for each session of events that are sorted by client and corrected time; not for
// events of no known client.
func eachSession(events []*Interaction, f func([]*Interaction)) {
	for len(events) > 0 {
		n := 1
		for n < len(events) && events[n].Client == events[0].Client && events[n].At.Sub(events[n-1].At) <= SessionGap {
			n++
		}
		if events[0].Client != 0 {
			f(events[:n])
		}
		events = events[n:]
	}
}

// clock is the least that was ever added to the times of one client to correct them, in milliseconds: by
// how much its clock is wrong, and the shortest time that a request was under way.
type clock struct {
	client uint64
	least  int64
}

func (s *State) addClock(x clock) {
	i, found := search(s.clocks, func(y clock) int { return cmp.Compare(y.client, x.client) })
	if !found {
		s.clocks = insert(s.clocks, i, x, maxClocks)
		return
	}
	s.clocks[i].least = min(s.clocks[i].least, x.least)
}

// leastOf returns the least correction of a client in all members. It is not known when one of them
// has more clients than it keeps.
func leastOf(members []Member, client uint64) (least int64, known bool) {
	for i := range members {
		s := members[i].State
		if s == nil {
			continue
		}
		at, found := search(s.clocks, func(y clock) int { return cmp.Compare(y.client, client) })
		switch {
		case found && (!known || s.clocks[at].least < least):
			least, known = s.clocks[at].least, true
		case !found && at == maxClocks:
			return 0, false
		}
	}
	return least, known
}

// certain says how many of the events, the newest first, stand as they do whatever else there is, when
// others may be missing that come before oldest by their corrected times. What is missing has a say in the
// order of a later event if it belongs to its session, and its client did it after that, though it came
// out earlier.
//
// It did not if even the least correction of that client's times puts the event after all that is
// missing; nor if its session began more than SessionGap after them.
func certain(newest []*Interaction, members []Member, oldest *Interaction) int {
	limit := unsure(newest, members, oldest)
	n := 0
	for n < len(newest) && newest[n].Compare(oldest) >= 0 && (limit == nil || newest[n].Compare(limit) > 0) {
		n++
	}
	return n
}

// unsure returns the latest place of the events whose place is not certain; nil if all are.
func unsure(events []*Interaction, members []Member, oldest *Interaction) (limit *Interaction) {
	events = slices.Clone(events)
	slices.SortFunc(events, func(a, b *Interaction) int { return a.At.Compare(b.At) })
	reached := map[uint64]time.Time{} // by client: the session that may have begun in what is missing
	for _, x := range events {
		if x.Client == 0 || x.At.Before(oldest.At) {
			continue
		}
		last, found := reached[x.Client]
		if !found {
			last = oldest.At
		}
		if x.At.Sub(last) > SessionGap {
			continue
		}
		reached[x.Client] = x.At
		least, known := leastOf(members, x.Client)
		earliest := x.OriginalAt.Add(time.Duration(least) * time.Millisecond)
		if known && (earliest.After(oldest.At) || earliest.Equal(oldest.At) && x.At.Equal(oldest.At)) {
			continue
		}
		latest := *x
		latest.OrderedAt = x.At
		if limit == nil || latest.Compare(limit) > 0 {
			limit = &latest
		}
	}
	return limit
}
