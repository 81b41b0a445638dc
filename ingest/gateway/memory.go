package gateway

import (
	"golang.org/x/sync/semaphore"

	"tributary/ingest/event"
)

// LeastMemoryBytes is the least that Config.MemoryBytes may be, for the largest request must fit.
const (
	DefaultMemoryBytes = 256 << 20
	LeastMemoryBytes   = 16 << 20
)

// memory bounds what the requests under way hold together. A request that finds no room is refused
// at once, so that what waits takes no memory either.
type memory struct{ room *semaphore.Weighted }

func newMemory(bytes int64) memory { return memory{semaphore.NewWeighted(bytes)} }

// hold takes room for so many bytes until the request ends.
func (g *Gateway) hold(rq *request, bytes int) *Problem {
	if !g.memory.room.TryAcquire(int64(bytes)) {
		p := unavailable("busy", "Too much is being received at once", g.config.RetryAfter)
		p.closeAfter = true
		return p
	}
	rq.held += int64(bytes)
	return nil
}

// holdDelivery is hold of a delivery, whose sender nobody knows before it is read: all of them together
// have half of the memory, so that who sends large ones slowly does not stop the other intake.
func (g *Gateway) holdDelivery(rq *request, bytes int) *Problem {
	if !g.deliveries.room.TryAcquire(int64(bytes)) {
		p := unavailable("busy", "Too many deliveries are being received at once", g.config.RetryAfter)
		p.closeAfter = true
		return p
	}
	rq.delivery = int64(bytes)
	return g.hold(rq, bytes)
}

// letGo gives back what the request held.
func (g *Gateway) letGo(rq *request) {
	g.memory.room.Release(rq.held)
	g.deliveries.room.Release(rq.delivery)
}

// bodyRoom is what a body and the record of one call take: by the length that it says it has, or by
// what it may have at most.
func bodyRoom(length int64, compressed bool, limit int) int {
	if length < 0 || length > int64(limit) || compressed {
		return 2 * limit
	}
	return min(2*int(length)+itemOverhead, 2*limit)
}

// room is what the records of a batch take beyond its own size: its context is kept with each call.
func (env *envelope) room() int { return len(env.Batch) * (len(env.Context) + itemOverhead) }

// The largest request fits, or this does not compile.
const _ = uint(LeastMemoryBytes - 2*event.MaxBatchBytes - maxContexts - event.MaxBatchEvents*itemOverhead)
