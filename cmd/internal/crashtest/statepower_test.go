package crashtest

import (
	"bufio"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCrashPowerLossOfState kills the server and takes from the hot state's log what was written to
// it after its last fsync, as a disk may when the power goes. The log of events is synced before
// anything is acknowledged; the state is not, and is made again from there.
func TestCrashPowerLossOfState(t *testing.T) {
	needStrace(t)
	r := newRand(t)
	p := newProgram(t)
	p.start()
	p.awaitReady()
	tr := newTraffic(p)
	stop := tr.start(t)
	lost := int64(0)
	for range 3 {
		p.awaitEngine()
		tracer := attach(t, p.cmd.Process.Pid, syncs, "")
		if tracer == nil {
			t.Fatal("the server is gone")
		}
		logs := filepath.Join(p.data, "state", "*.log")
		watched := watchSyncs(tracer, logs)
		time.Sleep(time.Duration(500+r.IntN(1500)) * time.Millisecond)
		p.kill()
		synced, wal := <-watched, newest(t, logs) // one that is full is synced before the next begins
		lost += cutBehind(t, r, wal, synced[wal])
		p.start()
	}
	p.awaitReady()
	stop()
	t.Logf("%d bytes of the state lost; %d events acknowledged", lost, tr.total())
	if lost == 0 {
		t.Error("nothing was lost: the test shows nothing")
	}
	checkAll(t, p, tr)
}

// watchSyncs returns, once the traced process has ended, how large each file that is like the pattern
// was at its last fsync: its size when that fsync was seen, which is no less. A file that came
// meanwhile, and of which none was seen, is not among them.
func watchSyncs(tr *tracer, pattern string) <-chan map[string]int64 {
	done := make(chan map[string]int64, 1)
	synced := sizes(pattern)
	go func() {
		defer func() { done <- synced }()
		output, err := os.Open(tr.output)
		if err != nil {
			synced = sizes(pattern)
			return
		}
		defer output.Close()
		lines := bufio.NewReader(output)
		for ended := false; ; {
			line, err := lines.ReadString('\n')
			anyone := strings.Contains(line, "resumed") // which one it was is not said
			for file, size := range sizes(pattern) {
				if anyone || strings.Contains(line, file) {
					synced[file] = size
				}
			}
			if err == nil {
				continue
			}
			if err != io.EOF || ended {
				return
			}
			ended = tr.ended(2 * time.Millisecond) // and once more, for what came last
		}
	}()
	return done
}

func sizes(pattern string) map[string]int64 {
	all := map[string]int64{}
	files, _ := filepath.Glob(pattern) // the pattern is a good one
	for _, file := range files {
		if info, err := os.Stat(file); err == nil {
			all[file] = info.Size()
		}
	}
	return all
}

// cutBehind cuts a file somewhere behind the first synced bytes, and says how many it lost.
func cutBehind(t *testing.T, r *rand.Rand, file string, synced int64) int64 {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	unsynced := info.Size() - synced
	if unsynced <= 0 {
		return 0
	}
	lost := 1 + r.Int64N(unsynced)
	if err := os.Truncate(file, info.Size()-lost); err != nil {
		t.Fatal(err)
	}
	return lost
}
