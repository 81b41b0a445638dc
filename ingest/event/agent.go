package event

import (
	"strings"

	"github.com/google/uuid"
)

// SourceAgent is the source of what agents write through the API, and of what the program decides itself:
// hand-offs, notes and promises. No key, connector or import can have it, for it is no ValidSource.
const SourceAgent = "tributary.agent"

// ByAgent says whether the event comes from SourceAgent, and so belongs to its Observation.
func (e *Event) ByAgent() bool { return e.Source == SourceAgent }

// AboutCommitment says whether an event of that name is about a promise: its CX has CommitmentID.
func AboutCommitment(name string) bool {
	return strings.HasPrefix(name, "commitment.") && InVocabulary(name)
}

// IsDeed says whether an event of that name may keep a promise: something was paid, delivered or done.
func IsDeed(name string) bool {
	switch name {
	case NameRefundIssued, NameCreditIssued, NamePaymentReceived, NameInvoicePaid, NameOrderDelivered, NameCallbackCompleted,
		NameAppointmentCompleted, NameCaseResolved:
		return true
	}
	return false
}

// agentOnly says whether events of that name come from SourceAgent alone.
func agentOnly(name string) bool {
	return (strings.HasPrefix(name, "handoff.") || name == NameNoteAdded) && InVocabulary(name)
}

// validateAgent keeps apart what agents write and what sources say. The one has an observation and brings
// nothing that says who somebody is; the other is found its observation by what it says.
func (e *Event) validateAgent(faults *Errors) {
	if !e.ByAgent() {
		if e.Observation != uuid.Nil {
			faults.Add("observation", "is for events of source "+SourceAgent+" alone: name the subject by identifiers")
		}
		if e.Type == TypeTrack && agentOnly(e.Name) {
			faults.Add("name", "is reserved for what is written through the API: POST /v1/handoffs, POST /v1/notes")
		}
		return
	}
	if e.Observation == uuid.Nil {
		faults.Add("observation", required)
	}
	if e.Type != TypeTrack || !agentOnly(e.Name) && !AboutCommitment(e.Name) {
		faults.Add("name", "must be commitment.*, handoff.* or note.added, of a track event")
	}
	const reason = "must not be given by source " + SourceAgent
	for _, f := range [...]struct {
		name  string
		given bool
	}{
		{"record", e.Record != nil}, {"identifiers", len(e.Identifiers) > 0}, {"attributes", len(e.Attributes) > 0},
		{"participants", len(e.Participants) > 0}, {"traits", e.Traits != nil},
	} {
		if f.given {
			faults.Add(f.name, reason)
		}
	}
}
