// Package outbox is the queue between unify and the sink, inside the hot state's Pebble instance:
// unify appends entries in the same atomic batch that commits offsets, identity and profiles; the
// sink consumes them by cursor and removes them by range.
//
// An entry refers to the log and carries derived columns; on disk it holds no copy of an event.
package outbox

import (
	"fmt"

	"tributary/ingest/stream"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/uuid"
)

// Prefix is the first byte of every key that this package writes; the state uses others.
const Prefix = 'x'

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
	TableAudit
	TableConsentChanges
	TableDisclosures
	TableProfileSegments
)

var tableNames = [...]string{
	TableEvents:            "events",
	TableFacts:             "facts",
	TableIdentityMap:       "identity_map",
	TableIdentityDecisions: "identity_decisions",
	TableProfiles:          "profiles",
	TableProfileChanges:    "profile_changes",
	TableQuarantine:        "quarantine",
	TableAudit:             "audit",
	TableConsentChanges:    "consent_changes",
	TableDisclosures:       "disclosures",
	TableProfileSegments:   "profile_segments",
}

// Tables lists all tables in their order.
func Tables() []Table {
	all := make([]Table, 0, len(tableNames)-1)
	for t := TableEvents; int(t) < len(tableNames); t++ {
		all = append(all, t)
	}
	return all
}

// String returns the table's name in ClickHouse.
func (t Table) String() string {
	if !t.valid() {
		return fmt.Sprintf("table(%d)", uint8(t))
	}
	return tableNames[t]
}

func (t Table) valid() bool { return t >= TableEvents && int(t) < len(tableNames) }

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

	// Value spares the reader of the outbox to make again what the writer had: for TableEvents the
	// *event.Event that the log record holds, else the row itself, a pointer to its struct with
	// its place set. It is in memory alone, so an entry may come without it, and it is shared:
	// from Append on nobody changes it.
	Value any
	// Size is how many bytes the log record's value has; set with Value, for TableEvents.
	Size int
}

// EventColumns are the columns of an event's row that only unify knows.
type EventColumns struct {
	Observation uuid.UUID
	// Identifiers are the 64-bit keys (identity.IdentifierKey) of the event's normalised,
	// unblocked identifiers, ascending.
	Identifiers []uint64
	// Dropped are the fields that the contract of its source does not allow (schema.Without): the row
	// has them not. Value is without them already.
	Dropped []string
}

// Outbox is the queue's two ends over one database.
type Outbox struct {
	Writer *Writer // unify's end
	Queue  *Queue  // the sink's end
}

// Open opens the outbox that lives under Prefix in db, empty if there is none. The database stays
// the caller's, who closes it after the last use of both ends. At most one Outbox may be open over
// a database.
func Open(db *pebble.DB) (*Outbox, error) {
	q := &Queue{db: db, grown: make(chan struct{}), tail: tail{limit: tailBytes}}
	last, err := q.recover()
	if err != nil {
		return nil, fmt.Errorf("open outbox: %w", err)
	}
	q.last.Store(last)
	if last > q.Sent() {
		q.segments = []unsent{{last: last}} // there may be such rows among them
	}
	return &Outbox{Writer: &Writer{queue: q, next: last + 1}, Queue: q}, nil
}
