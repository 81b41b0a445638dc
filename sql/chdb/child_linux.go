package chdb

import (
	"log/slog"
	"os"
	"syscall"
)

// childAttributes: the kernel kills the child when the thread that started it ends, and signals of
// the terminal go to the parent alone.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}

// preferOOMKill makes the engine, and not the intake, the kernel's choice when memory runs out.
func preferOOMKill(logger *slog.Logger) {
	if err := os.WriteFile("/proc/self/oom_score_adj", []byte("500"), 0o600); err != nil {
		logger.Warn("prefer the engine when memory runs out", "error", err)
	}
}

// engineNice is by how much the engine gives way to the server beside it: on a busy CPU a thread gets a
// tenth of what the server's do. What readers and sources wait for comes first; inserts and merges
// catch up.
const engineNice = 10

// yieldToParent lowers the priority of all threads of this process, and so of those that they start.
// The process is the only one of its group (childAttributes), and on Linux a group's priority is set
// thread by thread, where that of a process is its first thread's alone.
func yieldToParent(logger *slog.Logger) {
	if syscall.Getpgrp() != os.Getpid() {
		return // started by hand: the group is not ours
	}
	raw, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0) // 20 - nice, as the kernel gives it
	if err == nil {
		err = syscall.Setpriority(syscall.PRIO_PGRP, 0, min(20-raw+engineNice, 19))
	}
	if err != nil {
		logger.Warn("lower the engine's priority", "error", err)
	}
}
