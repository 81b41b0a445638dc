package sink

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/sql/store"

	"github.com/cockroachdb/pebble/v2"
)

// TestLostStateComesOutOtherwise: made again from the log, who is who is decided at other places and
// under lower versions than before. None of the old rows may stand in for the new ones.
func TestLostStateComesOutOtherwise(t *testing.T) {
	r := newRig(t, 40)
	r.receive(50)
	r.unify()
	r.addMap(r.places[1], 1, 77)
	r.check(r.run(nil))

	r.loseState()
	r.offsets = outbox.Offsets{}
	r.unify()
	r.addMap(r.places[1], 1, 2)
	r.check(r.run(nil))
	r.offsets = r.reached(50)
	r.check(r.run(nil))
	if n := r.versions(t, 77); n != 0 {
		t.Errorf("%d rows of the state that was lost", n)
	}
	if n := r.versions(t, 2); n != 1 {
		t.Errorf("%d rows of the version that holds, want 1", n)
	}
}

// TestLostStateIsStillBeingMade: the program ends before the state has come to where the store is.
func TestLostStateIsStillBeingMade(t *testing.T) {
	r := newRig(t, 44)
	r.receive(60)
	r.unify()
	r.check(r.run(nil))
	r.loseState()
	r.offsets = outbox.Offsets{}
	r.unify()
	crash := func(at step) func(step) error {
		return func(st step) error {
			if st == at {
				return errCrash
			}
			return nil
		}
	}
	if err := r.run(crash(stepRecovered)); !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	r.unify() // what the crash took
	r.offsets = r.reached(20)
	r.check(r.run(nil))
	r.expect(nil)
}

// TestOldStateIsRefused: the state comes from a backup, and so lacks what was sent since. That it
// is refused must not hang on how often it is tried: unify goes on meanwhile.
func TestOldStateIsRefused(t *testing.T) {
	r := newRig(t, 41)
	r.receive(60)
	r.offsets = outbox.Offsets{}
	r.unify()
	r.check(r.run(nil))

	r.loseState()
	r.check(r.db.Set(appliedKey, []byte{0, 0, 0, 0, 0, 0, 0, 20}, pebble.Sync))
	r.offsets = r.reached(20)
	for range 2 {
		if err := r.run(nil); !errors.Is(err, ErrStateOld) {
			t.Fatalf("%v, want ErrStateOld", err)
		}
		r.unify()
		r.offsets = r.reached(60)
	}
	r.expect(nil)
}

// TestStoreOfAnotherLogIsRefused: the log was lost and began anew, with other records at the places
// that the store has rows of.
func TestStoreOfAnotherLogIsRefused(t *testing.T) {
	for name, after := range map[string]int{"log is shorter": 10, "log is longer": 90} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, 42)
			r.receive(60)
			r.unify()
			r.check(r.run(nil))
			r.loseState()
			r.offsets = outbox.Offsets{}
			r.loseLog("other-")
			r.receive(after)
			r.unify()
			if err := r.run(nil); !errors.Is(err, ErrForeign) {
				t.Fatalf("%v, want ErrForeign", err)
			}
		})
	}
}

// TestLostStateOfATrimmedLogIsRefused: what the log forgot cannot be made again, so what was made
// of it stays.
func TestLostStateOfATrimmedLogIsRefused(t *testing.T) {
	r := newRig(t, 43)
	r.receive(60)
	r.unify()
	r.check(r.run(nil))
	r.check(r.log.Trim(t.Context(), r.places[0].Partition, 5))
	r.loseState()
	r.offsets = outbox.Offsets{}
	if err := r.run(nil); !errors.Is(err, ErrForeign) {
		t.Fatalf("%v, want ErrForeign", err)
	}
	r.expect(nil)
}

// addMap appends a row of the identity map at a place where others stand.
func (r *rig) addMap(p stream.Position, ordinal uint32, version uint64) {
	r.t.Helper()
	row, err := json.Marshal(store.IdentityMapRow{
		Workspace: "acme", Observation: observation(1000), Profile: observation(int(version)), Version: version, ChangedAt: start,
	})
	r.check(err)
	batch := r.db.NewBatch()
	r.check(r.box.Writer.Append(batch, []outbox.Entry{{Position: p, Ordinal: ordinal, Table: outbox.TableIdentityMap, Row: row}}))
	r.check(batch.Commit(pebble.NoSync))
	r.box.Writer.Notify()
}

// versions counts the rows of the identity map of a version.
func (r *rig) versions(t *testing.T, version uint64) (n uint64) {
	t.Helper()
	row := r.ch.conn.QueryRow(context.Background(), "SELECT count() FROM identity_map WHERE version = ?", version)
	r.check(row.Scan(&n))
	return n
}
