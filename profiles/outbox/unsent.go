package outbox

import (
	"slices"
	"time"
)

// unsentKept bounds how many steps with rows of memberships are told apart that are not sent.
const unsentKept = 1024

// unsent is a step whose rows of profile_segments the sink has not sent yet.
type unsent struct {
	last  uint64    // Seq of the last of them
	since time.Time // when the step was about to be committed; zero: before Open
}

// noteSegments notes the rows of profile_segments among entries that are about to be committed.
func (q *Queue) noteSegments(entries []Entry, now time.Time) {
	for i := len(entries) - 1; i >= 0; i-- {
		if entries[i].Table == TableProfileSegments {
			q.mu.Lock()
			defer q.mu.Unlock()
			q.dropSent()
			if n := len(q.segments); n == unsentKept {
				q.segments[n-1].last = entries[i].Seq
				return
			}
			q.segments = append(q.segments, unsent{entries[i].Seq, now})
			return
		}
	}
}

// SegmentsUnsent says whether who is in which segment, as the state has it, is not all in ClickHouse, and since when:
// what was found out before that time is there. It is zero if the first row that is missing was made before Open.
func (q *Queue) SegmentsUnsent() (since time.Time, waits bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.dropSent()
	if len(q.segments) == 0 {
		return time.Time{}, false
	}
	return q.segments[0].since, true
}

// dropSent is called with the lock.
func (q *Queue) dropSent() {
	sent := q.Sent()
	q.segments = slices.DeleteFunc(q.segments, func(u unsent) bool { return u.last <= sent })
}
