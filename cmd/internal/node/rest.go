package node

import (
	"context"
	"runtime/debug"
	"time"
)

const restEvery = 2 * time.Second

// restLoop gives memory back to the system once a burst is done with: of itself Go keeps what it
// took, up to runtime.memory_limit, until its next collection, and an idle process has one every two
// minutes.
func (n *Node) restLoop(ctx context.Context) error {
	ticker := time.NewTicker(restEvery)
	defer ticker.Stop()
	busy := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		switch {
		case n.pending(ctx) > 0 || n.sink.Lag().Rows > 0:
			busy = true
		case busy:
			busy = false
			debug.FreeOSMemory()
		}
	}
}
