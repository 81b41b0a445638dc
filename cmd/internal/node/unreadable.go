package node

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"

	"tributary/api/problem"
)

// problemListener makes problem documents of the answers that net/http gives by itself, in plain
// text, to requests that it cannot read. No handler ever sees those: a path with "%zz", a header that
// is too long.
type problemListener struct{ net.Listener }

// Accept is that of net.Listener.
func (l problemListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok && err == nil {
		return problemConn{tcp}, nil
	}
	return c, err
}

// problemConn is a TCP connection with all that net/http knows to do with one.
type problemConn struct{ *net.TCPConn }

// plainEnd is how net/http ends the head of such an answer (errorHeaders in its server.go), right after
// the status line; a handler's has other headers, Date at least.
var plainEnd = []byte("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n")

// plainKinds are what such answers mean, by how they begin. More text may follow in the same line.
var plainKinds = []struct {
	begin []byte
	kind  problem.Kind
}{
	{[]byte("HTTP/1.1 400 Bad Request"), problem.Invalid},
	{[]byte("HTTP/1.1 431 Request Header Fields Too Large"), problem.HeaderTooLarge},
}

// Write is that of net.Conn.
func (c problemConn) Write(b []byte) (int, error) {
	for _, plain := range plainKinds {
		if !bytes.HasPrefix(b, plain.begin) {
			continue
		}
		if end := bytes.IndexByte(b, '\r'); end > 0 && bytes.HasPrefix(b[end:], plainEnd) {
			if _, err := c.TCPConn.Write(unreadable(plain.kind, plain.begin)); err != nil {
				return 0, err
			}
			return len(b), nil
		}
	}
	return c.TCPConn.Write(b)
}

// unreadable is the whole answer.
func unreadable(kind problem.Kind, line []byte) []byte {
	body, _ := json.Marshal(problem.New(kind, "the request line or the headers cannot be read")) // strings and numbers always encode
	return fmt.Appendf(nil, "%s\r\nContent-Type: %s\r\nCache-Control: no-store\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s",
		line, problem.ContentType, len(body), body)
}
