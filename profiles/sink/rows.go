package sink

import (
	"encoding/json"
	"fmt"
	"time"

	"tributary/ingest/event"
	"tributary/profiles/outbox"
	"tributary/sql/store"
)

func newEventRow(e *outbox.Entry, ev *event.Event) *store.EventRow {
	row := store.NewEventRow(ev, placeOf(e), e.Event.Observation, e.Event.Identifiers)
	return &row
}

// makeRow makes the row of an entry that is not an event, and says which partition it goes to, by
// the PARTITION BY of its table.
func makeRow(e *outbox.Entry) (value any, partition uint32, err error) {
	switch e.Table {
	case outbox.TableFacts:
		var r store.FactRow
		err = unmarshal(e, &r, &r.Place)
		return &r, uint32(r.ReceivedAt.Year()), err
	case outbox.TableIdentityMap:
		var r store.IdentityMapRow
		return &r, 0, unmarshal(e, &r, &r.Place)
	case outbox.TableIdentityDecisions:
		var r store.IdentityDecisionRow
		err = unmarshal(e, &r, &r.Place)
		return &r, monthOf(r.DecidedAt), err
	case outbox.TableProfiles:
		var r store.ProfileRow
		return &r, 0, unmarshal(e, &r, &r.Place)
	case outbox.TableProfileChanges:
		var r store.ProfileChangeRow
		err = unmarshal(e, &r, &r.Place)
		return &r, monthOf(r.ChangedAt), err
	case outbox.TableQuarantine:
		var r store.QuarantineRow
		return &r, 0, unmarshal(e, &r, &r.Place)
	default:
		return nil, 0, fmt.Errorf("no row of %s is made from JSON", e.Table)
	}
}

func unmarshal(e *outbox.Entry, row any, place *store.Place) error {
	if err := json.Unmarshal(e.Row, row); err != nil {
		return err
	}
	*place = placeOf(e)
	return nil
}

func placeOf(e *outbox.Entry) store.Place {
	return store.Place{LogPartition: uint32(e.Partition), LogOffset: e.Offset, Ordinal: e.Ordinal}
}

func monthOf(at time.Time) uint32 { return uint32(at.Year())*12 + uint32(at.Month()) }

// originOf fills in whose row was refused.
func originOf(value any, r *outbox.Refusal) {
	switch row := value.(type) {
	case *store.EventRow:
		r.Workspace, r.Source, r.ReceivedAt = row.Workspace, row.Source, row.ReceivedAt
	case *store.FactRow:
		r.Workspace = row.Workspace
	case *store.IdentityMapRow:
		r.Workspace = row.Workspace
	case *store.IdentityDecisionRow:
		r.Workspace = row.Workspace
	case *store.ProfileRow:
		r.Workspace = row.Workspace
	case *store.ProfileChangeRow:
		r.Workspace = row.Workspace
	case *store.QuarantineRow:
		r.Workspace = row.Workspace
	}
}

// workspaceOf reads what can be read of a row that is not one of its table.
func workspaceOf(row []byte) string {
	var r struct {
		Workspace string `json:"workspace"`
	}
	_ = json.Unmarshal(row, &r)
	return r.Workspace
}
