package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http/httputil"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// load is requests over a number of connections, each waiting for its answer before the next.
type load struct {
	address     string
	connections int
	total       int             // how many requests; 0: as many as duration allows
	duration    time.Duration   // how long; 0: until total
	stop        <-chan struct{} // closed: no more requests; may be nil
	perSecond   float64         // of requests over all connections; 0: as fast as they are answered
	// requests returns what appends a connection's i-th request of the load, to be called by one
	// goroutine.
	requests func() func(to []byte, i int) []byte
}

// outcome is what came of a load.
type outcome struct {
	requests  int
	took      time.Duration
	latencies []time.Duration // ascending; from when a request was due, so that waiting counts
	late      []time.Duration // ascending; from when a request was due until it was sent
}

func (o *outcome) rate() float64 { return float64(o.requests) / o.took.Seconds() }

// quantile returns the latency, in seconds, below which a share of the requests were answered.
func (o *outcome) quantile(share float64) float64 { return quantile(o.latencies, share) }

func quantile(sorted []time.Duration, share float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	i := int(math.Ceil(share*float64(len(sorted)))) - 1
	return sorted[max(0, i)].Seconds()
}

// run sends the load. Any answer but 200, and any event that was refused, is an error.
func (l load) run(ctx context.Context) (outcome, error) {
	var (
		next    atomic.Int64
		group   sync.WaitGroup
		mu      sync.Mutex
		all     outcome
		fault   error
		began   = time.Now()
		request = func() (int, time.Time, bool) {
			i := int(next.Add(1)) - 1
			due := time.Now()
			if l.perSecond > 0 {
				due = began.Add(time.Duration(float64(i) / l.perSecond * float64(time.Second)))
			}
			select {
			case <-l.stop:
				return i, due, false
			default:
			}
			return i, due, (l.total == 0 || i < l.total) && (l.duration == 0 || due.Sub(began) < l.duration)
		}
	)
	for range l.connections {
		group.Go(func() {
			mine, err := l.work(ctx, request)
			mu.Lock()
			defer mu.Unlock()
			all.latencies = append(all.latencies, mine.latencies...)
			all.late = append(all.late, mine.late...)
			fault = errors.Join(fault, err)
		})
	}
	group.Wait()
	all.took, all.requests = time.Since(began), len(all.latencies)
	slices.Sort(all.latencies)
	slices.Sort(all.late)
	if ctx.Err() != nil {
		return all, ctx.Err()
	}
	return all, fault
}

// work is one connection's share.
func (l load) work(ctx context.Context, request func() (int, time.Time, bool)) (o outcome, err error) {
	c, err := dial(ctx, l.address)
	if err != nil {
		return o, err
	}
	defer c.close()
	write := l.requests()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		i, due, more := request()
		if !more {
			return o, nil
		}
		if wait := time.Until(due); wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
				return o, ctx.Err()
			}
		}
		c.out = write(c.out[:0], i)
		o.late = append(o.late, time.Since(due))
		body, err := c.roundTrip()
		if err != nil {
			return o, err
		}
		if bytes.Contains(body, []byte(`"failed":`)) || bytes.Contains(body, []byte(`"isError":true`)) {
			return o, fmt.Errorf("events or a tool's call were refused: %.300s", body)
		}
		o.latencies = append(o.latencies, time.Since(due))
	}
}

// connection is a plain writer and reader of HTTP/1.1, so that it takes little of the machine.
type connection struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte
	body []byte
	stop func() bool
}

func dial(ctx context.Context, address string) (*connection, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	c := &connection{conn: conn, in: bufio.NewReaderSize(conn, 16<<10)}
	c.stop = context.AfterFunc(ctx, func() { _ = conn.Close() })
	return c, nil
}

func (c *connection) close() {
	if c.stop() {
		_ = c.conn.Close()
	}
}

// errStatus is returned for any answer but 200.
var errStatus = errors.New("not accepted")

// roundTrip sends c.out and returns the body of the answer, which is valid until the next call.
func (c *connection) roundTrip() ([]byte, error) {
	if _, err := c.conn.Write(c.out); err != nil {
		return nil, err
	}
	status, length, err := c.head()
	if err != nil {
		return nil, err
	}
	if length >= 0 {
		c.body = slices.Grow(c.body[:0], length)[:length]
		_, err = io.ReadFull(c.in, c.body)
	} else {
		err = c.chunks()
	}
	if err == nil && status != 200 {
		err = fmt.Errorf("%w: status %d: %.300s", errStatus, status, c.body)
	}
	return c.body, err
}

// head reads the status and headers; a length of -1 is a chunked body.
func (c *connection) head() (status, length int, err error) {
	length = -1
	for first := true; ; first = false {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, 0, err
		}
		if first {
			if len(line) < 12 {
				return 0, 0, fmt.Errorf("answered %q", line)
			}
			if status, err = strconv.Atoi(string(line[9:12])); err != nil {
				return 0, 0, err
			}
		}
		if value, found := bytes.CutPrefix(line, []byte("Content-Length: ")); found {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, 0, err
			}
		}
		if len(line) == 2 {
			return status, length, nil
		}
	}
}

func (c *connection) chunks() error {
	into := bytes.NewBuffer(c.body[:0])
	if _, err := into.ReadFrom(httputil.NewChunkedReader(c.in)); err != nil {
		return err
	}
	c.body = into.Bytes()
	_, err := c.in.Discard(2) // the empty line after the last chunk
	return err
}
