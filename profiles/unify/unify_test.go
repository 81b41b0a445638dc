package unify_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

func TestEventsOfOnePersonBecomeOneProfile(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	web := ev("web", "1", 1, anon("a1"))
	login := ev("web", "2", 2, anon("a1"), user("u1"))
	shop := ev("shop", "3", 3, user("u1"))
	other := ev("shop", "4", 4, user("u2"))
	r.put(record(t, web), record(t, login), record(t, shop), record(t, other))
	r.settle()

	if p := r.profile(web); p != r.observation(web) || r.profile(login) != p || r.profile(shop) != p {
		t.Errorf("profiles %s, %s, %s: want all to be the first observation", p, r.profile(login), r.profile(shop))
	}
	if r.profile(other) == r.profile(web) {
		t.Error("two users in one profile")
	}
	entries := r.entries()
	if rows := rowsOf[store.FactRow](t, entries, outbox.TableFacts); len(rows) != 4 {
		t.Errorf("%d facts, want 4", len(rows))
	}
	if rows := rowsOf[store.IdentityMapRow](t, entries, outbox.TableIdentityMap); len(rows) != 2 {
		t.Errorf("%d identity_map rows, want 2", len(rows))
	}
	if c := r.counts("web"); c.Stored != 2 || c.Received != 2 {
		t.Errorf("counts of web: %+v", c)
	}
}

func TestDuplicatesAndConflictsAreCounted(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	first := ev("web", "1", 1, user("u1"))
	again := ev("web", "1", 9, user("u1"))
	other := ev("web", "1", 10, user("u2"))
	again.OriginalAt = first.OriginalAt
	r.put(record(t, first), record(t, again), record(t, other))
	late := ev("web", "1", 8*24*3600, user("u1"))
	r.put(record(t, late))
	r.settle()
	// The same id after the horizon is another event.
	if c := r.counts("web"); c.Received != 4 || c.Stored != 2 || c.Duplicate != 2 || c.Of(state.Duplicate, state.ReasonConflict) != 1 || c.Of(state.Duplicate, state.ReasonRepeat) != 1 {
		t.Errorf("counts %+v: want 2 stored and 2 duplicates, one of them a conflict", c)
	}
}

func TestBadRecordsGoToTheQuarantine(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	foreign := record(t, ev("web", "1", 1, user("u1")))
	foreign.Workspace = "other"
	nameless := ev("web", "2", 2)
	nameless.Name = ""
	broken := record(t, ev("web", "3", 3))
	broken.Value = []byte(`{"workspace":`)
	command := command(t, 4, unify.ConfigPut{Bucket: "b", Key: "k", Value: json.RawMessage(`1`)})
	command.Value = []byte(`{"command":"drop.everything"}`)
	r.put(foreign, record(t, nameless), broken, command, rejected("web", 5, "too_large"), rejected("web", 6, "Is too large."),
		record(t, ev("web", "7", 7, user("u1"))))
	r.settle()

	want := map[string]string{"2": "invalid", "3": "not_json", "rejected-5": "too_large", "rejected-6": "invalid", "command-4": "bad_command"}
	items, err := r.state.Items(state.ItemQuery{Workspace: "w"})
	must(t, err)
	for _, i := range items {
		if want[i.MessageID] != i.Reason {
			t.Errorf("%s: reason %q, want %q", i.MessageID, i.Reason, want[i.MessageID])
		}
		delete(want, i.MessageID)
	}
	if len(want) > 0 {
		t.Errorf("not in the quarantine: %v", want)
	}
	items, err = r.state.Items(state.ItemQuery{Workspace: "other"})
	must(t, err)
	if len(items) != 1 || items[0].Reason != "mismatch" || items[0].Field != "workspace" {
		t.Errorf("items of the other workspace: %+v", items)
	}
	if c := r.counts("web"); c.Stored != 1 || c.Quarantined != 4 || c.Of(state.Quarantined, "invalid") != 2 {
		t.Errorf("counts %+v", c)
	}
	if rows := rowsOf[store.QuarantineRow](t, r.entries(), outbox.TableQuarantine); len(rows) != 6 {
		t.Errorf("%d quarantine rows, want 6", len(rows))
	}
}

