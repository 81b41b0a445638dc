package unify_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
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

// TestRestrictedBeforeTheEvents: a state that is made again from the log shows nobody, not for a moment, whose use
// the log restricts further on; who is not restricted any more is shown.
func TestRestrictedBeforeTheEvents(t *testing.T) {
	r := open(t, vfs.NewMem(), private(t))
	var observations []identity.ObservationID
	people := []event.Identifier{user("anna"), user("berta"), user("carl")}
	for i, id := range people {
		e := ev("shop", id.Value, i, id)
		observations = append(observations, r.observation(e))
		r.put(record(t, e))
	}
	for i := range 300 {
		r.put(record(t, ev("shop", fmt.Sprint("m", i), 10+i, user(fmt.Sprint("other", i%7)))))
	}
	r.put(command(t, 1000, unify.PrivacyRestrict{Observations: []identity.ObservationID{observations[0], observations[2]}}))
	r.put(command(t, 1001, unify.PrivacyRequest{ID: uuid.New(), Observations: observations[1:2], HoldUntil: epoch.Add(time.Hour)}))
	r.put(command(t, 1002, unify.PrivacyUnrestrict{Observations: observations[2:]}))
	var shown []string
	r.config.Now = func() time.Time { // the worker asks in every step
		for i, id := range people {
			if r.knows(id) && !r.state.Restricted("w", observations[i]) {
				shown = append(shown, id.Value)
			}
		}
		return epoch
	}
	r.start()
	r.settle()
	r.stop()
	if slices.Contains(shown, "anna") || slices.Contains(shown, "berta") || !slices.Contains(shown, "carl") {
		t.Errorf("are shown: %v", slices.Compact(shown))
	}
}
