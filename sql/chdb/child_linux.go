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
