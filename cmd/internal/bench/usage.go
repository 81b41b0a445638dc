package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ticksPerSecond is the unit of /proc/PID/stat: USER_HZ, which Linux fixes for programs.
const ticksPerSecond = 100

// cpuTime is what a process has used so far, to 10 ms, the children that it waited for left out.
func cpuTime(pid int) (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	// The name of the program, in parentheses, may hold anything.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	const user, system = 11, 12 // fields 14 and 15, counted from the one after the name
	if len(fields) <= system {
		return 0, errors.New("read CPU time: too few fields")
	}
	u, err := strconv.ParseInt(fields[user], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read CPU time: %w", err)
	}
	s, err := strconv.ParseInt(fields[system], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read CPU time: %w", err)
	}
	return time.Duration(u+s) * time.Second / ticksPerSecond, nil
}

// resident is the memory of a process that is in RAM, shared pages included, in bytes.
func resident(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("process %d has no memory", pid)
}

// children returns the processes that a process has started.
func children(pid int) (pids []int) {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue // the thread has ended
		}
		for _, field := range strings.Fields(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				pids = append(pids, child)
			}
		}
	}
	return pids
}

// memory is the resident memory of a server and of its engine.
type memory struct{ server, engine int64 }

func (m memory) sum() float64 { return float64(m.server + m.engine) }

func (s *server) memory() (m memory, err error) {
	if m.server, err = resident(s.pid()); err != nil {
		return m, err
	}
	for _, child := range children(s.pid()) {
		n, err := resident(child)
		if err != nil {
			return m, err
		}
		m.engine += n
	}
	return m, nil
}

// cpu is what a server and its engine have used so far.
type cpu struct{ server, engine time.Duration }

func (s *server) cpu() (c cpu, err error) {
	if c.server, err = cpuTime(s.pid()); err != nil {
		return c, err
	}
	for _, child := range children(s.pid()) {
		d, err := cpuTime(child)
		if err != nil {
			return c, err
		}
		c.engine += d
	}
	return c, nil
}

// What a server at rest uses at most, and how long it is waited for.
const (
	restCores  = 0.1
	restWithin = 5 * time.Minute
)

// rest waits until the server has done what it put off, which would be counted to what is measured next. One that does not come
// to rest is measured as it is.
func (s *server) rest(ctx context.Context) error {
	if err := s.settle(ctx); err != nil {
		return err
	}
	for began := time.Now(); time.Since(began) < restWithin; {
		before, err := s.cpu()
		if err != nil {
			return err
		}
		if err := pause(ctx, time.Second); err != nil {
			return err
		}
		after, err := s.cpu()
		if err != nil {
			return err
		}
		if used := after.server + after.engine - before.server - before.engine; used.Seconds() < restCores {
			return nil
		}
	}
	return nil
}

// shares is how many cores each of those that share the machine used.
type shares struct{ server, engine, ingest, readers, all float64 }

// others is what none of these used; the clocks of both sums differ by a tick or two.
func (s shares) others() float64 { return max(0, s.all-s.server-s.engine-s.ingest-s.readers) }

// shares measures what was used while f ran. ingest may be nil.
func (b *bench) shares(s *server, ingest *feeder, f func() error) (used shares, err error) {
	before, err := b.usedSoFar(s, ingest)
	if err != nil {
		return used, err
	}
	began := time.Now()
	if err := f(); err != nil {
		return used, err
	}
	took := time.Since(began).Seconds()
	after, err := b.usedSoFar(s, ingest)
	return shares{
		server: (after.server - before.server) / took, engine: (after.engine - before.engine) / took,
		ingest: (after.ingest - before.ingest) / took, readers: (after.readers - before.readers) / took,
		all: (after.all - before.all) / took,
	}, err
}

// usedSoFar is in CPU-seconds.
func (b *bench) usedSoFar(s *server, ingest *feeder) (shares, error) {
	c, err1 := s.cpu()
	fed, err2 := time.Duration(0), error(nil)
	if ingest != nil {
		fed, err2 = cpuTime(ingest.pid())
	}
	own, err3 := cpuTime(os.Getpid())
	all, err4 := machineTime()
	return shares{c.server.Seconds(), c.engine.Seconds(), fed.Seconds(), own.Seconds(), all.Seconds()}, errors.Join(err1, err2, err3, err4)
}

// machineTime is what everything on the machine has used of its CPUs so far.
func machineTime() (time.Duration, error) {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(text), "\n")
	var ticks int64
	for i, field := range strings.Fields(line) {
		const idle, ioWait, steal = 4, 5, 8 // after "cpu"; what follows steal is counted in the first two
		if i == 0 || i == idle || i == ioWait || i >= steal {
			continue
		}
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read CPU time of the machine: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / ticksPerSecond, nil
}

// watchMemory looks every 50 ms until stop is called, which returns the most that was seen.
func (s *server) watchMemory(ctx context.Context) (stop func() memory) {
	ctx, cancel := context.WithCancel(ctx)
	most := make(chan memory, 1)
	go func() {
		var peak memory
		ticker := time.NewTicker(50 * time.Millisecond)
		defer ticker.Stop()
		for {
			if m, err := s.memory(); err == nil && m.sum() > peak.sum() {
				peak = m
			}
			select {
			case <-ctx.Done():
				most <- peak
				return
			case <-ticker.C:
			}
		}
	}()
	return func() memory {
		cancel()
		return <-most
	}
}

// diskUse is what a folder takes on disk, in bytes. Files that go away meanwhile are left out.
func diskUse(dir string) (total int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if s, ok := info.Sys().(*syscall.Stat_t); ok {
			total += s.Blocks * 512
		}
		return nil
	})
	return total, err
}
