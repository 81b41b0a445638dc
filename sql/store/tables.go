package store

import (
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
)

// Table is a table with rows of type R. The tables are the package's variables.
type Table[R any] struct {
	name     string
	columns  func() []column[R]
	encoders sync.Pool // of []column[R], for their buffers
}

// Name returns the table's name in ClickHouse.
func (t *Table[R]) Name() string { return t.name }

// Columns returns the table's columns in their order, with the types they are sent as.
func (t *Table[R]) Columns() []clickhouse.ColumnNameAndType {
	var all []clickhouse.ColumnNameAndType
	for _, c := range t.columns() {
		all = append(all, c.describe())
	}
	return all
}

func (t *Table[R]) encoder() []column[R] {
	if e, ok := t.encoders.Get().(*[]column[R]); ok {
		return *e
	}
	return t.columns()
}

func (t *Table[R]) release(columns []column[R]) {
	for _, c := range columns {
		c.forget()
	}
	t.encoders.Put(&columns)
}

// The tables that rows are inserted into.
var (
	Events            = &Table[EventRow]{name: "events", columns: eventColumns}
	Facts             = &Table[FactRow]{name: "facts", columns: factColumns}
	IdentityMap       = &Table[IdentityMapRow]{name: "identity_map", columns: identityMapColumns}
	IdentityDecisions = &Table[IdentityDecisionRow]{name: "identity_decisions", columns: decisionColumns}
	Profiles          = &Table[ProfileRow]{name: "profiles", columns: profileColumns}
	ProfileChanges    = &Table[ProfileChangeRow]{name: "profile_changes", columns: changeColumns}
	Quarantine        = &Table[QuarantineRow]{name: "quarantine", columns: quarantineColumns}
	Disclosures       = &Table[DisclosureRow]{name: "disclosures", columns: disclosureColumns}
	Audit             = &Table[AuditRow]{name: "audit", columns: auditColumns}
	ConsentChanges    = &Table[ConsentRow]{name: "consent_changes", columns: consentColumns}
	ProfileSegments   = &Table[ProfileSegmentsRow]{name: "profile_segments", columns: profileSegmentsColumns}
)

// TableNames returns the names of the tables that rows are inserted into.
func TableNames() []string { return slices.Clone(tableNames) }

// tableNames are the names of the tables that rows are inserted into.
var tableNames = []string{
	Events.name, Facts.name, IdentityMap.name, IdentityDecisions.name,
	Profiles.name, ProfileChanges.name, Quarantine.name, Disclosures.name, Audit.name, ConsentChanges.name,
	ProfileSegments.name,
}

func factColumns() []column[FactRow] {
	type R = FactRow
	return append([]column[R]{
		text("workspace", func(r *R) string { return r.Workspace }),
		text("kind", func(r *R) string { return string(r.Kind) }),
		id("observation", func(r *R) uuid.UUID { return r.Observation }),
		uint64s("observation_key", func(r *R) uint64 { return ObservationKey(r.Observation) }),
		text("source", func(r *R) string { return r.Source }),
		text("message_id", func(r *R) string { return r.MessageID }),
		text("record_id", func(r *R) string { return r.RecordID }),
		text("record_version", func(r *R) string { return r.RecordVersion }),
		boolean("record_deleted", func(r *R) bool { return r.RecordDeleted }),
		text("session", func(r *R) string { return r.Session }),
		list("identifiers", "UInt64", func(r *R) []uint64 { return r.Identifiers }),
		raw("body", func(r *R) json.RawMessage { return r.Body }),
		moment("at", func(r *R) time.Time { return r.At }),
		moment("received_at", func(r *R) time.Time { return r.ReceivedAt }),
	}, place(func(r *R) *Place { return &r.Place })...)
}

func identityMapColumns() []column[IdentityMapRow] {
	type R = IdentityMapRow
	return append([]column[R]{
		text("workspace", func(r *R) string { return r.Workspace }),
		id("observation", func(r *R) uuid.UUID { return r.Observation }),
		uint64s("observation_key", func(r *R) uint64 { return ObservationKey(r.Observation) }),
		id("profile", func(r *R) uuid.UUID { return r.Profile }),
		uint64s("version", func(r *R) uint64 { return r.Version }),
		moment("changed_at", func(r *R) time.Time { return r.ChangedAt }),
	}, place(func(r *R) *Place { return &r.Place })...)
}

