// Package profiles makes one customer out of what is kept of each observation. It is pure: it
// holds no storage and reads no clock.
//
// A State is what is kept of one observation. It is mergeable: any order and any grouping of the
// same events gives the same State. A Profile is the fold of the states of its observations, so
// merging and splitting profiles moves no state. state/ keeps both on Pebble and implements Hot,
// unify/ applies the log to them, sink/ carries the rows to ClickHouse.
package profiles

import (
	"errors"

	"tributary/identity"
)

var (
	// ErrNotFound is returned when nobody is known under an address.
	ErrNotFound = errors.New("profiles: no such profile")
	// ErrCorrupt is returned for an encoded state that does not decode.
	ErrCorrupt = errors.New("profiles: encoded state is damaged")
)

// HotStore gives consistent views of the hot state. It is safe for concurrent use.
type HotStore interface {
	// Snapshot opens a view of one workspace as it stands now. The caller closes it. A workspace
	// that is not known is empty, not an error.
	Snapshot(workspace string) (Hot, error)
}

// StateReader is a Hot that decodes a state into memory of the caller: a reader of many uses it again.
type StateReader interface {
	// ReadState replaces a State by what is kept of an observation; false when nothing is, and then it is as
	// it was.
	ReadState(identity.ObservationID, *State) (bool, error)
}

// Hot is one consistent, read-only view of one workspace: all its answers are of one moment. It
// is for one goroutine. What it returns may be kept but not changed.
type Hot interface {
	// Assignment says where an observation belongs; false when there is no such observation.
	Assignment(identity.ObservationID) (identity.Assignment, bool, error)
	// Members lists the observations assigned to a profile, ascending; empty when there is no
	// profile of that id now. An unassigned observation is the only member of its own id.
	Members(identity.ProfileID) ([]identity.ObservationID, error)
	// Parts lists the profiles among which the observations of a former profile are found now,
	// ascending, when a decision split it and its id stands for none of them alone; else empty. An id
	// that was held since an identity_version stands for what it was then: of a profile that some have
	// left after it there are parts, though others still bear the id. 0 is for an id without a version.
	Parts(id identity.ProfileID, since uint64) ([]identity.ProfileID, error)
	// Observation returns nil, nil when there is none of that id.
	Observation(identity.ObservationID) (*identity.Observation, error)
	// Holders returns the observations that hold a normalised identifier, ascending. A blocked
	// identifier is held by none.
	Holders(identity.Identifier) ([]identity.ObservationID, error)
	// Shared says what a normalised identifier that several profiles hold seems to belong to; "" if it
	// is one profile's.
	Shared(identity.Identifier) (identity.SharedKind, error)
	// State returns what is kept of an observation; nil, nil when nothing is.
	State(identity.ObservationID) (*State, error)
	// IdentityVersion grows with every change of who is who in the workspace.
	IdentityVersion() (uint64, error)
	// Close releases the view. Closing twice is safe.
	Close() error
}
