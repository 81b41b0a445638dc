// Package identity decides who is who. It is a pure core: it holds no storage and reads no clock.
//
// Observations are the nodes; identifiers and attributes are facts about them; clusters are a
// derived view: inside a connected component, a pure function of its facts. So the order in which
// records arrive cannot change who is who, and undoing a fact undoes its consequence.
package identity

import (
	"time"

	"github.com/google/uuid"
)

// ObservationID is the 128-bit keyed hash of what makes an observation itself (see Observer), laid
// out as a UUID of version 8 (RFC 9562). It is the same on every worker and in every rebuild.
type ObservationID = uuid.UUID

// ProfileID is the id of the profile's founding observation: of its members, the first by
// received time, then by id.
type ProfileID = uuid.UUID

// Identifier is a normalised identifier: an indexed feature that points to observations, never an
// owner of them.
type Identifier struct {
	Type  string `policy:"meta"`
	Value string `policy:"self"`
}

// PolicyClass says the class of data that an identifier is of, which hangs on its type.
func (i Identifier) PolicyClass() string { return "identifier:" + i.Type }

// Attribute is a normalised identifying attribute, by the names in ingest/event.
type Attribute struct {
	Name  string
	Value string
}

// Observation is what one source said about one subject: a source record, or the canonical set of
// identifiers and identifying attributes of a stream event; equal sets fold into one.
type Observation struct {
	ID        ObservationID
	Workspace string
	Source    string // source of the record, or of the event that was seen first; not part of a stream observation's id
	RecordID  string // empty for a stream observation
	// Session is the conversation or session that a stream observation is confined to because all
	// its identifiers may be shared; else empty. It is among the identifiers as well.
	Session string
	// FirstReceived is the earliest received time of the events that belong to it, and, with the
	// id, what decides which observation founds a profile: when it becomes earlier, that is a
	// change to resolve.
	FirstReceived time.Time
	// FirstSeen is the event time of its earliest event: limits with windows measure between these.
	// Where the rules have limits, or VisitsFirstCustomer, an earlier one is a change to resolve.
	FirstSeen time.Time
	// Identifiers and Attributes are sorted and hold no value twice. For a source record they are
	// those of its present version; older versions are in the facts.
	Identifiers []Identifier
	Attributes  []Attribute
}

// Verdict is what a person decided about two observations.
type Verdict string

// The verdicts, in order of precedence.
const (
	NeverMerge Verdict = "never_merge"
	MustMerge  Verdict = "must_merge"
)

// Link is a person's verdict on a pair of observations, A < B.
type Link struct {
	A, B    ObservationID
	Verdict Verdict
}

// Facts gives read access to the facts of one workspace, as they stand in the transaction of the
// caller. Implementations return slices that the caller may keep but not change. An observation
// whose ObservationKey equals another's is kept out of merging by being stored without identifiers.
type Facts interface {
	// Observation returns nil, nil when there is none of that id.
	Observation(ObservationID) (*Observation, error)
	// Holders returns the observations that hold an identifier, each once and in any order.
	Holders(Identifier) ([]ObservationID, error)
	// Links returns the verdicts that name the observation.
	Links(ObservationID) ([]Link, error)
	// Blocked says whether a person blocked this identifier in this workspace.
	Blocked(Identifier) (bool, error)
}

// Unsettled is implemented by Facts that know of observations of which nothing could be decided, for
// their component was too large (Resolution.Oversized). They count as changed until they are resolved.
type Unsettled interface {
	AnyUnsettled() bool
	Unsettled(ObservationID) (bool, error)
}

// Standing says how an observation stands to its profile.
type Standing string

// The standings.
const (
	// StandingFounder: the profile bears this observation's id.
	StandingFounder Standing = "founder"
	// StandingMember: it belongs to a profile founded by another.
	StandingMember Standing = "member"
	// StandingUnassigned: it may be one of several, named in Candidates; or of too many to name,
	// because what it is known by is generic or blocked. Until that is decided it stands alone,
	// under its own id, and its identifiers resolve nobody.
	StandingUnassigned Standing = "unassigned"
)

// Assignment is the derived view of one observation.
type Assignment struct {
	Observation ObservationID
	Profile     ProfileID
	Standing    Standing
	// Candidates are ascending, and there only when unassigned: two to a hundred, or none when
	// they are more than can be named.
	Candidates []ProfileID
	// Reason is why it is where it is: the rule and the identifier or verdict that joined it.
	Reason Reason
}

// Reason explains one link of a profile, or why an observation stays alone.
type Reason struct {
	Rule string // machine name of the rule (rules.go), such as "same_user_id"; "" for a founder
	// Type of the identifier the rule went by, if any. The value is not repeated here: it stands
	// with the observation, where erasure finds it.
	IdentifierType string
	Peer           ObservationID // the observation it was linked to, if any
	// Score is that of the merge, if it was a scored one, under the model of that time. Weigh tells
	// that of now.
	Score Bits
}

// Resolution is the outcome of resolving the components that some observations are in.
type Resolution struct {
	// Assignments has one entry per observation of the components, ascending by observation.
	Assignments []Assignment
	// Conflicts lists what would have merged and was kept apart, for review, ascending by A and B.
	// At one value each group is told with the first that it was kept from, not with all.
	Conflicts []Conflict
	// Shared lists the identifiers of the components that several profiles hold, and the generic ones,
	// ascending by type and value.
	Shared []Shared
	// Oversized are the seeds, in their order, whose components are too large to be resolved now.
	Oversized []ObservationID
}

// Conflict is a link that a rule proposed and a stronger one refused, or a score that is too low to
// merge and too high to be passed over: a question to a person.
type Conflict struct {
	A, B   ObservationID
	Rule   string // the rule that proposed
	Reason string // the rule that refused, such as "exclusive_user_id", "different_name" or RuleUncertain
	Score  Bits   // of RuleScored
}
