package node

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"tributary/cmd/internal/config"
	"tributary/ingest/stream"
	"tributary/profiles/sink"
)

// after is the lease of an owner that comes after another.
type after struct {
	stream.Lease
	note    sink.Note
	written [][]byte
	err     error
}

func (l *after) Before() []byte {
	text, err := l.note.Encode()
	if err != nil {
		panic(err)
	}
	return text
}

func (l *after) Epoch() uint32 { return 2 }

func (l *after) Write(_ context.Context, note []byte) error {
	if l.err == nil {
		l.written = append(l.written, note)
	}
	return l.err
}

func openNode(t *testing.T) *Node {
	t.Helper()
	c := config.Default()
	c.DataDir, c.HTTP.Listen = t.TempDir(), freeAddress(t)
	n, err := Open(t.Context(), c, Options{Version: "test", Logger: slog.New(slog.DiscardHandler), InProcessEngine: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// TestAdoptRefuses: whoever cannot make its state again, or is only there for a command, leaves the state of
// the owner before the one that counts.
func TestAdoptRefuses(t *testing.T) {
	n := openNode(t)
	mine, err := n.outbox.Queue.Lineage()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		note   sink.Note
		within time.Duration
		want   string // "": it goes on
	}{
		"another key":                   {sink.Note{Lineage: mine, Key: "other"}, 0, "identity key"},
		"another's log is trimmed":      {sink.Note{Lineage: "other", Trims: true}, 0, "log.retention"},
		"a command, another owned":      {sink.Note{Lineage: "other"}, time.Second, "run the command with that folder"},
		"a command, nobody owned":       {sink.Note{}, time.Second, ""},
		"the same again, log trimmed":   {sink.Note{Lineage: mine, Trims: true}, 0, ""},
		"a command of the owner itself": {sink.Note{Lineage: mine}, time.Second, ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := &after{note: c.note}
			n.lease, n.options.OwnWithin = l, c.within
			switch err := n.adopt(t.Context()); {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || len(l.written) > 0):
				t.Errorf("adopt: %v, %d notes written, want an error with %q", err, len(l.written), c.want)
			case c.want == "" && (len(l.written) != 1 || n.note.Trims != c.note.Trims):
				t.Errorf("%d notes written, %+v", len(l.written), n.note)
			}
		})
	}
}

// TestTrimIsAnnounced: nothing is trimmed by a process that another has taken over from, and who comes next
// knows that the log is.
func TestTrimIsAnnounced(t *testing.T) {
	n := openNode(t)
	at, err := n.log.Append(t.Context(), []stream.Record{{
		Kind: stream.KindEvent, Workspace: "default", Source: "web", MessageID: "m", ReceivedAt: time.Now(), Value: []byte("{}"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	l := &after{err: stream.ErrFenced}
	s, err := sink.New(sink.Config{}, sink.Parts{Queue: n.outbox.Queue, Log: n.log, Lease: l, Note: sink.Note{Lineage: "mine"}})
	if err != nil {
		t.Fatal(err)
	}
	log := trimmed{n.log, s.AnnounceTrim}
	trim := func() (first uint64, err error) {
		t.Helper()
		err = log.Trim(t.Context(), at[0].Partition, at[0].Offset+1)
		partitions, listing := n.log.Partitions(t.Context())
		if listing != nil {
			t.Fatal(listing)
		}
		for _, p := range partitions {
			if p.ID == at[0].Partition {
				first = p.First
			}
		}
		return first, err
	}
	if first, err := trim(); !errors.Is(err, stream.ErrFenced) || first != at[0].Offset {
		t.Errorf("another owns the log, trim: %v, it begins at %d", err, first)
	}
	l.err = nil
	for range 2 {
		if first, err := trim(); err != nil || first != at[0].Offset+1 {
			t.Errorf("trim: %v, the log begins at %d", err, first)
		}
	}
	if len(l.written) != 1 {
		t.Fatalf("%d notes, want one before the first trim", len(l.written))
	}
	if note, err := sink.ReadNote(l.written[0]); err != nil || !note.Trims || note.Lineage != "mine" {
		t.Errorf("note %+v, %v", note, err)
	}
}

// TestStandBy: a server that waits for the log says that it lives and is not ready, and frees its address.
func TestStandBy(t *testing.T) {
	n := &Node{logger: slog.New(slog.DiscardHandler)}
	n.config.HTTP.Listen = freeAddress(t)
	for range 2 {
		end, err := n.standBy(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]int{
			"/healthz": http.StatusOK, "/readyz": http.StatusServiceUnavailable, "/v1/track": http.StatusServiceUnavailable,
		} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+n.config.HTTP.Listen+path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			var body map[string]any
			if err := json.NewDecoder(response.Body).Decode(&body); err != nil || response.StatusCode != want {
				t.Errorf("%s: status %d, %v, want %d", path, response.StatusCode, err, want)
			}
			_ = response.Body.Close()
		}
		end()
	}
}
