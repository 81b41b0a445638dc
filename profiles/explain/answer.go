package explain

import (
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/profiles"
)

// Answer is why a profile is what it is. It is written as JSON as it stands. Bits are evidence: one bit
// doubles the odds of one person; those of a Weighing add up to its score, exactly.
type Answer struct {
	Profile identity.ProfileID `json:"profile"`
	// Requested is the id that was asked for, where it has been merged into Profile.
	Requested       *identity.ProfileID `json:"requested,omitempty"`
	Status          string              `json:"status"` // current or merged_into
	IdentityVersion uint64              `json:"identity_version"`
	// Model is the number of the model in force; 0 are the weights that ship with the program.
	Model uint32 `json:"model"`
	Pending
	// Untrusted are paths of members that hold what sources and customers made up.
	Untrusted []string          `json:"untrusted"`
	Standing  identity.Standing `json:"standing"`
	// Alone says why it is unassigned, and Candidates between whom.
	Alone             *Said                `json:"alone,omitempty"`
	Candidates        []identity.ProfileID `json:"candidates,omitempty"`
	Thresholds        Thresholds           `json:"thresholds"`
	Observations      []Observation        `json:"observations"`
	ObservationsTotal int                  `json:"observations_total"`
	Links             []Link               `json:"links"`
	Apart             []Apart              `json:"apart"`
	ApartTotal        int                  `json:"apart_total"`
	Values            []Value              `json:"values"`
	With              *With                `json:"with,omitempty"`
	Added             *Added               `json:"added,omitempty"`
}

// Pending says how far a workspace has come in deciding who is who.
type Pending struct {
	// Settled: nothing is under way, and the model was made of just what there is. Until then what is told
	// may be ahead of what is in force.
	Settled bool `json:"identity_settled"`
	// Pending names what is under way: model, relink, resolve or oversized (see unify.Status).
	Pending []string `json:"pending"`
}

// untrusted are the paths of an Answer; quotes mark themselves.
var untrusted = []string{
	"observations[].record_id", "observations[].identifiers", "observations[].attributes", "observations[].first_event.message_id",
	"links[].rule", "links[].identifier_type", "links[].shared", "links[].weighing.fields[].field", "links[].decision",
	"apart[].shared", "apart[].rule", "apart[].refused", "apart[].weighing.fields[].field", "apart[].decision",
	"values[].identifier", "values[].reason", "values[].blocked", "with.path", "with.apart", "added.left", "added.refused", "added.changes", "added.asks",
}

// Said is one sentence: Text in Tributary's own words, Quotes what others wrote, in the order in which
// the sentence comes to speak of it.
type Said struct {
	Text   string           `json:"text"`
	Quotes []profiles.Quote `json:"quotes,omitempty"`
	// Read is the sentence for a person, with the quotes in it where they belong; only if Question.Read
	// asks for it, for there a program cannot tell their words from ours.
	Read string `json:"read,omitempty"`
}

// Thresholds are the scores, in bits, from which on groups merge and a person is asked.
type Thresholds struct {
	Merge  float64 `json:"merge"`
	Review float64 `json:"review"`
}

// Observation is what one source said.
type Observation struct {
	ID            identity.ObservationID `json:"id"`
	Source        string                 `json:"source"`
	RecordID      string                 `json:"record_id,omitempty"`
	FirstReceived time.Time              `json:"first_received,omitzero"`
	Identifiers   []Identifier           `json:"identifiers"`
	Attributes    []Attribute            `json:"attributes"`
	// FirstEvent is the one that made it, where the hot state still holds that.
	FirstEvent *Event `json:"first_event,omitempty"`
}

// Identifier is a normalised identifier.
type Identifier struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

// Attribute is a normalised identifying attribute.
type Attribute struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Event names an event.
type Event struct {
	MessageID string    `json:"message_id"`
	At        time.Time `json:"at"`
}

// Link is why two observations are one person's. A is nearer to the founder.
type Link struct {
	A              identity.ObservationID `json:"a"`
	B              identity.ObservationID `json:"b"`
	Said           Said                   `json:"said"`
	Rule           string                 `json:"rule"`
	IdentifierType string                 `json:"identifier_type,omitempty"`
	Shared         []Identifier           `json:"shared"`
	At             time.Time              `json:"at,omitzero"` // when the later of the two was first received
	Weighing       *Weighing              `json:"weighing,omitempty"`
	Decision       *Decision              `json:"decision,omitempty"`
}

