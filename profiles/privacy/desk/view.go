package desk

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"tributary/profiles/privacy"
)

// Erasure is what is told of an erasure. Its observations and hashes are counted, not listed.
type Erasure struct {
	ID           uuid.UUID       `json:"id" policy:"meta"`
	Workspace    string          `json:"workspace" policy:"meta"`
	Status       privacy.Status  `json:"status" policy:"meta"`
	Observations int             `json:"observations" policy:"meta"`
	Identifiers  int             `json:"identifiers" policy:"meta"`
	Suppressed   bool            `json:"suppressed" policy:"meta"`
	RequestedAt  time.Time       `json:"requested_at" policy:"meta"`
	RequestedBy  string          `json:"requested_by,omitempty" policy:"meta"`
	Reason       string          `json:"reason,omitempty" policy:"meta"`
	HoldUntil    time.Time       `json:"hold_until" policy:"meta"`
	At           time.Time       `json:"at,omitzero" policy:"meta"` // when it was carried out in the state
	ErasedAt     time.Time       `json:"erased_at,omitzero" policy:"meta"`
	CancelledAt  time.Time       `json:"cancelled_at,omitzero" policy:"meta"`
	CancelledBy  string          `json:"cancelled_by,omitempty" policy:"meta"`
	Steps        []Step          `json:"steps,omitempty" policy:"-"`
	Removed      []privacy.Count `json:"removed,omitempty" policy:"-"`
	Certificate  json.RawMessage `json:"certificate,omitempty" policy:"meta"`
}

// Step is a step of an erasure.
type Step struct {
	Name string    `json:"name" policy:"meta"`
	At   time.Time `json:"at" policy:"meta"`
}

// View is what is told of an erasure.
func View(r *privacy.Record) *Erasure {
	v := &Erasure{
		ID: r.ID, Workspace: r.Workspace, Status: r.Status, Observations: len(r.Observations), Identifiers: len(r.Identifiers),
		Suppressed: r.Suppress, RequestedAt: r.RequestedAt, RequestedBy: r.RequestedBy, Reason: r.Reason, HoldUntil: r.HoldUntil,
		At: r.At, ErasedAt: r.ErasedAt, CancelledAt: r.CancelledAt, CancelledBy: r.CancelledBy, Removed: r.Removed, Certificate: r.Certificate,
	}
	for _, s := range r.Steps {
		v.Steps = append(v.Steps, Step{s.Name, s.At})
	}
	return v
}

// Erasures lists some.
type Erasures struct {
	Erasures []*Erasure `json:"erasures" policy:"-"`
}

// Views is View of all.
func Views(all []*privacy.Record) *Erasures {
	v := &Erasures{Erasures: []*Erasure{}}
	for _, r := range all {
		v.Erasures = append(v.Erasures, View(r))
	}
	return v
}

// Body is what is asked about somebody, or about identifiers.
type Body struct {
	Identifiers []Identifier `json:"identifiers,omitempty"`
	Profile     string       `json:"profile,omitempty"`
	// Suppress refuses the person's identifiers from then on. Default true.
	Suppress *bool  `json:"suppress,omitempty"`
	Hold     string `json:"hold,omitempty"` // such as "24h", "0s"; empty: the configuration's
	Reason   string `json:"reason,omitempty"`
}

// Identifier is one as a source would send it.
type Identifier struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// Done says of how many something was done.
type Done struct {
	Count int `json:"count" policy:"meta"`
}
