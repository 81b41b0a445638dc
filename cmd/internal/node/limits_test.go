package node

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"tributary/api/auth"
	"tributary/cmd/internal/config"
)

// TestBodiesThatAreTooLargeAreToldTheLimit walks every route that takes a body: one larger than it may be is
// answered with 413, which says how large it may be.
func TestBodiesThatAreTooLargeAreToldTheLimit(t *testing.T) {
	w := newIsolationWorld(t)
	s := w.spaces[0]
	large := `{"x":"` + strings.Repeat("x", 1<<20) + `"}`
	check := func(route, limit string, status int, answer []byte) {
		t.Helper()
		var d struct{ Type, Detail string }
		if err := json.Unmarshal(answer, &d); err != nil || status != http.StatusRequestEntityTooLarge || !strings.Contains(d.Detail, limit) {
			t.Errorf("%s: is answered with %d, %v: %.300s", route, status, err, answer)
		}
	}
	for _, rule := range w.routes.readers {
		if rule.Method != http.MethodPost && rule.Method != http.MethodPut {
			continue
		}
		scope := rule.Scope
		if rule.AnyKey {
			scope = auth.ScopeContextRead
		}
		status, answer := s.ask(rule.Method, s.fill(examples[rule.Method+" "+rule.Path].path), s.keys[scope], large)
		check(rule.Method+" "+rule.Path, "64 KiB", status, answer)
	}
	for path, body := range intakeExamples {
		if body == "" {
			continue
		}
		status, answer := w.send(path, s.keys[auth.ScopeIngestWrite], large)
		check(path, "bytes", status, answer)
	}
}

// send is post with the answer as it is.
func (w *world) send(path, key, body string) (int, []byte) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	request.SetBasicAuth(key, "")
	request.Header.Set("Content-Type", "application/json")
	return w.whole(http.DefaultClient.Do(request))
}

// slow are clients that begin and do not go on, and how they are answered: "" by closing the connection.
func slow(p *program) map[string]struct{ sent, answer string } {
	bearer := "Host: x\r\nContent-Type: application/json\r\nAuthorization: Bearer " + p.read + "\r\nContent-Length: 1000\r\n\r\n"
	return map[string]struct{ sent, answer string }{
		"nothing":              {"", ""},
		"half a header":        {"GET /v1/sources HTTP/1.1\r\nHost: x\r\n", ""},
		"half a line of it":    {"GET /v1/sources HTTP/1.1\r\nHost: x\r\nAuthor", "400"},
		"half a body, reader":  {"POST /v1/profiles/lookup HTTP/1.1\r\n" + bearer + `{"identifiers":[`, "408"},
		"half a body, gateway": {"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{", "408"},
	}
}

// TestSlowClientsAreLetGo: who sends a header or a body bit by bit holds no connection for longer than the
// configuration says, with TLS or without, and others are answered meanwhile.
func TestSlowClientsAreLetGo(t *testing.T) {
	short := func(c *config.Config) {
		c.HTTP.HeaderTimeout, c.HTTP.RequestTimeout = config.Duration(300*time.Millisecond), config.Duration(600*time.Millisecond)
	}
	plain := start(t, t.TempDir(), short)
	for name, client := range slow(plain) {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", plain.config.HTTP.Listen)
		if err != nil {
			t.Fatal(err)
		}
		letGo(t, name, conn, client.sent, client.answer)
	}
	if status, answer := plain.get("user_id:nobody", ""); status != http.StatusNotFound {
		t.Errorf("another is answered with %d %v", status, answer)
	}
	plain.stop()

	a := newAuthority(t)
	certFile, keyFile := a.write(2)
	secure := start(t, t.TempDir(), short, func(c *config.Config) {
		c.HTTP.TLS.CertFile, c.HTTP.TLS.KeyFile = certFile, keyFile
	})
	trust := a.client(false).Transport.(*http.Transport).TLSClientConfig
	for name, client := range slow(secure) {
		conn, err := (&tls.Dialer{Config: trust}).DialContext(t.Context(), "tcp", secure.config.HTTP.Listen)
		if err != nil {
			t.Fatal(err)
		}
		letGo(t, "TLS, "+name, conn, client.sent, client.answer)
	}
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", secure.config.HTTP.Listen)
	if err != nil {
		t.Fatal(err)
	}
	letGo(t, "half a handshake", conn, "\x16\x03\x01", "")
}

// letGo sends and waits until the server ends the connection.
func letGo(t *testing.T, name string, conn net.Conn, sent, want string) {
	t.Helper()
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, sent); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	in := bufio.NewReader(conn)
	status := ""
	if answer, err := http.ReadResponse(in, nil); err == nil {
		_, _ = io.Copy(io.Discard, answer.Body) // its end is what counts
		_ = answer.Body.Close()
		status, _, _ = strings.Cut(answer.Status, " ")
	}
	if status != want {
		t.Errorf("%s: is answered with %q, want %q", name, status, want)
	}
	if _, err := in.ReadByte(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%s: the connection stays: %v", name, err)
	}
}
