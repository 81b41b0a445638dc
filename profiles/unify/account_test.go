package unify_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// TestAccountsAddUpAtEveryMoment: whatever sources send, and people and the sink say of it, what was
// received on a day is what became of it, while it is applied as well as after; what is counted in the
// end is what a plain model counts, with and without losses of power in between.
func TestAccountsAddUpAtEveryMoment(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		actions := rapid.IntRange(1, 40).Draw(t, "actions")
		want := ""
		for _, cuts := range []bool{false, true} {
			h := newHistory(t, seed)
			for range actions {
				h.act()
				if cuts && h.cut.IntN(6) == 0 {
					h.cutPower()
				}
				h.balance()
			}
			h.settle()
			h.check()
			got := fmt.Sprint(h.counted())
			h.stop()
			if cuts && got != want {
				t.Fatalf("after losses of power %s, without %s", got, want)
			}
			want = got
		}
	})
}

// history is a run of the worker, and what a model says of it.
type history struct {
	*rig
	rng, cut *rand.Rand // of the actions, and of what disturbs them
	days     map[stream.SourceDay]*state.Counts
	events   []*event.Event // stored, by a message id of its own
	rows     []stream.Position
	open     []openItem
	refused  []int // of events
	second   int
	commands int
}

type openItem struct {
	stream.Position
	received time.Time
	source   string
	reason   string
}

func newHistory(t tb, seed uint64) *history {
	return &history{
		rig:  open(t, vfs.NewCrashableMem(), unify.Config{StepRecords: 4, BulkRecords: 1, ReadAhead: 2}).start(),
		rng:  rand.New(rand.NewPCG(seed, 1)),
		cut:  rand.New(rand.NewPCG(seed, 2)),
		days: map[stream.SourceDay]*state.Counts{},
	}
}

// cutPower goes on with what is found on the disk.
func (h *history) cutPower() {
	h.Helper()
	fs := h.fs.(*vfs.MemFS).CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: h.cut.IntN(101), RNG: h.cut})
	h.stop()
	h.rig = open(h.tb, fs, h.config).start()
}

func (h *history) of(source string, received time.Time) *state.Counts {
	k := stream.SourceDay{SourceKey: stream.SourceKey{Workspace: "w", Source: source}, Day: stream.DayOf(received)}
	if h.days[k] == nil {
		h.days[k] = new(state.Counts)
	}
	return h.days[k]
}

// next is a new event, received some hours after the one before.
func (h *history) next() *event.Event {
	h.second += 1 + h.rng.IntN(20*3600)
	return ev([]string{"s0", "s1"}[h.rng.IntN(2)], fmt.Sprint("m-", h.second, "-", h.rng.IntN(1e6)), h.second, user("u"))
}

func (h *history) received(source string, at time.Time, o state.Outcome, reason string) {
	h.of(source, at).Receive(at)
	h.of(source, at).Count(o, reason, 1)
}

// act does one thing that sources, people or the sink do.
func (h *history) act() {
	h.Helper()
	e := h.next()
	switch n := h.rng.IntN(12); {
	case n < 4:
		h.events, h.rows = append(h.events, e), append(h.rows, h.put(record(h.tb, e))[0])
		h.received(e.Source, e.ReceivedAt, state.Stored, "")
	case n < 6 && len(h.events) > 0:
		h.again(e)
	case n == 6:
		bad := record(h.tb, e)
		bad.Value = bad.Value[:len(bad.Value)/2]
		h.open = append(h.open, openItem{h.put(bad)[0], e.ReceivedAt, e.Source, "not_json"})
		h.received(e.Source, e.ReceivedAt, state.Quarantined, "not_json")
	case n == 7:
		at := h.put(rejected(e.Source, h.second, "too_large"))[0]
		h.open = append(h.open, openItem{at, e.ReceivedAt, e.Source, "too_large"})
		h.received(e.Source, e.ReceivedAt, state.Quarantined, "too_large")
	case n == 8 && len(h.open) > 0:
		h.discard()
	case n == 9 && len(h.open) > 0:
		h.correct(e)
	case n == 10 && len(h.events) > 0:
		h.refuse()
	case n == 11 && len(h.refused) > 0:
		h.replay()
	}
}

