package gateway

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/ingest/stream"
)

// unsized hides a body's length.
type unsized struct{ *strings.Reader }

// TestMemoryIsBounded: requests beyond the bound are refused while others are under way, and taken
// again once those are answered.
func TestMemoryIsBounded(t *testing.T) {
	const fit = 16 // of the largest size: their length is not known
	held := &gate{entered: make(chan struct{}, fit+1), open: make(chan struct{})}
	r := newRig(t, Config{MemoryBytes: LeastMemoryBytes}, func(l Log) Log { held.Log = l; return held })
	answers := make(chan answer, fit)
	send := func() answer {
		return r.do(t, http.MethodPost, "/v1/batch", unsized{strings.NewReader(`{"batch":[` + good + `]}`)})
	}
	for range fit {
		go func() { answers <- send() }()
	}
	for range fit {
		<-held.entered
	}
	a := send()
	a.fields(t)
	if a.status != 503 || a.header.Get("Retry-After") == "" || !strings.Contains(a.body, ":busy") {
		t.Errorf("beyond the bound: %d %s", a.status, a.body)
	}
	close(held.open)
	for range fit {
		if a := <-answers; a.status != 200 {
			t.Errorf("within the bound: %d %s", a.status, a.body)
		}
	}
	if a := send(); a.status != 200 {
		t.Errorf("afterwards: %d %s", a.status, a.body)
	}
	if n := len(r.records(t)); n != fit+1 {
		t.Errorf("%d records", n)
	}
	if err := (Config{MemoryBytes: LeastMemoryBytes - 1}).Validate(); err == nil || !strings.Contains(err.Error(), "memory_bytes") {
		t.Errorf("a bound that no batch fits in: %v", err)
	}
}

// waiting is a log that is busy until the caller gives up.
type waiting struct{ entered chan struct{} }

func (w waiting) Append(ctx context.Context, _ []stream.Record) ([]stream.Position, error) {
	close(w.entered)
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestClientGone: a client that hangs up is no failure of the server.
func TestClientGone(t *testing.T) {
	registry := prometheus.NewRegistry()
	metrics, err := NewMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	busy := waiting{make(chan struct{})}
	r := newRig(t, Config{}, func(Log) Log { return busy }, func(s *http.Server, g *Gateway) {
		engine := gin.New()
		engine.Use(metrics.Handler())
		g.Register(engine)
		s.Handler = engine
	})
	connection, err := net.Dial("tcp", r.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	rq, _ := http.NewRequest(http.MethodPost, r.server.URL+"/v1/track", strings.NewReader(good))
	rq.SetBasicAuth(serverKey, "")
	to := bufio.NewWriter(connection)
	if err := rq.Write(to); err != nil {
		t.Fatal(err)
	}
	if err := to.Flush(); err != nil {
		t.Fatal(err)
	}
	<-busy.entered
	_ = connection.Close()
	r.server.Close() // waits for what is under way
	if n := counters(t, registry)["tributary_gateway_requests_total /v1/track 499"]; n != 1 {
		t.Errorf("got %v", counters(t, registry))
	}
}
