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
	Profile identity.ProfileID `json:"profile" policy:"meta"`
	// Requested is the id that was asked for, where it has been merged into Profile.
	Requested       *identity.ProfileID `json:"requested,omitempty" policy:"meta"`
	Status          string              `json:"status" policy:"meta"` // current or merged_into
	IdentityVersion uint64              `json:"identity_version" policy:"meta"`
	// Model is the number of the model in force; 0 are the weights that ship with the program.
	Model uint32 `json:"model" policy:"meta"`
	Pending
	// Untrusted are paths of members that hold what sources and customers made up.
	Untrusted []string          `json:"untrusted" policy:"meta"`
	Standing  identity.Standing `json:"standing" policy:"meta"`
	// Alone says why it is unassigned, and Candidates between whom.
	Alone             *Said                `json:"alone,omitempty" policy:"-"`
	Candidates        []identity.ProfileID `json:"candidates,omitempty" policy:"meta"`
	Thresholds        Thresholds           `json:"thresholds" policy:"provenance"`
	Observations      []Observation        `json:"observations" policy:"-"`
	ObservationsTotal int                  `json:"observations_total" policy:"meta"`
	Links             []Link               `json:"links" policy:"-"`
	Apart             []Apart              `json:"apart" policy:"-"`
	ApartTotal        int                  `json:"apart_total" policy:"meta"`
	Values            []Value              `json:"values" policy:"-"`
	With              *With                `json:"with,omitempty" policy:"-"`
	Added             *Added               `json:"added,omitempty" policy:"-"`
}

// Pending says how far a workspace has come in deciding who is who.
type Pending struct {
	// Settled: nothing is under way, and the model was made of just what there is. Until then what is told
	// may be ahead of what is in force.
	Settled bool `json:"identity_settled" policy:"meta"`
	// Pending names what is under way: model, relink, resolve or oversized (see unify.Status).
	Pending []string `json:"pending" policy:"meta"`
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
	Text   string           `json:"text" policy:"provenance"`
	Quotes []profiles.Quote `json:"quotes,omitempty" policy:"-"`
	// Read is the sentence for a person, with the quotes in it where they belong; only if Question.Read
	// asks for it, for there a program cannot tell their words from ours.
	Read string `json:"read,omitempty" policy:"never"`
}

// Thresholds are the scores, in bits, from which on groups merge and a person is asked.
type Thresholds struct {
	Merge  float64 `json:"merge" policy:"provenance"`
	Review float64 `json:"review" policy:"provenance"`
}

// Observation is what one source said.
type Observation struct {
	ID            identity.ObservationID `json:"id" policy:"meta"`
	Source        string                 `json:"source" policy:"provenance"`
	RecordID      string                 `json:"record_id,omitempty" policy:"identifier"`
	FirstReceived time.Time              `json:"first_received,omitzero" policy:"meta"`
	Identifiers   []Identifier           `json:"identifiers" policy:"-"`
	Attributes    []Attribute            `json:"attributes" policy:"-"`
	// FirstEvent is the one that made it, where the hot state still holds that.
	FirstEvent *Event `json:"first_event,omitempty" policy:"-"`
}

// Identifier is a normalised identifier.
type Identifier struct {
	Type  string `json:"type" policy:"meta"`
	Value string `json:"value" policy:"self"`
}

// Attribute is a normalised identifying attribute.
type Attribute struct {
	Name  string `json:"name" policy:"meta"`
	Value string `json:"value" policy:"self"`
}

// Event names an event.
type Event struct {
	MessageID string    `json:"message_id" policy:"provenance"`
	At        time.Time `json:"at" policy:"provenance"`
}

// Link is why two observations are one person's. A is nearer to the founder.
type Link struct {
	A              identity.ObservationID `json:"a" policy:"meta"`
	B              identity.ObservationID `json:"b" policy:"meta"`
	Said           Said                   `json:"said" policy:"-"`
	Rule           string                 `json:"rule" policy:"provenance"`
	IdentifierType string                 `json:"identifier_type,omitempty" policy:"provenance"`
	Shared         []Identifier           `json:"shared" policy:"-"`
	At             time.Time              `json:"at,omitzero" policy:"meta"` // when the later of the two was first received
	Weighing       *Weighing              `json:"weighing,omitempty" policy:"-"`
	Decision       *Decision              `json:"decision,omitempty" policy:"-"`
}

// Apart is why two are not one.
type Apart struct {
	// Profile is the other one; of an observation that is unassigned, its own id.
	Profile  identity.ProfileID     `json:"profile" policy:"meta"`
	Standing identity.Standing      `json:"standing" policy:"meta"`
	A        identity.ObservationID `json:"a" policy:"meta"`
	B        identity.ObservationID `json:"b" policy:"meta"`
	Said     Said                   `json:"said" policy:"-"`
	Rule     string                 `json:"rule,omitempty" policy:"provenance"` // that would join them
	Refused  string                 `json:"refused" policy:"provenance"`        // why they are not joined
	Asked    bool                   `json:"asked" policy:"meta"`                // a person should decide
	Shared   []Identifier           `json:"shared" policy:"-"`
	Weighing *Weighing              `json:"weighing,omitempty" policy:"-"`
	Decision *Decision              `json:"decision,omitempty" policy:"-"`
}

