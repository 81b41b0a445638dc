package sink

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"tributary/ingest/stream"
	"tributary/profiles/outbox"
)

// wire stands between the driver and the engine and spoils requests.
type wire struct {
	next http.RoundTripper
	mu   sync.Mutex
	rng  *rand.Rand
	// spoil decides what happens to the n-th insert; nil: nothing.
	spoil   func(n int) spoiling
	inserts int
}

type spoiling int

const (
	wireFine   spoiling = iota
	wireDown            // the request does not get through
	wireCut             // the body breaks off in the middle
	wireMute            // the statement runs, its answer is lost
	wireHangUp          // the sender gives up after a moment, at any point of the statement
)

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	switch w.choose(req) {
	case wireDown:
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, errInjected
	case wireCut:
		cut := req.Clone(req.Context())
		cut.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(io.LimitReader(req.Body, w.some(8_000)), failing{}), req.Body}
		return w.next.RoundTrip(cut)
	case wireMute:
		resp, err := w.next.RoundTrip(req)
		if err == nil {
			_, _ = io.Copy(io.Discard, resp.Body)
			_ = resp.Body.Close()
		}
		return nil, errInjected
	case wireHangUp:
		ctx, cancel := context.WithTimeout(req.Context(), time.Duration(w.some(30_000))*time.Microsecond)
		defer cancel()
		resp, err := w.next.RoundTrip(req.Clone(ctx))
		if err == nil {
			_ = resp.Body.Close()
			err = errInjected
		}
		return nil, err
	default:
		return w.next.RoundTrip(req)
	}
}

func (w *wire) choose(req *http.Request) spoiling {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.spoil == nil || !strings.HasPrefix(req.URL.Query().Get("query"), "INSERT") {
		return wireFine
	}
	w.inserts++
	return w.spoil(w.inserts)
}

func (w *wire) some(n int64) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rng.Int64N(n)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errInjected }

// TestSpoiltRequests: whatever breaks between driver and engine, rows arrive exactly once.
func TestSpoiltRequests(t *testing.T) {
	for kind, name := range map[spoiling]string{
		wireDown: "down", wireCut: "cut", wireMute: "mute", wireHangUp: "hang up",
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, 40)
			r.cfg.MaxRows = 300
			r.at = func(i int) time.Time { return start.AddDate(0, 0, -i) } // several partitions
			r.ch.wire.spoil = func(n int) spoiling {
				if n%3 == 0 {
					return kind
				}
				return wireFine
			}
			for range 4 {
				r.receive(200)
				r.unify()
				r.check(r.run(nil))
			}
			r.expect(nil)
			if r.faults.errors == 0 {
				t.Error("no insert failed; the test shows nothing")
			}
		})
	}
}

// TestLogRefuser: a refusal is in the log as a command that can be read back.
func TestLogRefuser(t *testing.T) {
	r := newRig(t, 41)
	want := outbox.Refusal{
		Position: stream.Position{Partition: 1, Offset: 2}, Table: outbox.TableEvents,
		Workspace: "acme", Source: "crm", ReceivedAt: start, Reason: reasonEngine,
	}
	nameless := outbox.Refusal{Position: want.Position, Ordinal: 1, Table: outbox.TableFacts, Reason: reasonRow}
	refuser := LogRefuser{Log: r.log, Now: func() time.Time { return start }}
	r.check(refuser.Refuse(context.Background(), []outbox.Refusal{want, nameless}))

	nameless.Workspace = outbox.UnknownWorkspace

	var got []outbox.Refusal
	infos, err := r.log.Partitions(context.Background())
	r.check(err)
	for _, info := range infos {
		for at := info.First; at < info.Next; at++ {
			reader, err := r.log.Reader(info.ID, at)
			r.check(err)
			entries, err := reader.Next(context.Background(), 1)
			r.check(err)
			r.check(reader.Close())
			refusal, err := outbox.ParseRefusal(entries[0].Value)
			r.check(err)
			got = append(got, refusal)
		}
	}
	if len(got) != 2 || (got[0] != want && got[1] != want) || (got[0] != nameless && got[1] != nameless) {
		t.Fatalf("got %+v", got)
	}
}
