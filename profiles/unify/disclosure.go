package unify

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/sql/store"
)

// DisclosureSource is the source that disclosures enter the log under: a partition of their own, so that
// many readings do not stand before people's commands.
const DisclosureSource = "tributary.disclosure"

// MaxDisclosed bounds the observations that a disclosure names, and the paths of each of its lists.
const MaxDisclosed = 256

// Disclosure is the record of a reading: who or what was answered which fields of whom, what for. It changes
// nothing but the record. It holds paths of fields, never a value.
type Disclosure struct {
	Kind string `json:"kind"` // store.DisclosureAnswer or store.DisclosureListed
	// Observations are the subjects, at most MaxDisclosed of Total; Profile is whose they were. Of those listed
	// they are the founding ones, whose ids are the profiles'.
	Observations    []identity.ObservationID `json:"observations"`
	Total           int                      `json:"total"`
	Profile         identity.ProfileID       `json:"profile"`
	IdentityVersion uint64                   `json:"identity_version"`

	Actor     string `json:"actor"` // key:<id>, jwt:<hash>:<hash> or socket:<uid>
	Purpose   string `json:"purpose,omitempty"`
	Reader    string `json:"reader,omitempty"`
	Level     string `json:"level,omitempty"`
	Route     string `json:"route"`
	RequestID string `json:"request_id,omitempty"`

	Classes  []string `json:"classes,omitempty"`
	Shown    []string `json:"shown,omitempty"`
	Masked   []string `json:"masked,omitempty"`
	Withheld []string `json:"withheld,omitempty"`
}

// Name implements Command.
func (Disclosure) Name() string { return "disclosure" }

// Validate implements Command.
func (c Disclosure) Validate() error {
	var f faults
	f.check(c.Kind == store.DisclosureAnswer || c.Kind == store.DisclosureListed, "kind: must be answer or listed")
	f.check(len(c.Observations) > 0 || c.Profile != uuid.Nil, "observations: is required")
	f.check(c.Actor != "", "actor: is required")
	f.check(c.Route != "", "route: is required")
	for name, n := range map[string]int{
		"observations": len(c.Observations), "shown": len(c.Shown), "masked": len(c.Masked), "withheld": len(c.Withheld), "classes": len(c.Classes),
	} {
		f.check(n <= MaxDisclosed, fmt.Sprintf("%s: has more than %d", name, MaxDisclosed))
	}
	return f.err()
}

// NewDisclosureRecord makes the log record of a disclosure of now.
func NewDisclosureRecord(workspace string, now time.Time, d Disclosure) (stream.Record, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return stream.Record{}, fmt.Errorf("name disclosure: %w", err)
	}
	r, err := NewRecord(workspace, id.String(), now, d)
	r.Source = DisclosureSource
	return r, err
}

// disclose makes the row of a disclosure, which is all that it leads to.
func (a *applier) disclose(r *record, d Disclosure) error {
	row := &store.DisclosureRow{
		Workspace: r.Workspace, Kind: d.Kind, ObservationsTotal: uint32(max(d.Total, len(d.Observations))), Profile: d.Profile,
		IdentityVersion: d.IdentityVersion, Actor: d.Actor, Purpose: d.Purpose, Reader: d.Reader, Level: d.Level,
		Route: d.Route, RequestID: d.RequestID, Classes: d.Classes, Shown: d.Shown, Masked: d.Masked, Withheld: d.Withheld,
		DisclosedAt: r.ReceivedAt,
	}
	for _, o := range d.Observations {
		row.Observations = append(row.Observations, store.ObservationKey(o))
	}
	return a.row(r, outbox.TableDisclosures, row)
}
