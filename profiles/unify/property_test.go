package unify_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// The outcome is a function of the set of records: neither the order in which they are appended,
// nor the lanes they take, nor the size of the steps, nor a loss of power changes who is who, what
// is kept, or what is counted. What the sink has sent by then is the same rows, each once.
func TestOutcomeIsAFunctionOfTheSetOfRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sources := drawSources(t)
		seed := rapid.Uint64().Draw(t, "seed")

		fs := vfs.NewCrashableMem()
		log := open(t, fs, unify.Config{})
		shuffle(t, log, sources, rand.New(rand.NewPCG(seed, 1)))
		must(t, log.log.Close())
		must(t, log.state.Close())
		filled := fs.CrashClone(vfs.CrashCloneCfg{})

		calm := open(t, filled.CrashClone(vfs.CrashCloneCfg{}), unify.Config{}).start()
		calm.settle()
		calm.balance()
		want, rough := dump(calm, true), dump(calm, false)
		sent := newWarehouse(t)
		sent.drain(calm)
		sent.check(calm)
		calm.stop()

		got := survive(t, filled, rand.New(rand.NewPCG(seed, 2)))
		if got != want {
			t.Fatalf("after losses of power:\n%s\nundisturbed:\n%s", got, want)
		}

		other := open(t, vfs.NewMem(), unify.Config{StepRecords: 3, BulkRecords: 1, ReadAhead: 2}).start()
		shuffle(t, other, sources, rand.New(rand.NewPCG(seed, 3)))
		other.settle()
		other.balance()
		if got := dump(other, false); got != rough {
			t.Fatalf("in another order:\n%s\nin the first:\n%s", got, rough)
		}
		other.stop()
	})
}

// survive applies the log on the disk with a sink behind it, while the power is cut at random.
func survive(t *rapid.T, fs *vfs.MemFS, rng *rand.Rand) string {
	sent := newWarehouse(t)
	config := unify.Config{StepRecords: 2 + rng.IntN(6), BulkRecords: 1, ReadAhead: 1 + rng.IntN(4)}
	for range 3 {
		r := open(t, fs, config).start()
		for range rng.IntN(4) {
			r.await(rng)
			sent.send(r, rng)
		}
		// The clone is what is found on the disk after the cut.
		after := fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: [...]int{0, 50, 100}[rng.IntN(3)], RNG: rng})
		r.stop()
		fs = after
	}
	r := open(t, fs, config).start()
	r.settle()
	r.balance()
	sent.drain(r)
	sent.check(r)
	got := dump(r, true)
	r.stop()
	return got
}

// await waits until a random record of the log is applied.
func (r *rig) await(rng *rand.Rand) {
	r.Helper()
	infos, err := r.log.Partitions(context.Background())
	must(r, err)
	info := infos[rng.IntN(len(infos))]
	if info.Next > 0 {
		must(r, r.worker.Applied(context.Background(), stream.Position{Partition: info.ID, Offset: rng.Uint64N(info.Next)}))
	}
}

// warehouse stands for sink and ClickHouse: it writes a plan, which syncs, sends, and looks
// before it sends again.
type warehouse struct {
	tb
	rows map[rowKey]outbox.Entry
}

type rowKey struct {
	stream.Position
	ordinal uint32
}

func newWarehouse(t tb) *warehouse { return &warehouse{tb: t, rows: map[rowKey]outbox.Entry{}} }

// send takes some entries; now and then it is cut off before it can note that they were sent.
func (w *warehouse) send(r *rig, rng *rand.Rand) {
	w.Helper()
	entries, err := r.outbox.Queue.Read(r.outbox.Queue.Sent(), ^uint64(0), 1+rng.IntN(8))
	must(w, err)
	if len(entries) == 0 {
		return
	}
	plan := outbox.Plan{After: r.outbox.Queue.Sent(), To: entries[len(entries)-1].Seq}
	must(w, r.outbox.Queue.Save(plan))
	w.insert(entries)
	if rng.IntN(3) > 0 {
		must(w, r.outbox.Queue.Done(plan))
	}
}

func (w *warehouse) drain(r *rig) {
	w.Helper()
	entries, err := r.outbox.Queue.Read(r.outbox.Queue.Sent(), ^uint64(0), 1<<30)
	must(w, err)
	w.insert(entries)
}

// insert adds the rows that are missing. One that is there must be the same: a row that was once
// sent is never made again otherwise.
func (w *warehouse) insert(entries []outbox.Entry) {
	w.Helper()
	for _, e := range entries {
		key := rowKey{e.Position, e.Ordinal}
		if was, there := w.rows[key]; there && (was.Table != e.Table || string(was.Row) != string(e.Row)) {
			w.Fatalf("%s/%d was sent as a row of %s: %s\nand is now one of %s: %s", e.Position, e.Ordinal, was.Table, was.Row, e.Table, e.Row)
		}
		w.rows[key] = e
	}
}

