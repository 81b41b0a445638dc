package config

import (
	"math"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

// TestRuntimeIsApplied sets this process up, and puts everything back.
func TestRuntimeIsApplied(t *testing.T) {
	cores, percent, limit := runtime.GOMAXPROCS(0), debug.SetGCPercent(100), debug.SetMemoryLimit(-1)
	t.Cleanup(func() {
		runtime.GOMAXPROCS(cores)
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	})
	for name, test := range map[string]struct {
		environment string // of Go's variables
		runtime     Runtime
		threads     int
		percent     int
		limit       int64
	}{
		"defaults":    {"", Default().Runtime, threads(cores), defaultGCPercent, defaultMemoryLimit + 64<<20},
		"as told":     {"", Runtime{Threads: 3, GCPercent: 50, MemoryLimit: 100 << 20}, 3, 50, 164 << 20},
		"no limit":    {"", Runtime{Threads: 3, GCPercent: 50}, 3, 50, math.MaxInt64},
		"environment": {"1", Runtime{Threads: 3, GCPercent: 50, MemoryLimit: 100 << 20}, cores, 100, math.MaxInt64},
	} {
		t.Run(name, func(t *testing.T) {
			runtime.GOMAXPROCS(cores)
			debug.SetGCPercent(100)
			debug.SetMemoryLimit(math.MaxInt64)
			for _, name := range []string{"GOMAXPROCS", "GOGC", "GOMEMLIMIT"} {
				t.Setenv(name, test.environment)
			}
			Config{Runtime: test.runtime, State: State{Cache: 64 << 20}}.ApplyRuntime()
			if got := runtime.GOMAXPROCS(0); got != test.threads {
				t.Errorf("%d threads, want %d", got, test.threads)
			}
			if got := debug.SetGCPercent(100); got != test.percent {
				t.Errorf("collects at %d percent, want %d", got, test.percent)
			}
			if got := debug.SetMemoryLimit(-1); got != test.limit {
				t.Errorf("a limit of %d, want %d", got, test.limit)
			}
		})
	}
}

func TestRuntimeReportsAllFaults(t *testing.T) {
	c := Default()
	c.Runtime = Runtime{Threads: -1, GCPercent: 0, MemoryLimit: 1}
	err := c.Validate()
	for _, key := range []string{"runtime.threads:", "runtime.gc_percent:", "runtime.memory_limit:"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("the error does not name %s: %v", key, err)
		}
	}
}
