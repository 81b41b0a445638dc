//go:build unix && !linux

package chdb

import (
	"log/slog"
	"syscall"
)

// childAttributes: signals of the terminal go to the parent alone. That the parent died shows at the
// end of the control pipe.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func preferOOMKill(*slog.Logger) {}

// engineNice is the priority of the engine's process, below that of the server beside it.
const engineNice = 10

func yieldToParent(logger *slog.Logger) {
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, 0, engineNice); err != nil {
		logger.Warn("lower the engine's priority", "error", err)
	}
}
