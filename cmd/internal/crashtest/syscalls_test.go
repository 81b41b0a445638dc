package crashtest

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// Sets of system calls before which a process dies.
const (
	renames  = "rename,renameat,renameat2"
	syncs    = "fsync,fdatasync"
	writes   = "write,pwrite64"
	removals = "unlink,unlinkat,rmdir"
	folders  = "mkdir,mkdirat"
)

// faultAt says where a process is to die: before the nth call of a set that one of its threads makes.
type faultAt struct {
	process process
	calls   string
	nth     int
}

type process string

const (
	engine   process = "engine"
	server   process = "server"
	starting process = "starting server" // or its engine, which starts with it
)

func (f faultAt) String() string {
	return fmt.Sprintf("%s, %s %d of a thread", f.process, f.calls, f.nth)
}

// faultsAt lists where the processes die: first a choice along the way of an event, then all, deeper
// and deeper. An insert into events makes about ten files, and as many syncs.
func faultsAt() []faultAt {
	list := []faultAt{
		{engine, renames, 1}, {server, syncs, 2}, {engine, syncs, 3}, {server, writes, 9}, {engine, writes, 20}, {starting, renames, 1},
		{engine, syncs, 1}, {engine, syncs, 2}, {engine, syncs, 5}, {engine, syncs, 8}, {engine, syncs, 11},
		{engine, renames, 2}, {engine, writes, 6}, {engine, writes, 13}, {engine, folders, 1},
		{server, syncs, 1}, {server, writes, 1}, {starting, writes, 3}, {starting, syncs, 2}, {starting, removals, 1},
	}
	for n := 1; n <= 24; n++ {
		for _, f := range []faultAt{
			{engine, writes, n}, {engine, renames, n}, {server, writes, n}, {engine, syncs, n}, {starting, writes, n},
			{server, syncs, n}, {engine, folders, n}, {starting, syncs, n}, {starting, renames, n}, {starting, removals, n},
		} {
			if !slices.Contains(list, f) {
				list = append(list, f)
			}
		}
	}
	return list
}

// TestCrashAtSystemCalls kills the engine's process, or the server, right before a write, an fsync,
// a rename, while it takes and stores events, or while it starts; the first, the second, and so on.
func TestCrashAtSystemCalls(t *testing.T) {
	needStrace(t)
	p := newProgram(t)
	p.start()
	p.awaitReady()
	tr := newTraffic(p)
	stop := tr.start(t)
	list := faultsAt()
	list = list[:min(len(list), max(6, *kills*4/5))]
	hit := map[string]int{}
	for _, f := range list {
		call := p.dieAt(t, f)
		if call == "" {
			t.Logf("%s: did not come", f)
			continue
		}
		t.Logf("%s: %s", f, call)
		hit[f.calls]++
	}
	stop()
	if hit[writes] == 0 || hit[syncs] == 0 || hit[renames] == 0 {
		t.Errorf("no kill at one of writes, syncs and renames: %v", hit)
	}
	t.Logf("%d positions; %d events acknowledged", len(list), tr.total())
	checkAll(t, p, tr)
}

// comes is how long a system call may let itself be waited for.
const comes = 10 * time.Second

// dieAt lets a process die at a system call, and the server be ready again. It returns that call,
// or "" if it did not come in time.
func (p *program) dieAt(t *testing.T, f faultAt) (call string) {
	t.Helper()
	if f.process == starting {
		return p.dieStarting(t, f)
	}
	pid := p.cmd.Process.Pid
	if f.process == engine {
		pid = p.children()[0]
	}
	if tracer := attach(t, pid, f.calls, killAt(f.nth)); tracer != nil {
		if tracer.ended(comes) {
			call = lastCall(tracer.output, filepath.Dir(p.data))
		} else {
			tracer.detach()
		}
	}
	if call != "" && f.process == server {
		<-p.exited
		p.start()
	}
	p.awaitEngine()
	return call
}

// dieStarting kills the server and lets the next one, or its engine, die as it starts.
func (p *program) dieStarting(t *testing.T, f faultAt) (call string) {
	t.Helper()
	p.kill()
	args, output := injection(t, f.calls, killAt(f.nth))
	p.start(slices.Concat([]string{"strace", "-D"}, args)...) // -D: the server keeps its process id
	died := func() bool {
		call = lastCall(output, filepath.Dir(p.data))
		return call != ""
	}
	for begun := time.Now(); !died() && p.running() && time.Since(begun) < comes; {
		time.Sleep(20 * time.Millisecond)
	}
	p.kill() // it may live on, traced
	p.start()
	p.awaitEngine()
	return call
}

func killAt(nth int) string { return "signal=KILL:when=" + strconv.Itoa(nth) }

// awaitEngine waits until the server is ready and its engine runs.
func (p *program) awaitEngine() {
	p.t.Helper()
	p.awaitReady()
	p.await("the engine to run", 4*time.Minute, func() bool {
		r := p.readiness()
		return r != nil && r.ok("analytics_store") && len(p.children()) == 1
	})
}