// check compares what was sent with the state: an event's row for each stored event, and an
// identity_map that leads each observation to its profile.
func (w *warehouse) check(r *rig) {
	w.Helper()
	var stored, events uint64
	for _, b := range r.balance() {
		stored += b.Counts.Stored
	}
	profile, version := map[uuid.UUID]uuid.UUID{}, map[uuid.UUID]uint64{}
	for _, e := range w.rows {
		if e.Table == outbox.TableEvents {
			events++
		}
		if e.Table != outbox.TableIdentityMap {
			continue
		}
		for _, row := range rowsOf[store.IdentityMapRow](w, []outbox.Entry{e}, e.Table) {
			if row.Version > version[row.Observation] {
				version[row.Observation], profile[row.Observation] = row.Version, row.Profile
			}
		}
	}
	if events != stored {
		w.Fatalf("%d rows of events were sent, %d events are counted as stored", events, stored)
	}
	hot, err := r.state.Snapshot("w")
	must(w, err)
	defer func() { _ = hot.Close() }()
	for _, id := range observations(r) {
		a, _, err := hot.Assignment(id)
		must(w, err)
		mapped, ok := profile[id]
		if !ok {
			mapped = id
		}
		if mapped != a.Profile {
			w.Fatalf("identity_map leads %s to %s, the state to %s", id, mapped, a.Profile)
		}
	}
}

// drawSources draws what a few sources say, each in its own order, about a few people.
func drawSources(t *rapid.T) [][]stream.Record {
	var sources [][]stream.Record
	var known []uuid.UUID
	engine := newEngine(t)
	second := 0
	for s := range rapid.IntRange(1, 4).Draw(t, "sources") {
		var records []stream.Record
		for n := range rapid.IntRange(1, 12).Draw(t, "records") {
			second += rapid.IntRange(0, 2).Draw(t, "seconds")
			e := drawEvent(t, fmt.Sprint("s", s), fmt.Sprint(n), second)
			o, _ := engine.Observe(e)
			known = append(known, o.ID)
			records = append(records, record(t, e))
			switch rapid.IntRange(0, 9).Draw(t, "mishap") {
			case 0:
				records = append(records, records[len(records)-1])
			case 1:
				records = append(records, rejected(fmt.Sprint("s", s), second, "invalid"))
			case 2:
				bad := record(t, e)
				bad.Value = bad.Value[:len(bad.Value)/2]
				records = append(records, bad)
			}
		}
		sources = append(sources, records)
	}
	var commands []stream.Record
	for n := range rapid.IntRange(0, 4).Draw(t, "commands") {
		commands = append(commands, drawCommand(t, 1000+n, known))
	}
	return append(sources, commands)
}

func drawEvent(t *rapid.T, source, id string, second int) *event.Event {
	pool := []event.Identifier{
		user("u1"), user("u2"), anon("a1"), anon("a2"), email("one@example.com"), email("two@example.com"),
		{Type: event.IDPhone, Value: "+4930901820"},
	}
	var ids []event.Identifier
	for range rapid.IntRange(0, 3).Draw(t, "identifiers") {
		ids = append(ids, rapid.SampledFrom(pool).Draw(t, "identifier"))
	}
	e := ev(source, id, second, ids...)
	if rapid.Bool().Draw(t, "named") {
		e.Attributes = map[string]string{event.AttrName: rapid.SampledFrom([]string{"Ann Lee", "Bo Diaz"}).Draw(t, "name")}
	}
	if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
		e.Name = "contact.updated"
		e.Record = &event.Record{ID: rapid.SampledFrom([]string{"r1", "r2"}).Draw(t, "record"), Version: rapid.SampledFrom([]string{"", "9", "10"}).Draw(t, "version")}
	}
	return e
}

func drawCommand(t *rapid.T, second int, known []uuid.UUID) stream.Record {
	if rapid.Bool().Draw(t, "block") {
		return command(t, second, unify.IdentityBlock{Type: event.IDEmail, Value: "one@example.com"})
	}
	link := unify.IdentityLink{
		A: rapid.SampledFrom(known).Draw(t, "a"), B: rapid.SampledFrom(known).Draw(t, "b"),
		Verdict: rapid.SampledFrom([]unify.LinkVerdict{unify.LinkMustMerge, unify.LinkNeverMerge, unify.LinkRemove}).Draw(t, "verdict"),
	}
	if link.A == link.B {
		link.B = uuid.MustParse("00000000-0000-8000-8000-000000000001") // never seen
	}
	return command(t, second, link)
}

// shuffle appends the sources in a random interleaving, each in a lane of its own choice, in
// batches of random size.
func shuffle(t tb, r *rig, sources [][]stream.Record, rng *rand.Rand) {
	t.Helper()
	var all []stream.Record
	rest := slices.Clone(sources)
	lanes := make([]stream.Lane, len(rest))
	for i := range lanes {
		lanes[i] = stream.Lane(rng.IntN(stream.Lanes))
	}
	for {
		waiting := 0
		for _, s := range rest {
			waiting += len(s)
		}
		if waiting == 0 {
			break
		}
		i := rng.IntN(len(rest))
		if len(rest[i]) == 0 {
			continue
		}
		next := rest[i][0]
		next.Lane = lanes[i]
		all = append(all, next)
		rest[i] = rest[i][1:]
	}
	for len(all) > 0 {
		n := min(len(all), 1+rng.IntN(5))
		_, err := r.log.Append(context.Background(), all[:n])
		must(t, err)
		all = all[n:]
	}
}
