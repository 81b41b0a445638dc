package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/ingest/stream"
)

// Space is what a disk has, in bytes.
type Space struct{ Free, Total uint64 }

// Watermark is a limit of free space: it is reached when less is free than the smaller of Bytes
// and Percent of the disk. Of the two, zero means not set.
type Watermark struct {
	Bytes   uint64
	Percent float64
}

func (w Watermark) reached(s Space) bool {
	limit := w.Bytes
	if share := uint64(w.Percent / 100 * float64(s.Total)); w.Percent > 0 && (limit == 0 || share < limit) {
		limit = share
	}
	return s.Free < limit
}

// Free space is looked at again after this time or after this many bytes, whichever comes first.
// Between two looks the log can outrun the watermark by spaceEvery and what is in flight.
const (
	spaceInterval = 250 * time.Millisecond
	spaceEvery    = 16 << 20
)

const ballastName = "ballast"

// guard closes the lanes before the disk is full, and keeps the ballast.
type guard struct {
	space     func() (Space, error)
	watermark [stream.Lanes]Watermark
	logger    *slog.Logger

	fs      vfs.FS // without the hook for a full disk
	ballast string
	bytes   int64 // size of the ballast, 0 for none

	full     [stream.Lanes]atomic.Bool
	narrow   atomic.Bool // not even commands are taken
	spent    atomic.Bool // the ballast was given up
	written  atomic.Int64
	nextLook atomic.Int64 // Unix nanoseconds
	looking  sync.Mutex
}

func newGuard(c *Config) *guard {
	return &guard{
		space:     c.FreeSpace,
		watermark: [stream.Lanes]Watermark{stream.LaneLive: c.LiveWatermark, stream.LaneBulk: c.BulkWatermark},
		logger:    c.Logger,
		fs:        c.FS,
		ballast:   c.FS.PathJoin(c.Dir, ballastName),
		bytes:     max(c.BallastBytes, 0),
	}
}

// commandShare is the part of the live lane's reserve that is kept from commands too. They are few and small, and
// without them nothing can be read, for every reading is on record, nor anybody be erased.
const commandShare = 4

// admit reports ErrFull if the lane takes nothing now, and counts the bytes if it does. Commands of the live lane
// are taken after its events are not.
func (g *guard) admit(ctx context.Context, lane stream.Lane, bytes int, commands bool) error {
	now := time.Now().UnixNano()
	if g.written.Add(int64(bytes)) >= spaceEvery || now >= g.nextLook.Load() {
		g.look(ctx, now)
	}
	if g.full[lane].Load() && (!commands || lane != stream.LaneLive || g.narrow.Load()) {
		return fmt.Errorf("%w: %s", stream.ErrFull, lane)
	}
	return nil
}

// look reads the free space, unless somebody else is about to.
func (g *guard) look(ctx context.Context, now int64) {
	if !g.looking.TryLock() {
		return
	}
	defer g.looking.Unlock()
	g.nextLook.Store(now + int64(spaceInterval))
	g.written.Store(0)
	s, err := g.space()
	if err != nil {
		g.logger.WarnContext(ctx, "free space of the log's disk is unknown", "error", err)
		return
	}
	if g.spent.Load() && !g.watermark[stream.LaneLive].reached(s) {
		if err := g.layBallast(); err != nil {
			g.logger.WarnContext(ctx, "ballast is not there", "error", err)
		}
		g.spent.Store(false)
	}
	live := g.watermark[stream.LaneLive]
	g.narrow.Store(g.spent.Load() || Watermark{live.Bytes / commandShare, live.Percent / commandShare}.reached(s))
	for lane := range g.full {
		full := g.watermark[lane].reached(s) || g.spent.Load()
		if g.full[lane].Swap(full) != full {
			g.logger.WarnContext(ctx, "log changed what it takes",
				"lane", stream.Lane(lane).String(), "refused", full, "free_bytes", s.Free)
		}
	}
}

// spend gives up the ballast after a write found the disk full. Pebble then writes once more, and
// both lanes stay closed until there is space again.
func (g *guard) spend() {
	g.looking.Lock()
	defer g.looking.Unlock()
	g.spent.Store(true)
	g.narrow.Store(true)
	for lane := range g.full {
		g.full[lane].Store(true)
	}
	err := g.fs.Remove(g.ballast)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	g.logger.Error("disk of the log is full, ballast given up", "error", err)
}

// layBallast makes the ballast file if it is not there. Its blocks are reserved, not written.
func (g *guard) layBallast() error {
	if g.bytes == 0 {
		return nil
	}
	if _, err := g.fs.Stat(g.ballast); err == nil {
		return nil
	}
	f, err := g.fs.Create(g.ballast, vfs.WriteCategoryUnspecified)
	if err != nil {
		return fmt.Errorf("create ballast: %w", err)
	}
	err = f.Preallocate(0, g.bytes)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("reserve ballast: %w", errors.Join(err, g.fs.Remove(g.ballast)))
	}
	return nil
}

func diskSpace(fs vfs.FS, dir string) func() (Space, error) {
	return func() (Space, error) {
		u, err := fs.GetDiskUsage(dir)
		if err != nil {
			return Space{}, fmt.Errorf("read free space: %w", err)
		}
		return Space{Free: u.AvailBytes, Total: u.TotalBytes}, nil
	}
}
