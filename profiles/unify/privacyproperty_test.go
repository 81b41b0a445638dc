package unify_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/profiles/privacy"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// TestAccountsAddUpThroughErasures: whatever sources send of people who are erased, suppressed, and come
// back, before, while and after they are erased, the account of every source adds up at every moment. What
// is counted in the end is the same after losses of power, in a state that is made again from the log, and
// in one that is made again from the log once it is rewritten; and nobody who was erased for good is there.
func TestAccountsAddUpThroughErasures(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		actions := rapid.IntRange(1, 40).Draw(t, "actions")
		cuts := rapid.Bool().Draw(t, "losses of power")
		l := newLives(t, seed)
		for range actions {
			l.act()
			if cuts && l.cut.IntN(5) == 0 {
				l.cutPower()
			}
			l.balance()
		}
		l.settle()
		l.finishAll()
		l.settle()
		want := l.counted()
		l.check()

		l.again("made again", want)
		l.rewrite()
		l.again("made again from the rewritten log", want)
		l.searchLog()
		l.stop()
	})
}

// lives is a run of the worker over what a few people do.
type lives struct {
	*rig
	rng, cut *rand.Rand
	second   int
	sent     []stream.Record
	items    []stream.Position // rejected ones
	people   []*person
	erasing  []uuid.UUID
	gone     map[stream.Position]bool // rows of events that were removed
}

type person struct {
	name       string
	events     map[uuid.UUID]*event.Event // one of each observation
	erased     bool
	suppressed bool
}

func newLives(t tb, seed uint64) *lives {
	l := &lives{
		rig: open(t, vfs.NewCrashableMem(), private(t)).start(), gone: map[stream.Position]bool{},
		rng: rand.New(rand.NewPCG(seed, 1)), cut: rand.New(rand.NewPCG(seed, 2)),
	}
	for i := range 3 {
		l.people = append(l.people, &person{name: fmt.Sprint("person", i), events: map[uuid.UUID]*event.Event{}})
	}
	return l
}

// cutPower goes on with what is found on the disk.
func (l *lives) cutPower() {
	l.Helper()
	fs := l.fs.(*vfs.MemFS).CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: l.cut.IntN(101), RNG: l.cut})
	l.stop()
	l.rig = open(l.tb, fs, l.config).start()
}

func (p *person) ids() []event.Identifier {
	return []event.Identifier{user(p.name), email(p.name + "@example.com"), anon("browser of " + p.name)}
}

// says is an event of somebody, by some of their identifiers.
func (l *lives) says(p *person) *event.Event {
	l.second += 1 + l.rng.IntN(9*3600)
	ids := p.ids()
	l.rng.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	return ev([]string{"s0", "s1"}[l.rng.IntN(2)], fmt.Sprint("m-", l.second), l.second, ids[:1+l.rng.IntN(len(ids))]...)
}

func (l *lives) act() {
	l.Helper()
	p := l.people[l.rng.IntN(len(l.people))]
	e := l.says(p)
	switch n := l.rng.IntN(16); {
	case n < 7:
		r := record(l.tb, e)
		r.Lane = stream.Lane(l.rng.IntN(2))
		p.events[l.observation(e)] = e
		l.sent = append(l.sent, r)
		l.put(r)
	case n < 9 && len(l.sent) > 0:
		again := l.sent[l.rng.IntN(len(l.sent))]
		l.put(again)
	case n == 9 && len(l.sent) > 0: // another's event by a message id that was used
		r := l.sent[l.rng.IntN(len(l.sent))]
		e.MessageID, e.Source = r.MessageID, r.Source
		again := record(l.tb, e)
		again.Lane = r.Lane
		p.events[l.observation(e)] = e
		l.put(again)
	case n == 10:
		bad := record(l.tb, e)
		bad.Value = append(bad.Value[:len(bad.Value)-1], ",}"...)
		l.items = append(l.items, l.put(bad)[0])
	case n == 11:
		bad := rejected(e.Source, l.second, "no_name")
		bad.Value = fmt.Appendf(nil, `{"reason":"no_name","field":"name","payload":{"of":{"email":"%s@example.com"}}}`, p.name)
		l.items = append(l.items, l.put(bad)[0])
	case n == 12 && len(l.items) > 0:
		l.decideItem(e)
	case n == 13:
		l.settle()
	default:
		l.erase(p)
	}
}

// decideItem replays an item, corrected or as it is, or discards it.
func (l *lives) decideItem(e *event.Event) {
	l.Helper()
	at := l.items[l.rng.IntN(len(l.items))]
	l.settle()
	item, found, err := l.state.Item("w", at, 0)
	must(l, err)
	l.second++
	switch {
	case l.rng.IntN(3) == 0:
		l.put(command(l.tb, l.second, unify.QuarantineDiscard{Partition: at.Partition, Offset: at.Offset}))
	case l.rng.IntN(2) == 0 || !found:
		l.put(command(l.tb, l.second, unify.QuarantineReplay{Partition: at.Partition, Offset: at.Offset}))
	default:
		e.Source, e.ReceivedAt = item.Source, item.ReceivedAt
		value, err := event.Encode(e)
		must(l, err)
		l.put(command(l.tb, l.second, unify.QuarantineReplay{Partition: at.Partition, Offset: at.Offset, With: value}))
	}
}

