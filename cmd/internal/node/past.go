package node

import (
	"context"
	"sync/atomic"
	"time"

	"tributary/ingest/stream"
	"tributary/profiles/past"
)

// openPast opens the answers about what was.
func (n *Node) openPast() (*past.Service, error) {
	return past.New(past.Config{
		Store: n.stores.read, Profiles: n.profiles, Rules: n.book, Keys: n.engine, Arrived: n.archive.arrived, Now: time.Now,
	})
}

// archive knows how far the analytics store has come.
type archive struct {
	node *Node
	held atomic.Int64 // it holds all that was received by then; Unix nanoseconds
}

// arrived waits until the analytics store holds all that was received by a time: that is in the log, must
// be applied, and then sent.
func (a *archive) arrived(ctx context.Context, at time.Time) error {
	if at.UnixNano() <= a.held.Load() {
		return nil
	}
	now := time.Now()
	partitions, err := a.node.log.Partitions(ctx)
	if err != nil {
		return err
	}
	for _, p := range partitions {
		if p.Next == p.First {
			continue
		}
		if err := a.node.unify.Applied(ctx, stream.Position{Partition: p.ID, Offset: p.Next - 1}); err != nil {
			return err
		}
	}
	if err := a.sent(ctx, a.node.outbox.Queue.Last()); err != nil {
		return err
	}
	for held := a.held.Load(); held < now.UnixNano() && !a.held.CompareAndSwap(held, now.UnixNano()); held = a.held.Load() {
	}
	return nil
}

// sent waits until the sink has sent what is in the outbox up to an entry.
func (a *archive) sent(ctx context.Context, last uint64) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for a.node.outbox.Queue.Sent() < last {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return nil
}