// Decision is what a person decided.
type Decision struct {
	Verdict identity.Verdict `json:"verdict" policy:"provenance"`
	By      string           `json:"by,omitempty" policy:"provenance"`
	Note    string           `json:"note,omitempty" policy:"provenance"`
	At      time.Time        `json:"at" policy:"provenance"`
}

// Weighing is a score taken apart: prior, fields, overlap and household add up to score.
type Weighing struct {
	Model  uint32  `json:"model" policy:"provenance"`
	Prior  float64 `json:"prior" policy:"provenance"` // before anything is compared
	Fields []Field `json:"fields" policy:"-"`
	// Overlap takes back what was said twice, Household what is as likely of people who live together.
	Overlap       float64 `json:"overlap" policy:"provenance"`
	Household     float64 `json:"household" policy:"provenance"`
	Score         float64 `json:"score" policy:"provenance"`
	Contradiction bool    `json:"contradiction" policy:"provenance"` // they are two, whatever the score
	// Observations is how many of either side were weighed; absent where it is all of the two profiles.
	Observations []int `json:"observations,omitempty" policy:"provenance"`
}

// Field is what the comparison of one field says.
type Field struct {
	Field string  `json:"field" policy:"provenance"`
	Level string  `json:"level" policy:"provenance"`
	Bits  float64 `json:"bits" policy:"provenance"`
}

// Value is how an identifier stands that is not one profile's own.
type Value struct {
	Identifier   Identifier           `json:"identifier" policy:"-"`
	State        identity.ValueState  `json:"state" policy:"meta"`
	Kind         identity.SharedKind  `json:"kind,omitempty" policy:"meta"`
	Reason       string               `json:"reason" policy:"provenance"`
	Observations int                  `json:"observations" policy:"meta"`
	Profiles     []identity.ProfileID `json:"profiles" policy:"meta"` // at most 20 of ProfilesTotal
	Total        int                  `json:"profiles_total" policy:"meta"`
	// Blocked is there where a person blocked it.
	Blocked *Blocked `json:"blocked,omitempty" policy:"-"`
}

// Blocked is who blocked an identifier, and when.
type Blocked struct {
	By string    `json:"by,omitempty" policy:"provenance"`
	At time.Time `json:"at" policy:"provenance"`
}

// With is why another profile is the same, or is not.
type With struct {
	Profile identity.ProfileID `json:"profile" policy:"meta"`
	Same    bool               `json:"same" policy:"meta"`
	Path    []Link             `json:"path,omitempty" policy:"-"`  // from the one to the other, if it is the same
	Apart   *Apart             `json:"apart,omitempty" policy:"-"` // why it is not
}

// Added is what would be if identifiers were said of the profile as well. The id New stands for the
// observation that would say so.
type Added struct {
	New     uuid.UUID          `json:"new" policy:"meta"`
	Joins   bool               `json:"joins" policy:"meta"` // the new observation would be of this profile
	Profile identity.ProfileID `json:"profile" policy:"meta"`
	// Standing is how it would stand to Profile.
	Standing identity.Standing `json:"standing" policy:"meta"`
	Refused  string            `json:"refused,omitempty" policy:"provenance"`
	Left     []Identifier      `json:"left" policy:"-"` // what could not be said with it: a profile has one of the kind
	Changes  []Change          `json:"changes" policy:"-"`
	Asks     []Ask             `json:"asks" policy:"-"`
}

// Change is what would become of profiles.
type Change struct {
	Kind   identity.ChangeKind `json:"kind" policy:"meta"`
	One    Part                `json:"one" policy:"-"`   // what is made, or what is split
	Parts  []Part              `json:"parts" policy:"-"` // at most 20 of PartsTotal, the largest first
	Total  int                 `json:"parts_total" policy:"meta"`
	Moved  int                 `json:"moved" policy:"meta"` // observations that are not in the largest part
	Causes []Cause             `json:"causes" policy:"-"`
}

// Part is a profile with how many of the observations it has.
type Part struct {
	Profile      identity.ProfileID `json:"profile" policy:"meta"`
	Observations int                `json:"observations" policy:"meta"`
}

// Cause is a rule that merges or splits.
type Cause struct {
	Rule           string                      `json:"rule" policy:"provenance"` // that joins; of a split: that no longer does
	IdentifierType string                      `json:"identifier_type,omitempty" policy:"provenance"`
	Refused        string                      `json:"refused,omitempty" policy:"provenance"` // of a split: what keeps them apart
	Links          int                         `json:"links" policy:"provenance"`
	Examples       [][2]identity.ObservationID `json:"examples" policy:"provenance"`
}

// Ask is what a person would be asked: whether two observations are one person's.
type Ask struct {
	A      identity.ObservationID `json:"a" policy:"meta"`
	B      identity.ObservationID `json:"b" policy:"meta"`
	Rule   string                 `json:"rule" policy:"provenance"`
	Reason string                 `json:"reason" policy:"provenance"`
	Score  float64                `json:"score,omitempty" policy:"provenance"` // bits
}
