package explain_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/ingest/stream/embedded"
	"tributary/profiles"
	"tributary/profiles/explain"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// rig is a log, a worker and a state, in memory, and what explains them.
type rig struct {
	testing.TB
	*explain.Service
	log    stream.Log
	state  *state.Store
	worker *unify.Worker
	n      int
}

func newRig(t testing.TB) *rig {
	t.Helper()
	r := &rig{TB: t}
	fs := vfs.NewMem()
	log, err := embedded.Open(embedded.Config{
		Dir: "log", FS: fs, Shards: 1, MemTableBytes: 1 << 20, BallastBytes: -1,
		FreeSpace: func() (embedded.Space, error) { return embedded.Space{Free: 1 << 50, Total: 1 << 50}, nil },
	})
	r.must(err)
	r.log = log
	r.state, err = state.Open(state.Config{Dir: "state", FS: fs, MemTableBytes: 8 << 20, CacheBytes: 8 << 20})
	r.must(err)
	out, err := outbox.Open(r.state.DB())
	r.must(err)
	engine, err := identity.New(identity.Config{Key: make([]byte, 32), DefaultRegion: "US"})
	r.must(err)
	r.worker, err = unify.New(unify.Config{Log: r.log, State: r.state, Engine: engine, Outbox: out.Writer})
	r.must(err)
	finder, err := profiles.NewService(r.state, engine, profiles.Rules{})
	r.must(err)
	r.Service = explain.NewService(r.state, engine, finder)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.worker.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		r.must(<-done)
		r.must(r.state.Close())
		r.must(r.log.Close())
	})
	return r
}

func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

// said is one event: identifiers as type and value in turn, and attributes.
type said struct {
	source     string // web, if empty
	attributes map[string]string
	ids        []string
	cx         *event.CX
	at         time.Duration // after epoch
}

// say sends events through the log and waits until they are applied.
func (r *rig) say(all ...said) {
	r.Helper()
	var records []stream.Record
	for _, s := range all {
		r.n++
		e := &event.Event{
			Workspace: "w", Source: s.source, MessageID: fmt.Sprintf("m-%06d", r.n), Type: event.TypeIdentify,
			Attributes: s.attributes, CX: s.cx,
		}
		if e.Source == "" {
			e.Source = "web"
		}
		for i := 0; i < len(s.ids); i += 2 {
			e.Identifiers = append(e.Identifiers, event.Identifier{Type: s.ids[i], Value: s.ids[i+1]})
		}
		if s.cx != nil {
			e.Type, e.Name = event.TypeTrack, event.NameConversationStarted
		}
		e.Stamp(epoch.Add(s.at), time.Time{}, epoch.Add(time.Duration(r.n)*time.Second))
		r.must(e.Validate())
		value, err := event.Encode(e)
		r.must(err)
		records = append(records, stream.Record{
			Lane: stream.LaneLive, Kind: stream.KindEvent, Workspace: e.Workspace, Source: e.Source, MessageID: e.MessageID,
			ReceivedAt: e.ReceivedAt, Value: value,
		})
	}
	r.append(records...)
}

// give gives a command and waits until it is applied.
func (r *rig) give(c unify.Command) {
	r.Helper()
	r.n++
	record, err := unify.NewRecord("w", fmt.Sprintf("c-%06d", r.n), epoch.Add(time.Duration(r.n)*time.Second), c)
	r.must(err)
	r.append(record)
}

func (r *rig) append(records ...stream.Record) {
	r.Helper()
	positions, err := r.log.Append(context.Background(), records)
	r.must(err)
	for _, p := range positions {
		r.must(r.worker.Applied(context.Background(), p))
	}
}

func (r *rig) settle() {
	r.Helper()
	r.must(r.worker.Settle(context.Background(), "w"))
}

func (r *rig) rules(document string) identity.Rules {
	r.Helper()
	rules, err := identity.ParseRules([]byte(document))
	r.must(err)
	return rules
}

func (r *rig) preview(t explain.Trial) *explain.Forecast {
	r.Helper()
	f, err := r.Preview(context.Background(), "w", t)
	r.must(err)
	return f
}

func address(typ, value string) profiles.Address {
	return profiles.Address{{Type: typ, Value: value}}
}

// refused is a store that cannot be read.
type refused struct{}

func (refused) View(string) (*state.Snapshot, error) { return nil, errors.New("disk is gone") }
