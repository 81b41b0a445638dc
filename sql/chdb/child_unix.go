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
