package crashtest

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const mebibyte = 1 << 20

// TestDiskFull lets the disk fill up: imports wait first, then the gateway asks to come again, and
// reading goes on; all recovers by itself when there is room again. The disk is the machine's own,
// with watermarks below what is free on it, and a large file that takes the rest. The watermarks are
// as far apart as there is room for, because others write to the disk meanwhile: compilers, other tests.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	free := freeSpace(t, p.data)
	step := min(free/5, ballastMost/4)
	if step < 512*mebibyte {
		t.Fatalf("%d MiB are free; this test needs 2560", free/mebibyte)
	}
	p.env = append(p.env,
		fmt.Sprintf("TRIBUTARY_LOG_BULK_WATERMARK_FREE=%d", free-step), "TRIBUTARY_LOG_BULK_WATERMARK_PERCENT=0",
		fmt.Sprintf("TRIBUTARY_LOG_LIVE_WATERMARK_FREE=%d", free-3*step), "TRIBUTARY_LOG_LIVE_WATERMARK_PERCENT=0")
	p.start()
	p.awaitReady()
	tr := newTraffic(p)
	readKey := p.key("--kind", "read")
	stop := tr.start(t)
	p.awaitParts()

	ballast := newBallast(t)
	ballast.leave(free - 2*step) // halfway between the watermarks
	p.await("the log to close its bulk lane", 4*time.Minute, func() bool { return strings.Contains(p.log(), "lane=bulk refused=true") })
	imported := p.startImport(t, 300)
	imported.waits(t)
	before := tr.total()
	p.await("events to be taken while imports wait", 10*time.Second, func() bool { return tr.total() > before })
	if tr.refusals() > 0 {
		t.Error("live events were refused before imports, or with them")
	}

	ballast.leave(free - 4*step)
	p.await("the gateway to refuse events", 4*time.Minute, func() bool { return tr.refusals() > clients })
	taken := tr.total()
	status, _, err := p.request(http.MethodGet, "http://"+p.api+"/v1/profiles/user_id:"+tr.latestUser()+"/context", readKey, nil)
	if err != nil || status != http.StatusOK {
		t.Errorf("a context while the disk is full: status %d, %v", status, err)
	}
	p.awaitDrained() // what was taken in is applied and stored

	ballast.remove()
	p.await("events to be taken again", 4*time.Minute, func() bool { return tr.total() > taken })
	imported.ends(t)
	stop()
	checkCounts(t, p, tr)
	checkImport(t, p, 300)
	p.stop()
}

func freeSpace(t testing.TB, dir string) uint64 {
	t.Helper()
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		t.Fatal(err)
	}
	return disk.Bavail * uint64(disk.Bsize)
}

// ballast is a file whose blocks are reserved and not written. It keeps the disk as full as it is
// told, whatever others do on it.
type ballast struct {
	file   *os.File
	target atomic.Uint64 // bytes to leave free; 0: the ballast is empty
	faults chan error    // the first one; closed when it has ended
	stop   chan struct{}
}

const (
	ballastMost  = 32 << 30
	ballastSlack = 64 * mebibyte
	ballastEvery = 10 * time.Millisecond
)

func newBallast(t *testing.T) *ballast {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	b := &ballast{file: file, faults: make(chan error, 1), stop: make(chan struct{})}
	go b.run()
	t.Cleanup(func() {
		close(b.stop)
		for err := range b.faults {
			t.Errorf("fill the disk: %v", err)
		}
		_ = file.Close()
	})
	return b
}

// leave keeps about that many bytes free from now on.
func (b *ballast) leave(free uint64) { b.target.Store(free) }

// remove gives all of it back.
func (b *ballast) remove() { b.target.Store(0) }

func (b *ballast) run() {
	defer close(b.faults)
	ticker := time.NewTicker(ballastEvery)
	defer ticker.Stop()
	for size := int64(0); ; {
		select {
		case <-b.stop:
			return
		case <-ticker.C:
		}
		var err error
		if size, err = b.adjust(size); err != nil {
			b.faults <- err
			return
		}
	}
}

// adjust brings the file from size to what the target asks for, and returns its new size.
func (b *ballast) adjust(size int64) (int64, error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(b.file.Name(), &disk); err != nil {
		return size, err
	}
	target := b.target.Load()
	spare := int64(disk.Bavail)*disk.Bsize - int64(target)
	switch {
	case target == 0:
		if size == 0 {
			return 0, nil
		}
		return 0, errors.Join(b.file.Truncate(0), b.file.Sync())
	case spare > ballastSlack && size+spare <= ballastMost:
		return size + spare, syscall.Fallocate(int(b.file.Fd()), 0, size, spare)
	case spare < -ballastSlack && size > 0:
		smaller := max(0, size+spare)
		return smaller, errors.Join(b.file.Truncate(smaller), b.file.Sync())
	}
	return size, nil
}
