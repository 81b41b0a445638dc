package store

import (
	"time"

	"github.com/google/uuid"
)

// The rows of the named queries, by the query's name. Params beside each.

// TimelineRow is a row of timeline/page: workspace, observations []uuid.UUID, observation_keys
// []uint64 (ObservationKey of each), channels []string, limit, and of the last row before, by which it is ordered:
// before_ordered_at and before_original_at (Unix milliseconds), before_client, before_order,
// before_message_id, before_source.
type TimelineRow struct {
	Source         string    `ch:"source"`
	MessageID      string    `ch:"message_id"`
	Type           string    `ch:"type"`
	Name           string    `ch:"name"`
	Channel        string    `ch:"channel"`
	At             time.Time `ch:"at"`
	ReceivedAt     time.Time `ch:"received_at"`
	OriginalAt     time.Time `ch:"original_at"`
	Order          int64     `ch:"client_order"`
	Client         uint64    `ch:"client"`
	OrderedAt      time.Time `ch:"ordered_at"`
	Observation    uuid.UUID `ch:"observation"`
	ConversationID string    `ch:"conversation_id"`
	Direction      string    `ch:"direction"`
	AuthorRole     string    `ch:"author_role"`
	AgentID        string    `ch:"agent_id"`
	CaseID         string    `ch:"case_id"`
	Topic          string    `ch:"topic"`
	Survey         string    `ch:"survey"`
	Score          *float64  `ch:"score"`
	Scale          string    `ch:"scale"`
	Amount         *string   `ch:"amount"`
	Currency       string    `ch:"currency"`
	Resolution     string    `ch:"resolution"`
	Text           string    `ch:"text"`
	LogPartition   uint32    `ch:"log_partition"`
	LogOffset      uint64    `ch:"log_offset"`
}

// SaidRow is a row of timeline/said: workspace, observations, observation_keys, words []string, since (Unix
// milliseconds), withheld_groups []string, contacts and others bool, limit, and of the last row before
// before_matched, before_at (Unix milliseconds), before_message_id, before_source.
type SaidRow struct {
	Matched        uint32    `ch:"matched"` // of the words
	At             time.Time `ch:"at"`
	MessageID      string    `ch:"message_id"`
	Source         string    `ch:"source"`
	Type           string    `ch:"type"`
	Name           string    `ch:"name"`
	Channel        string    `ch:"channel"`
	Direction      string    `ch:"direction"`
	AuthorRole     string    `ch:"author_role"`
	AgentID        string    `ch:"agent_id"`
	ConversationID string    `ch:"conversation_id"`
	CaseID         string    `ch:"case_id"`
	Text           string    `ch:"text"`
}

// ChannelCount is a row of counts/by_channel: workspace, observations, observation_keys.
type ChannelCount struct {
	Channel string    `ch:"channel"`
	Events  uint64    `ch:"events"`
	FirstAt time.Time `ch:"first_at"`
	LastAt  time.Time `ch:"last_at"`
}

// ProfileCount is a row of counts/by_profile: workspace, limit.
type ProfileCount struct {
	Profile uuid.UUID `ch:"profile"`
	Events  uint64    `ch:"events"`
}

// ReviewRow is a row of identity/reviews: workspace, limit, and the place after which to begin: after_bits,
// after_observation, after_peer.
type ReviewRow struct {
	Observation uuid.UUID `ch:"observation" json:"observation"`
	Peer        uuid.UUID `ch:"peer" json:"peer"`
	Profile     uuid.UUID `ch:"profile" json:"profile"`
	Other       uuid.UUID `ch:"other" json:"other"`
	Reason      string    `ch:"reason" json:"reason"` // why the score alone does not merge them
	Bits        float32   `ch:"bits" json:"bits"`
	AskedAt     time.Time `ch:"asked_at" json:"asked_at"`
	Open        uint64    `ch:"open" json:"open"` // how many there are in all
}

// MessageCount is a row of counts/by_message (workspace, source) and of counts/by_message_id
// (workspace, source, message_ids []string).
type MessageCount struct {
	MessageID string `ch:"message_id"`
	Rows      uint64 `ch:"rows"`
}

// SourceCount is a row of counts/reconcile, which takes no parameters.
type SourceCount struct {
	Workspace           string `ch:"workspace"`
	Source              string `ch:"source"`
	Stored              uint64 `ch:"stored"`          // rows of events
	DistinctStored      uint64 `ch:"distinct_stored"` // places in the log that they come from; Stored if none is doubled
	QuarantineOpen      uint64 `ch:"quarantine_open"`
	QuarantineReplayed  uint64 `ch:"quarantine_replayed"`
	QuarantineDiscarded uint64 `ch:"quarantine_discarded"`
}

// TableSize is a row of operate/table_sizes, which takes no parameters.
type TableSize struct {
	Table             string  `ch:"table"`
	Rows              uint64  `ch:"rows"`
	BytesOnDisk       uint64  `ch:"bytes_on_disk"`
	BytesUncompressed uint64  `ch:"bytes_uncompressed"`
	Parts             uint64  `ch:"parts"`
	Partitions        uint64  `ch:"partitions"`
	BytesPerRow       float64 `ch:"bytes_per_row"`
}
