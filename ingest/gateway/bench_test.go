package gateway

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/ingest/event"
	"tributary/ingest/stream/embedded"
)

const benchConnections = 32

// kilobyte is a call of about 1 KB, as a chat's source sends it.
func kilobyte(i int) string {
	return fmt.Sprintf(`{"type":"track","messageId":"node-next-%016x-4b8e-9f7a","userId":"customer-%d","anonymousId":"8d8be3c1-5d3e-4a7e-9f9a-%012x",`+
		`"event":"conversation.message","timestamp":"2026-05-17T11:59:%02d.%03dZ","sentAt":"2026-05-17T12:00:00.000Z",`+
		`"properties":{"conversation_id":"conv-%d","leg_id":"1","turn":%d,"direction":"inbound","author_role":"customer","language":"en","queue":"billing","topic":"invoice",`+
		`"text":"%s","attachments":[{"kind":"image","bytes":48213},{"kind":"pdf","bytes":190332}],"urgent":false,"typing_ms":5321},`+
		`"context":{"channel":"chat","ip":"192.0.2.7","locale":"en-US","timezone":"Europe/Amsterdam","userAgent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",`+
		`"library":{"name":"@segment/analytics-node","version":"3.1.0"},"page":{"path":"/help/invoices","title":"Help"}},"integrations":{}}`,
		i, i%5000, i%5000, i%60, i%1000, i%20000, i%40, strings.Repeat("Why was I charged twice? ", 9))
}

// load sends total requests over benchConnections connections, made of body(i), and fails on any
// answer but 200. It is a plain writer of bytes, so that what is measured is the server.
func load(b *testing.B, address, path string, total int, body func(i int) []byte) {
	b.Helper()
	var next atomic.Int64
	var group sync.WaitGroup
	for range benchConnections {
		group.Go(func() {
			connection, err := net.Dial("tcp", address)
			if err != nil {
				b.Error(err)
				return
			}
			defer connection.Close()
			reader, out := bufio.NewReader(connection), []byte(nil)
			for {
				i := int(next.Add(1)) - 1
				if i >= total {
					return
				}
				content := body(i)
				out = append(out[:0], "POST "+path+" HTTP/1.1\r\nHost: x\r\nAuthorization: Basic d2tfc2VydmVyOg==\r\nContent-Type: application/json\r\nContent-Length: "...)
				out = strconv.AppendInt(out, int64(len(content)), 10)
				out = append(append(out, "\r\n\r\n"...), content...)
				if _, err := connection.Write(out); err != nil {
					b.Error(err)
					return
				}
				if err := readAnswer(reader); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

func readAnswer(r *bufio.Reader) error {
	length := 0
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if first && !bytes.HasPrefix(line, []byte("HTTP/1.1 200")) {
			return fmt.Errorf("answered %s", line)
		}
		if value, found := bytes.CutPrefix(line, []byte("Content-Length: ")); found {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
		if len(line) == 2 {
			_, err := r.Discard(length)
			return err
		}
	}
}

func cpu(b *testing.B) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// measure reports events per second and CPU-seconds per million events, load generator included.
func measure(b *testing.B, handler http.Handler, path string, perRequest int, body func(i int) []byte) {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := Server(handler, slog.New(slog.DiscardHandler))
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	address := listener.Addr().String()
	load(b, address, path, benchConnections, body)
	b.SetBytes(int64(len(body(0))))
	b.ReportAllocs()
	b.ResetTimer()
	before, start := cpu(b), time.Now()
	load(b, address, path, b.N, body)
	events := float64(b.N * perRequest)
	b.ReportMetric(events/time.Since(start).Seconds(), "events/s")
	b.ReportMetric((cpu(b)-before).Seconds()/events*1e6, "cpu-s/M")
	b.StopTimer()
}

// bare reads the body and answers: what nothing built on gin can beat.
func bare() http.Handler {
	engine := gin.New()
	engine.POST("/v1/:route", func(c *gin.Context) {
		if _, err := io.Copy(io.Discard, c.Request.Body); err != nil {
			c.Status(http.StatusBadRequest)
			return
		}
		c.Data(http.StatusOK, jsonType, []byte(`{"success":true}`))
	})
	return engine
}

// whole is the gateway with its metrics over an embedded log on this machine's disk.
func whole(b *testing.B) http.Handler {
	log, err := embedded.Open(embedded.Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := log.Close(); err != nil {
			b.Error(err)
		}
	})
	metrics, err := NewMetrics(prometheus.NewRegistry())
	if err != nil {
		b.Fatal(err)
	}
	g, err := New(Config{}, metrics.Log(log), testKeys, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	engine := gin.New()
	engine.Use(metrics.Handler())
	g.Register(engine)
	return engine
}

func singles() func(int) []byte {
	bodies := make([][]byte, 4096)
	for i := range bodies {
		bodies[i] = []byte(kilobyte(i))
	}
	return func(i int) []byte { return bodies[i%len(bodies)] }
}

func hundreds() func(int) []byte {
	bodies := make([][]byte, 64)
	for i := range bodies {
		items := make([]string, 100)
		for j := range items {
			items[j] = kilobyte(i*100 + j)
		}
		bodies[i] = []byte(`{"batch":[` + strings.Join(items, ",") + `],"writeKey":"` + serverKey + `","sentAt":"2026-05-17T12:00:00.000Z"}`)
	}
	return func(i int) []byte { return bodies[i%len(bodies)] }
}

func BenchmarkSingle(b *testing.B) {
	b.Run("bare", func(b *testing.B) { measure(b, bare(), "/v1/track", 1, singles()) })
	b.Run("durable", func(b *testing.B) { measure(b, whole(b), "/v1/track", 1, singles()) })
}

func BenchmarkBatch100(b *testing.B) {
	b.Run("bare", func(b *testing.B) { measure(b, bare(), "/v1/batch", 100, hundreds()) })
	b.Run("durable", func(b *testing.B) { measure(b, whole(b), "/v1/batch", 100, hundreds()) })
}

// BenchmarkCall is the part of a call that is ours: body to the log's form.
func BenchmarkCall(b *testing.B) {
	body := []byte(kilobyte(1))
	key, err := testKeys.WriteKey(context.Background(), HashKey(serverKey))
	if err != nil {
		b.Fatal(err)
	}
	rq := &request{key: key, received: noon}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	c := new(call)
	var value []byte
	for b.Loop() {
		c.reset()
		faults := rq.item(c, body, &envelope{})
		if len(faults) > 0 {
			b.Fatal(faults)
		}
		if value, err = event.AppendEncode(value[:0], &c.event); err != nil {
			b.Fatal(err)
		}
	}
}
