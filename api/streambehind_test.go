package api

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tributary/api/auth"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles/live"
	"tributary/profiles/unify"
)

// sluggish is a connection that takes in what its client reads, and nothing else.
type sluggish struct {
	*io.PipeWriter
	header  http.Header
	beating atomic.Bool // a heartbeat is being written

	mu       sync.Mutex
	deadline *time.Timer
}

func (c *sluggish) Header() http.Header { return c.header }
func (c *sluggish) WriteHeader(int)     {}
func (c *sluggish) Flush()              {}

func (c *sluggish) Write(b []byte) (int, error) {
	c.beating.Store(strings.HasPrefix(string(b), ": "))
	defer c.beating.Store(false)
	return c.PipeWriter.Write(b)
}

func (c *sluggish) SetWriteDeadline(at time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deadline != nil {
		c.deadline.Stop()
	}
	c.deadline = time.AfterFunc(time.Until(at), func() { _ = c.CloseWithError(os.ErrDeadlineExceeded) })
	return nil
}

// stuck is one who has heard of one change and reads nothing since. ended is closed when its stream has ended.
func (w *world) stuck(key string) (e *ear, ended <-chan struct{}) {
	w.Helper()
	in, out := io.Pipe()
	c := &sluggish{PipeWriter: out, header: http.Header{}}
	ctx, cancel := context.WithCancel(context.Background())
	request := httptest.NewRequestWithContext(ctx, http.MethodGet, "/v1/stream", http.NoBody)
	request.Header.Set("Authorization", "Bearer "+key)
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.api.Handler().ServeHTTP(c, request)
		_ = out.Close()
	}()
	w.Cleanup(func() { cancel(); _ = in.Close(); <-done })
	e = &ear{world: w, body: bufio.NewReader(in), end: cancel}
	e.until("open")
	w.put(w.event(1, "web", "Viewed", nil, id(event.IDUser, "u1")))
	e.until("profile.changed")
	w.await("it is stuck", c.beating.Load)
	return e, done
}

func (w *world) await(what string, done func() bool) {
	w.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			w.Fatalf("never: %s", what)
		}
	}
}

// dayLater is when what was told at first is held no more.
const dayLater = 100_000 // seconds

// place is the place of an id.
func (w *world) place(id string) live.Place {
	w.Helper()
	p, err := live.ParsePlace(id)
	w.must(err)
	return p
}

// TestWhoFallsBehindIsTold that it does, and what it missed if that is held no more: each number is either told or
// named as missed.
func TestWhoFallsBehindIsTold(t *testing.T) {
	for name, later := range map[string]int{"lagging": 20, "gap": dayLater} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.api.Live.Stall = time.Hour
			w.api.Live.Hub = live.NewHub(live.Config{Source: w.state, Logger: slog.New(slog.DiscardHandler), Ring: 2})
			t.Cleanup(w.api.Live.Hub.Close)
			key := w.key(auth.KindRead, "acme", auth.ScopeStreamRead)
			slow, _ := w.stuck(key)
			heard := w.place(slow.last).Number
			fast := w.listen(w.serve(), key, "", slow.last)
			for n := range 10 {
				w.put(w.event(2+n, "web", "Viewed", nil, id(event.IDUser, fmt.Sprint("u", n))))
			}
			w.put(w.event(later, "web", "Viewed", nil, id(event.IDUser, "last")))
			head, err := w.state.LiveHead("acme")
			w.must(err)
			for w.place(fast.last).Number < head.Last {
				if _, more := fast.next(); !more {
					t.Fatalf("the fast one heard %v", fast.events)
				}
			}
			told := map[string]map[string]any{}
			for heard < head.Last {
				x, more := slow.next()
				if !more {
					t.Fatalf("the slow one heard %v", slow.events)
				}
				switch x.name {
				case "gap":
					v := x.decode(t)
					if v["because"] != "fell_behind" || v["first"] != float64(heard+1) || v["from"] != x.id || v["do"] == "" {
						t.Errorf("behind %d it is told %v", heard, v)
					}
					heard = uint64(v["last"].(float64))
				case "lagging":
					if v := x.decode(t); v["because"] != "slow" || v["behind"].(float64) < 1 || v["do"] == "" {
						t.Errorf("it is told %v", v)
					}
				default:
					heard++
				}
				if at := w.place(x.id).Number; at != heard {
					t.Errorf("%s is at %d, after %d", x.name, at, heard)
				}
				told[x.name] = nil
			}
			if _, lagging := told["lagging"]; !lagging {
				t.Errorf("it is not told that it lags: %v", slow.events)
			}
			if _, gap := told["gap"]; gap != (name == "gap") {
				t.Errorf("it is told of a gap: %t", gap)
			}
		})
	}
}

