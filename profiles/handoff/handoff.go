// Package handoff is the record that one who serves a customer leaves to the next, and who holds it. It is
// pure: no storage, no clock.
//
// A hand-off is what its events make it: a History is the set of them in the order of (received time, message
// id), and Fold says what stands at a time. So everybody who knows the same events says the same of who holds it.
package handoff

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Version is that of the schema of records.
const Version = 1

// The bounds of a lease.
const (
	DefaultLease = 10 * time.Minute
	MaxLease     = 2 * time.Hour
)

// What a record holds at most; see the schema.
const (
	MaxInteractions = 64
	MaxOpen         = 64
	MaxPromised     = 32
	MaxReads        = 64
	MaxReturns      = 16
	MaxExtensions   = 8 << 10 // bytes
	MaxLine         = 280     // characters
	MaxText         = 2000    // characters
)

// Kind says what somebody who serves customers is. It follows from the credential.
type Kind string

// The kinds.
const (
	KindHuman  Kind = "human"
	KindAI     Kind = "ai"
	KindSystem Kind = "system"
)

// Status is how a hand-off stands.
type Status string

// The statuses. Offered, released and expired: whoever it is for may accept it. Returned and closed: it is
// over, and the matter is not, or is, resolved.
const (
	StatusOffered  Status = "offered"
	StatusAccepted Status = "accepted"
	StatusReturned Status = "returned"
	StatusReleased Status = "released"
	StatusExpired  Status = "expired"
	StatusClosed   Status = "closed"
)

// Statuses lists all statuses.
func Statuses() []Status {
	return []Status{StatusOffered, StatusAccepted, StatusReturned, StatusReleased, StatusExpired, StatusClosed}
}

// Over says that nobody can accept it any more.
func (s Status) Over() bool { return s == StatusReturned || s == StatusClosed }

// Parts are the members of a record that can be read, in the order of the schema.
func Parts() []string {
	return []string{"wants", "tried", "promised", "verified", "open", "sentiment", "language", "summary", "interactions", "returns", "extensions"}
}

// What the holder of a hand-off can read of the customer beside the record.
const (
	ReadProfile     = "profile"
	ReadContext     = "context"
	ReadTimeline    = "timeline"
	ReadSearch      = "search"
	ReadCommitments = "commitments"
)

// maxParts is how many parts a read names at most.
const maxParts = 16

// Readable says whether a read may name something: a part, or what stands beside the record.
func Readable(part string) bool {
	beside := []string{ReadProfile, ReadContext, ReadTimeline, ReadSearch, ReadCommitments}
	return slices.Contains(Parts(), part) || slices.Contains(beside, part)
}

// Party is somebody who serves customers: the credential, and on whose behalf its holder says it acts.
type Party struct {
	Kind  Kind   `json:"kind" policy:"meta"`
	Actor string `json:"actor" policy:"meta"`
	ID    string `json:"id,omitempty" policy:"meta"`
	Name  string `json:"name,omitempty" policy:"meta"`
}

// Same says whether two are one: the same credential on behalf of the same.
func (p Party) Same(o Party) bool { return p.Actor == o.Actor && p.ID == o.ID }

// To says whom a hand-off is for. What is empty is not asked for.
type To struct {
	Kind  Kind   `json:"kind,omitempty" policy:"meta"`
	Queue string `json:"queue,omitempty" policy:"meta"`
	Skill string `json:"skill,omitempty" policy:"meta"`
	Actor string `json:"actor,omitempty" policy:"meta"` // Party.ID of the next one
}

// Admits says whether somebody may accept what is for t. Queues and skills are the desk's to know.
func (t To) Admits(p Party) bool {
	return (t.Kind == "" || t.Kind == p.Kind) && (t.Actor == "" || t.Actor == p.ID)
}

