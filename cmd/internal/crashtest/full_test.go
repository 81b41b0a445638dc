package crashtest

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

const mebibyte = 1 << 20

// TestDiskFull lets the disk fill up: imports wait first, then the gateway asks to come again, and
// reading goes on; all recovers by itself when there is room again. The disk is the machine's own,
// with watermarks just below what is free on it, and a large file that takes the rest.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	p := newProgram(t)
	free := freeSpace(t, p.data)
	p.env = append(p.env,
		fmt.Sprintf("TRIBUTARY_LOG_BULK_WATERMARK_FREE=%d", free-512*mebibyte), "TRIBUTARY_LOG_BULK_WATERMARK_PERCENT=0",
		fmt.Sprintf("TRIBUTARY_LOG_LIVE_WATERMARK_FREE=%d", free-2048*mebibyte), "TRIBUTARY_LOG_LIVE_WATERMARK_PERCENT=0")
	p.start()
	p.awaitReady()
	tr := newTraffic(p)
	readKey := p.key("--kind", "read")
	stop := tr.start(t)
	p.awaitParts()

	ballast := newBallast(t)
	ballast.growUntil("imports to wait", free-640*mebibyte, func() bool { return true })
	imported := p.startImport(t, 300)
	imported.waits(t)
	before := tr.total()
	p.await("events to be taken while imports wait", 10*time.Second, func() bool { return tr.total() > before })
	if tr.refusals() > 0 {
		t.Error("live events were refused before imports, or with them")
	}

	ballast.growUntil("the gateway to refuse events", 0, func() bool { return tr.refusals() > clients })
	taken := tr.total()
	status, _, err := p.request(http.MethodGet, "http://"+p.api+"/v1/profiles/user_id:"+tr.latestUser()+"/context", readKey, nil)
	if err != nil || status != http.StatusOK {
		t.Errorf("a context while the disk is full: status %d, %v", status, err)
	}
	p.awaitDrained() // what was taken in is applied and stored

	ballast.remove()
	p.await("events to be taken again", time.Minute, func() bool { return tr.total() > taken })
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

// ballast is a file whose blocks are reserved and not written.
type ballast struct {
	t    *testing.T
	file *os.File
	size int64
}

func newBallast(t *testing.T) *ballast {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "ballast"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return &ballast{t: t, file: file}
}

// growUntil makes the file larger until less than limit (0: any number) bytes are free and what it
// waits for has come. Others may use the disk at the same time, so the size alone says nothing.
func (b *ballast) growUntil(what string, limit uint64, come func() bool) {
	b.t.Helper()
	const step = 128 * mebibyte
	for most := b.size + 6144*mebibyte; limit > 0 && freeSpace(b.t, b.file.Name()) >= limit || !come(); {
		if b.size >= most {
			b.t.Fatalf("%d MiB more did not make %s", 6144, what)
		}
		if err := syscall.Fallocate(int(b.file.Fd()), 0, b.size, step); err != nil {
			b.t.Fatalf("reserve space: %v", err)
		}
		b.size += step
		time.Sleep(100 * time.Millisecond)
	}
}

func (b *ballast) remove() {
	b.t.Helper()
	if err := errors.Join(b.file.Truncate(0), b.file.Sync()); err != nil {
		b.t.Fatal(err)
	}
}
