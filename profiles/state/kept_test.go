package state

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
)

// TestStateIsAllThatStepsAdded adds events to a few observations in steps, some of them dropped,
// while Pebble writes tables at any moment. What is read is what one State makes of the events.
func TestStateIsAllThatStepsAdded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fs := vfs.NewMem()
		s := openOn(t, fs)
		want, step := map[uuid.UUID]*profiles.State{}, []func(){}
		n := 0
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				id := uuid.UUID{rapid.Byte().Draw(t, "id") % 3}
				e := added(n, rapid.IntRange(0, 50).Draw(t, "second"))
				pos := stream.Position{Offset: uint64(n)}
				n++
				workspace(t, s, "w").State(id).Apply(e, pos)
				step = append(step, func() {
					if want[id] == nil {
						want[id] = new(profiles.State)
					}
					want[id].Apply(e, pos)
				})
			},
			"commit": func(t *rapid.T) {
				must(t, s.Tx().Commit())
				for _, f := range step {
					f()
				}
				step = nil
			},
			"abort":   func(*rapid.T) { s.Tx().Abort(); step = nil },
			"flush":   func(t *rapid.T) { must(t, s.DB().Flush()) },
			"compact": func(t *rapid.T) { must(t, s.DB().Compact(context.Background(), []byte{0}, []byte{255}, false)) },
			"reopen":  func(t *rapid.T) { must(t, s.Close()); s = openOn(t, fs); step = nil },
			"": func(t *rapid.T) {
				hot, err := s.Snapshot("w")
				must(t, err)
				for id, w := range want {
					got, err := hot.State(id)
					must(t, err)
					if !bytes.Equal(encoded(t, got), encoded(t, w)) {
						t.Fatalf("%d events are kept of %s, want %d", got.Events(), id, w.Events())
					}
				}
				must(t, hot.Close())
			},
		})
		must(t, s.Close())
	})
}

func added(n, second int) *event.Event {
	at := time.Date(2026, 3, 1, 0, 0, second, 0, time.UTC)
	return &event.Event{
		Workspace: "w", Source: fmt.Sprint("source-", n%3), MessageID: fmt.Sprint("m-", n),
		Type: event.TypeTrack, Name: fmt.Sprint("order.", n%4), At: at, ReceivedAt: at,
		Traits: fmt.Appendf(nil, `{"t%d":%d}`, n%5, n),
	}
}

func encoded(t tb, s *profiles.State) []byte {
	b, err := s.AppendBinary(nil)
	must(t, err)
	return b
}

// TestMessageIDsAreFoundWhereverTheyAre leaves marks in steps, some of them dropped, while what is
// in memory changes generations after a few and goes to tables at any moment.
func TestMessageIDsAreFoundWhereverTheyAre(t *testing.T) {
	received := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		fs := vfs.NewMem()
		reopen := func() *Store {
			s := openOn(t, fs)
			s.tx.fresh.limit = 4
			return s
		}
		s := reopen()
		var n byte
		want, step := map[MessageHash]uint64{}, map[MessageHash]uint64{}
		drop := func() { clear(step) }
		t.Repeat(map[string]func(*rapid.T){
			"remember": func(*rapid.T) {
				n++
				id := MessageHash{n % 64, n}
				s.Tx().Remember(id, Mark{Received: received, Payload: uint64(n)})
				step[id] = uint64(n)
			},
			"commit": func(t *rapid.T) {
				must(t, s.Tx().Commit())
				for id, payload := range step {
					want[id] = payload
				}
				drop()
			},
			"abort":  func(*rapid.T) { s.Tx().Abort(); drop() },
			"flush":  func(t *rapid.T) { must(t, s.DB().Flush()) },
			"reopen": func(t *rapid.T) { must(t, s.Close()); s = reopen(); drop() },
			"": func(t *rapid.T) {
				for i := range 256 {
					id := MessageHash{byte(i) % 64, byte(i)}
					payload, there := step[id]
					if !there {
						payload, there = want[id]
					}
					mark, seen, err := s.Tx().Seen(id, received)
					must(t, err)
					if seen != there || mark.Payload != payload {
						t.Fatalf("%d: seen %v with %d, want %v with %d", i, seen, mark.Payload, there, payload)
					}
				}
			},
		})
		must(t, s.Close())
	})
}
