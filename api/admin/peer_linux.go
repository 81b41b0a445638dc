package admin

import (
	"context"
	"net"
	"strconv"
	"syscall"
)

// ConnContext tells the handler who opened a connection to the socket: the kernel says which user
// (SO_PEERCRED, unix(7)). It goes into http.Server.ConnContext.
func ConnContext(ctx context.Context, conn net.Conn) context.Context {
	unix, ok := conn.(*net.UnixConn)
	if !ok {
		return ctx
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return ctx
	}
	var peer *syscall.Ucred
	var failed error
	if err := raw.Control(func(fd uintptr) {
		peer, failed = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}); err != nil || failed != nil {
		return ctx
	}
	return withPeer(ctx, "socket:"+strconv.FormatUint(uint64(peer.Uid), 10))
}
