package gateway

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/ingest/stream"
)

// failing is a log that always fails in one way.
type failing struct{ err error }

func (f failing) Append(context.Context, []stream.Record) ([]stream.Position, error) {
	return nil, f.err
}

func TestLogFailuresAreTold(t *testing.T) {
	tests := map[string]struct {
		err    error
		status int
	}{
		"full":      {fmt.Errorf("append: %w", stream.ErrFull), 503},
		"closed":    {stream.ErrClosed, 503},
		"too large": {stream.ErrTooLarge, 413},
		"unknown":   {errors.New("disk on fire"), 503},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, Config{RetryAfter: 7 * time.Second}, func(Log) Log { return failing{test.err} })
			for _, send := range [][2]string{{"/v1/track", good}, {"/v1/batch", `{"batch":[` + good + `]}`}} {
				a := r.post(t, send[0], send[1])
				a.fields(t)
				if a.status != test.status || strings.Contains(a.body, "fire") {
					t.Errorf("%d %s", a.status, a.body)
				}
				if test.status == 503 && a.header.Get("Retry-After") != "7" {
					t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
				}
			}
		})
	}
}

func TestRateLimitIsPerKey(t *testing.T) {
	var passed atomic.Int64 // the clock, in nanoseconds after noon
	clock := func() time.Time { return noon.Add(time.Duration(passed.Load())) }
	r := newRig(t, Config{EventsPerSecond: 10, Burst: 5, Now: clock}, nil)
	batch := `{"batch":[` + strings.Repeat(`{"type":"track","userId":"u","event":"a"},`, 29) + `{"type":"track","userId":"u","event":"a"}]}`
	if a := r.post(t, "/v1/batch", batch); a.status != 200 {
		t.Fatalf("a batch larger than the bucket: %d %s", a.status, a.body)
	}
	a := r.post(t, "/v1/track", good)
	a.fields(t)
	if a.status != 429 || a.header.Get("Retry-After") != "3" { // 25 events in debt, and one to have: 2.6 s
		t.Errorf("%d, Retry-After %q", a.status, a.header.Get("Retry-After"))
	}
	if a := r.post(t, "/v1/track", `{"writeKey":"`+importKey+`","userId":"u","event":"a"}`, "Authorization", ""); a.status != 200 {
		t.Errorf("another key: %d", a.status)
	}
	passed.Store(int64(3 * time.Second))
	if a := r.post(t, "/v1/track", good); a.status != 200 {
		t.Errorf("after the wait: %d", a.status)
	}
}

// gate lets a test hold appends.
type gate struct {
	Log
	entered chan struct{}
	open    chan struct{}
}

func (g *gate) Append(ctx context.Context, records []stream.Record) ([]stream.Position, error) {
	g.entered <- struct{}{}
	<-g.open
	return g.Log.Append(ctx, records)
}