// Record is a hand-off as its schema has it (handoff-1.schema.json). All of its texts are untrusted. The tags
// named policy are the classes of the reader policy (api/policy).
type Record struct {
	ID           uuid.UUID     `json:"id" policy:"meta"`
	Version      int           `json:"version" policy:"meta"`
	From         Party         `json:"from" policy:"-"`
	To           To            `json:"to" policy:"-"`
	Subject      uuid.UUID     `json:"subject" policy:"meta"`
	Conversation string        `json:"conversation,omitempty" policy:"conversation"`
	Wants        string        `json:"wants,omitempty" policy:"content"`
	Tried        []Attempt     `json:"tried,omitempty" policy:"-"`
	Promised     []Promise     `json:"promised,omitempty" policy:"-"`
	Verified     *Verification `json:"verified,omitempty" policy:"-"`
	Open         []Matter      `json:"open,omitempty" policy:"-"`
	Sentiment    *float64      `json:"sentiment,omitempty" policy:"satisfaction"` // -1 to 1
	Language     string        `json:"language,omitempty" policy:"conversation"`  // BCP 47
	Summary      string        `json:"summary,omitempty" policy:"content"`
	Interactions []Interaction `json:"interactions,omitempty" policy:"-"` // oldest first
	// Extensions are members of the author's own making: valid JSON by name, at most MaxExtensions bytes in all.
	Extensions map[string]json.RawMessage `json:"extensions,omitempty" policy:"content"`
	CreatedAt  time.Time                  `json:"created_at" policy:"meta"`
	Status     Status                     `json:"status" policy:"meta"`
	Lease      *Lease                     `json:"lease,omitempty" policy:"-"`
	Reads      []Read                     `json:"reads,omitempty" policy:"-"`
	Returns    []Return                   `json:"returns,omitempty" policy:"-"`
}

// Attempt is something that was tried.
type Attempt struct {
	What    string    `json:"what" policy:"content"`
	Outcome string    `json:"outcome,omitempty" policy:"content"`
	At      time.Time `json:"at,omitzero" policy:"conversation"`
}

// Promise is a commitment by its id, or words.
type Promise struct {
	Commitment string    `json:"commitment,omitempty" policy:"conversation"`
	Text       string    `json:"text,omitempty" policy:"content"`
	Due        time.Time `json:"due,omitzero" policy:"conversation"`
}

// Verification says how sure it was who the customer is, when the hand-off was offered.
type Verification struct {
	Level string    `json:"level" policy:"conversation"`
	By    string    `json:"by,omitempty" policy:"conversation"`
	Until time.Time `json:"until,omitzero" policy:"conversation"`
}

// Matter is something open: an item on record, or words.
type Matter struct {
	Kind string `json:"kind,omitempty" policy:"conversation"`
	ID   string `json:"id,omitempty" policy:"conversation"`
	Text string `json:"text,omitempty" policy:"content"`
}

// Interaction refers to an event of the customer's. Line is what is kept of its text when the record is read.
type Interaction struct {
	Source       string    `json:"source" policy:"provenance"`
	MessageID    string    `json:"message_id" policy:"conversation"`
	At           time.Time `json:"at" policy:"conversation"`
	Channel      string    `json:"channel,omitempty" policy:"conversation"`
	Conversation string    `json:"conversation,omitempty" policy:"conversation"`
	Event        string    `json:"event,omitempty" policy:"conversation"`
	Author       string    `json:"author,omitempty" policy:"conversation"`
	Line         string    `json:"line,omitempty" policy:"content"`
}

// Lease says who holds a hand-off, and until when.
type Lease struct {
	Holder Party     `json:"holder" policy:"-"`
	Until  time.Time `json:"until" policy:"meta"`
}

// Read says who read which parts.
type Read struct {
	By    Party     `json:"by" policy:"-"`
	At    time.Time `json:"at" policy:"meta"`
	Parts []string  `json:"parts" policy:"meta"`
}

// Return is what somebody gave back.
type Return struct {
	By       Party     `json:"by" policy:"-"`
	At       time.Time `json:"at" policy:"meta"`
	Summary  string    `json:"summary" policy:"content"`
	Resolved bool      `json:"resolved" policy:"conversation"`
	Next     string    `json:"next,omitempty" policy:"content"`
}

// HasRead says which parts somebody has read.
func (r *Record) HasRead(p Party) map[string]bool {
	parts := map[string]bool{}
	for _, read := range r.Reads {
		if !read.By.Same(p) {
			continue
		}
		for _, part := range read.Parts {
			parts[part] = true
		}
	}
	return parts
}
