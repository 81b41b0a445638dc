package analysis_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/ingest/stream/embedded"
	"tributary/profiles"
	"tributary/profiles/analysis"
	"tributary/profiles/define"
	"tributary/profiles/outbox"
	"tributary/profiles/sink"
	"tributary/profiles/state"
	"tributary/profiles/unify"
	"tributary/sql/chdb"
	"tributary/sql/chdb/chdbtest"
	"tributary/sql/store"
)

var epoch = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// rig is the real path: log, unify, sink and engine. Log and state are on a disk that can lose power.
type rig struct {
	*testing.T
	fs     *vfs.MemFS
	log    *embedded.Log
	state  *state.Store
	outbox *outbox.Outbox
	engine *identity.Engine
	store  *database
	book   *define.Book
	worker *unify.Worker
	sink   *sink.Sink

	end  [2]context.CancelFunc // of unify and the sink
	done [2]chan error
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// openStore opens a database of the engine, with all tables.
func openStore(t *testing.T) *database {
	t.Helper()
	name := chdbtest.Database(t)
	engine := chdbtest.Engine(t)
	s, err := store.New(chdb.Options(engine.Transport(chdb.PoolWrite), name), store.Config{Database: name, Kill: engine.Kill})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	_, err = s.Migrate(context.Background())
	must(t, err)
	conn, err := clickhouse.Open(chdb.Options(engine, name))
	must(t, err)
	t.Cleanup(func() { must(t, conn.Close()) })
	return &database{s, conn}
}

// database is one of the engine, with our tables.
type database struct {
	*store.Store
	conn driver.Conn
}

// open opens log and state on a disk, and runs unify and the sink.
func open(t *testing.T, fs *vfs.MemFS, s *database) *rig {
	t.Helper()
	return openWith(t, fs, s, func(h unify.History) unify.History { return h })
}

// openWith is open with something before history.
func openWith(t *testing.T, fs *vfs.MemFS, s *database, before func(unify.History) unify.History) *rig {
	t.Helper()
	r := &rig{T: t, fs: fs, store: s}
	var err error
	r.log, err = embedded.Open(embedded.Config{
		Dir: "log", FS: fs, Shards: 2, MemTableBytes: 1 << 20, BallastBytes: -1,
		FreeSpace: func() (embedded.Space, error) { return embedded.Space{Free: 1 << 50, Total: 1 << 50}, nil },
	})
	must(t, err)
	r.state, err = state.Open(state.Config{Dir: "state", FS: fs, MemTableBytes: 1 << 20, CacheBytes: 1 << 20})
	must(t, err)
	r.outbox, err = outbox.Open(r.state.DB())
	must(t, err)
	r.engine, err = identity.New(identity.Config{Key: make([]byte, 32), DefaultRegion: "DE"})
	must(t, err)
	r.book = define.NewBook(r.state, profiles.Rules{})
	history, err := sink.NewHistory(r.outbox.Queue, s.Store)
	must(t, err)
	r.worker, err = unify.New(unify.Config{
		Log: r.log, State: r.state, Engine: r.engine, Outbox: r.outbox.Writer, Rules: r.book, History: before(history),
		JudgeAfter: time.Nanosecond, StepRecords: 16, BulkRecords: 4, ReadAhead: 8,
	})
	must(t, err)
	r.sink, err = sink.New(sink.Config{FlushEvery: time.Millisecond, ReloadEvery: time.Millisecond}, sink.Parts{
		Queue: r.outbox.Queue, Applied: outbox.Offsets(r.state.Offsets()), Log: r.log, Store: sink.NewStore(s.Store), Refuser: sink.LogRefuser{Log: r.log},
	})
	must(t, err)
	for i, run := range []func(context.Context) error{r.worker.Run, r.sink.Run} {
		ctx, cancel := context.WithCancel(context.Background())
		r.end[i], r.done[i] = cancel, make(chan error, 1)
		go func() { r.done[i] <- run(ctx) }()
	}
	return r
}

const sending = 1 // the number of the sink

// halt ends unify or the sink.
func (r *rig) halt(i int) {
	r.Helper()
	if r.end[i] == nil {
		return
	}
	r.end[i]()
	if err := <-r.done[i]; err != nil && !errors.Is(err, context.Canceled) {
		r.Fatal(err)
	}
	r.end[i] = nil
}

func (r *rig) stop() {
	r.Helper()
	r.halt(sending)
	r.halt(0)
	must(r, r.state.Close())
	must(r, r.log.Close())
}

func (r *rig) put(records ...stream.Record) []stream.Position {
	r.Helper()
	positions, err := r.log.Append(context.Background(), records)
	must(r, err)
	return positions
}

// settle waits until everything is applied, judged, and in the engine.
func (r *rig) settle() {
	r.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	infos, err := r.log.Partitions(ctx)
	must(r, err)
	for _, info := range infos {
		if info.Next > 0 {
			must(r, r.worker.Applied(ctx, stream.Position{Partition: info.ID, Offset: info.Next - 1}))
		}
	}
	// The one leads to the next: who is who is decided, then judged, then sent.
	r.await(ctx, "what is to be decided, judged and sent", func() bool {
		undecided, err := r.worker.Undecided()
		must(r, err)
		busy, err := r.worker.Analysing("w")
		must(r, err)
		return len(undecided) == 0 && !busy && r.sink.Lag().Rows == 0
	})
	must(r, r.store.ReloadIdentity(ctx))
}

func (r *rig) await(ctx context.Context, what string, done func() bool) {
	r.Helper()
	for !done() {
		select {
		case <-ctx.Done():
			r.Fatalf("waited for %s: %s", what, r.progress())
		case err := <-r.done[0]:
			r.Fatalf("waited for %s; unify ended: %v", what, err)
		case err := <-r.done[1]:
			r.Fatalf("waited for %s; the sink ended: %v", what, err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (r *rig) progress() string {
	view, err := r.state.View("w")
	must(r, err)
	defer func() { _ = view.Close() }()
	encoded, err := view.Analysis()
	must(r, err)
	return fmt.Sprintf("%s, sent %d of %d", encoded, r.outbox.Queue.Sent(), r.outbox.Queue.Last())
}

func record(t testing.TB, e *event.Event) stream.Record {
	t.Helper()
	must(t, e.Validate())
	value, err := event.Encode(e)
	must(t, err)
	return stream.Record{
		Kind: stream.KindEvent, Workspace: e.Workspace, Source: e.Source, MessageID: e.MessageID, ReceivedAt: e.ReceivedAt, Value: value,
	}
}

func (r *rig) command(n int, at time.Time, c unify.Command) stream.Record {
	r.Helper()
	record, err := unify.NewRecord("w", fmt.Sprint("command-", n), at, c)
	must(r, err)
	return record
}

// clock is the workspace's.
func (r *rig) clock() time.Time {
	r.Helper()
	view, err := r.state.View("w")
	must(r, err)
	at, err := view.Clock()
	must(r, errors.Join(err, view.Close()))
	return at
}

func (r *rig) service() *analysis.Service {
	r.Helper()
	return analysis.NewService(r.state, r.book, r.outbox.Queue, r.clock)
}