// erase has somebody erased, whatever of them is on its way.
func (l *lives) erase(p *person) {
	l.Helper()
	if len(p.events) == 0 {
		return
	}
	l.second++
	suppress := l.rng.IntN(2) == 0
	e := l.erasure(l.second, suppress, p.ids(), slices.Collect(maps.Values(p.events))...)
	l.put(command(l.tb, l.second, unify.PrivacyErase{Erasure: e}))
	p.erased, p.suppressed = true, p.suppressed || suppress
	l.erasing = append(l.erasing, e.ID)
	if l.rng.IntN(2) == 0 {
		l.finishAll()
	}
}

// finishAll finishes what is under way, in the order in which it was carried out, as its runner does: what
// two erasures cover is the earlier one's.
func (l *lives) finishAll() {
	l.Helper()
	for _, e := range l.erasing {
		l.finish(e)
		l.balance()
	}
	l.erasing = nil
}

// finish counts and removes the rows of an erasure, as its runner does.
func (l *lives) finish(id uuid.UUID) {
	l.Helper()
	l.settle()
	e := l.record(id)
	set := privacy.NewSet(&e.Erasure)
	removed := e.Direct
	for _, row := range l.entries() {
		if row.Table != outbox.TableEvents || l.gone[row.Position] {
			continue
		}
		entry := l.at(row.Position)
		if unify.Covers(l.engine, l.config.Hasher, set, entry) == nil {
			continue
		}
		l.gone[row.Position] = true
		value, _ := outbox.EventIn(&entry.Record)
		of, err := event.Decode(value)
		must(l, err)
		removed = privacy.AddCounts(removed, []privacy.Count{{Source: of.Source, Day: stream.DayOf(of.ReceivedAt), Events: 1}})
	}
	l.second++
	at := epoch.Add(time.Duration(l.second) * time.Second)
	l.put(command(l.tb, l.second, unify.PrivacyErased{ID: id, UpTo: e.UpTo, Removed: removed, At: at}))
}

func (l *lives) at(pos stream.Position) stream.Entry {
	l.Helper()
	reader, err := l.log.Reader(pos.Partition, pos.Offset)
	must(l, err)
	defer reader.Close()
	entries, err := reader.Next(context.Background(), 1)
	must(l, err)
	return entries[0]
}

func (l *lives) counted() string {
	l.Helper()
	text := ""
	sources := l.balance()
	for _, k := range slices.SortedFunc(maps.Keys(sources), func(a, b stream.SourceKey) int { return bytes.Compare([]byte(a.Source), []byte(b.Source)) }) {
		c := sources[k].Counts
		text += fmt.Sprintf("%s: received %d, stored %d, duplicate %d, quarantined %d, suppressed %d, erased %d, %v\n",
			k.Source, c.Received, c.Stored, c.Duplicate, c.Quarantined, c.Suppressed, c.Erased, c.Reasons)
	}
	return text
}

// check looks for those who were erased for good, and for what is left of them in the quarantine, whose counts are those
// of its items.
func (l *lives) check() {
	l.Helper()
	for _, p := range l.people {
		if !p.suppressed {
			continue
		}
		for _, id := range p.ids() {
			if l.knows(id) {
				l.Fatalf("%s of %s is known", id.Type, p.name)
			}
		}
	}
	items, err := l.state.Items(state.ItemQuery{Workspace: "w", Limit: 1000})
	must(l, err)
	groups := map[state.ItemGroup]uint64{}
	for _, i := range items {
		groups[state.ItemGroup{Source: i.Source, Stage: i.Stage, Reason: i.Reason, Status: i.Status, Day: stream.DayOf(i.ReceivedAt)}]++
		full, _, err := l.state.Item("w", i.Position, i.Ordinal)
		must(l, err)
		for _, p := range l.people {
			if p.suppressed && i.Source != unify.CommandSource && bytes.Contains(full.Payload, []byte(p.name+"@")) {
				l.Fatalf("an item %+v holds %s", full, p.name)
			}
		}
	}
	if counts, err := l.state.CountItems(state.ItemQuery{Workspace: "w"}); err != nil || !maps.Equal(counts, groups) {
		l.Fatalf("%v, %v is counted of %v", counts, err, groups)
	}
}

// again makes the state again from the log, and compares what is counted.
func (l *lives) again(how, want string) {
	l.Helper()
	l.stop()
	must(l, l.fs.RemoveAll("state"))
	l.rig = open(l.tb, l.fs, l.config).start()
	l.balance()
	for range 3 {
		l.await(l.rng)
		l.balance()
	}
	l.settle()
	if got := l.counted(); got != want {
		l.Fatalf("%s:\n%sat first:\n%s", how, got, want)
	}
	l.check()
}

// searchLog looks through the rewritten log for those who were erased for good. What came later, and was
// refused behind the gate, is not the erasure's.
func (l *lives) searchLog() {
	l.Helper()
	for _, entry := range l.logged() {
		for _, p := range l.people {
			if !bytes.Contains(entry.Value, []byte(p.name)) {
				continue
			}
			reached := false
			for _, id := range l.ids(p) {
				e := l.record(id)
				reached = reached || e.Reaches(entry.Position, entry.ReceivedAt)
			}
			if reached && (entry.Kind != stream.KindCommand || !bytes.Contains(entry.Value, []byte(`"with"`))) {
				l.Fatalf("the log holds %s: %s", p.name, entry.Value)
			}
		}
	}
}

// ids are the erasures of somebody.
func (l *lives) ids(p *person) (ids []uuid.UUID) {
	l.Helper()
	all, err := l.state.Erasures("w")
	must(l, err)
	hash := l.hash(user(p.name))[0]
	for _, e := range all {
		if e.Holds(hash) {
			ids = append(ids, e.ID)
		}
	}
	return ids
}
