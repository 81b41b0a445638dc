package chdb_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEngineYieldsToItsParent reads the priority of every thread of the engine's process. A few of them
// the engine gives one of their own, such as the one that watches its memory.
func TestEngineYieldsToItsParent(t *testing.T) {
	s := supervise(t, filepath.Join(t.TempDir(), "data"))
	exec(t, connectTo(t, s), "SELECT sum(number) FROM numbers_mt(1000000)")
	own := niceness(t, "/proc/self/stat")
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", s.PID()))
	if err != nil || len(threads) == 0 {
		t.Fatalf("no threads: %v", err)
	}
	if n := niceness(t, fmt.Sprintf("/proc/%d/stat", s.PID())); n <= own && own < 19 {
		t.Errorf("the process has the priority %d, its parent %d", n, own)
	}
	others := 0
	for _, thread := range threads {
		if n := niceness(t, thread); n <= own && own < 19 {
			others++
		}
	}
	if others > len(threads)/4 {
		t.Errorf("%d of %d threads do not yield", others, len(threads))
	}
}

// niceness is field 19 of a stat file; 99 when the thread has ended.
func niceness(t *testing.T, path string) (n int) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		return 99
	}
	// The name, in parentheses, may hold anything.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if _, err := fmt.Sscan(fields[16], &n); err != nil {
		t.Fatal(err)
	}
	return n
}
