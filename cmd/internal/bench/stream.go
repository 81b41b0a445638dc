package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"tributary/api/auth"
)

// Those who listen to changes, and what they hear.
const (
	listenersMost   = 1000
	listenersPerKey = 100 // as the program's defaults let them
	changesPerS     = 20  // one at a time, of which the delay is measured
	batchesAhead    = 4   // of what the slowest listener has heard, where as much is sent as goes
)

// stream measures what it takes to tell a change to one listener and to many.
func (b *bench) stream(ctx context.Context) error {
	many := max(10, min(listenersMost, b.cfg.Events/100))
	var one, all told
	for _, with := range []struct {
		listeners int
		into      *told
	}{{1, &one}, {many, &all}} {
		b.say(fmt.Sprintf("stream to %d listeners", with.listeners))
		var err error
		if *with.into, err = b.tell(ctx, with.listeners); err != nil {
			return fmt.Errorf("stream to %d: %w", with.listeners, err)
		}
	}
	name := fmt.Sprintf("stream, %d listeners: ", many)
	b.report.add(name+"delay p50", quantile(all.delays, 0.50), UnitSeconds, "one listener", quantile(one.delays, 0.50))
	b.report.add(name+"delay p99", quantile(all.delays, 0.99), UnitSeconds, "one listener", quantile(one.delays, 0.99))
	b.report.add(name+"changes", all.rate(), UnitPerSecond, "one listener", one.rate())
	b.report.add(name+"changes delivered", all.rate()*float64(many), UnitPerSecond, "one listener", one.rate())
	b.report.add("  CPU of the server for each delivered", all.used(many), UnitCPU, "one listener", one.used(1))
	b.report.add("  CPU of the server for each further listener", max(0, all.used(1)-one.used(1))/float64(many-1), UnitCPU, "intake and one listener", one.used(1))
	b.report.add("  memory of the server for each listener, idle", max(0, all.idle)/float64(many), UnitBytes, "", 0)
	b.report.add("  memory of the server for each listener, after all", max(0, all.after-one.after)/float64(many-1), UnitBytes, "", 0)
	b.report.note("stream: profile.changed of people who are new, %d listeners with a key, which has their disclosures on record. Delay: from before an event is sent, %d a second, until a listener has read its change. Changes: batches of %d, at most %d ahead of the slowest listener, whose reading is on the same CPUs.", listenersPerKey, changesPerS, batchEvents, batchesAhead)
	return nil
}

// told is what came of telling some listeners.
type told struct {
	delays      []time.Duration // ascending
	changes     int             // sent as fast as they were heard, with what that took
	took, cpu   time.Duration
	idle, after float64 // bytes more than before anybody listened
}

func (t *told) rate() float64 { return float64(t.changes) / t.took.Seconds() }

// used is in CPU-seconds per million.
func (t *told) used(listeners int) float64 { return perMillion(t.cpu, t.changes*listeners) }

func (b *bench) tell(ctx context.Context, listeners int) (t told, err error) {
	folder := fmt.Sprintf("stream-%d", listeners)
	defer b.discard(folder)
	s, err := b.serve(ctx, b.folder(folder), rolesAll)
	if err != nil {
		return t, err
	}
	defer func() { s.close() }()
	made, err := s.admin.CreateKey(ctx, auth.New{Kind: auth.KindWrite, Workspace: workspace, Source: probeSource, Note: "bench"})
	if err != nil {
		return t, err
	}
	before, err := s.memory()
	if err != nil {
		return t, err
	}
	a, err := s.listen(ctx, listeners)
	if err != nil {
		return t, err
	}
	defer a.close()
	if err := pause(ctx, b.cfg.Rest/5); err != nil {
		return t, err
	}
	m, err := s.memory()
	if err != nil {
		return t, err
	}
	t.idle = float64(m.server - before.server)
	f := &teller{audience: a, key: made.Secret}
	if f.connection, err = dial(ctx, s.address); err != nil {
		return t, err
	}
	defer f.close()
	if t.delays, err = f.oneByOne(ctx, b.cfg.Duration); err != nil {
		return t, err
	}
	err = b.profile(ctx, s, fmt.Sprintf("stream %d", listeners), b.cfg.Duration, func() error {
		used, err := cpuTime(s.pid())
		if err != nil {
			return err
		}
		began := time.Now()
		t.changes, err = f.asMuch(ctx, b.cfg.Duration)
		t.took = time.Since(began)
		now, fault := cpuTime(s.pid())
		t.cpu = now - used
		return errors.Join(err, fault)
	})
	if err != nil {
		return t, err
	}
	if m, err = s.memory(); err != nil {
		return t, err
	}
	t.after = float64(m.server - before.server)
	return t, nil
}

// audience are those who listen.
type audience struct {
	ears []*ear
	all  sync.WaitGroup
}

// ear is one of them.
type ear struct {
	connection *connection
	heard      atomic.Int64

	mu       sync.Mutex
	arrivals []time.Time // while wanted
	fault    error
}

