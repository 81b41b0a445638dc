package unify_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// faultyEngine panics over what its test wants it to.
type faultyEngine struct {
	unify.Engine
	observe func(*event.Event) bool
	resolve func(identity.Facts, []identity.ObservationID) bool
}

func (e *faultyEngine) Observe(ev *event.Event) (identity.Observation, []identity.Dropped) {
	if e.observe != nil && e.observe(ev) {
		panic("in Observe")
	}
	return e.Engine.Observe(ev)
}

func (e *faultyEngine) Resolve(ctx context.Context, facts identity.Facts, likeness identity.Likeness, seeds []identity.ObservationID) (identity.Resolution, error) {
	if e.resolve != nil && e.resolve(facts, seeds) {
		panic("in Resolve")
	}
	return e.Engine.Resolve(ctx, facts, likeness, seeds)
}

func TestPanicInPureCodeCostsOneRecordAndReplayBringsItBack(t *testing.T) {
	for name, fault := range map[string]func(r *rig, bad *event.Event) *faultyEngine{
		"observe": func(_ *rig, bad *event.Event) *faultyEngine {
			return &faultyEngine{observe: func(e *event.Event) bool { return e.MessageID == bad.MessageID }}
		},
		"resolve": func(r *rig, bad *event.Event) *faultyEngine {
			id := r.observation(bad)
			return &faultyEngine{resolve: func(_ identity.Facts, seeds []identity.ObservationID) bool { return slices.Contains(seeds, id) }}
		},
	} {
		t.Run(name, func(t *testing.T) {
			fs := vfs.NewMem()
			r := open(t, fs, unify.Config{})
			good, bad, last := ev("web", "1", 1, user("u1")), ev("web", "2", 2, user("u1"), anon("a")), ev("web", "3", 3, anon("a"))
			engine := fault(r, bad)
			engine.Engine = r.engine
			r.faulty = engine
			positions := r.put(record(t, good), record(t, bad), record(t, last))
			r.start().settle()
			if c := r.counts("web"); c.Stored != 2 || c.Quarantined != 1 || c.Of(state.Quarantined, "internal") != 1 {
				t.Fatalf("counts %+v", c)
			}
			if r.profile(good) == r.profile(last) {
				t.Fatal("joined by an event that is in the quarantine")
			}
			r.stop()

			r = open(t, fs, unify.Config{}).start()
			defer r.stop()
			replay := unify.QuarantineReplay{Partition: positions[1].Partition, Offset: positions[1].Offset}
			r.put(command(t, 10, replay), command(t, 11, replay))
			r.settle()
			if c := r.counts("web"); c.Stored != 3 || c.Quarantined != 0 || c.Received != 3 || len(c.Reasons) != 0 {
				t.Fatalf("counts after two replays %+v", c)
			}
			if r.profile(good) != r.profile(last) {
				t.Fatal("not joined by the replayed event")
			}
			rows := eventRows(r)
			if rows[positions[1]] != 1 || len(rows) != 3 {
				t.Errorf("rows of events %v: want one each, the replayed one at its own place", rows)
			}
			noDoubles(t, r)
		})
	}
}

func eventRows(r *rig) map[stream.Position]int {
	rows := map[stream.Position]int{}
	for _, e := range r.entries() {
		if e.Table == outbox.TableEvents {
			rows[e.Position]++
		}
	}
	return rows
}

// noDoubles checks that no two entries bear one name.
func noDoubles(t *testing.T, r *rig) {
	t.Helper()
	seen := map[rowKey]bool{}
	for _, e := range r.entries() {
		key := rowKey{e.Position, e.Ordinal}
		if seen[key] {
			t.Errorf("two rows are named %v", key)
		}
		seen[key] = true
	}
}

func TestRefusedRowMovesToTheQuarantineAndBack(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	pos := r.put(record(t, ev("web", "1", 1, user("u1"))))[0]
	r.settle()
	refuse := func(second int) {
		t.Helper()
		refusal, err := outbox.Refusal{
			Position: pos, Table: outbox.TableEvents, Workspace: "w", Source: "web",
			ReceivedAt: epoch.Add(time.Second), Reason: "Code: 117",
		}.Record(epoch.Add(time.Duration(second) * time.Second))
		must(t, err)
		r.put(refusal)
		r.settle()
	}
	expect := func(when string, stored, quarantined uint64, status state.Status) {
		t.Helper()
		item, ok, err := r.state.Item("w", pos, 0)
		must(t, err)
		if c := r.counts("web"); c.Stored != stored || c.Quarantined != quarantined || !ok || item.Status != status || len(item.Payload) == 0 {
			t.Fatalf("%s: counts %+v, item %+v", when, c, item)
		}
	}
	replay := unify.QuarantineReplay{Partition: pos.Partition, Offset: pos.Offset}
	refuse(2)
	expect("refused", 0, 1, state.StatusOpen)
	refuse(3)
	expect("refused again", 0, 1, state.StatusOpen)
	r.put(command(t, 4, replay))
	r.settle()
	expect("replayed", 1, 0, state.StatusReplayed)
	refuse(3)
	expect("an old refusal that came late", 1, 0, state.StatusReplayed)
	refuse(5)
	expect("refused after the replay", 0, 1, state.StatusOpen)
	if kept := eventRows(r); kept[pos] != 2 {
		t.Errorf("%d entries of the event's row, want the first and the replayed one", kept[pos])
	}
}