func decisionColumns() []column[IdentityDecisionRow] {
	type R = IdentityDecisionRow
	return append([]column[R]{
		text("workspace", func(r *R) string { return r.Workspace }),
		uint64s("version", func(r *R) uint64 { return r.Version }),
		text("kind", func(r *R) string { return string(r.Kind) }),
		id("observation", func(r *R) uuid.UUID { return r.Observation }),
		uint64s("observation_key", func(r *R) uint64 { return ObservationKey(r.Observation) }),
		id("profile", func(r *R) uuid.UUID { return r.Profile }),
		id("previous_profile", func(r *R) uuid.UUID { return r.PreviousProfile }),
		text("standing", func(r *R) string { return r.Standing }),
		list("candidates", "UUID", func(r *R) []uuid.UUID { return r.Candidates }),
		text("rule", func(r *R) string { return r.Rule }),
		text("identifier_type", func(r *R) string { return r.IdentifierType }),
		uint64s("identifier_key", func(r *R) uint64 { return r.IdentifierKey }),
		id("peer", func(r *R) uuid.UUID { return r.Peer }),
		text("refused_by", func(r *R) string { return r.RefusedBy }),
		float32s("score", func(r *R) float32 { return r.Score }),
		uint32s("model", func(r *R) uint32 { return r.Model }),
		text("actor", func(r *R) string { return r.Actor }),
		moment("decided_at", func(r *R) time.Time { return r.DecidedAt }),
	}, place(func(r *R) *Place { return &r.Place })...)
}

func profileColumns() []column[ProfileRow] {
	type R = ProfileRow
	return append([]column[R]{
		text("workspace", func(r *R) string { return r.Workspace }),
		id("profile", func(r *R) uuid.UUID { return r.Profile }),
		uint64s("version", func(r *R) uint64 { return r.Version }),
		id("merged_into", func(r *R) uuid.UUID { return r.MergedInto }),
		boolean("removed", func(r *R) bool { return r.Removed }),
		moment("first_seen_at", func(r *R) time.Time { return r.FirstSeenAt }),
		moment("last_seen_at", func(r *R) time.Time { return r.LastSeenAt }),
		uint32s("observations", func(r *R) uint32 { return r.Observations }),
		uint64s("events", func(r *R) uint64 { return r.Events }),
		raw("fields", func(r *R) json.RawMessage { return r.Fields }),
		moment("updated_at", func(r *R) time.Time { return r.UpdatedAt }),
	}, place(func(r *R) *Place { return &r.Place })...)
}

func changeColumns() []column[ProfileChangeRow] {
	type R = ProfileChangeRow
	return append([]column[R]{
		text("workspace", func(r *R) string { return r.Workspace }),
		id("profile", func(r *R) uuid.UUID { return r.Profile }),
		uint64s("version", func(r *R) uint64 { return r.Version }),
		text("kind", func(r *R) string { return r.Kind }),
		text("field", func(r *R) string { return r.Field }),
		raw("before", func(r *R) json.RawMessage { return r.Before }),
		raw("after", func(r *R) json.RawMessage { return r.After }),
		text("source", func(r *R) string { return r.Source }),
		id("peer", func(r *R) uuid.UUID { return r.Peer }),
		moment("changed_at", func(r *R) time.Time { return r.ChangedAt }),
	}, place(func(r *R) *Place { return &r.Place })...)
}

func quarantineColumns() []column[QuarantineRow] {
	type R = QuarantineRow
	return append([]column[R]{
		text("workspace", func(r *R) string { return r.Workspace }),
		text("source", func(r *R) string { return r.Source }),
		uint32s("item_partition", func(r *R) uint32 { return r.ItemPartition }),
		uint64s("item_offset", func(r *R) uint64 { return r.ItemOffset }),
		uint32s("item_ordinal", func(r *R) uint32 { return r.ItemOrdinal }),
		uint64s("version", func(r *R) uint64 { return r.Version }),
		text("status", func(r *R) string { return string(r.Status) }),
		text("message_id", func(r *R) string { return r.MessageID }),
		text("stage", func(r *R) string { return r.Stage }),
		text("reason", func(r *R) string { return r.Reason }),
		text("field", func(r *R) string { return r.Field }),
		text("detail", func(r *R) string { return r.Detail }),
		raw("payload", func(r *R) []byte { return r.Payload }),
		moment("received_at", func(r *R) time.Time { return r.ReceivedAt }),
		moment("changed_at", func(r *R) time.Time { return r.ChangedAt }),
	}, place(func(r *R) *Place { return &r.Place })...)
}

// raw is text that is held as bytes.
func raw[R any, B ~[]byte](name string, get func(*R) B) column[R] {
	return text(name, func(r *R) string { return string(get(r)) })
}
