package unify_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/ingest/event"
	"tributary/ingest/schema"
	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// correction is a command that puts an event in the place of a quarantined item.
func correction(t tb, second int, at stream.Position, e *event.Event) stream.Record {
	t.Helper()
	value, err := event.Encode(e)
	must(t, err)
	return command(t, second, unify.QuarantineReplay{Partition: at.Partition, Offset: at.Offset, With: value})
}

func TestCorrectionTakesThePlaceOfWhatWasRejected(t *testing.T) {
	fs := vfs.NewMem()
	r := open(t, fs, unify.Config{}).start()
	day := 24 * 3600
	at := r.put(rejected("web", 3, "invalid"))[0]
	r.settle()
	right := ev("web", "right", 3, user("u1"))
	right.Properties = json.RawMessage(`{"a":1.0,"a":"<b>","n":12345678901234567890123}`)
	r.put(correction(t, 2*day, at, right), correction(t, 2*day+1, at, right))
	r.settle()

	check := func(when string) {
		t.Helper()
		report, err := unify.Reconcile(t.Context(), r.log, r.state, unify.Selection{Workspace: "w", Source: "web"})
		must(t, err)
		if len(report.Days) != 1 || report.Days[0].Day != stream.DayOf(epoch) || report.Days[0].Received != 1 || report.Days[0].Counts.Stored != 1 {
			t.Fatalf("%s: %+v: want one stored on the day on which it was rejected", when, report.Days)
		}
		item, _, err := r.state.Item("w", at, 0)
		if must(t, err); item.Status != state.StatusReplayed {
			t.Errorf("%s: item %+v", when, item)
		}
		r.profile(right)
	}
	check("corrected twice")
	noDoubles(t, r)

	// The row of the event stands where the command does, and is read from there.
	var row *outbox.Entry
	for _, e := range r.entries() {
		if e.Table == outbox.TableEvents {
			row = &e
		}
	}
	reader, err := r.log.Reader(row.Partition, row.Offset)
	must(t, err)
	entries, err := reader.Next(t.Context(), 1)
	must(t, err)
	must(t, reader.Close())
	value, ok := outbox.EventIn(&entries[0].Record)
	e, err := event.Decode(value)
	if must(t, err); !ok || string(e.Properties) != string(right.Properties) {
		t.Errorf("the sink reads %s, %v", value, ok)
	}

	// ClickHouse refuses it; it is counted where it was, and can be replayed.
	refusal, err := outbox.Refusal{
		Position: row.Position, Table: outbox.TableEvents, Workspace: "w", Source: "web", ReceivedAt: right.ReceivedAt, Reason: "engine_refused",
	}.Record(epoch.Add(72 * time.Hour))
	must(t, err)
	r.put(refusal)
	r.settle()
	if c := r.counts("web"); c.Stored != 0 || c.Of(state.Quarantined, "refused") != 1 {
		t.Errorf("after the refusal %+v", c)
	}
	r.put(command(t, 4*day, unify.QuarantineReplay{Partition: row.Partition, Offset: row.Offset}))
	r.settle()
	check("replayed after a refusal")
	r.stop()

	must(t, fs.RemoveAll("state"))
	r = open(t, fs, unify.Config{}).start()
	defer r.stop()
	r.settle()
	check("made again from the log")
}