// Apart is why two are not one.
type Apart struct {
	// Profile is the other one; of an observation that is unassigned, its own id.
	Profile  identity.ProfileID     `json:"profile"`
	Standing identity.Standing      `json:"standing"`
	A        identity.ObservationID `json:"a"`
	B        identity.ObservationID `json:"b"`
	Said     Said                   `json:"said"`
	Rule     string                 `json:"rule,omitempty"` // that would join them
	Refused  string                 `json:"refused"`        // why they are not joined
	Asked    bool                   `json:"asked"`          // a person should decide
	Shared   []Identifier           `json:"shared"`
	Weighing *Weighing              `json:"weighing,omitempty"`
	Decision *Decision              `json:"decision,omitempty"`
}

// Decision is what a person decided.
type Decision struct {
	Verdict identity.Verdict `json:"verdict"`
	By      string           `json:"by,omitempty"`
	Note    string           `json:"note,omitempty"`
	At      time.Time        `json:"at"`
}

// Weighing is a score taken apart: prior, fields, overlap and household add up to score.
type Weighing struct {
	Model  uint32  `json:"model"`
	Prior  float64 `json:"prior"` // before anything is compared
	Fields []Field `json:"fields"`
	// Overlap takes back what was said twice, Household what is as likely of people who live together.
	Overlap       float64 `json:"overlap"`
	Household     float64 `json:"household"`
	Score         float64 `json:"score"`
	Contradiction bool    `json:"contradiction"` // they are two, whatever the score
	// Observations is how many of either side were weighed; absent where it is all of the two profiles.
	Observations []int `json:"observations,omitempty"`
}

// Field is what the comparison of one field says.
type Field struct {
	Field string  `json:"field"`
	Level string  `json:"level"`
	Bits  float64 `json:"bits"`
}

// Value is how an identifier stands that is not one profile's own.
type Value struct {
	Identifier   Identifier           `json:"identifier"`
	State        identity.ValueState  `json:"state"`
	Kind         identity.SharedKind  `json:"kind,omitempty"`
	Reason       string               `json:"reason"`
	Observations int                  `json:"observations"`
	Profiles     []identity.ProfileID `json:"profiles"` // at most 20 of ProfilesTotal
	Total        int                  `json:"profiles_total"`
	// Blocked is there where a person blocked it.
	Blocked *Blocked `json:"blocked,omitempty"`
}

// Blocked is who blocked an identifier, and when.
type Blocked struct {
	By string    `json:"by,omitempty"`
	At time.Time `json:"at"`
}

// With is why another profile is the same, or is not.
type With struct {
	Profile identity.ProfileID `json:"profile"`
	Same    bool               `json:"same"`
	Path    []Link             `json:"path,omitempty"`  // from the one to the other, if it is the same
	Apart   *Apart             `json:"apart,omitempty"` // why it is not
}

// Added is what would be if identifiers were said of the profile as well. The id New stands for the
// observation that would say so.
type Added struct {
	New     uuid.UUID          `json:"new"`
	Joins   bool               `json:"joins"` // the new observation would be of this profile
	Profile identity.ProfileID `json:"profile"`
	// Standing is how it would stand to Profile.
	Standing identity.Standing `json:"standing"`
	Refused  string            `json:"refused,omitempty"`
	Left     []Identifier      `json:"left"` // what could not be said with it: a profile has one of the kind
	Changes  []Change          `json:"changes"`
	Asks     []Ask             `json:"asks"`
}

// Change is what would become of profiles.
type Change struct {
	Kind   identity.ChangeKind `json:"kind"`
	One    Part                `json:"one"`   // what is made, or what is split
	Parts  []Part              `json:"parts"` // at most 20 of PartsTotal, the largest first
	Total  int                 `json:"parts_total"`
	Moved  int                 `json:"moved"` // observations that are not in the largest part
	Causes []Cause             `json:"causes"`
}

// Part is a profile with how many of the observations it has.
type Part struct {
	Profile      identity.ProfileID `json:"profile"`
	Observations int                `json:"observations"`
}

// Cause is a rule that merges or splits.
type Cause struct {
	Rule           string                      `json:"rule"` // that joins; of a split: that no longer does
	IdentifierType string                      `json:"identifier_type,omitempty"`
	Refused        string                      `json:"refused,omitempty"` // of a split: what keeps them apart
	Links          int                         `json:"links"`
	Examples       [][2]identity.ObservationID `json:"examples"`
}

// Ask is what a person would be asked: whether two observations are one person's.
type Ask struct {
	A      identity.ObservationID `json:"a"`
	B      identity.ObservationID `json:"b"`
	Rule   string                 `json:"rule"`
	Reason string                 `json:"reason"`
	Score  float64                `json:"score,omitempty"` // bits
}
