package sink

import (
	"encoding/json"
	"fmt"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/schema"
	"tributary/profiles/outbox"
	"tributary/sql/store"
)

func newEventRow(e *outbox.Entry, ev *event.Event) *store.EventRow {
	row := store.NewEventRow(schema.Without(ev, e.Event.Dropped), placeOf(e), e.Event.Observation, e.Event.Identifiers)
	return &row
}

// makeRow makes the row of an entry that is not an event, and says which partition it goes to, by
// the PARTITION BY of its table.
func makeRow(e *outbox.Entry) (row any, partition uint32, err error) {
	if e.Value != nil {
		return e.Value, partitionOf(e.Value), nil
	}
	made := newRow(e.Table)
	if made == nil {
		return nil, 0, fmt.Errorf("no row of %s is made from JSON", e.Table)
	}
	if err := json.Unmarshal(e.Row, made); err != nil {
		return nil, 0, err
	}
	made.SetPlace(placeOf(e))
	return made, partitionOf(made), nil
}

func newRow(table outbox.Table) store.Row {
	switch table {
	case outbox.TableFacts:
		return new(store.FactRow)
	case outbox.TableIdentityMap:
		return new(store.IdentityMapRow)
	case outbox.TableIdentityDecisions:
		return new(store.IdentityDecisionRow)
	case outbox.TableProfiles:
		return new(store.ProfileRow)
	case outbox.TableProfileChanges:
		return new(store.ProfileChangeRow)
	case outbox.TableQuarantine:
		return new(store.QuarantineRow)
	case outbox.TableAudit:
		return new(store.AuditRow)
	case outbox.TableConsentChanges:
		return new(store.ConsentRow)
	case outbox.TableDisclosures:
		return new(store.DisclosureRow)
	case outbox.TableProfileSegments:
		return new(store.ProfileSegmentsRow)
	default:
		return nil
	}
}

func partitionOf(row any) uint32 {
	switch r := row.(type) {
	case *store.FactRow:
		return uint32(r.ReceivedAt.Year())
	case *store.IdentityDecisionRow:
		return monthOf(r.DecidedAt)
	case *store.ProfileChangeRow:
		return monthOf(r.ChangedAt)
	case *store.AuditRow:
		return uint32(r.At.Year())
	case *store.ConsentRow:
		return uint32(r.ReceivedAt.Year())
	case *store.DisclosureRow:
		return monthOf(r.DisclosedAt)
	default:
		return 0
	}
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
	case *store.AuditRow:
		r.Workspace = row.Workspace
	case *store.ConsentRow:
		r.Workspace = row.Workspace
	case *store.DisclosureRow:
		r.Workspace = row.Workspace
	case *store.ProfileSegmentsRow:
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
