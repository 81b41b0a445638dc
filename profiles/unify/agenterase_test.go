package unify_test

import (
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"

	"tributary/ingest/event"
	"tributary/profiles/outbox"
	"tributary/profiles/privacy"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// noteOf is a note about an observation that its writer knew since so many seconds after the epoch.
func noteOf(t tb, id string, of uuid.UUID, second, known int) *event.Event {
	t.Helper()
	at := epoch.Add(time.Duration(second) * time.Second)
	e := &event.Event{
		Workspace: "w", Source: event.SourceAgent, MessageID: id, Type: event.TypeTrack, Name: event.NameNoteAdded,
		Observation: of, CX: &event.CX{Text: "Anna moved", AuthorRole: event.AuthorAI},
		Context: event.Written{
			Actor: event.Actor{By: "key:1", Kind: event.AuthorAI}, Known: epoch.Add(time.Duration(known) * time.Second),
		}.Context(),
	}
	e.Stamp(time.Time{}, time.Time{}, at)
	must(t, e.Validate())
	return e
}

// TestWrittenWhileErased: what an agent writes of somebody whom it looked up before they were erased, and that comes behind the erasure,
// is not kept; what is written of them when they have come back is. So it is when the state is made again.
func TestWrittenWhileErased(t *testing.T) {
	fs := vfs.NewMem()
	r := open(t, fs, private(t)).start()
	first := ev("shop", "1", 1, user("anna"))
	r.put(record(t, first))
	r.settle()
	of := r.observation(first)
	e := r.erasure(100, false, []event.Identifier{user("anna")}, first)
	r.put(command(t, 100, unify.PrivacyErase{Erasure: e}))
	r.settle()
	late := record(t, noteOf(t, "late", of, 110, 1))
	handedOver := story(t, of, uuid.UUID{7, 15: 7})
	for i := range handedOver {
		x := new(event.Event)
		must(t, event.DecodeInto(x, handedOver[i].Value))
		w := x.Written()
		w.Known = epoch.Add(time.Second)
		x.Context = w.Context()
		x.Stamp(time.Time{}, time.Time{}, x.ReceivedAt.Add(110*time.Second))
		handedOver[i] = record(t, x)
	}
	r.put(append(handedOver, late)...)
	r.settle()
	check := func(when string, notes uint64) {
		t.Helper()
		if c := r.counts(event.SourceAgent); c.Stored != notes || c.Erased == 0 {
			t.Errorf("%s: %+v", when, c)
		}
		n := 0
		must(t, r.state.EachHandoff("w", state.HandoffQuery{}, func(*state.Handoff, []byte) (bool, error) { n++; return true, nil }))
		if n > 0 {
			t.Errorf("%s: %d hand-offs of who is erased", when, n)
		}
		hot, err := r.state.Snapshot("w")
		must(t, err)
		defer func() { _ = hot.Close() }()
		if s, err := hot.State(of); err != nil || notes == 0 && s != nil {
			t.Errorf("%s: there is a state of who is erased, %v", when, err)
		}
	}
	check("erased", 0)
	for _, x := range r.entries() {
		if x.Table == outbox.TableEvents && x.Event.Observation == of && x.Offset > e.UpTo[x.Partition] {
			t.Errorf("a row of who is erased goes to the analytics store")
		}
	}
	set := privacy.NewSet(&r.record(e.ID).Erasure)
	covered := 0
	for _, entry := range r.logged() {
		if entry.Source == event.SourceAgent && unify.Covers(r.engine, r.config.Hasher, set, entry) != nil {
			covered++
		}
	}
	if covered != len(handedOver)+1 {
		t.Errorf("%d of %d records of what was written are erased from the log", covered, len(handedOver)+1)
	}
	r.put(record(t, ev("shop", "2", 120, user("anna"))), record(t, noteOf(t, "back", of, 130, 120)))
	r.settle()
	check("back", 1)
	r.stop()
	must(t, fs.RemoveAll("state"))
	r = open(t, fs, private(t)).start()
	defer func() { r.stop() }()
	r.settle()
	check("made again", 1)
}