func TestNewerVersionOfARecordSupersedes(t *testing.T) {
	contact := func(id, version string, second int, ids ...event.Identifier) *event.Event {
		e := ev("crm", id, second, ids...)
		e.Name, e.Record = "contact.updated", &event.Record{ID: "c1", Version: version}
		return e
	}
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	ann, bob := ev("shop", "a", 1, user("ann")), ev("shop", "b", 2, user("bob"))
	r.put(record(t, ann), record(t, bob))
	r.put(record(t, contact("1", "9", 3, user("ann"))))
	r.settle()
	first := contact("1", "9", 3)
	if r.profile(first) != r.profile(ann) {
		t.Fatal("the record does not belong to ann")
	}
	r.put(record(t, contact("2", "10", 4, user("bob"))))
	r.settle()
	if r.profile(first) != r.profile(bob) {
		t.Fatal("the newer version does not move the record to bob")
	}
	r.put(record(t, contact("3", "8", 5, user("ann"))))
	r.settle()
	if r.profile(first) != r.profile(bob) {
		t.Fatal("an older version that came late changed who is who")
	}
	records := 0
	for _, f := range rowsOf[store.FactRow](t, r.entries(), outbox.TableFacts) {
		if f.Kind == store.FactRecord {
			records++
		}
	}
	if c := r.counts("crm"); records != 3 || c.Stored != 3 {
		t.Errorf("%d record facts and %d stored events, want 3 and 3", records, c.Stored)
	}
}

func TestLinkAndItsRemovalRestoreTheProfiles(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	a, b := ev("web", "1", 1, anon("a")), ev("web", "2", 2, anon("b"))
	r.put(record(t, a), record(t, b))
	r.settle()
	before := dump(r, true)
	ids := unify.IdentityLink{A: r.observation(a), B: r.observation(b), Verdict: unify.LinkMustMerge, Actor: "kim"}
	r.put(command(t, 3, ids))
	r.settle()
	if r.profile(a) != r.profile(b) {
		t.Fatal("must_merge did not merge")
	}
	ids.Verdict = unify.LinkRemove
	pos := r.put(command(t, 4, ids))
	must(t, r.worker.Applied(context.Background(), pos[0]))
	if after := dump(r, true); after != before {
		t.Errorf("after the removal:\n%s\nbefore the link:\n%s", after, before)
	}
	hot, err := r.state.Snapshot("w")
	must(t, err)
	defer func() { _ = hot.Close() }()
	if version, err := hot.IdentityVersion(); err != nil || version != 2 {
		t.Errorf("identity_version %d, %v: want 2", version, err)
	}
}

func TestBlockedIdentifierJoinsNobody(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	a, b := ev("web", "1", 1, anon("x"), user("u1")), ev("app", "2", 2, anon("x"))
	r.put(record(t, a), record(t, b))
	r.settle()
	if r.profile(a) != r.profile(b) {
		t.Fatal("not joined by the shared anonymous id")
	}
	r.put(command(t, 3, unify.IdentityBlock{Type: event.IDAnonymous, Value: "x"}))
	r.settle()
	if r.profile(a) == r.profile(b) {
		t.Fatal("still joined by a blocked id")
	}
	r.put(command(t, 4, unify.IdentityUnblock{Type: event.IDAnonymous, Value: "x"}))
	r.settle()
	if r.profile(a) != r.profile(b) {
		t.Fatal("not joined again")
	}
}

func TestDocuments(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{}).start()
	defer r.stop()
	put := func(second int, value string) stream.Record {
		return command(t, second, unify.ConfigPut{Bucket: "keys", Key: "k", Value: json.RawMessage(value)})
	}
	r.put(put(2, `{"v":2}`), put(1, `{"v":1}`))
	r.settle()
	doc, ok, err := r.state.Doc("keys", "k")
	if must(t, err); !ok || string(doc) != `{"v":2}` {
		t.Errorf("document %s, %v: want the later one, whatever order they came in", doc, ok)
	}
	revision := r.state.DocsRevision()
	r.put(command(t, 3, unify.ConfigDelete{Bucket: "keys", Key: "k"}))
	r.settle()
	docs, err := r.state.Docs("keys")
	if must(t, err); len(docs) != 0 || r.state.DocsRevision() == revision {
		t.Errorf("documents %v after the deletion", docs)
	}
}

func TestStateOfAnotherLogIsRefused(t *testing.T) {
	fs := vfs.NewMem()
	r := open(t, fs, unify.Config{}).start()
	r.put(record(t, ev("web", "1", 1)))
	r.settle()
	r.stop()
	must(t, fs.RemoveAll("log"))
	r = open(t, fs, unify.Config{}).start()
	if err := <-r.done; !errors.Is(err, unify.ErrAhead) {
		t.Errorf("run ended with %v", err)
	}
	r.cancel()
	if err := r.worker.Applied(t.Context(), stream.Position{}); err != nil {
		t.Errorf("what was applied before: %v", err)
	}
	if err := r.worker.Applied(t.Context(), stream.Position{Offset: 99}); !errors.Is(err, unify.ErrStopped) {
		t.Errorf("waiting for a worker that has stopped: %v", err)
	}
	r.cancel = nil
	r.stop()
}

func TestConfigReportsEveryFault(t *testing.T) {
	_, err := unify.New(unify.Config{StepRecords: -1, BulkRecords: 2})
	for _, want := range []string{"log: ", "state: ", "engine: ", "outbox: ", "step_records: ", "bulk_records: "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no fault of %s in %v", want, err)
		}
	}
}
