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
