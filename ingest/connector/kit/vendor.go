package kit

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"tributary/ingest/connector"
)

// clock is time as the puller sees it: it passes only while somebody waits.
type clock struct {
	mu     sync.Mutex
	now    time.Time
	frozen bool // it does not even then
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Wait is a connector.Waiter that takes no time.
func (c *clock) Wait(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.frozen {
		c.now = c.now.Add(max(0, d))
	}
	return nil
}

// set puts the clock, which runs from then on or stands.
func (c *clock) set(now time.Time, frozen bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now, c.frozen = now, frozen
}

// visit is a request to the vendor: its number from 0, and what would answer it.
type visit struct {
	n     int
	api   http.Handler
	clock *clock
}

// fault answers a request in place of the vendor's API, or leaves it to it by returning false.
type fault func(v visit, w http.ResponseWriter, r *http.Request) bool

// vendor is the subject's API on loopback, with faults in between.
type vendor struct {
	suite *suite
	url   string
	clock *clock
	http  *http.Client

	mu     sync.Mutex
	api    http.Handler
	fault  fault
	asked  []time.Time // when requests came, by the clock
	broken error       // a panic of the subject's handler

	server *http.Server
	done   chan struct{}
}

// everything is a page size that takes in all fixtures at once.
const everything = 100

// vendor starts the API over records. Close ends it.
func (s *suite) vendor(records map[string][]json.RawMessage, pageSize int, f fault) (*vendor, error) {
	var listening net.ListenConfig
	listener, err := listening.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen on loopback: %w", err)
	}
	v := &vendor{
		suite: s, url: "http://" + listener.Addr().String(), clock: &clock{now: Now},
		http: &http.Client{Transport: &http.Transport{}, Timeout: time.Minute},
		api:  s.API(records, pageSize), fault: f, done: make(chan struct{}),
	}
	v.server = &http.Server{Handler: v, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute}
	go func() {
		defer close(v.done)
		_ = v.server.Serve(listener) // ends with ErrServerClosed
	}()
	return v, nil
}

// Close ends the API and all connections to it.
func (v *vendor) Close() {
	v.http.CloseIdleConnections()
	_ = v.server.Close() // nothing is left that it could lose
	<-v.done
}

// ServeHTTP counts a request, lets the fault have it, and else the subject's API.
func (v *vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	n, f, api := len(v.asked), v.fault, v.api
	v.asked = append(v.asked, v.clock.Now())
	v.mu.Unlock()
	guarded := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := guard(func() error { api.ServeHTTP(w, r); return nil }); err != nil {
			v.mu.Lock()
			v.broken = err
			v.mu.Unlock()
			http.Error(w, "", http.StatusInternalServerError)
		}
	})
	if f == nil || !f(visit{n, guarded, v.clock}, w, r) {
		guarded.ServeHTTP(w, r)
	}
}

// requests is how many came, times when.
func (v *vendor) requests() int { return len(v.times()) }

func (v *vendor) times() []time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]time.Time(nil), v.asked...)
}

// replace puts another state of the vendor's records in place.
func (v *vendor) replace(records map[string][]json.RawMessage, pageSize int) {
	api := v.suite.API(records, pageSize)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.api = api
}

// err is a fault of the subject's own.
func (v *vendor) err() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.broken != nil {
		return fmt.Errorf("the handler of Subject.API: %w", v.broken)
	}
	return nil
}

// puller makes the subject's puller against the API, of a source and with settings changed as said.
func (v *vendor) puller(name string, changes map[string]string) (p connector.Puller, err error) {
	all := map[string]string{v.suite.BaseURL: v.url}
	for name, value := range changes {
		all[name] = value
	}
	config, err := v.suite.configure(name, all)
	if err != nil {
		return nil, err
	}
	config.HTTP, config.Now, config.Wait = v.http, v.clock.Now, v.clock.Wait
	err = guard(func() error {
		p, err = v.suite.Connector.NewPuller(config)
		return err
	})
	if err == nil && p == nil {
		err = fmt.Errorf("with Subject.Settings NewPuller makes no puller")
	}
	return p, err
}

// interpose puts another fault in place.
func (v *vendor) interpose(f fault) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.fault = f
}
