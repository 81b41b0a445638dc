package api

import (
	"context"
	"net"
	"net/http"
)

// socketKey is where a request's context holds its connection.
type socketKey struct{}

// WithSocket is for http.Server.ConnContext: streams bound what the system holds of what their clients do not read.
func WithSocket(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, socketKey{}, c)
}

// socketBuffer is how much the system holds, in bytes. By itself it grows to megabytes of each listener that reads
// slowly.
const socketBuffer = 128 << 10

// boundSocket bounds the buffer of a stream's connection, where that serves no other request.
func boundSocket(r *http.Request) {
	c := r.Context().Value(socketKey{})
	if secure, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = secure.NetConn()
	}
	if tcp, ok := c.(interface{ SetWriteBuffer(bytes int) error }); ok && r.ProtoMajor == 1 {
		_ = tcp.SetWriteBuffer(socketBuffer) // or it is as large as it is
	}
}
