package unify

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/profiles/privacy"
)

// The commands of privacy (../privacy/README.md). None of them holds a value of a person: identifiers are
// hashed. Where one has At, that is when it was first given, and the order among those about the same
// thing: the ledger brings them to a log that has not got them. Else it is when the record was received.

// PrivacyRequest holds an erasure: the subject is restricted until it is carried out or cancelled.
type PrivacyRequest struct {
	Actor        string                   `json:"actor,omitempty"`
	ID           uuid.UUID                `json:"id"`
	Observations []identity.ObservationID `json:"observations"`
	Identifiers  []privacy.IdentifierHash `json:"identifiers,omitempty"`
	Suppress     bool                     `json:"suppress,omitempty"`
	Reason       string                   `json:"reason,omitempty"`
	HoldUntil    time.Time                `json:"hold_until"`
}

// PrivacyCancel takes a held erasure back. What is carried out stays so.
type PrivacyCancel struct {
	Actor string    `json:"actor,omitempty"`
	ID    uuid.UUID `json:"id"`
}

// PrivacyErase carries an erasure out.
type PrivacyErase struct {
	Actor string `json:"actor,omitempty"`
	privacy.Erasure
}

// PrivacyNote keeps a step of an erasure that is carried out.
type PrivacyNote struct {
	ID   uuid.UUID    `json:"id"`
	Step privacy.Step `json:"step"`
}

// PrivacyErased says that an erasure is done everywhere.
type PrivacyErased struct {
	ID uuid.UUID `json:"id"`
	// UpTo are the bounds as the state had them, so that a state made again has the same.
	UpTo privacy.UpTo `json:"up_to"`
	// Removed is how many events that were stored, or counted directly, are erased below UpTo.
	Removed     []privacy.Count `json:"removed,omitempty"`
	Certificate json.RawMessage `json:"certificate,omitempty"`
	At          time.Time       `json:"at"`
}

// PrivacySuppress has records with one of the identifiers refused from then on.
type PrivacySuppress struct {
	Actor       string                   `json:"actor,omitempty"`
	Identifiers []privacy.IdentifierHash `json:"identifiers"`
	Reason      string                   `json:"reason,omitempty"`
	At          time.Time                `json:"at,omitzero"`
}

// PrivacyUnsuppress takes a PrivacySuppress back, or what an erasure suppressed.
type PrivacyUnsuppress struct {
	Actor       string                   `json:"actor,omitempty"`
	Identifiers []privacy.IdentifierHash `json:"identifiers"`
	At          time.Time                `json:"at,omitzero"`
}

// PrivacyRestrict has observations kept and not used.
type PrivacyRestrict struct {
	Actor        string                   `json:"actor,omitempty"`
	Observations []identity.ObservationID `json:"observations"`
	Reason       string                   `json:"reason,omitempty"`
}

// PrivacyUnrestrict takes a PrivacyRestrict back.
type PrivacyUnrestrict struct {
	Actor        string                   `json:"actor,omitempty"`
	Observations []identity.ObservationID `json:"observations"`
}

// PrivacyVoid does nothing. It stands in a rewritten log where a command was that held something of an
// erased person.
type PrivacyVoid struct {
	Erasure uuid.UUID `json:"erasure"`
	Was     string    `json:"was"` // the name of the command
}

// MaxPrivacyBatch is how many observations or identifiers one command may name.
const MaxPrivacyBatch = 10_000

// Name implements Command.
func (PrivacyRequest) Name() string { return "privacy.request" }

// Name implements Command.
func (PrivacyCancel) Name() string { return "privacy.cancel" }

// Name implements Command.
func (PrivacyErase) Name() string { return "privacy.erase" }

// Name implements Command.
func (PrivacyNote) Name() string { return "privacy.note" }

// Name implements Command.
func (PrivacyErased) Name() string { return "privacy.erased" }

// Name implements Command.
func (PrivacySuppress) Name() string { return "privacy.suppress" }

// Name implements Command.
func (PrivacyUnsuppress) Name() string { return "privacy.unsuppress" }

