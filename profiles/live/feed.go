package live

import (
	"context"
	"slices"
	"sort"
	"sync"
	"time"
)

const (
	readStep   = 1024            // entries that the feed reads at a time
	retryAfter = 1 * time.Second // after an error
)

// feed is the newest entries of one workspace, as its listeners share them.
type feed struct {
	config    *Config
	workspace string
	listeners int // under the hub's lock

	cancel  context.CancelFunc
	stopped chan struct{} // the goroutine has ended; nil: it never began

	mu       sync.RWMutex
	head     Head    // durable
	revision uint64  // of what is in the ring
	ring     []*Told // ascending; all that there are behind the number after
	after    uint64
	changed  chan struct{} // closed and replaced when head grows, or the revision
}

func newFeed(c *Config, workspace string) *feed {
	return &feed{config: c, workspace: workspace, changed: make(chan struct{})}
}

// begin finds out where the feed is, and goes on from there.
func (f *feed) begin() error {
	signal, stop := f.config.Source.WatchLive(f.workspace)
	f.revision = f.config.Source.LiveRevision(f.workspace)
	head, err := f.config.Source.LiveHead(f.workspace)
	if err == nil {
		err = f.config.Source.Sync()
	}
	if err != nil {
		stop()
		return err
	}
	f.head, f.after = head, head.Last
	ctx, cancel := context.WithCancel(context.Background())
	f.cancel, f.stopped = cancel, make(chan struct{})
	go func() {
		defer close(f.stopped)
		defer stop()
		f.run(ctx, signal)
	}()
	return nil
}

// end stops the goroutine.
func (f *feed) end() {
	if f.stopped != nil {
		f.cancel()
		<-f.stopped
	}
}

// run shares what is new, whenever there is something.
func (f *feed) run(ctx context.Context, signal <-chan struct{}) {
	for {
		select {
		case <-signal:
		case <-ctx.Done():
			return
		}
		for {
			err := f.advance(ctx)
			if err == nil {
				break
			}
			if ctx.Err() == nil {
				f.config.Logger.ErrorContext(ctx, "live feed could not be read", "workspace", f.workspace, "error", err)
			}
			if !sleep(ctx, retryAfter) {
				return
			}
		}
		if !sleep(ctx, f.config.Every) {
			return
		}
	}
}

// advance reads what came since, has it made durable, and shares it. What is told is told once: no crash gives
// its numbers to others.
func (f *feed) advance(ctx context.Context) error {
	source := f.config.Source
	revision := source.LiveRevision(f.workspace)
	head, err := source.LiveHead(f.workspace)
	if err != nil {
		return err
	}
	f.mu.RLock()
	ring, after, was := f.ring, f.after, f.head
	revised := revision != f.revision
	f.mu.RUnlock()
	if head.Last == was.Last && !revised {
		return nil
	}
	behind := was.Last
	if size := uint64(f.config.Ring); revised || head.Last-behind > size {
		behind = max(was.Last, head.Last-min(head.Last, size))
		ring, after = nil, behind
	}
	for behind < head.Last && ctx.Err() == nil {
		page, err := source.LivePage(f.workspace, behind, head.Last, readStep, Want{})
		if err != nil {
			return err
		}
		if page.Missed > behind { // forgotten before it was shared: who is not behind it is told so by the state
			ring, after = nil, page.Missed
		}
		ring, behind = append(ring, page.Entries...), page.Through
	}
	if err := source.Sync(); err != nil {
		return err
	}
	f.share(head, revision, ring, after)
	return ctx.Err()
}

// share puts what was read where listeners find it, and wakes them.
func (f *feed) share(head Head, revision uint64, ring []*Told, after uint64) {
	if size := f.config.Ring; len(ring) > 2*size {
		dropped := len(ring) - size
		after = ring[dropped-1].Number
		ring = append(make([]*Told, 0, 2*size), ring[dropped:]...)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.head, f.revision, f.ring, f.after = head, revision, ring, after
	close(f.changed)
	f.changed = make(chan struct{})
}

// shared returns what is behind a number, if all of that is in the ring; else nil. The page is a copy: who is
// slow with it holds nothing else of the ring.
func (f *feed) shared(behind uint64, limit int) *Page {
	if behind < f.after || f.config.Source.LiveRevision(f.workspace) != f.revision {
		return nil
	}
	from := sort.Search(len(f.ring), func(i int) bool { return f.ring[i].Number > behind })
	page, entries := &Page{Through: f.head.Last}, f.ring[from:]
	if len(entries) > limit {
		entries = entries[:limit]
		page.Through = entries[limit-1].Number
	}
	page.Entries = slices.Clone(entries)
	return page
}
