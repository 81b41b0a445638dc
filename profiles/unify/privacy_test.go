package unify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/privacy"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

func newHasher(t tb) *privacy.Hasher {
	t.Helper()
	h, err := privacy.NewHasher(make([]byte, 32))
	must(t, err)
	return h
}

// private is the configuration of a worker that knows of erasures by identifiers.
func private(t tb) unify.Config {
	return unify.Config{Hasher: newHasher(t), StepRecords: 8, BulkRecords: 2}
}

func (r *rig) hash(ids ...event.Identifier) []privacy.IdentifierHash {
	r.Helper()
	var all []privacy.IdentifierHash
	for _, raw := range ids {
		id, dropped := r.engine.Normalise(identity.Place{Workspace: "w"}, identity.Identifier(raw))
		if dropped != "" {
			r.Fatalf("%s: %s", raw.Type, dropped)
		}
		all = append(all, r.config.Hasher.Identifier("w", id))
	}
	slices.SortFunc(all, privacy.IdentifierHash.Compare)
	return all
}

func (r *rig) heads() privacy.UpTo {
	r.Helper()
	infos, err := r.log.Partitions(context.Background())
	must(r, err)
	upTo := privacy.UpTo{}
	for _, info := range infos {
		upTo[info.ID] = info.Next
	}
	return upTo
}

// erasure makes the erasure of the people of some events.
func (r *rig) erasure(second int, suppress bool, ids []event.Identifier, events ...*event.Event) privacy.Erasure {
	r.Helper()
	var observations []identity.ObservationID
	for _, e := range events {
		observations = append(observations, r.observation(e))
	}
	slices.SortFunc(observations, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	at := epoch.Add(time.Duration(second) * time.Second)
	return privacy.Erasure{
		ID: uuid.NewSHA1(uuid.Nil, fmt.Append(nil, second)), Workspace: "w", Observations: slices.Compact(observations), Identifiers: r.hash(ids...),
		UpTo: r.heads(), At: at, Suppress: suppress, RequestedAt: at, HoldUntil: at,
	}
}

func (r *rig) record(id uuid.UUID) *privacy.Record {
	r.Helper()
	e, err := r.state.Erasure("w", id)
	must(r, err)
	if e == nil {
		r.Fatal("no such erasure")
	}
	return e
}

// knows says whether the state holds anything under an identifier.
func (r *rig) knows(id event.Identifier) bool {
	r.Helper()
	hot, err := r.state.Snapshot("w")
	must(r, err)
	defer func() { _ = hot.Close() }()
	holders, err := hot.Holders(identity.Identifier(id))
	must(r, err)
	return len(holders) > 0
}

// TestErased: who is erased is gone from the state with one command; those who were joined by them are
// decided about again; the next event is refused, and so is one that says it in another way; and a state
// that is made again from the same log never knows of them.
func TestErased(t *testing.T) {
	fs := vfs.NewMem()
	r := open(t, fs, private(t)).start()
	first := ev("shop", "1", 1, user("anna"), email("anna@example.com"))
	second := ev("web", "2", 2, anon("browser"), user("anna"))
	future := ev("web", "3", 3, user("anna"))
	future.At = epoch.AddDate(60, 0, 0)
	other := ev("shop", "4", 4, user("berta"), email("berta@example.com"))
	r.put(record(t, first), record(t, second), record(t, future), record(t, other), record(t, first))
	bad := rejected("shop", 5, "no name")
	bad.Value = []byte(`{"reason":"no name","field":"name","payload":{"note":"call Anna at <ANNA@example.com>, please"}}`)
	at := r.put(bad, rejected("shop", 6, "no name"))[0]
	r.settle()
	r.balance()

	e := r.erasure(100, true, []event.Identifier{user("anna"), email("anna@example.com"), anon("browser")}, first, second, future)
	r.put(command(t, 100, unify.PrivacyErase{Erasure: e}))
	r.settle()
	for _, id := range []event.Identifier{user("anna"), email("anna@example.com"), anon("browser")} {
		if r.knows(id) {
			t.Errorf("%s is known still", id.Type)
		}
	}
	if !r.knows(user("berta")) {
		t.Error("somebody else is gone")
	}
	item, _, err := r.state.Item("w", at, 0)
	must(t, err)
	if item.Status != state.StatusErased || item.Payload != nil || item.Detail != "" || item.MessageID != "" {
		t.Errorf("in the quarantine is %+v", item)
	}
	r.put(record(t, ev("web", "5", 105, anon("browser"))), record(t, ev("mail", "6", 106, email("Anna@Example.com "))), record(t, ev("web", "7", 107, anon("another"))))
	r.settle()
	r.balance()
	if c := r.counts("web"); c.Suppressed != 1 || c.Stored != 3 {
		t.Errorf("web: %+v", c)
	}
	if c := r.counts("mail"); c.Suppressed != 1 || c.Stored != 0 {
		t.Errorf("mail: %+v", c)
	}

	held := r.record(e.ID)
	removed := []privacy.Count{{Source: "shop", Day: stream.DayOf(epoch), Events: 1}, {Source: "web", Day: stream.DayOf(epoch), Events: 2}}
	r.put(command(t, 200, unify.PrivacyErased{ID: e.ID, UpTo: held.UpTo, Removed: removed, At: epoch.Add(200 * time.Second), Certificate: json.RawMessage(`{}`)}))
	r.settle()
	check := func(when string) {
		t.Helper()
		r.balance()
		shop, web := r.counts("shop"), r.counts("web")
		if shop.Erased != 1 || shop.Stored != 1 || shop.Duplicate != 1 || shop.Quarantined != 2 {
			t.Errorf("%s: shop: %+v", when, shop)
		}
		if web.Erased != 2 || web.Stored != 1 || web.Suppressed != 1 {
			t.Errorf("%s: web: %+v", when, web)
		}
		if r.record(e.ID).Status != privacy.StatusErased || !r.record(e.ID).Settled {
			t.Errorf("%s: %+v", when, r.record(e.ID))
		}
		if r.knows(user("anna")) {
			t.Errorf("%s: is known again", when)
		}
	}
	check("erased")
	r.stop()

	must(t, fs.RemoveAll("state"))
	r = open(t, fs, private(t)).start()
	r.settle()
	check("made again")
	r.rewrite()
	r.stop()

	must(t, fs.RemoveAll("state"))
	r = open(t, fs, private(t)).start()
	defer func() { r.stop() }()
	r.settle()
	check("made again from the rewritten log")
}

// rewrite puts tombstones in the places of all that is erased.
func (r *rig) rewrite() {
	r.Helper()
	var replaced []stream.Entry
	all, err := r.state.Erasures("w")
	must(r, err)
	set := privacy.NewSet()
	for _, e := range all {
		set.Add(&e.Erasure)
	}
	for _, entry := range r.logged() {
		e := unify.Covers(r.engine, r.config.Hasher, set, entry)
		if e == nil {
			continue
		}
		left, err := unify.Replacement(r.engine, r.config.Hasher, r.state, entry, e)
		must(r, err)
		replaced = append(replaced, left)
	}
	must(r, r.log.Replace(context.Background(), replaced))
}

// logged reads the whole log.
func (r *rig) logged() []stream.Entry {
	r.Helper()
	var all []stream.Entry
	for p, next := range r.heads() {
		reader, err := r.log.Reader(p, 0)
		must(r, err)
		for at := uint64(0); at < next; {
			entries, err := reader.Next(context.Background(), 512)
			must(r, err)
			all = append(all, entries...)
			at = entries[len(entries)-1].Offset + 1
		}
		must(r, reader.Close())
	}
	return all
}