func TestCorrectionsThatDoNotFit(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	sinks := r.put(record(t, ev("web", "refused", 1, user("u"))))[0]
	at := r.put(rejected("web", 3, "invalid"))[0]
	r.settle()
	refusal, err := outbox.Refusal{Position: sinks, Table: outbox.TableEvents, Workspace: "w", Source: "web", ReceivedAt: epoch.Add(time.Second), Reason: "engine_refused"}.Record(epoch)
	must(t, err)
	foreign := ev("web", "x", 3)
	foreign.Workspace = "other"
	r.put(refusal, correction(t, 10, at, ev("shop", "x", 3)), correction(t, 11, at, ev("web", "x", 4)), correction(t, 12, at, foreign),
		correction(t, 13, sinks, ev("web", "x", 1)))
	r.settle()
	reasons := map[string]string{}
	items, err := r.state.Items(state.ItemQuery{Workspace: "w", Source: unify.CommandSource})
	must(t, err)
	for _, i := range items {
		reasons[i.MessageID] = i.Reason
	}
	for id, want := range map[string]string{"command-10": "mismatch", "command-11": "mismatch", "command-13": "not_replayable"} {
		if reasons[id] != want {
			t.Errorf("%s: %q, want %q", id, reasons[id], want)
		}
	}
	item, _, err := r.state.Item("w", at, 0)
	if must(t, err); item.Status != state.StatusOpen || item.Reason != "mismatch" || item.Field != "workspace" {
		t.Errorf("an event of another workspace: %+v", item)
	}
	if c := r.counts("web"); c.Received != 2 || c.Quarantined != 2 || c.Stored != 0 {
		t.Errorf("counts %+v", c)
	}
	if _, err := unify.NewRecord("w", "m", epoch, unify.QuarantineReplay{With: json.RawMessage(`{"type":"track"}`)}); err == nil || !strings.Contains(err.Error(), "with: ") {
		t.Errorf("a correction that is no event gives %v", err)
	}
}

// TestReplayWhileTheSameCameIn: the item becomes a duplicate, and says so beforehand.
func TestReplayWhileTheSameCameIn(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	good := ev("web", "1", 1, user("u"))
	broken := record(t, good)
	broken.Value = broken.Value[:20]
	foreign := record(t, ev("web", "2", 2, user("u")))
	foreign.Value = record(t, ev("web", "other", 2, user("u"))).Value
	at := r.put(broken, foreign, rejected("web", 3, "invalid"))
	r.settle()
	rehearse := func(p stream.Position) unify.Rehearsal {
		t.Helper()
		item, _, err := r.state.Item("w", p, 0)
		must(t, err)
		would, err := r.worker.Rehearse(t.Context(), []*state.Item{item})
		must(t, err)
		return would[0]
	}
	for i, want := range []unify.Rehearsal{{state.Quarantined, "not_json"}, {state.Quarantined, "mismatch"}, {state.Quarantined, "not_replayable"}} {
		if got := rehearse(at[i]); got != want {
			t.Errorf("%d: would be %+v, want %+v", i, got, want)
		}
	}
	r.put(record(t, good), correction(t, 10, at[0], good), correction(t, 11, at[2], ev("web", "1", 3, user("someone else"))))
	r.settle()
	c := r.counts("web")
	if c.Received != 4 || c.Stored != 1 || c.Of(state.Duplicate, state.ReasonRepeat) != 1 || c.Of(state.Duplicate, state.ReasonConflict) != 1 || c.Quarantined != 1 {
		t.Errorf("counts %+v", c)
	}
}

// TestRehearsalAsksTheContractOfNow, as the replay will.
func TestRehearsalAsksTheContractOfNow(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	r.put(command(t, 1, contract("Plan Compared", schema.Quarantine, plans)))
	r.settle()
	at := r.put(record(t, compared("1", 10, `{"plan":7}`)))[0]
	r.settle()
	expect := func(when string, want unify.Rehearsal) {
		t.Helper()
		item, _, err := r.state.Item("w", at, 0)
		must(t, err)
		would, err := r.worker.Rehearse(t.Context(), []*state.Item{item, item})
		if must(t, err); would[0] != want || would[1] != want {
			t.Errorf("%s: would be %+v, want %+v", when, would, want)
		}
	}
	expect("under the contract", unify.Rehearsal{Outcome: state.Quarantined, Reason: "schema"})
	replay := unify.QuarantineReplay{Partition: at.Partition, Offset: at.Offset}
	r.put(command(t, 20, replay))
	r.settle()
	if c := r.counts("shop"); c.Of(state.Quarantined, "schema") != 1 || c.Stored != 0 {
		t.Errorf("replayed under the contract: %+v", c)
	}
	r.put(command(t, 30, unify.SchemaRemove{Source: "shop", Event: "Plan Compared"}))
	r.settle()
	expect("without it", unify.Rehearsal{Outcome: state.Stored})
	r.put(command(t, 40, replay))
	r.settle()
	if c := r.counts("shop"); c.Stored != 1 || c.Quarantined != 0 {
		t.Errorf("replayed without it: %+v", c)
	}
}
