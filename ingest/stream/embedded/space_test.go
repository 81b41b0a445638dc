package embedded

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"

	"tributary/ingest/stream"
)

func TestWatermark(t *testing.T) {
	const gib = 1 << 30
	for name, tc := range map[string]struct {
		mark  Watermark
		space Space
		want  bool
	}{
		"bytes, above":             {Watermark{Bytes: gib}, Space{gib, 100 * gib}, false},
		"bytes, below":             {Watermark{Bytes: gib}, Space{gib - 1, 100 * gib}, true},
		"percent, above":           {Watermark{Percent: 10}, Space{10 * gib, 100 * gib}, false},
		"percent, below":           {Watermark{Percent: 10}, Space{9 * gib, 100 * gib}, true},
		"the smaller is bytes":     {Watermark{Bytes: gib, Percent: 10}, Space{2 * gib, 100 * gib}, false},
		"the smaller is a percent": {Watermark{Bytes: 4 * gib, Percent: 10}, Space{2 * gib, 10 * gib}, false},
		"a tiny disk":              {defaultLiveWatermark, Space{gib / 10, gib}, false},
		"a full disk":              {defaultLiveWatermark, Space{0, gib}, true},
	} {
		if got := tc.mark.reached(tc.space); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// disk is a disk whose free space a test decides.
type disk struct{ free atomic.Uint64 }

func (d *disk) space() (Space, error) { return Space{Free: d.free.Load(), Total: 1000}, nil }

func (l *Log) lookAgain() { l.guard.nextLook.Store(0) }

func TestLanesCloseOneAfterTheOther(t *testing.T) {
	d := &disk{}
	d.free.Store(500)
	l := open(t, Config{
		Dir: t.TempDir(), FreeSpace: d.space,
		BulkWatermark: Watermark{Percent: 20}, LiveWatermark: Watermark{Bytes: 50},
	})
	defer l.Close()
	for _, step := range []struct {
		free       uint64
		live, bulk error
	}{
		{500, nil, nil},
		{199, nil, stream.ErrFull},
		{49, stream.ErrFull, stream.ErrFull},
		{60, nil, stream.ErrFull},
		{400, nil, nil},
	} {
		d.free.Store(step.free)
		for lane, want := range []error{step.live, step.bulk} {
			l.lookAgain()
			r := stream.Record{Lane: stream.Lane(lane), Kind: stream.KindEvent, Workspace: "acme"}
			if _, err := l.Append(context.Background(), []stream.Record{r}); !errors.Is(err, want) {
				t.Errorf("%d free: append to %s: %v, want %v", step.free, r.Lane, err, want)
			}
		}
	}
	l.lookAgain()
	d.free.Store(100)
	both := []stream.Record{
		{Lane: stream.LaneLive, Kind: stream.KindEvent, Workspace: "acme", MessageID: "with"},
		{Lane: stream.LaneBulk, Kind: stream.KindEvent, Workspace: "acme", MessageID: "bulk"},
	}
	before, _ := l.Partitions(context.Background())
	if _, err := l.Append(context.Background(), both); !errors.Is(err, stream.ErrFull) {
		t.Errorf("append to both lanes: %v, want ErrFull", err)
	}
	after, _ := l.Partitions(context.Background())
	for i := range before {
		if before[i] != after[i] {
			t.Errorf("partition %d changed: nothing of the batch is kept", before[i].ID)
		}
	}
}

// fullDisk fails writes with ENOSPC while the ballast lies on it, from the moment it is filled.
type fullDisk struct {
	fs     *vfs.MemFS
	filled atomic.Bool
	failed atomic.Int64
}

func (d *fullDisk) MaybeError(op errorfs.Op) error {
	if !d.filled.Load() || op.Kind.ReadOrWrite() != errorfs.OpIsWrite || op.Kind == errorfs.OpRemove {
		return nil
	}
	if _, err := d.fs.Stat("log/" + ballastName); err == nil {
		d.failed.Add(1)
		return syscall.ENOSPC
	}
	return nil // the ballast is given up: there is room
}

func (d *fullDisk) String() string { return "full disk" }

// TestFullDiskSpendsBallast: a disk that others filled costs no acknowledged record and no crash,
// lanes close, and they open again once there is space.
func TestFullDiskSpendsBallast(t *testing.T) {
	full := &fullDisk{fs: vfs.NewMem()}
	space := &disk{}
	space.free.Store(1000)
	c := Config{
		Dir: "log", FS: errorfs.Wrap(full.fs, full), FreeSpace: space.space, MemTableBytes: 1 << 20,
		BulkWatermark: Watermark{Bytes: 200}, LiveWatermark: Watermark{Bytes: 100},
		Fatal: func(err error) { panic(err) },
	}
	l := open(t, c)
	record := stream.Record{
		Kind: stream.KindEvent, Workspace: "acme", Source: "web", Value: []byte(strings.Repeat("x", 10_000)),
	}
	var acknowledged, refused atomic.Uint64
	work := func(n int) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range n {
					switch _, err := l.Append(context.Background(), []stream.Record{record}); {
					case err == nil:
						acknowledged.Add(1)
					case errors.Is(err, stream.ErrFull):
						refused.Add(1)
					default:
						t.Errorf("append: %v", err)
					}
				}
			})
		}
		wg.Wait()
	}
	work(20)
	full.filled.Store(true)
	space.free.Store(0)
	l.guard.nextLook.Store(1 << 62) // the watermark comes too late
	work(200)
	if full.failed.Load() == 0 || refused.Load() == 0 {
		t.Fatalf("%d writes failed, %d appends were refused", full.failed.Load(), refused.Load())
	}
	if _, err := full.fs.Stat("log/" + ballastName); err == nil {
		t.Error("ballast is still there")
	}
	full.filled.Store(false)
	space.free.Store(1000)
	l.lookAgain()
	// One append looks; others that come while it does may still be refused.
	if _, err := l.Append(context.Background(), []stream.Record{record}); err != nil {
		t.Errorf("append now that there is space: %v", err)
	} else {
		acknowledged.Add(1)
	}
	before := refused.Load()
	work(5)
	if refused.Load() != before {
		t.Error("lanes stay closed though there is space")
	}
	if _, err := full.fs.Stat("log/" + ballastName); err != nil {
		t.Errorf("ballast is not laid again: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, c)
	defer l.Close()
	got, err := l.Received(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if n := got.Counts[stream.SourceDay{SourceKey: stream.SourceKey{Workspace: "acme", Source: "web"}}]; n != acknowledged.Load() {
		t.Errorf("%d received, %d acknowledged", n, acknowledged.Load())
	}
}