// again sends the id of an event once more, as it was or otherwise.
func (h *history) again(later *event.Event) {
	first := h.events[h.rng.IntN(len(h.events))]
	if later.ReceivedAt.Sub(first.ReceivedAt) > 5*24*time.Hour {
		return // its id is about to be forgotten
	}
	again, reason := *first, state.ReasonRepeat
	again.Stamp(first.OriginalAt, time.Time{}, later.ReceivedAt)
	again.At = first.At
	if h.rng.IntN(2) == 0 {
		again.Name, reason = "another.name", state.ReasonConflict
	}
	h.put(record(h.tb, &again))
	h.received(first.Source, later.ReceivedAt, state.Duplicate, reason)
}

// give gives a command once all before it is applied, as people do who look first.
func (h *history) give(c unify.Command) {
	h.Helper()
	h.settle()
	h.commands++
	r, err := unify.NewRecord("w", fmt.Sprint("command-", h.commands), epoch.Add(time.Duration(h.second)*time.Second), c)
	must(h, err)
	h.put(r)
}

func (h *history) take() openItem {
	i := h.rng.IntN(len(h.open))
	item := h.open[i]
	h.open = slices.Delete(h.open, i, i+1)
	return item
}

func (h *history) discard() {
	h.Helper()
	item := h.take()
	c := unify.QuarantineDiscard{Partition: item.Partition, Offset: item.Offset}
	h.give(c)
	h.give(c) // which changes nothing
}

func (h *history) correct(right *event.Event) {
	h.Helper()
	item := h.take()
	right.Source = item.source
	right.Stamp(time.Time{}, time.Time{}, item.received)
	outcome, reason := state.Stored, ""
	for _, first := range h.events {
		// It may have come in meanwhile: the same, on the same day, or it would hang on which is applied first.
		if first.Source == item.source && stream.DayOf(first.ReceivedAt) == stream.DayOf(item.received) && h.rng.IntN(2) == 0 {
			same := *first
			same.Stamp(first.OriginalAt, time.Time{}, item.received)
			right, outcome, reason = &same, state.Duplicate, state.ReasonRepeat
			break
		}
	}
	value, err := event.Encode(right)
	must(h, err)
	c := unify.QuarantineReplay{Partition: item.Partition, Offset: item.Offset, With: value}
	h.give(c)
	h.give(c)
	counts := h.of(item.source, item.received)
	counts.Count(state.Quarantined, item.reason, -1)
	counts.Count(outcome, reason, 1)
}

func (h *history) refuse() {
	h.Helper()
	i := h.rng.IntN(len(h.events))
	if slices.Contains(h.refused, i) {
		return
	}
	h.settle()
	e := h.events[i]
	refusal, err := outbox.Refusal{
		Position: h.rows[i], Table: outbox.TableEvents, Workspace: "w", Source: e.Source, ReceivedAt: e.ReceivedAt, Reason: "engine_refused",
	}.Record(epoch.Add(time.Duration(h.second) * time.Second))
	must(h, err)
	h.put(refusal)
	h.refused = append(h.refused, i)
	counts := h.of(e.Source, e.ReceivedAt)
	counts.Count(state.Stored, "", -1)
	counts.Count(state.Quarantined, "refused", 1)
}

func (h *history) replay() {
	h.Helper()
	n := h.rng.IntN(len(h.refused))
	i := h.refused[n]
	h.refused = slices.Delete(h.refused, n, n+1)
	c := unify.QuarantineReplay{Partition: h.rows[i].Partition, Offset: h.rows[i].Offset}
	h.give(c)
	h.give(c)
	counts := h.of(h.events[i].Source, h.events[i].ReceivedAt)
	counts.Count(state.Quarantined, "refused", -1)
	counts.Count(state.Stored, "", 1)
}

func (h *history) counted() map[stream.SourceDay]string {
	h.Helper()
	days, err := h.state.Counts("w")
	must(h, err)
	counted := map[stream.SourceDay]string{}
	for _, d := range days {
		if d.Received > 0 {
			counted[d.SourceDay] = describe(&d.Counts)
		}
	}
	return counted
}

func describe(c *state.Counts) string {
	return fmt.Sprint(c.Received, c.Stored, c.Duplicate, c.Quarantined, c.Reasons, c.Last)
}

// check compares what was counted with the model.
func (h *history) check() {
	h.Helper()
	want := map[stream.SourceDay]string{}
	for k, c := range h.days {
		want[k] = describe(c)
	}
	if got := h.counted(); !maps.Equal(got, want) {
		h.Fatalf("counted %v\nthe model says %v", got, want)
	}
}
