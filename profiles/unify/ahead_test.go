package unify_test

import (
	"fmt"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"tributary/ingest/schema"
	"tributary/ingest/stream"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// TestContractsAreKnownBeforeTheEvents: a state that is made again from the log judges every event by the
// contract of its time, whatever of the log it happens to read first.
func TestContractsAreKnownBeforeTheEvents(t *testing.T) {
	r := open(t, vfs.NewMem(), unify.Config{StepRecords: 16, BulkRecords: 8})
	const events = 300
	for i := range events {
		e := record(t, compared(fmt.Sprint("m", i), 2+i, `{"plan":7}`))
		e.Lane = stream.Lane(i % 2)
		r.put(e)
	}
	r.put(record(t, compared("before", 0, `{"plan":7}`)))
	r.put(command(t, 1, contract("Plan Compared", schema.Quarantine, plans)))
	r.put(command(t, 1000, contract("Plan Compared", schema.Accept, plans)))
	r.put(record(t, compared("after", 1001, `{"plan":7}`)))
	r.start()
	defer r.stop()
	r.settle()
	counts := r.counts("shop")
	if counts.Of(state.Quarantined, "schema") != events || counts.Stored != 2 {
		t.Errorf("counts %+v, want %d put aside and 2 stored", counts, events)
	}
}
