package sink

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/ingest/stream/embedded"
	"tributary/profiles/outbox"
	"tributary/sql/store"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
)

var errCrash = errors.New("crash")

// rig is everything around a sink: a log, a hot state whose disk can lose power, the real engine,
// and the part of unify that writes the outbox.
type rig struct {
	t       testing.TB
	rng     *rand.Rand
	log     *embedded.Log
	ch      *database
	store   Store // the real one, over ch
	faults  *faults
	cfg     Config
	refused *refusals

	fs  *vfs.MemFS
	db  *pebble.DB
	box *outbox.Outbox

	lease   Lease          // nil: this is the only sink
	offsets outbox.Offsets // what the sink is told that the state has applied; nil: nothing

	places []stream.Position // of all events in the log
	prefix string            // of message ids
	at     func(i int) time.Time
	// received is when the i-th event was received; nil: start.
	received func(i int) time.Time

	// Of benchmarks:
	remembers bool     // entries come with their events
	values    [][]byte // of all events in the log
}

func newRig(t testing.TB, seed uint64) *rig { return newRigOn(t, seed, thisProcess) }

func newRigOn(t testing.TB, seed uint64, on func(testing.TB) host) *rig {
	r := &rig{
		t: t, rng: rand.New(rand.NewPCG(seed, 0)), fs: vfs.NewCrashableMem(),
		refused: &refusals{all: map[Key]outbox.Refusal{}},
		cfg: Config{
			MaxRows: 100, FlushEvery: time.Millisecond, RetryMin: time.Millisecond, RetryMax: 5 * time.Millisecond,
			ReloadEvery: time.Millisecond,
		},
		at: func(i int) time.Time { return start.Add(time.Duration(i) * time.Second) },
	}
	r.openLog()
	r.ch = newDatabase(t, on)
	r.store = NewStore(r.ch.Store)
	r.faults = &faults{Store: r.store, rng: rand.New(rand.NewPCG(seed, 1))}
	r.openState()
	t.Cleanup(func() { r.check(errors.Join(r.db.Close(), r.log.Close())) })
	return r
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func (r *rig) check(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// openLog opens a new log.
func (r *rig) openLog() {
	r.t.Helper()
	var err error
	r.log, err = embedded.Open(embedded.Config{
		Dir: "log", FS: vfs.NewMem(), Shards: 2, BallastBytes: -1,
		FreeSpace: func() (embedded.Space, error) { return embedded.Space{Free: 1 << 40, Total: 1 << 41}, nil },
	})
	r.check(err)
}

// loseLog opens an empty log in place of the one there is; its message ids begin with the prefix.
func (r *rig) loseLog(prefix string) {
	r.t.Helper()
	r.check(r.log.Close())
	r.openLog()
	r.places, r.prefix = nil, prefix
}

func (r *rig) openState() {
	r.t.Helper()
	var err error
	r.db, err = pebble.Open("state", &pebble.Options{FS: r.fs, Logger: quiet{}})
	r.check(err)
	r.box, err = outbox.Open(r.db)
	r.check(err)
}

type quiet struct{}

func (quiet) Infof(string, ...any)      {}
func (quiet) Errorf(string, ...any)     {}
func (quiet) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

// receive appends n events to the log.
func (r *rig) receive(n int) {
	r.t.Helper()
	records := make([]stream.Record, n)
	for i := range records {
		records[i] = r.record(len(r.places) + i)
	}
	places, err := r.log.Append(context.Background(), records)
	r.check(err)
	r.places = append(r.places, places...)
}

func (r *rig) record(i int) stream.Record {
	e := r.event(i)
	value, err := event.Encode(e)
	r.check(err)
	return stream.Record{
		Lane: stream.Lane(i % 2), Kind: stream.KindEvent, Workspace: e.Workspace, Source: e.Source,
		MessageID: e.MessageID, ReceivedAt: e.ReceivedAt, Value: value,
	}
}

func (r *rig) event(i int) *event.Event {
	received := start
	if r.received != nil {
		received = r.received(i)
	}
	return &event.Event{
		Workspace: "acme", Source: fmt.Sprintf("source-%d", i%3), MessageID: fmt.Sprintf("%sm%d", r.prefix, i),
		Type: event.TypeTrack, Name: "order.placed", At: r.at(i), OriginalAt: r.at(i), ReceivedAt: received,
		Identifiers: []event.Identifier{{Type: event.IDUser, Value: fmt.Sprintf("u%d", i)}},
		Properties:  json.RawMessage(fmt.Sprintf(`{"n":%d}`, i)),
	}
}

var appliedKey = []byte("o") // how many events the outbox has entries of

func (r *rig) applied() int {
	value, closer, err := r.db.Get(appliedKey)
	if errors.Is(err, pebble.ErrNotFound) {
		return 0
	}
	r.check(err)
	defer closer.Close()
	return int(binary.BigEndian.Uint64(value))
}

// unify brings the outbox up to the log, in unsynced batches of 7 events.
func (r *rig) unify() {
	r.t.Helper()
	for at := r.applied(); at < len(r.places); {
		to := min(at+7, len(r.places))
		var entries []outbox.Entry
		for ; at < to; at++ {
			made := entriesOf(at, r.places[at])
			if at%2 == 0 { // the others as when there is no room in memory
				r.remember(at, made)
			}
			entries = append(entries, made...)
		}
		batch := r.db.NewBatch()
		r.check(r.box.Writer.Append(batch, entries))
		r.check(batch.Set(appliedKey, binary.BigEndian.AppendUint64(nil, uint64(at)), nil))
		r.check(batch.Commit(pebble.NoSync))
		r.box.Writer.Notify()
	}
}

// remember gives the entries of the i-th event the values that unify has in memory.
func (r *rig) remember(i int, entries []outbox.Entry) {
	r.t.Helper()
	for n := range entries {
		e := &entries[n]
		if e.Table == outbox.TableEvents {
			e.Value, e.Size = r.event(i), 200
			continue
		}
		row := newRow(e.Table)
		r.check(json.Unmarshal(e.Row, row))
		row.SetPlace(placeOf(e))
		e.Value = row
	}
}

// reached is how far each partition of the log is applied when its first n events are.
func (r *rig) reached(n int) outbox.Offsets {
	offsets := outbox.Offsets{}
	for _, p := range r.places[:n] {
		offsets[p.Partition] = p.Offset + 1
	}
	return offsets
}

// loseState opens an empty state in place of the one there is.
func (r *rig) loseState() {
	r.t.Helper()
	r.check(r.db.Close())
	r.fs = vfs.NewCrashableMem()
	r.openState()
}

// entriesOf makes the rows of the i-th event: always the event, and others by its number.
func entriesOf(i int, p stream.Position) []outbox.Entry {
	id := observation(i)
	entries := []outbox.Entry{{Position: p, Table: outbox.TableEvents, Event: &outbox.EventColumns{
		Observation: id, Identifiers: []uint64{uint64(i)},
	}}}
	add := func(t outbox.Table, row any) {
		raw, err := json.Marshal(row)
		if err != nil {
			panic(err)
		}
		entries = append(entries, outbox.Entry{Position: p, Ordinal: uint32(len(entries)), Table: t, Row: raw})
	}
	if i%3 == 0 {
		add(outbox.TableProfiles, store.ProfileRow{Workspace: "acme", Profile: id, Version: 1, UpdatedAt: start})
	}
	if i%5 == 0 {
		add(outbox.TableFacts, store.FactRow{Workspace: "acme", Kind: store.FactObservation, Observation: id, ReceivedAt: start})
	}
	if i%7 == 0 {
		add(outbox.TableIdentityMap, store.IdentityMapRow{
			Workspace: "acme", Observation: id, Profile: observation(i + 1), Version: 1, ChangedAt: start,
		})
	}
	return entries
}

func observation(i int) uuid.UUID {
	var id uuid.UUID
	binary.BigEndian.PutUint64(id[:8], 0x0123456789ab8def)
	binary.BigEndian.PutUint64(id[8:], 0x8000000000000000|uint64(i))
	return id
}

// run starts a sink that stops once everything in the outbox is sent. A hook's error ends it as
// a crash does: at that moment the state's disk is left with what was synced, and by chance some
// of what was not.
func (r *rig) run(hook func(step) error) error {
	r.t.Helper()
	s, err := New(r.cfg, Parts{
		Queue: r.box.Queue, Applied: r.offsets, Log: r.log, Store: r.faults, Refuser: r.refused,
		Lease: r.lease, Logger: slog.New(slog.NewTextHandler(r.t.Output(), nil)),
	})
	r.check(err)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var left *vfs.MemFS
	var mu sync.Mutex
	s.hook = func(st step) error {
		mu.Lock()
		defer mu.Unlock()
		if left == nil && hook != nil {
			if err := hook(st); err != nil {
				left = r.fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: r.rng.IntN(3) * 50, RNG: r.rng})
			}
		}
		if left != nil {
			return errCrash
		}
		if r.box.Queue.Sent() == r.box.Queue.Last() {
			cancel()
		}
		return nil
	}
	if r.box.Queue.Sent() == r.box.Queue.Last() {
		cancel()
	}
	err = s.Run(ctx)
	if left != nil {
		r.check(r.db.Close())
		r.fs = left
		r.openState()
	}
	return err
}

