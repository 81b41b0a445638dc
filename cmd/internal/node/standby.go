package node

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"tributary/api/problem"
	"tributary/ingest/gateway"
)

// standBy answers on http.listen while another process owns the log: that this one lives (/healthz), and that
// it is not ready (/readyz); all else with 503. The returned function ends that and frees the address.
func (n *Node) standBy(ctx context.Context) (func(), error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", n.config.HTTP.Listen)
	if err != nil {
		return nil, fmt.Errorf("http.listen: %w", err)
	}
	s := &server{http: gateway.Server(http.HandlerFunc(standingBy), n.logger), listener: listener}
	served := make(chan error, 1)
	go func() { served <- s.serve() }()
	return func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if s.http.Shutdown(ending) != nil {
			_ = s.http.Close() // who still waits is cut off
		}
		if err := <-served; err != nil {
			n.logger.WarnContext(ctx, "listener of the standby ended", "error", err)
		}
	}, nil
}

func standingBy(w http.ResponseWriter, r *http.Request) {
	var body string
	status := http.StatusOK
	switch r.URL.Path {
	case "/healthz":
		body = `{"ok":true}`
	case "/readyz":
		status, body = http.StatusServiceUnavailable, `{"ready":false,"parts":[{"part":"owner","required":true,"ok":false}]}`
	default:
		w.Header().Set("Retry-After", "5")
		problem.New(problem.Unavailable, "The server stands by: another one owns the log.").Write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // to whoever asked, if he is still there
}