// TestWhoComesTooLateIsReset: what they missed is held no more. A place of another workspace is none.
func TestWhoComesTooLateIsReset(t *testing.T) {
	w := newWorld(t)
	server := w.serve()
	key := w.key(auth.KindRead, "acme", auth.ScopeStreamRead)
	e := w.listen(server, key, "", "")
	e.until("open")
	w.put(w.event(1, "web", "Viewed", nil, id(event.IDUser, "u1")))
	e.until("profile.changed")
	e.end()
	w.await("nobody listens", func() bool { return w.api.Live.Hub.Feeds() == 0 }) // whoever still did would be told of a gap
	w.put(w.event(2, "web", "Viewed", nil, id(event.IDUser, "u2")))
	w.put(w.event(dayLater, "web", "Viewed", nil, id(event.IDUser, "u3")))

	heard := w.place(e.last).Number
	for how, again := range map[string]*ear{
		"Last-Event-ID": w.listen(server, key, "?follow=false", e.last), "after": w.listen(server, key, "?follow=false&after="+e.last, ""),
	} {
		got := again.rest()
		if len(got) < 3 || got[1].name != "reset" {
			t.Fatalf("%s: it is told %v", how, got)
		}
		v := got[1].decode(t)
		if v["because"] != "not_held" || v["first"] != float64(heard+1) || v["from"] != got[1].id || v["do"] == "" {
			t.Errorf("%s: behind %d it is told %v", how, heard, v)
		}
		if next := w.place(got[2].id).Number; float64(next) != v["last"].(float64)+1 {
			t.Errorf("%s: then it is told %d", how, next)
		}
	}
	other := w.listen(server, w.key(auth.KindRead, "other", auth.ScopeStreamRead), "?follow=false", e.last).rest()
	if len(other) != 2 || other[1].name != "reset" || other[1].decode(t)["because"] != "another_feed" {
		t.Errorf("in another workspace it is told %v", other)
	}
}

// TestTheServerWaitsForNobodyWhoTakesNothingIn when it is to go.
func TestTheServerWaitsForNobodyWhoTakesNothingIn(t *testing.T) {
	w := newWorld(t)
	w.api.Live.Stall = time.Hour
	_, ended := w.stuck(w.key(auth.KindRead, "acme", auth.ScopeStreamRead))
	w.api.EndStreams()
	select {
	case <-ended:
	case <-time.After(2 * time.Minute):
		t.Fatal("the stream has not ended")
	}
}

// TestWhoIsBehindHearsOfNobodyWhoIsRestrictedNow, though they were not when it was told: they became one with somebody
// who is. What others had to do with them is told without them.
func TestWhoIsBehindHearsOfNobodyWhoIsRestrictedNow(t *testing.T) {
	w := newWorld(t)
	w.api.Live.Stall = time.Hour
	key := w.key(auth.KindRead, "acme", auth.ScopeStreamRead)
	ids := map[string]identity.ObservationID{}
	come := func(n int, name string) {
		e := w.event(n, "web", "Viewed", nil, id(event.IDUser, name))
		w.put(e)
		o, _ := w.engine.Observe(e)
		ids[name] = o.ID
	}
	come(0, "held")
	w.give(unify.PrivacyRestrict{Observations: []identity.ObservationID{ids["held"]}})
	slow, _ := w.stuck(key)
	fast := w.listen(w.serve(), key, "", slow.last)
	come(2, "a")
	come(3, "b")
	link := func(a, b string, verdict unify.LinkVerdict) {
		w.give(unify.IdentityLink{A: ids[a], B: ids[b], Verdict: verdict})
	}
	link("a", "b", unify.LinkMustMerge)
	link("a", "b", unify.LinkNeverMerge)
	fast.until("identity.split") // it is shared with all who listen
	link("held", "a", unify.LinkMustMerge)

	come(4, "last")
	for !strings.Contains(fmt.Sprint(slow.events), ids["last"].String()) {
		if _, more := slow.next(); !more {
			t.Fatalf("it heard %v", slow.events)
		}
	}
	all := w.listen(w.serve(), key, "?follow=false&after=oldest", "").rest()
	for who, heard := range map[string][]sse{"who reads slowly": slow.events, "who comes later": all} {
		told := fmt.Sprint(heard)
		for _, name := range []string{"held", "a"} {
			if strings.Contains(told, ids[name].String()) {
				t.Errorf("%s is told of %s: %s", who, name, told)
			}
		}
		i := slices.IndexFunc(heard, func(x sse) bool { return x.name == "identity.split" })
		if i < 0 || heard[i].decode(t)["profile"] != ids["b"].String() || heard[i].decode(t)["former"] != nil {
			t.Errorf("%s is not told that b is apart: %s", who, told)
		}
	}
}
