package steward_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/ingest/stream/embedded"
	"tributary/profiles"
	"tributary/profiles/explain"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
	"tributary/profiles/steward"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// rig is a desk over a log, a worker and a state, in memory.
type rig struct {
	testing.TB
	*steward.Desk
	log    stream.Log
	state  *state.Store
	worker *unify.Worker
	asked  []store.ReviewRow
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
	r.Desk = steward.New(steward.Config{
		State: r.state, Explain: explain.NewService(r.state, engine, finder), Commands: r, Worker: r.worker, Engine: engine, Now: r.clock,
		Asked: func(_ context.Context, _ string, after steward.Place, limit int) ([]store.ReviewRow, error) {
			for i, row := range r.asked {
				if after == (steward.Place{}) || row.Bits < after.Bits {
					return r.asked[i:min(len(r.asked), i+limit)], nil
				}
			}
			return nil, nil
		},
	})
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

// clock is a second later each time.
func (r *rig) clock() time.Time {
	r.n++
	return epoch.Add(time.Duration(r.n) * time.Second)
}

// DoNamed implements steward.Commands.
func (r *rig) DoNamed(_ context.Context, workspace string, commands []unify.Named) error {
	now := r.clock()
	for _, c := range commands {
		record, err := unify.NewRecord(workspace, c.MessageID, now, c.Command)
		if err != nil {
			return err
		}
		r.append(record)
	}
	return nil
}

func (r *rig) append(records ...stream.Record) {
	r.Helper()
	positions, err := r.log.Append(context.Background(), records)
	r.must(err)
	for _, p := range positions {
		r.must(r.worker.Applied(context.Background(), p))
	}
}

// say sends one event a line, such as "user_id=u1 anonymous_id=a first_name=Ann".
func (r *rig) say(lines ...string) {
	r.Helper()
	for _, line := range lines {
		at := r.clock()
		e := &event.Event{
			Workspace: "w", Source: "web", MessageID: fmt.Sprintf("m-%06d", r.n), Type: event.TypeIdentify, Attributes: map[string]string{},
		}
		for field := range strings.FieldsSeq(line) {
			key, value, _ := strings.Cut(field, "=")
			if strings.HasSuffix(key, "_name") {
				e.Attributes[key] = value
			} else {
				e.Identifiers = append(e.Identifiers, event.Identifier{Type: key, Value: value})
			}
		}
		e.Stamp(at, time.Time{}, at)
		r.must(e.Validate())
		value, err := event.Encode(e)
		r.must(err)
		r.append(stream.Record{Kind: stream.KindEvent, Workspace: "w", Source: "web", MessageID: e.MessageID, ReceivedAt: e.ReceivedAt, Value: value})
	}
}

// homes is who is of which profile: the first observation of each, by observation.
func (r *rig) homes() map[identity.ObservationID]identity.ProfileID {
	r.Helper()
	view, err := r.state.View("w")
	r.must(err)
	defer func() { r.must(view.Close()) }()
	ids, err := view.ObservationsFrom(uuid.Nil, 1000)
	r.must(err)
	all := map[identity.ObservationID]identity.ProfileID{}
	for _, id := range ids {
		a, _, err := view.Assignment(id)
		r.must(err)
		all[id] = a.Profile
	}
	return all
}

// holder is the first observation that holds an identifier.
func (r *rig) holder(typ, value string) identity.ObservationID {
	r.Helper()
	view, err := r.state.View("w")
	r.must(err)
	defer func() { r.must(view.Close()) }()
	ids, err := view.Facts().Holders(identity.Identifier{Type: typ, Value: value})
	r.must(err)
	if len(ids) == 0 {
		r.Fatalf("nobody holds %s %s", typ, value)
	}
	return ids[0]
}

func (r *rig) decide(p steward.Proposal) *steward.Decision {
	r.Helper()
	d, err := r.Decide(context.Background(), "w", steward.Request{Proposal: p, ID: uuid.New(), Hash: 1, Actor: "ada"})
	r.must(err)
	return d
}