func TestRefusalOfWhatWasNeverThere(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	refusal, err := outbox.Refusal{Position: stream.Position{Partition: 99, Offset: 1}, Table: outbox.TableEvents, Workspace: "w"}.Record(epoch)
	must(t, err)
	pos := r.put(refusal)[0]
	r.settle()
	item, ok, err := r.state.Item("w", pos, 0)
	if must(t, err); !ok || item.Reason != "no_such_record" {
		t.Errorf("item %+v, want the command in the quarantine", item)
	}
}

// TestRefusalOfAQuarantineRowMakesNoOther: that one would be refused as well, and so on for ever.
func TestRefusalOfAQuarantineRowMakesNoOther(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	pos := r.put(rejected("web", 1, "invalid"))[0]
	r.settle()
	before := len(r.entries())
	refusal, err := outbox.Refusal{
		Position: pos, Ordinal: 1, Table: outbox.TableQuarantine, Workspace: "w",
		Reason: "engine_refused", Detail: "Code: 117. cites the row",
	}.Record(epoch.Add(time.Minute))
	must(t, err)
	r.put(refusal)
	r.settle()
	if n := len(r.entries()) - before; n != 0 {
		t.Errorf("%d more rows", n)
	}
	item, ok, err := r.state.Item("w", pos, 1)
	if must(t, err); !ok || item.Detail != "quarantine: engine_refused: Code: 117. cites the row" {
		t.Errorf("item %+v", item)
	}
	r.balance()
}

// TestRefusalOfAnEventWhoseRecordIsGone: nobody can tell whose it was, so no count moves.
func TestRefusalOfAnEventWhoseRecordIsGone(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	pos := r.put(record(t, ev("web", "1", 1)))[0]
	r.settle()
	must(t, r.log.Trim(t.Context(), pos.Partition, pos.Offset+1))
	refusal, err := outbox.Refusal{Position: pos, Table: outbox.TableEvents, Reason: "log_record_gone"}.Record(epoch.Add(time.Minute))
	must(t, err)
	r.put(refusal)
	r.settle()
	if _, ok, err := r.state.Item(outbox.UnknownWorkspace, pos, 0); !ok || err != nil {
		t.Errorf("not in the quarantine: %v", err)
	}
	if c := r.counts("web"); c.Stored != 1 {
		t.Errorf("counts %+v", c)
	}
	for key, b := range r.balance() {
		if b.Counts.Stored > 1 {
			t.Errorf("%v: counts %+v", key, b.Counts)
		}
	}
}

// TestRefusalUnderAnotherWorkspace: a command reaches what its own workspace has.
func TestRefusalUnderAnotherWorkspace(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	pos := r.put(record(t, ev("web", "1", 1)))[0]
	r.settle()
	refusal, err := outbox.Refusal{Position: pos, Table: outbox.TableEvents, Workspace: "other", Source: "web", Reason: "engine_refused"}.Record(epoch.Add(time.Minute))
	must(t, err)
	at := r.put(refusal)[0]
	r.settle()
	item, ok, err := r.state.Item("other", at, 0)
	if must(t, err); !ok || item.Reason != "mismatch" {
		t.Errorf("item %+v, want the command in the quarantine", item)
	}
	if c := r.counts("web"); c.Stored != 1 {
		t.Errorf("counts %+v", c)
	}
}

// TestStateMadeAgainHasWhatWasDecided: the commands are few and in a partition of their own, so
// they would overtake the records they are about.
func TestStateMadeAgainHasWhatWasDecided(t *testing.T) {
	fs := vfs.NewMem()
	r := open(t, fs, unify.Config{StepRecords: 64}).start()
	web := "web"
	for i := 0; stream.Shard("w", web, 2) == stream.Shard("w", unify.CommandSource, 2); i++ {
		web = fmt.Sprint("web", i)
	}
	var records []stream.Record
	for i := range 2000 {
		records = append(records, record(t, ev(web, fmt.Sprint(i), i)))
	}
	places := r.put(append(records, rejected(web, 1, "invalid"))...)
	refused, discarded := places[1999], places[2000]
	r.settle()
	refusal, err := outbox.Refusal{Position: refused, Table: outbox.TableEvents, Workspace: "w", Source: web, Reason: "engine_refused"}.Record(epoch.Add(time.Hour))
	must(t, err)
	r.put(refusal, command(t, 4000, unify.QuarantineDiscard{Partition: discarded.Partition, Offset: discarded.Offset}))
	r.settle()
	check := func(when string) {
		t.Helper()
		item, _, err := r.state.Item("w", discarded, 0)
		if must(t, err); item == nil || item.Status != state.StatusDiscarded {
			t.Errorf("%s: discarded item %+v", when, item)
		}
		if c := r.counts(web); c.Stored != 1999 || c.Quarantined != 2 {
			t.Errorf("%s: counts %+v", when, c)
		}
	}
	check("at first")
	r.stop()

	must(t, fs.RemoveAll("state"))
	r = open(t, fs, unify.Config{StepRecords: 64}).start()
	defer r.stop()
	r.settle()
	check("made again")
}