// listen opens streams, and waits until each of them has begun.
func (s *server) listen(ctx context.Context, listeners int) (_ *audience, err error) {
	a := &audience{}
	var key string
	for n := range listeners {
		if n%listenersPerKey == 0 {
			if key, err = s.readKey(ctx); err != nil {
				break
			}
		}
		e := &ear{}
		if e.connection, err = dial(ctx, s.address); err != nil {
			break
		}
		a.ears = append(a.ears, e)
		body, err := e.open(key)
		if err != nil {
			a.close()
			return nil, fmt.Errorf("listener %d: %w", n, err)
		}
		a.all.Go(func() { e.run(body) })
	}
	if err != nil {
		a.close()
	}
	return a, err
}

func (a *audience) close() {
	for _, e := range a.ears {
		e.connection.close()
	}
	a.all.Wait()
}

var eventOpen, eventChanged = []byte("event: open\n"), []byte("event: profile.changed\n")

func (e *ear) open(key string) (*bufio.Reader, error) {
	c := e.connection
	c.out = fmt.Appendf(c.out[:0], "GET /v1/stream?types=profile.changed HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n\r\n", key)
	if _, err := c.conn.Write(c.out); err != nil {
		return nil, err
	}
	if status, _, err := c.head(); err != nil || status != 200 {
		return nil, errors.Join(err, fmt.Errorf("%w: status %d", errStatus, status))
	}
	body := bufio.NewReader(httputil.NewChunkedReader(c.in))
	for {
		if line, err := body.ReadSlice('\n'); err != nil || bytes.Equal(line, eventOpen) {
			return body, err
		}
	}
}

// run counts what is told, until the connection ends.
func (e *ear) run(body *bufio.Reader) {
	for {
		line, err := body.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			e.mu.Lock()
			e.fault = err
			e.mu.Unlock()
			return
		}
		if !bytes.Equal(line, eventChanged) {
			continue
		}
		e.mu.Lock()
		if cap(e.arrivals) > len(e.arrivals) {
			e.arrivals = append(e.arrivals, time.Now())
		}
		e.mu.Unlock()
		e.heard.Add(1)
	}
}

// await waits until everybody has heard so much.
func (a *audience) await(ctx context.Context, changes int64) error {
	limit := time.Now().Add(awaitLimit)
	for _, e := range a.ears {
		for e.heard.Load() < changes {
			e.mu.Lock()
			fault := e.fault
			e.mu.Unlock()
			if fault != nil {
				return fmt.Errorf("a listener heard %d of %d: %w", e.heard.Load(), changes, errors.Join(fault, io.ErrUnexpectedEOF))
			}
			if time.Now().After(limit) {
				return fmt.Errorf("a listener heard %d of %d", e.heard.Load(), changes)
			}
			if err := pause(ctx, time.Millisecond); err != nil {
				return err
			}
		}
	}
	return nil
}

// teller sends events of which listeners are told.
type teller struct {
	*connection
	*audience
	key  string
	sent int64
}

func (f *teller) close() { f.connection.close() }

// send sends events of people who are new, and returns when they are acknowledged.
func (f *teller) send(n int) error {
	head := []byte("POST /v1/batch HTTP/1.1\r\nHost: bench\r\nAuthorization: Basic " + base64.StdEncoding.EncodeToString([]byte(f.key+":")) +
		"\r\nContent-Type: application/json\r\nContent-Length: ")
	body := []byte(`{"batch":[`)
	for i := range n {
		if i > 0 {
			body = append(body, ',')
		}
		f.sent++
		body = fmt.Appendf(body, `{"type":"track","messageId":"told-%d","userId":"told-%d","event":"Looked"}`, f.sent, f.sent)
	}
	f.out = post(f.out[:0], head, append(body, "]}"...))
	_, err := f.roundTrip()
	return err
}

// oneByOne sends one at a time, and returns how long each took to each listener.
func (f *teller) oneByOne(ctx context.Context, during time.Duration) ([]time.Duration, error) {
	n := max(2, int(during.Seconds()*changesPerS))
	for _, e := range f.ears {
		e.mu.Lock()
		e.arrivals = make([]time.Time, 0, n)
		e.mu.Unlock()
	}
	sent := make([]time.Time, n)
	for i := range sent {
		sent[i] = time.Now()
		if err := f.send(1); err != nil {
			return nil, err
		}
		if err := pause(ctx, time.Second/changesPerS-time.Since(sent[i])); err != nil {
			return nil, err
		}
	}
	if err := f.await(ctx, f.sent); err != nil {
		return nil, err
	}
	var delays []time.Duration
	for _, e := range f.ears {
		e.mu.Lock()
		for i, at := range e.arrivals {
			delays = append(delays, at.Sub(sent[i]))
		}
		e.arrivals = nil
		e.mu.Unlock()
	}
	slices.Sort(delays)
	return delays, nil
}

// asMuch sends batches as fast as all hear of them, and returns how many events these were.
func (f *teller) asMuch(ctx context.Context, during time.Duration) (int, error) {
	before := f.sent
	for began := time.Now(); time.Since(began) < during; {
		if err := f.send(batchEvents); err != nil {
			return 0, err
		}
		if err := f.await(ctx, f.sent-batchesAhead*batchEvents); err != nil {
			return 0, err
		}
	}
	return int(f.sent - before), f.await(ctx, f.sent)
}
