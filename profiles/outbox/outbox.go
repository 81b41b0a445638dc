// Package outbox is the queue between unify and the sink, inside the hot state's Pebble instance:
// unify appends entries in the same atomic batch that commits offsets, identity and profiles; the
// sink consumes them by cursor and removes them by range.
//
// An entry refers to the log and carries derived columns; it holds no copy of an event.
package outbox

import (
	"tributary/ingest/stream"

	"github.com/google/uuid"
)

// Table says which table of ClickHouse an entry becomes a row of.
type Table uint8

// The tables.
const (
	TableEvents Table = iota + 1
	TableFacts
	TableIdentityMap
	TableIdentityDecisions
	TableProfiles
	TableProfileChanges
	TableQuarantine
)

// Entry is one row to be. (Position, Ordinal) is unique over all entries of all tables and the
// same after a replay of the log, so that the sink can tell which rows are there.
type Entry struct {
	Seq uint64 // place in the outbox, assigned by the Writer; not the same after a replay
	stream.Position
	// Ordinal tells the rows apart that one log record makes; 0 is the event itself.
	Ordinal uint32
	Table   Table
	// Event is set for TableEvents: the row is the log record at Position plus these columns.
	Event *EventColumns
	// Row is the row as JSON for every other table (the struct of that table in sql/store).
	Row []byte
}

// EventColumns are the columns of an event's row that only unify knows.
type EventColumns struct {
	Observation uuid.UUID
	// Identifiers are the 64-bit keys (identity.IdentifierKey) of the event's normalised,
	// unblocked identifiers, ascending.
	Identifiers []uint64
}
