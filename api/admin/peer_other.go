//go:build !linux

package admin

import (
	"context"
	"net"
)

// ConnContext tells the handler who opened a connection to the socket, which this system does not say.
func ConnContext(ctx context.Context, _ net.Conn) context.Context { return ctx }
