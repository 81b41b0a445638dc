package gateway

import (
	"context"
	"sync"
)

// door counts who is inside, and can be shut.
type door struct {
	mu     sync.RWMutex // guards closed against an enter that is under way
	closed bool
	inside sync.WaitGroup
}

// enter returns false when the door is shut.
func (d *door) enter() bool {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed {
		return false
	}
	d.inside.Add(1)
	return true
}

func (d *door) leave() { d.inside.Done() }

// shut lets nobody in any more and waits until all have left, or for the end of ctx. Shutting it
// again waits again.
func (d *door) shut(ctx context.Context) error {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	empty := make(chan struct{})
	go func() {
		d.inside.Wait()
		close(empty)
	}()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
