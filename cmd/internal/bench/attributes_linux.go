package bench

import "syscall"

// childAttributes: a group of its own, so that Ctrl-C reaches this process alone, which then ends its
// children in order; and no child outlives it, whatever becomes of it.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
