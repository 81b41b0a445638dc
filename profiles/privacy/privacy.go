// Package privacy says who is erased, suppressed and restricted. It holds what an erasure is, how the
// identifiers of its subject are kept (as keyed hashes alone), how a record, or a text that was never
// an event, is found to be theirs, and the ledger that outlives the data folder.
//
// README.md is the manual of an erasure, from the request to the certificate.
package privacy

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/stream"
)

// Status is how far an erasure has come.
type Status string

// The statuses, in their order. StatusCancelled ends it too.
const (
	StatusHeld      Status = "held"      // requested: the subject is restricted, nothing is removed
	StatusErasing   Status = "erasing"   // gone from the state; log, analytics store and disk follow
	StatusErased    Status = "erased"    // removed from all, as the certificate tells
	StatusCancelled Status = "cancelled" // taken back during the hold
)

// UpTo bounds records by partition: an offset less than that of its partition is below it.
type UpTo map[stream.Partition]uint64

// Below says whether a record stands below the bound. A partition that is not named has nothing below.
func (u UpTo) Below(p stream.Position) bool { return p.Offset < u[p.Partition] }

// Raise lifts the bound where the other is higher, and returns it.
func (u UpTo) Raise(o UpTo) UpTo {
	if u == nil {
		u = make(UpTo, len(o))
	}
	for p, next := range o {
		u[p] = max(u[p], next)
	}
	return u
}

// Erasure is one erasure as the log, the state and the ledger know it. It names nobody: its subject is
// observations and hashes of identifiers.
type Erasure struct {
	ID        uuid.UUID `json:"id"`
	Workspace string    `json:"workspace"`
	// Observations are those of the subject, ascending; Identifiers are hashes of what was theirs alone,
	// ascending.
	Observations []identity.ObservationID `json:"observations"`
	Identifiers  []IdentifierHash         `json:"identifiers"`
	// UpTo are the ends of the log's partitions when the erasure was carried out, or what of them was
	// applied by then if that is more.
	UpTo UpTo `json:"up_to,omitempty"`
	// At is when it was carried out: what was received until then is erased wherever it stands.
	At time.Time `json:"at,omitzero"`
	// Until, if set, spares what was received after it, below UpTo too. It is set where the ledger
	// brings an erasure to a log that does not know of it: who is not suppressed may have come back.
	Until time.Time `json:"until,omitzero"`
	// Suppress: records with one of the identifiers are refused from then on.
	Suppress    bool      `json:"suppress"`
	RequestedBy string    `json:"requested_by,omitempty"`
	Reason      string    `json:"reason,omitempty"` // the operator's words; never the subject's
	RequestedAt time.Time `json:"requested_at"`
	HoldUntil   time.Time `json:"hold_until"`
}

// Reaches says whether a record at that place is erased if it is the subject's. Times of events are not
// asked for, so that none escapes.
func (e *Erasure) Reaches(at stream.Position, received time.Time) bool {
	if !e.Until.IsZero() {
		return !received.After(e.Until)
	}
	return e.UpTo.Below(at) || !e.At.IsZero() && !received.After(e.At)
}

// Concerns says whether a record is the subject's: by its observation, or by an identifier that was
// theirs alone.
func (e *Erasure) Concerns(observation identity.ObservationID, identifiers []IdentifierHash) bool {
	if _, found := slices.BinarySearchFunc(e.Observations, observation, compareIDs); found {
		return true
	}
	return slices.ContainsFunc(identifiers, e.Holds)
}

// Holds says whether an identifier was the subject's alone.
func (e *Erasure) Holds(h IdentifierHash) bool {
	_, found := slices.BinarySearchFunc(e.Identifiers, h, IdentifierHash.Compare)
	return found
}

// Validate reports every fault, each with its field.
func (e *Erasure) Validate() error {
	var f []error
	check := func(ok bool, fault string) {
		if !ok {
			f = append(f, errors.New(fault))
		}
	}
	check(e.ID != uuid.Nil, "id: is required")
	check(e.Workspace != "", "workspace: is required")
	check(len(e.Observations) > 0, "observations: name at least one")
	check(slices.IsSortedFunc(e.Observations, compareIDs), "observations: are not ascending")
	check(slices.IsSortedFunc(e.Identifiers, IdentifierHash.Compare), "identifiers: are not ascending")
	check(!e.RequestedAt.IsZero(), "requested_at: is required")
	return errors.Join(f...)
}

// Count is how many stored events of one source and day of receipt (UTC, days since 1970-01-01) were
// erased.
type Count struct {
	Source string     `json:"source" policy:"meta"`
	Day    stream.Day `json:"day" policy:"meta"`
	Events uint64     `json:"events" policy:"meta"`
}

// Tombstone is the value of a record of stream.KindErased: what is left of a record in a log that was
// rewritten. A rebuild from it counts the record as before.
type Tombstone struct {
	Erasure uuid.UUID `json:"erasure"`
	// Message is the record's state.MessageHash in hex, and Payload the hash that tells a repetition
	// from a conflict, so that a copy of an erased event is a duplicate still. Empty where no copy can
	// be told from it any more, or the record was never an event.
	Message string `json:"message,omitempty"`
	Payload uint64 `json:"payload,omitempty,string"`
	// Was is "quarantined" for what was, with its reason and stage, and "suppressed" for what was: they stay
	// counted as that. Empty: it was stored, or a duplicate, which its message id tells again.
	Was    string `json:"was,omitempty"`
	Stage  string `json:"stage,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Replayed: it was taken when it was replayed as it was.
	Replayed bool `json:"replayed,omitempty"`
}

// The values of Tombstone.Was: what went to the quarantine, and what was refused behind the gate.
const (
	WasQuarantined = "quarantined"
	WasSuppressed  = "suppressed"
)

// ParseTombstone reads the value of a record of stream.KindErased. An empty one is a tombstone that
// says nothing.
func ParseTombstone(value []byte) (t Tombstone, err error) {
	if len(value) == 0 {
		return t, nil
	}
	if err := json.Unmarshal(value, &t); err != nil {
		return t, fmt.Errorf("privacy: tombstone: %w", err)
	}
	return t, nil
}

// Value is the tombstone as the value of a record.
func (t Tombstone) Value() []byte {
	value, err := json.Marshal(t)
	if err != nil { // strings and numbers always encode
		panic(err)
	}
	return value
}

func compareIDs(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }
