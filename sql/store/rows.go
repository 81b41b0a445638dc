package store

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// The rows of every table, one struct each. Their meaning stands here, their types in ClickHouse
// in eventcolumns.go, tables.go and sql/migrations.
//
// All times are UTC to the millisecond. A zero time is stored as 1970-01-01 and means "not said"
// where a field may be absent; times outside what DateTime64 holds are moved to its nearest end
// (MinTime, MaxTime). Strings are bytes: NUL and invalid UTF-8 are kept as they are. The tags are
// how a row travels inside the outbox; Place is not part of it, for the outbox entry has it.

// MinTime and MaxTime are the ends of what a time column holds.
var (
	MinTime = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	MaxTime = time.Date(2261, 12, 31, 23, 59, 59, 999_000_000, time.UTC)
)

// Millis is a time as a parameter of a statement has it: in Unix milliseconds, moved to the nearest end of what a column holds.
func Millis(at time.Time) int64 {
	return min(max(at.UnixMilli(), MinTime.UnixMilli()), MaxTime.UnixMilli())
}

// Place says which log record a row comes from, and which of its rows it is: 0 is the event
// itself. It is unique over all tables and the same after a replay, so that a sink whose insert
// ended without an answer can look which rows are there.
type Place struct {
	LogPartition uint32 `json:"-" ch:"log_partition"`
	LogOffset    uint64 `json:"-" ch:"log_offset"`
	Ordinal      uint32 `json:"-" ch:"ordinal"`
}

// Row is a row of any table.
type Row interface{ SetPlace(place Place) }

// SetPlace says where the row comes from that p is part of.
func (p *Place) SetPlace(place Place) { *p = place }

// EventRow is a row of events. NewEventRow makes one from an event.Event.
type EventRow struct {
	Place

	Workspace string `ch:"workspace"`
	Source    string `ch:"source"`
	MessageID string `ch:"message_id"`
	Type      string `ch:"type"`
	Name      string `ch:"name"`
	Channel   string `ch:"channel"` // empty for a source without customer contact

	At         time.Time `ch:"at"` // the corrected time
	OriginalAt time.Time `ch:"original_at"`
	SentAt     time.Time `ch:"sent_at"` // zero: not said
	ReceivedAt time.Time `ch:"received_at"`
	Order      int64     `ch:"client_order"` // the client's own order; 0: none
	Client     uint64    `ch:"client"`       // by whose clock OriginalAt is: event.Event.Client

	// Observation is who it is about. Its last eight bytes, big-endian, are the column
	// observation_key here and in every other table that has an observation.
	Observation uuid.UUID `ch:"observation"`
	Identifiers []uint64  `ch:"identifiers"` // identity.IdentifierKey of each, ascending

	RecordID      string `ch:"record_id"` // empty: not the content of a record
	RecordVersion string `ch:"record_version"`
	RecordDeleted bool   `ch:"record_deleted"`

	// Subject and Participants are JSON as in event.Event: the identifiers and attributes as
	// received {"identifiers":[…],"attributes":{…}}, and the others who took part. With them a
	// row holds the whole event. Empty: none.
	Subject      string `ch:"subject"`
	Participants string `ch:"participants"`

	CXColumns

	// Traits, Properties and Context are JSON exactly as received; empty: none.
	Traits     string `ch:"traits"`
	Properties string `ch:"properties"`
	Context    string `ch:"context"`
	// Query is what of Properties the engine can hold as JSON columns (SafeJSON), and QueryLeftOut
	// how many of its values it cannot.
	Query        string `ch:"query"`
	QueryLeftOut uint32 `ch:"query_left_out"`
}

// CXColumns are the typed fields of the customer-experience vocabulary, by the names of event.CX.
// Empty, and nil for the numbers, means not said. Turn is 0 when not said.
type CXColumns struct {
	ConversationID       string   `ch:"conversation_id"`
	ParentConversationID string   `ch:"parent_conversation_id"`
	LegID                string   `ch:"leg_id"`
	Turn                 int64    `ch:"turn"`
	Direction            string   `ch:"direction"`
	AuthorRole           string   `ch:"author_role"`
	AgentID              string   `ch:"agent_id"`
	Team                 string   `ch:"team"`
	Queue                string   `ch:"queue"`
	Skill                string   `ch:"skill"`
	CaseID               string   `ch:"case_id"`
	Topic                string   `ch:"topic"`
	Disposition          string   `ch:"disposition"`
	Priority             string   `ch:"priority"`
	Language             string   `ch:"language"`
	Sentiment            *float64 `ch:"sentiment"`
	TransferKind         string   `ch:"transfer_kind"`
	WaitS                *float64 `ch:"wait_s"` // seconds
	TalkS                *float64 `ch:"talk_s"`
	HoldS                *float64 `ch:"hold_s"`
	WrapS                *float64 `ch:"wrap_s"`
	Resolution           string   `ch:"resolution"`
	SurveyID             string   `ch:"survey_id"`
	Survey               string   `ch:"survey"`
	SurveyKind           string   `ch:"survey_kind"`
	AboutConversationID  string   `ch:"about_conversation_id"`
	Score                *float64 `ch:"score"`
	Scale                string   `ch:"scale"`
	Amount               *string  `ch:"amount"` // decimal text, at most 30 digits before and 8 after the point
	Currency             string   `ch:"currency"`
	Product              string   `ch:"product"`
	Entitlement          string   `ch:"entitlement"`
	AccountID            string   `ch:"account_id"`
	OrderID              string   `ch:"order_id"`
	Text                 string   `ch:"text"`
	Model                string   `ch:"model"`
	Tokens               *int64   `ch:"tokens"`
	Cost                 *float64 `ch:"cost"`

	Consent    string    `ch:"consent"`
	Purpose    string    `ch:"purpose"`
	LegalBasis string    `ch:"legal_basis"`
	Evidence   string    `ch:"evidence"`
	ValidUntil time.Time `ch:"valid_until"` // zero: not said

	AccountKind string    `ch:"account_kind"`
	AccountRole string    `ch:"account_role"`
	ValidFrom   time.Time `ch:"valid_from"` // zero: not said

	CommitmentID string    `ch:"commitment_id"`
	HandoffID    string    `ch:"handoff_id"`
	DueAt        time.Time `ch:"due_at"` // zero: not said
}

// FactKind says what a row of facts states.
type FactKind string

// The kinds of fact.
const (
	// FactObservation: an observation came to be. Body holds its identifiers and attributes.
	FactObservation FactKind = "observation"
	// FactRecord: a source stated a version of a record. Body holds that version's identifiers
	// and attributes.
	FactRecord FactKind = "record"
	// FactCommand: a person or program gave a command. Body is the command as it was logged.
	FactCommand FactKind = "command"
)

// FactRow is a row of facts: append-only, and with events enough to rebuild who is who.
type FactRow struct {
	Place

	Workspace string   `json:"workspace"`
	Kind      FactKind `json:"kind"`
	// Observation is what it is about; zero for a command.
	Observation   uuid.UUID `json:"observation,omitzero"`
	Source        string    `json:"source,omitempty"`
	MessageID     string    `json:"message_id,omitempty"`
	RecordID      string    `json:"record_id,omitempty"`
	RecordVersion string    `json:"record_version,omitempty"`
	RecordDeleted bool      `json:"record_deleted,omitempty"`
	Session       string    `json:"session,omitempty"` // what a stream observation is confined to
	// Identifiers are the keys of the identifiers in Body, ascending, to find by.
	Identifiers []uint64        `json:"identifiers,omitempty"`
	Body        json.RawMessage `json:"body,omitempty"`
	At          time.Time       `json:"at,omitzero"`
	ReceivedAt  time.Time       `json:"received_at"`
}

// IdentityMapRow is a row of identity_map: from Version on, Observation belongs to Profile. Only
// observations that have ever belonged to another's profile are there; one that came back to its
// own has a row with Profile equal to Observation.
type IdentityMapRow struct {
	Place

	Workspace   string    `json:"workspace"`
	Observation uuid.UUID `json:"observation"`
	Profile     uuid.UUID `json:"profile"`
	Version     uint64    `json:"version"` // identity_version of the workspace
	ChangedAt   time.Time `json:"changed_at"`
}

// DecisionKind says what a row of identity_decisions tells.
type DecisionKind string

// The kinds of decision.
const (
	// DecisionAssigned: an observation was joined to a profile, or left one, or stands alone.
	DecisionAssigned DecisionKind = "assigned"
	// DecisionConflict: a rule proposed to join Observation and Peer, a stronger one refused.
	DecisionConflict DecisionKind = "conflict"
	// DecisionReview: a person should decide whether Observation and Peer are one; RefusedBy says why
	// the score alone does not.
	DecisionReview DecisionKind = "review"
	// DecisionShared: the Candidates, those of them that are named, share the identifier of
	// IdentifierKey; Rule is what it seems to belong to, or "not_shared".
	DecisionShared DecisionKind = "shared"
	// DecisionCommand: a person decided; Rule is the verdict or command.
	DecisionCommand DecisionKind = "command"
)

// IdentityDecisionRow is a row of identity_decisions, the log that explains who is who.
type IdentityDecisionRow struct {
	Place

	Workspace       string       `json:"workspace"`
	Version         uint64       `json:"version"` // identity_version that it made
	Kind            DecisionKind `json:"kind"`
	Observation     uuid.UUID    `json:"observation,omitzero"`
	Profile         uuid.UUID    `json:"profile,omitzero"`
	PreviousProfile uuid.UUID    `json:"previous_profile,omitzero"`
	Standing        string       `json:"standing,omitempty"` // identity.Standing
	Candidates      []uuid.UUID  `json:"candidates,omitempty"`
	Rule            string       `json:"rule,omitempty"`
	IdentifierType  string       `json:"identifier_type,omitempty"`
	IdentifierKey   uint64       `json:"identifier_key,string,omitempty"` // of DecisionShared
	Peer            uuid.UUID    `json:"peer,omitzero"`
	RefusedBy       string       `json:"refused_by,omitempty"` // the rule that refused, of a conflict
	Score           float32      `json:"score,omitempty"`      // bits for one person, where a score decided
	Model           uint32       `json:"model,omitempty"`      // number of the model that weighed
	Actor           string       `json:"actor,omitempty"`      // who gave the command
	DecidedAt       time.Time    `json:"decided_at"`           // received time of the record that led to it
}

// ProfileRow is a row of profiles: what a profile was at Version. The greatest version counts.
type ProfileRow struct {
	Place

	Workspace string    `json:"workspace"`
	Profile   uuid.UUID `json:"profile"`
	Version   uint64    `json:"version"` // grows with every change of the profile
	// MergedInto is the profile that took it over; zero while it is one itself.
	MergedInto   uuid.UUID       `json:"merged_into,omitzero"`
	Removed      bool            `json:"removed,omitempty"` // no longer a profile: merged, split up or erased
	FirstSeenAt  time.Time       `json:"first_seen_at,omitzero"`
	LastSeenAt   time.Time       `json:"last_seen_at,omitzero"`
	Observations uint32          `json:"observations"`     // how many it consists of
	Events       uint64          `json:"events"`           // how many they hold
	Fields       json.RawMessage `json:"fields,omitempty"` // the golden record as a JSON object
	UpdatedAt    time.Time       `json:"updated_at"`
}

// ProfileChangeRow is a row of profile_changes: what changed in a profile, and why.
type ProfileChangeRow struct {
	Place

	Workspace string          `json:"workspace"`
	Profile   uuid.UUID       `json:"profile"`
	Version   uint64          `json:"version"`
	Kind      string          `json:"kind"`            // created, changed, merged, split, erased, …
	Field     string          `json:"field,omitempty"` // which field of the golden record
	Before    json.RawMessage `json:"before,omitempty"`
	After     json.RawMessage `json:"after,omitempty"`
	Source    string          `json:"source,omitempty"` // whose word it is
	Peer      uuid.UUID       `json:"peer,omitzero"`    // the other profile of a merge or split
	ChangedAt time.Time       `json:"changed_at"`
}

// QuarantineStatus says what became of a quarantined item.
type QuarantineStatus string

// The statuses.
const (
	QuarantineOpen      QuarantineStatus = "open"
	QuarantineReplayed  QuarantineStatus = "replayed"
	QuarantineDiscarded QuarantineStatus = "discarded"
)

// QuarantineRow is a row of quarantine: an item that could not be processed, or what became of it.
// The item is named by its own place in the log (Item…), which stays when its status changes; of
// an item's rows the greatest Version counts.
type QuarantineRow struct {
	Place

	Workspace     string           `json:"workspace"`
	Source        string           `json:"source"`
	ItemPartition uint32           `json:"item_partition"`
	ItemOffset    uint64           `json:"item_offset"`
	ItemOrdinal   uint32           `json:"item_ordinal,omitempty"`
	Version       uint64           `json:"version"`
	Status        QuarantineStatus `json:"status"`
	MessageID     string           `json:"message_id,omitempty"`
	Stage         string           `json:"stage"`           // who refused it: gateway, unify, sink
	Reason        string           `json:"reason"`          // machine name
	Field         string           `json:"field,omitempty"` // path of the field at fault
	Detail        string           `json:"detail,omitempty"`
	Payload       []byte           `json:"payload,omitempty"` // as received, any bytes
	ReceivedAt    time.Time        `json:"received_at"`
	ChangedAt     time.Time        `json:"changed_at"`
}
