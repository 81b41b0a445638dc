package crashtest

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

const noSpace = "error=ENOSPC"

// TestEngineHasNoSpace lets the engine's process find the disk full at every turn for a while:
// nothing is stored meanwhile, everything else goes on, and afterwards the sink catches up.
func TestEngineHasNoSpace(t *testing.T) {
	needStrace(t)
	t.Parallel()
	p := newProgram(t)
	p.start()
	p.awaitReady()
	tr := newTraffic(p)
	stop := tr.start(t)
	p.awaitParts()
	full := attach(t, p.children()[0], folders+","+renames+",fallocate,ftruncate,"+syncs, noSpace)
	if full == nil {
		t.Fatal("the engine is gone")
	}
	before, lag := tr.total(), p.readiness().figure("sink", "lag_rows")
	p.await("the sink to fall behind", 4*time.Minute, func() bool {
		r := p.readiness()
		return r != nil && r.Ready && r.figure("sink", "lag_rows") > lag+500 && tr.total() > before+100
	})
	full.detach()
	if !full.injected() {
		t.Error("no call was refused: the test shows nothing")
	}
	stop()
	checkCounts(t, p, tr)
	p.stop()
}

// TestLogHasNoSpace lets the log find the disk full in spite of its watermarks. The log cannot know
// then what is on disk: the server ends, and does not say yes to anything more; the next one goes on.
func TestLogHasNoSpace(t *testing.T) {
	needStrace(t)
	for _, folder := range []string{"log", "state"} {
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			p := newProgram(t)
			p.excused = []string{"panic:", "fatal error:"} // how Pebble ends when its log is on no disk
			p.start()
			p.awaitReady()
			tr := newTraffic(p)
			stop := tr.start(t)
			p.awaitParts()
			full := attach(t, p.cmd.Process.Pid, writes+","+syncs, noSpace, "-P", newest(t, filepath.Join(p.data, folder, "*.log")))
			if full == nil {
				t.Fatal("the server is gone")
			}
			select {
			case <-p.exited:
			case <-time.After(30 * time.Second):
				full.detach()
				t.Fatal("the server goes on, though its log is on no disk")
			}
			if p.cmd.ProcessState.ExitCode() == 0 {
				t.Error("the server ended with status 0")
			}
			p.start()
			p.awaitReady()
			stop()
			checkCounts(t, p, tr)
			p.stop()
		})
	}
}

// newest returns the file that was written to last.
func newest(t *testing.T, pattern string) string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no file is like %s", pattern)
	}
	modified := func(file string) time.Time {
		info, err := os.Stat(file)
		if err != nil {
			return time.Time{} // removed meanwhile
		}
		return info.ModTime()
	}
	return slices.MaxFunc(files, func(a, b string) int { return modified(a).Compare(modified(b)) })
}
