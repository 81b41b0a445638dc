package unify_test

import (
	"context"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// TestMemoryHoldsWhatIsStored compares what the sink is given in memory with what it would read
// from the database and the log.
func TestMemoryHoldsWhatIsStored(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{})
	defer r.stop()
	r.start()
	a, b := ev("web", "a", 1, user("u1"), anon("x")), ev("app", "b", 2, user("u1"), email("u1@example.com"))
	a.Properties = []byte(`{"plan":"pro","text":"ä\u00e4"}`)
	c := ev("crm", "c", 3, email("u1@example.com"))
	c.Record = &event.Record{ID: "r1", Version: "7"}
	r.put(record(t, a), record(t, b), record(t, c), rejected("web", 4, "invalid"))
	r.settle()
	r.put(command(t, 5, unify.IdentityLink{A: r.observation(a), B: r.observation(c), Verdict: unify.LinkNeverMerge, Actor: "me"}))
	r.settle()

	// The worker may be adding to them yet, first to the database: what is compared is what is there by now.
	last, deadline := uint64(0), time.Now().Add(2*time.Minute)
	for ; last < 4; last = r.outbox.Queue.Last() { // three events and a command
		if time.Now().After(deadline) {
			t.Fatalf("%d entries are there", last)
		}
		time.Sleep(time.Millisecond)
	}
	entries, err := r.outbox.Queue.Read(0, last, 1<<30)
	must(t, err)
	var kept []outbox.Entry
	for uint64(len(kept)) < last {
		more, err := r.outbox.Queue.Take(uint64(len(kept)), last, 3)
		must(t, err)
		kept = append(kept, more...)
	}
	for i, stored := range entries {
		if kept[i].Value == nil || stored.Value != nil {
			t.Fatalf("%s: in memory %v, stored %v", stored.Table, kept[i].Value, stored.Value)
		}
		if want := r.stored(&stored, kept[i].Value); !reflect.DeepEqual(kept[i].Value, want) {
			t.Errorf("%s: in memory %+v, stored %+v", stored.Table, kept[i].Value, want)
		}
		kept[i].Value, kept[i].Size = nil, 0
		if !reflect.DeepEqual(kept[i], stored) {
			t.Errorf("in memory %+v, stored %+v", kept[i], stored)
		}
	}
}

// stored makes what an entry that was read from the database stands for, of the type of like.
func (r *rig) stored(e *outbox.Entry, like any) any {
	r.Helper()
	if e.Table == outbox.TableEvents {
		reader, err := r.log.Reader(e.Partition, e.Offset)
		must(r, err)
		defer func() { must(r, reader.Close()) }()
		var entries []stream.Entry
		entries, err = reader.Next(context.Background(), 1)
		must(r, err)
		decoded, err := event.Decode(entries[0].Value)
		must(r, err)
		return decoded
	}
	row := reflect.New(reflect.TypeOf(like).Elem()).Interface().(store.Row)
	must(r, json.Unmarshal(e.Row, row))
	row.SetPlace(store.Place{LogPartition: uint32(e.Partition), LogOffset: e.Offset, Ordinal: e.Ordinal})
	return row
}
