package gateway

import (
	"maps"

	"tributary/ingest/event"
)

// commitmentProperties are the fields of an event about a promise that others have too, meaning something else.
type commitmentProperties struct {
	DueAt string `json:"due_at"`
}

var commitmentFields = map[string]*shape{"due_at": text}

var commitmentShape = func() *shape {
	fields := maps.Clone(cxShape.fields)
	maps.Copy(fields, commitmentFields)
	return objectOf(fields)
}()

// ofCommitment takes when what was promised is due.
func (c *call) ofCommitment(faults *event.Errors) {
	if c.payload.Type != event.TypeTrack || !event.AboutCommitment(c.payload.Event) {
		return
	}
	if c.typed.CommitmentID == "" {
		faults.Add("properties.commitment_id", "is required")
	}
	if c.commitment.DueAt != "" {
		c.typed.CX.DueAt = parseTime("properties.due_at", c.commitment.DueAt, faults)
	}
}
