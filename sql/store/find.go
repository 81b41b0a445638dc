package store

import "github.com/google/uuid"

// NamedRow is a row of find/named: workspace, names and words []string, limit.
type NamedRow struct {
	Profile uuid.UUID `ch:"profile"`
	Whole   uint32    `ch:"whole"` // how many of the words are words of the name
	Begun   uint32    `ch:"begun"` // and of how many one begins so
}

// IdentifiedRow is a row of find/identified: workspace, value, quoted (the value as JSON), limit.
type IdentifiedRow struct {
	Type string `ch:"type"`
}

// RecordedRow is a row of find/recorded: workspace, value, contacts and money bool, contacts_since and money_since (Unix
// milliseconds), limit.
type RecordedRow struct {
	Observation uuid.UUID `ch:"observation"`
	Kinds       []string  `ch:"kinds"` // ascending: case, conversation, invoice, order
}