// Name implements Command.
func (PrivacyRestrict) Name() string { return "privacy.restrict" }

// Name implements Command.
func (PrivacyUnrestrict) Name() string { return "privacy.unrestrict" }

// Name implements Command.
func (PrivacyVoid) Name() string { return "privacy.void" }

// Validate implements Command.
func (c PrivacyRequest) Validate() error {
	f := validObservations(c.Observations)
	f.check(c.ID != uuid.Nil, "id: is required")
	f.check(len(c.Identifiers) <= MaxPrivacyBatch, "identifiers: are more than 10000")
	f.check(!c.HoldUntil.IsZero(), "hold_until: is required")
	return f.err()
}

// Validate implements Command.
func (c PrivacyCancel) Validate() error { return validID(c.ID) }

// Validate implements Command.
func (c PrivacyErase) Validate() error {
	var f faults
	if err := c.Erasure.Validate(); err != nil {
		f = append(f, err)
	}
	f.check(len(c.Observations) <= MaxPrivacyBatch, "observations: are more than 10000")
	f.check(len(c.Identifiers) <= MaxPrivacyBatch, "identifiers: are more than 10000")
	f.check(!c.At.IsZero(), "at: is required")
	return f.err()
}

// Validate implements Command.
func (c PrivacyNote) Validate() error {
	var f faults
	f.check(c.ID != uuid.Nil, "id: is required")
	f.check(c.Step.Name != "", "step.name: is required")
	return f.err()
}

// Validate implements Command.
func (c PrivacyErased) Validate() error {
	var f faults
	f.check(c.ID != uuid.Nil, "id: is required")
	f.check(!c.At.IsZero(), "at: is required")
	return f.err()
}

// Validate implements Command.
func (c PrivacySuppress) Validate() error { return validHashes(c.Identifiers).err() }

// Validate implements Command.
func (c PrivacyUnsuppress) Validate() error { return validHashes(c.Identifiers).err() }

// Validate implements Command.
func (c PrivacyRestrict) Validate() error { return validObservations(c.Observations).err() }

// Validate implements Command.
func (c PrivacyUnrestrict) Validate() error { return validObservations(c.Observations).err() }

// Validate implements Command.
func (c PrivacyVoid) Validate() error { return nil }

func validID(id uuid.UUID) error {
	var f faults
	f.check(id != uuid.Nil, "id: is required")
	return f.err()
}

func validObservations(ids []identity.ObservationID) (f faults) {
	f.check(len(ids) > 0 && len(ids) <= MaxPrivacyBatch, "observations: must be 1 to 10000")
	f.check(!slices.Contains(ids, uuid.Nil), "observations: one is no id")
	return f
}

func validHashes(hashes []privacy.IdentifierHash) (f faults) {
	f.check(len(hashes) > 0 && len(hashes) <= MaxPrivacyBatch, "identifiers: must be 1 to 10000")
	return f
}

// parsePrivacy is ParseCommand for these; nil: it is none of them.
func parsePrivacy(name string, value []byte) (Command, error) {
	switch name {
	case PrivacyRequest{}.Name():
		return parse[PrivacyRequest](value)
	case PrivacyCancel{}.Name():
		return parse[PrivacyCancel](value)
	case PrivacyErase{}.Name():
		return parse[PrivacyErase](value)
	case PrivacyNote{}.Name():
		return parse[PrivacyNote](value)
	case PrivacyErased{}.Name():
		return parse[PrivacyErased](value)
	case PrivacySuppress{}.Name():
		return parse[PrivacySuppress](value)
	case PrivacyUnsuppress{}.Name():
		return parse[PrivacyUnsuppress](value)
	case PrivacyRestrict{}.Name():
		return parse[PrivacyRestrict](value)
	case PrivacyUnrestrict{}.Name():
		return parse[PrivacyUnrestrict](value)
	case PrivacyVoid{}.Name():
		return parse[PrivacyVoid](value)
	}
	return nil, nil
}
