package gateway

import (
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"

	"tributary/ingest/event"
	"tributary/ingest/stream"
)

// What a client may have in the live lane, unless configured otherwise: far more than a person can
// cause, and what an app kept while it was offline passes at once.
const (
	DefaultClientEventsPerSecond = 20
	DefaultClientBurst           = 2000
)

// shares knows how much of the live lane each client has had, in memory that does not grow with the
// number of clients: a count-min sketch (https://dsf.berkeley.edu/cs286/papers/countmin-latin2004.pdf)
// whose cells are buckets of the generic cell rate algorithm (ITU-T I.371) instead of counters. A client
// has one cell in each row, and is within its share as long as any of them says so: it is taken for a hot
// one only if it meets one in every row, of which with h hot clients the odds are (h/16384)^4.
type shares struct {
	every int64 // microseconds between two events; 0 for no limit
	burst int64 // microseconds that a client may be ahead
	cells [shareRows][shareCells]atomic.Int64
	moved atomic.Uint64
}

const (
	shareRows  = 4
	shareBits  = 14 // of the hash, for each row
	shareCells = 1 << shareBits
)

func newShares(perSecond, burst float64) *shares {
	s := &shares{}
	if perSecond > 0 {
		s.every = max(int64(1e6/perSecond), 1)
		s.burst = int64(burst * float64(s.every))
	}
	return s
}

// within says whether one more event of a client is within its share, and counts it if so. A cell holds
// the moment at which all that was counted would have come at the rate, in microseconds. What is beyond
// the share is not counted: so a client that becomes calm is within its share again at once.
func (s *shares) within(client uint64, now time.Time) bool {
	if s.every == 0 {
		return true
	}
	at, fits := now.UnixMicro(), false
	for row := range s.cells {
		cell := &s.cells[row][client>>(row*shareBits)%shareCells]
		for {
			was := cell.Load()
			if was > at+s.burst {
				break
			}
			if cell.CompareAndSwap(was, max(was, at)+s.every) {
				fits = true
				break
			}
		}
	}
	return fits
}

// lane is where an event goes: what is beyond its client's share waits in the bulk lane, so that it
// delays nobody.
func (g *Gateway) lane(rq *request, e *event.Event) stream.Lane {
	client := e.ClientID()
	if rq.key.Lane != stream.LaneLive || client == 0 {
		return rq.key.Lane
	}
	if g.shares.within(client^xxhash.Sum64String(rq.key.ID), rq.received) {
		return stream.LaneLive
	}
	return stream.LaneBulk
}

// BeyondShare is how many events were put into the bulk lane because their client sent more than its
// share of the live one.
func (g *Gateway) BeyondShare() uint64 { return g.shares.moved.Load() }

// inOwnLane puts records back into the lane of their key, and says whether that changed anything.
func inOwnLane(records []stream.Record, lane stream.Lane) bool {
	changed := false
	for i := range records {
		changed = changed || records[i].Lane != lane
		records[i].Lane = lane
	}
	return changed
}

// beyond counts the records that are not in the lane of their key.
func beyond(records []stream.Record, lane stream.Lane) (n uint64) {
	for i := range records {
		if records[i].Lane != lane {
			n++
		}
	}
	return n
}
