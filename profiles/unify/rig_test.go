package unify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"go.uber.org/goleak"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/ingest/stream/embedded"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tb is what *testing.T, *testing.B and *rapid.T have in common here.
type tb interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Errorf(format string, args ...any)
}

var epoch = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// rig is a log and a state on one disk, with a worker between them.
type rig struct {
	tb
	fs     vfs.FS
	config unify.Config
	log    *embedded.Log
	state  *state.Store
	outbox *outbox.Outbox
	engine *identity.Engine
	faulty unify.Engine // if set, the worker's
	worker *unify.Worker

	cancel  context.CancelFunc
	done    chan error
	through stream.Log // stands between worker and log, where there is one
}

// open opens log and state on fs, without a worker.
func open(t tb, fs vfs.FS, config unify.Config) *rig {
	t.Helper()
	r := &rig{tb: t, fs: fs, config: config}
	var err error
	r.log, err = embedded.Open(embedded.Config{
		Dir: "log", FS: fs, Shards: 2, MemTableBytes: 1 << 20, BallastBytes: -1,
		FreeSpace: func() (embedded.Space, error) { return embedded.Space{Free: 1 << 50, Total: 1 << 50}, nil },
		Fatal:     func(err error) { panic(err) },
	})
	must(t, err)
	r.state, err = state.Open(state.Config{Dir: "state", FS: fs, MemTableBytes: 1 << 20, CacheBytes: 1 << 20, Entries: 16})
	must(t, err)
	r.outbox, err = outbox.Open(r.state.DB())
	must(t, err)
	r.engine = newEngine(t)
	return r
}

func newEngine(t tb) *identity.Engine {
	t.Helper()
	engine, err := identity.New(identity.Config{Key: make([]byte, 32), DefaultRegion: "DE"})
	must(t, err)
	return engine
}

// start runs a worker.
func (r *rig) start() *rig {
	r.Helper()
	c := r.config
	c.Log, c.State, c.Engine, c.Outbox = r.log, r.state, r.engine, r.outbox.Writer
	if r.through != nil {
		c.Log = r.through
	}
	if r.faulty != nil {
		c.Engine = r.faulty
	}
	if c.Now == nil {
		c.Now = func() time.Time { return epoch }
	}
	var err error
	r.worker, err = unify.New(c)
	must(r, err)
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel, r.done = cancel, make(chan error, 1)
	go func() { r.done <- r.worker.Run(ctx) }()
	return r
}

// stop ends the worker and closes everything.
func (r *rig) stop() {
	r.Helper()
	if r.cancel != nil {
		r.cancel()
		must(r, <-r.done)
	}
	must(r, r.state.Close())
	must(r, r.log.Close())
}

// put appends records and returns their places.
func (r *rig) put(records ...stream.Record) []stream.Position {
	r.Helper()
	positions, err := r.log.Append(context.Background(), records)
	must(r, err)
	return positions
}

// settle waits until everything in the log is applied.
func (r *rig) settle() {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	infos, err := r.log.Partitions(ctx)
	must(r, err)
	for _, info := range infos {
		if info.Next == 0 {
			continue
		}
		must(r, r.worker.Applied(ctx, stream.Position{Partition: info.ID, Offset: info.Next - 1}))
	}
}

// balance checks that the counts add up to the log's own figure.
func (r *rig) balance() map[stream.SourceKey]*unify.Balance {
	r.Helper()
	report, err := unify.Reconcile(context.Background(), r.log, r.state, unify.Selection{})
	must(r, err)
	for _, d := range report.Days {
		if !d.Balanced() || !report.Counted {
			r.Fatalf("counts of %v do not add up: %+v", d.SourceDay, d.Balance)
		}
		reasons := map[state.Outcome]uint64{}
		for reason, n := range d.Counts.Reasons {
			reasons[reason.Outcome] += n
		}
		if reasons[state.Quarantined] != d.Counts.Quarantined || reasons[state.Duplicate] != d.Counts.Duplicate {
			r.Fatalf("reasons of %v do not add up: %+v", d.SourceDay, d.Counts)
		}
	}
	return report.Sources()
}

// counts returns the counts of a source of workspace w.
func (r *rig) counts(source string) state.Counts {
	r.Helper()
	if b := r.balance()[stream.SourceKey{Workspace: "w", Source: source}]; b != nil {
		return b.Counts
	}
	return state.Counts{}
}

func must(t tb, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ev makes a valid event of workspace w; second is when it was received.
func ev(source, id string, second int, identifiers ...event.Identifier) *event.Event {
	e := &event.Event{
		Workspace: "w", Source: source, MessageID: id, Type: event.TypeTrack, Name: "order.placed",
		Identifiers: identifiers,
	}
	at := epoch.Add(time.Duration(second) * time.Second)
	e.Stamp(at, time.Time{}, at)
	return e
}

func user(v string) event.Identifier  { return event.Identifier{Type: event.IDUser, Value: v} }
func email(v string) event.Identifier { return event.Identifier{Type: event.IDEmail, Value: v} }
func anon(v string) event.Identifier  { return event.Identifier{Type: event.IDAnonymous, Value: v} }

// record is the log record of an event, in the live lane.
func record(t tb, e *event.Event) stream.Record {
	t.Helper()
	value, err := event.Encode(e)
	must(t, err)
	return stream.Record{
		Kind: stream.KindEvent, Workspace: e.Workspace, Source: e.Source, MessageID: e.MessageID,
		ReceivedAt: e.ReceivedAt, Value: value,
	}
}

func rejected(source string, second int, reason string) stream.Record {
	return stream.Record{
		Kind: stream.KindRejected, Workspace: "w", Source: source, MessageID: fmt.Sprint("rejected-", second),
		ReceivedAt: epoch.Add(time.Duration(second) * time.Second),
		Value:      fmt.Appendf(nil, `{"reason":%q,"field":"name","payload":{"type":"track"}}`, reason),
	}
}

func command(t tb, second int, c unify.Command) stream.Record {
	t.Helper()
	r, err := unify.NewRecord("w", fmt.Sprint("command-", second), epoch.Add(time.Duration(second)*time.Second), c)
	must(t, err)
	return r
}

// observation returns the id of the observation that an event belongs to.
func (r *rig) observation(e *event.Event) identity.ObservationID {
	o, _ := r.engine.Observe(e)
	return o.ID
}

// profile returns where an event's observation belongs.
func (r *rig) profile(e *event.Event) identity.ProfileID {
	r.Helper()
	hot, err := r.state.Snapshot("w")
	must(r, err)
	defer func() { _ = hot.Close() }()
	a, ok, err := hot.Assignment(r.observation(e))
	must(r, err)
	if !ok {
		r.Fatalf("no assignment of %s", e.MessageID)
	}
	return a.Profile
}

// entries reads the whole outbox.
func (r *rig) entries() []outbox.Entry {
	r.Helper()
	entries, err := r.outbox.Queue.Read(0, ^uint64(0), 1<<30)
	must(r, err)
	return entries
}

func rowsOf[T any](t tb, entries []outbox.Entry, table outbox.Table) []T {
	t.Helper()
	var rows []T
	for _, e := range entries {
		if e.Table != table {
			continue
		}
		var row T
		must(t, json.Unmarshal(e.Row, &row))
		rows = append(rows, row)
	}
	return rows
}