func TestWhatCannotBeReplayed(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	broken := record(t, ev("web", "1", 1))
	broken.Value = []byte(`{`)
	positions := r.put(broken, rejected("web", 2, "invalid"))
	replay := func(second int, p stream.Position) stream.Record {
		return command(t, second, unify.QuarantineReplay{Partition: p.Partition, Offset: p.Offset})
	}
	nowhere := stream.Position{Partition: positions[0].Partition, Offset: 999}
	r.put(replay(3, positions[0]), replay(4, positions[1]), replay(5, nowhere))
	r.settle()
	if c := r.counts("web"); c.Received != 2 || c.Quarantined != 2 || c.Of(state.Quarantined, "not_json") != 1 {
		t.Errorf("counts %+v: replaying changes nothing", c)
	}
	reasons := map[string]string{}
	items, err := r.state.Items(state.ItemQuery{Workspace: "w", Source: unify.CommandSource})
	must(t, err)
	for _, i := range items {
		reasons[i.MessageID] = i.Reason
	}
	if len(reasons) != 2 || reasons["command-4"] != "not_replayable" || reasons["command-5"] != "no_such_item" {
		t.Errorf("commands in the quarantine: %v", reasons)
	}

	r.put(command(t, 6, unify.QuarantineDiscard{Partition: positions[1].Partition, Offset: positions[1].Offset}))
	r.put(command(t, 7, unify.QuarantineDiscard{Partition: positions[0].Partition, Offset: positions[0].Offset}))
	r.settle()
	for i, want := range []state.Status{state.StatusDiscarded, state.StatusDiscarded} {
		item, _, err := r.state.Item("w", positions[i], 0)
		if must(t, err); item.Status != want || item.Payload != nil {
			t.Errorf("item %d: %+v, want %s and no payload", i, item, want)
		}
	}
	if c := r.counts("web"); c.Quarantined != 2 {
		t.Errorf("counts %+v: what is discarded stays counted", c)
	}
}

// readQueue counts what is read.
type readQueue struct {
	*outbox.Queue
	read int
}

func (q *readQueue) Read(after, to uint64, limit int) ([]outbox.Entry, error) {
	entries, err := q.Queue.Read(after, to, limit)
	q.read += len(entries)
	return entries, err
}

func TestTrimKeepsWhatMayBeReadAgain(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	var records []stream.Record
	for i := range 20 {
		records = append(records, record(t, ev("web", string(rune('a'+i)), i, user("u"))))
	}
	// The first makes the profile; what explains that stands at its place, at the end of its step.
	positions := r.put(records[0])
	r.settle()
	positions = append(positions, r.put(records[1:]...)...)
	r.settle()
	queue := &readQueue{Queue: r.outbox.Queue}
	newTrimmer := func() *unify.Trimmer { return &unify.Trimmer{Log: r.log, State: r.state, Outbox: queue} }
	trimmer := newTrimmer()
	p := positions[0].Partition
	kept, err := trimmer.Trim(t.Context(), epoch.Add(time.Hour))
	if must(t, err); kept[p] != 0 {
		t.Errorf("kept from %d on, but nothing was sent", kept[p])
	}
	queue.read = 0
	if _, err := trimmer.Trim(t.Context(), epoch.Add(time.Hour)); err != nil || queue.read != 0 {
		t.Errorf("%d entries were read a second time, %v", queue.read, err)
	}
	entries := r.entries()
	seq := entries[slices.IndexFunc(entries, func(e outbox.Entry) bool { return e.Offset == 15 })].Seq
	must(t, r.outbox.Queue.Done(outbox.Plan{To: seq - 1}))
	must(t, r.outbox.Queue.Discard(seq-1))
	if kept, err = trimmer.Trim(t.Context(), epoch.Add(time.Hour)); err != nil || kept[p] > 15 {
		t.Errorf("kept from %d on, want at most 15, the first that the sink may read; %v", kept[p], err)
	}
	trimmer = newTrimmer() // one that has not read it while there was more of it
	kept, err = trimmer.Trim(t.Context(), epoch.Add(10*time.Second))
	if must(t, err); kept[p] != 10 {
		t.Errorf("kept from %d on, want 10, the first that is young enough", kept[p])
	}
	kept, err = trimmer.Trim(t.Context(), epoch.Add(time.Hour))
	if must(t, err); kept[p] != 15 {
		t.Errorf("kept from %d on, want 15, the first that the sink may read", kept[p])
	}
}
