package live

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// Defaults of Config.
const (
	DefaultRing  = 8192
	DefaultEvery = 10 * time.Millisecond
)

// Config is what a Hub is made of. Source and Logger are required.
type Config struct {
	Source Source
	Logger *slog.Logger
	// Ring is how many of the newest entries of a workspace listeners share in memory; who is further behind
	// reads the state. Default 8192.
	Ring int
	// Every is how often at most listeners are woken, while changes keep coming. Default 10 ms.
	Every time.Duration
}

// Hub hands the entries of feeds to listeners. For each workspace that anybody listens to, one goroutine reads
// what is new, has it made durable, and shares it with all. It is safe for concurrent use.
type Hub struct {
	config Config

	mu     sync.Mutex
	feeds  map[string]*feed
	closed chan struct{}
}

// NewHub returns a hub without listeners.
func NewHub(c Config) *Hub {
	if c.Ring == 0 {
		c.Ring = DefaultRing
	}
	if c.Every == 0 {
		c.Every = DefaultEvery
	}
	return &Hub{config: c, feeds: map[string]*feed{}, closed: make(chan struct{})}
}

// ErrClosed is returned after Close.
var ErrClosed = errors.New("live: closed")

// Done is closed when listeners are to end.
func (h *Hub) Done() <-chan struct{} { return h.closed }

// Close tells listeners to end. Closing twice is safe.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-h.closed:
	default:
		close(h.closed)
	}
}

// Listen begins to listen to a workspace. The caller closes the listener.
func (h *Hub) Listen(workspace string) (*Listener, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-h.closed:
		return nil, ErrClosed
	default:
	}
	f := h.feeds[workspace]
	if f == nil {
		f = newFeed(&h.config, workspace)
		if err := f.begin(); err != nil {
			f.end()
			return nil, err
		}
		h.feeds[workspace] = f
	}
	f.listeners++
	return &Listener{hub: h, feed: f}, nil
}

// Listener is one who reads a feed at their own pace. It is for one goroutine, but for Close.
type Listener struct {
	hub  *Hub
	feed *feed
	once sync.Once
}

// Close ends listening. Closing twice is safe.
func (l *Listener) Close() {
	l.once.Do(func() {
		h, f := l.hub, l.feed
		h.mu.Lock()
		last := false
		if f.listeners--; f.listeners == 0 {
			last = true
			delete(h.feeds, f.workspace)
		}
		h.mu.Unlock()
		if last {
			f.end()
		}
	})
}

// Head says what the feed holds, as far as it is durable; First is that of when listening began.
func (l *Listener) Head() Head {
	l.feed.mu.RLock()
	defer l.feed.mu.RUnlock()
	return l.feed.head
}

// Next returns up to limit entries behind a number, and a channel that is closed when there are more than all.
// It does not block but for reading the state, which it does for who is behind what is shared; of what is shared,
// what is not wanted is returned as well.
func (l *Listener) Next(behind uint64, limit int, want Want) (*Page, <-chan struct{}, error) {
	f := l.feed
	f.mu.RLock()
	changed, last := f.changed, f.head.Last
	page := f.shared(behind, limit)
	f.mu.RUnlock()
	if page == nil {
		var err error
		if page, err = f.config.Source.LivePage(f.workspace, behind, last, limit, want); err != nil {
			return nil, nil, err
		}
	}
	page.Lagging = last > behind && last-behind > uint64(f.config.Ring)
	return page, changed, nil
}

// Newest is the number of the newest entry that there is, though it may not be shared yet.
func (l *Listener) Newest() (uint64, error) {
	head, err := l.feed.config.Source.LiveHead(l.feed.workspace)
	return head.Last, err
}

// Revision is that of what may be told: entries that were returned by Next before it grew are not to be told.
func (l *Listener) Revision() uint64 { return l.feed.config.Source.LiveRevision(l.feed.workspace) }

// Feeds is how many workspaces are listened to.
func (h *Hub) Feeds() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.feeds)
}

// sleep waits; false if ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
