package kafkatest

import "syscall"

// attributes: no broker outlives the program that started it, whatever becomes of that.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
