package node

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"tributary/api/problem"
	"tributary/cmd/internal/config"
	"tributary/ingest/stream"
)

// errCatchingUp is what readiness says while a server cannot answer yet.
var errCatchingUp = errors.New("the state is catching up with the log")

// catchUp waits until the state has applied what was in the live lane when it began, keys and rules among
// it. A state that is made again would answer sources that it does not know their keys, for which a
// client gives up, and readers that there is nobody. The end of ctx is no error.
func (n *Node) catchUp(ctx context.Context) error {
	behind, err := n.behind(ctx)
	if err != nil {
		return err
	}
	if len(behind) > 0 {
		n.logger.InfoContext(ctx, "catching up with the log before anybody is answered")
	}
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		applied := n.state.Offsets()
		for id, next := range behind {
			if applied[id] >= next {
				delete(behind, id)
			}
		}
		if len(behind) == 0 {
			n.caughtUp.Store(true)
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// behind is how far the partitions of the live lane go that the state has not applied as far.
func (n *Node) behind(ctx context.Context) (map[stream.Partition]uint64, error) {
	behind := map[stream.Partition]uint64{}
	if !n.config.Has(config.RoleUnify) {
		return behind, nil
	}
	partitions, err := n.log.Partitions(ctx)
	if err != nil {
		return nil, err
	}
	applied := n.state.Offsets()
	for _, p := range partitions {
		if p.Lane == stream.LaneLive && p.Next > max(applied[p.ID], p.First) {
			behind[p.ID] = p.Next
		}
	}
	return behind, nil
}

// onceCaughtUp answers everything but questions about the server itself with 503 until the state has
// caught up.
func (n *Node) onceCaughtUp(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n.caughtUp.Load() || !strings.HasPrefix(r.URL.Path, "/v1/") {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Retry-After", "5")
		problem.New(problem.Unavailable, "The server is starting: its state catches up with the log.").Write(w)
	})
}