// expect asserts that ClickHouse holds every row exactly once, but for those refused.
func (r *rig) expect(refused map[Key]bool) {
	r.t.Helper()
	want := map[outbox.Table]map[Key]bool{}
	for i, p := range r.places {
		for _, e := range entriesOf(i, p) {
			if want[e.Table] == nil {
				want[e.Table] = map[Key]bool{}
			}
			if k := keyOf(&e); !refused[k] {
				want[e.Table][k] = true
			}
		}
	}
	for table, keys := range want {
		rows, err := r.store.Present(context.Background(), table, everything())
		r.check(err)
		missing := len(keys)
		seen := map[Key]bool{}
		for _, k := range rows {
			if seen[k] {
				r.t.Errorf("%s: %v is there twice", table, k)
			}
			if !keys[k] {
				r.t.Errorf("%s: %v should not be there", table, k)
			}
			seen[k] = true
			missing--
		}
		if missing != 0 {
			r.t.Errorf("%s: %d of %d rows are missing", table, missing, len(keys))
		}
	}
	if r.t.Failed() {
		r.t.FailNow()
	}
}

func everything() []Range {
	var ranges []Range
	for _, lane := range []stream.Lane{stream.LaneLive, stream.LaneBulk} {
		for shard := range uint16(2) {
			ranges = append(ranges, Range{Partition: stream.PartitionOf(lane, shard), Last: 1 << 40})
		}
	}
	return ranges
}

// refusals collects what is refused, and fails now and then.
type refusals struct {
	mu    sync.Mutex
	calls int
	all   map[Key]outbox.Refusal
}

func (r *refusals) Refuse(_ context.Context, list []outbox.Refusal) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.calls++; r.calls%2 == 1 {
		return stream.ErrFull
	}
	for _, f := range list {
		r.all[Key{Position: f.Position, Ordinal: f.Ordinal}] = f
	}
	return nil
}