func TestDrainFinishesWhatIsUnderWay(t *testing.T) {
	const clients = 8
	held := &gate{entered: make(chan struct{}, clients), open: make(chan struct{})}
	r := newRig(t, Config{}, func(l Log) Log { held.Log = l; return held })
	answers := make(chan answer, clients)
	for i := range clients {
		go func() {
			answers <- r.post(t, "/v1/track", fmt.Sprintf(`{"messageId":"m%d","userId":"u","event":"a"}`, i))
		}()
	}
	for range clients {
		<-held.entered
	}
	soon, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Drain(soon); !errors.Is(err, context.Canceled) {
		t.Errorf("drained with %d requests under way: %v", clients, err)
	}
	late := r.post(t, "/v1/track", good)
	late.fields(t)
	if late.status != 503 || late.header.Get("Retry-After") == "" {
		t.Errorf("a late request: %d %v", late.status, late.header)
	}
	stopped := make(chan error, 1)
	go func() {
		if err := r.Drain(t.Context()); err != nil {
			stopped <- err
			return
		}
		stopped <- r.server.Config.Shutdown(t.Context())
	}()
	close(held.open)
	for range clients {
		if a := <-answers; a.status != 200 {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if n := len(r.records(t)); n != clients {
		t.Errorf("%d of %d acknowledged events are in the log", n, clients)
	}
}

// TestSlowClient sends half a body and then nothing.
func TestSlowClient(t *testing.T) {
	r := newRig(t, Config{}, nil, func(s *http.Server, _ *Gateway) { s.ReadTimeout = 50 * time.Millisecond })
	connection, err := net.Dial("tcp", r.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	_, _ = connection.Write([]byte("POST /v1/track HTTP/1.1\r\nHost: x\r\nAuthorization: Basic d2tfc2VydmVyOg==\r\nContent-Length: 100\r\n\r\n{\"userId\":"))
	rs, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rs.Body.Close()
	if rs.StatusCode != http.StatusRequestTimeout || !rs.Close {
		t.Errorf("%s, close %v", rs.Status, rs.Close)
	}
	if a := r.post(t, "/v1/track", good); a.status != 200 {
		t.Errorf("others: %d", a.status)
	}
}

// TestBuffersAreNotShared sends different events at once and finds each whole in the log: a value
// that referred to a reused buffer would differ.
func TestBuffersAreNotShared(t *testing.T) {
	r := newRig(t, Config{}, nil)
	const clients, each = 8, 40
	body := func(id string) string {
		return `{"type":"track","messageId":"` + id + `","userId":"u` + id + `","event":"a","properties":{"id":"` + strings.Repeat(id, 20) + `"}}`
	}
	var group sync.WaitGroup
	for client := range clients {
		group.Go(func() {
			for i := range each {
				id := fmt.Sprintf("m-%d-%d", client, i)
				if a := r.post(t, "/v1/track", body(id)); a.status != 200 {
					t.Errorf("%d %s", a.status, a.body)
				}
				if a := r.post(t, "/v1/batch", `{"batch":[`+body(id+"a")+`,{"type":"no","messageId":"`+id+`b"},`+body(id+"c")+`]}`); a.status != 200 {
					t.Errorf("%d %s", a.status, a.body)
				}
			}
		})
	}
	group.Wait()
	all := r.records(t)
	if len(all) != clients*each*4 {
		t.Errorf("%d records", len(all))
	}
	for _, entry := range all {
		if entry.Kind == stream.KindRejected {
			if !strings.Contains(string(entry.Value), entry.MessageID) {
				t.Errorf("%s: %s", entry.MessageID, entry.Value)
			}
			continue
		}
		e := decodeEntry(t, entry)
		if e.Identifiers[0].Value != "u"+e.MessageID || string(e.Properties) != `{"id":"`+strings.Repeat(e.MessageID, 20)+`"}` {
			t.Errorf("%s: %s", e.MessageID, entry.Value)
		}
	}
}

func TestMetrics(t *testing.T) {
	registry := prometheus.NewRegistry()
	metrics, err := NewMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, Config{}, metrics.Log, func(s *http.Server, g *Gateway) {
		engine := gin.New()
		engine.Use(metrics.Handler())
		g.Register(engine)
		s.Handler = engine
	})
	r.post(t, "/v1/batch", `{"batch":[{"type":"track","userId":"u","event":"a"},{}]}`)
	r.post(t, "/v1/track", `{}`)
	got := counters(t, registry)
	for sample, want := range map[string]float64{
		"tributary_gateway_records_total event live":        1,
		"tributary_gateway_records_total rejected live":     1,
		"tributary_gateway_requests_total /v1/batch 200":    1,
		"tributary_gateway_requests_total /v1/track 400":    1,
		"tributary_gateway_append_failures_total live full": 0,
		"tributary_gateway_requests_total /v1/track 200":    0,
	} {
		if got[sample] != want {
			t.Errorf("%s is %v, want %v", sample, got[sample], want)
		}
	}
	if _, err := NewMetrics(registry); err == nil {
		t.Error("registering twice went unnoticed")
	}
	failed := metrics.Log(failing{stream.ErrFull})
	if _, err := failed.Append(t.Context(), []stream.Record{{}}); !errors.Is(err, stream.ErrFull) {
		t.Error(err)
	}
	if n := counters(t, registry)["tributary_gateway_append_failures_total live full"]; n != 1 {
		t.Errorf("%v failures", n)
	}
}

// counters returns the registry's counters by name and label values.
func counters(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			sample := family.GetName()
			for _, label := range m.GetLabel() { // sorted by name
				sample += " " + label.GetValue()
			}
			all[sample] = m.GetCounter().GetValue()
		}
	}
	return all
}

// noKeys cannot tell at present who a key belongs to.
type noKeys struct{}

func (noKeys) WriteKey(context.Context, KeyHash) (WriteKey, error) {
	return WriteKey{}, errors.New("state is being rebuilt")
}

// TestKeysUnavailable: a client whose key cannot be checked is told to come back, not that its key
// is wrong, and neither the log nor the answer holds the key.
func TestKeysUnavailable(t *testing.T) {
	var logged strings.Builder
	r := newRig(t, Config{}, nil, func(s *http.Server, g *Gateway) {
		other, err := New(Config{}, g.log, noKeys{}, slog.New(slog.NewTextHandler(&logged, nil)))
		if err != nil {
			t.Fatal(err)
		}
		engine := gin.New()
		other.Register(engine)
		s.Handler = engine
	})
	a := r.post(t, "/v1/track", good)
	a.fields(t)
	if a.status != 503 || a.header.Get("Retry-After") != "5" {
		t.Errorf("%d %v", a.status, a.header)
	}
	if !strings.Contains(logged.String(), "resolve write key") || strings.Contains(logged.String()+a.body, serverKey) {
		t.Errorf("logged %s", logged.String())
	}
}
