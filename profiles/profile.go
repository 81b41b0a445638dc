package profiles

import (
	"encoding/json"
	"time"

	"tributary/identity"
)

// Profile is the golden record of one person: what the rules of survivorship make of all that is
// kept of its observations. It is a pure function of its members and the rules.
type Profile struct {
	ID        identity.ProfileID `policy:"meta"`
	FirstSeen time.Time          `policy:"meta"` // corrected times, zero if no event is known
	LastSeen  time.Time          `policy:"meta"`
	Events    uint64             `policy:"meta"`

	Observations []ObservationRef `policy:"-"` // the founder first, then ascending by id
	Sources      []SourceSeen     `policy:"-"` // ascending by name
	Identifiers  []HeldIdentifier `policy:"-"` // ascending by type and value
	Attributes   []Trait          `policy:"-"` // identifying attributes, ascending by name
	Traits       []Trait          `policy:"-"` // ascending by name
	Counters     []Counter        `policy:"-"` // ascending by name and channel
	Interactions []Interaction    `policy:"-"` // newest first, at most Rules.Interactions
	// Whole is how many of Interactions, from the newest on, have no event missing between them, and
	// stand as they do whatever is missing. Complete is the time from which on that is so; zero: none is
	// missing at all.
	Whole        int            `policy:"meta"`
	Complete     time.Time      `policy:"meta"`
	Items        []Item         `policy:"-"` // newest first; with those of the accounts in which a role is held
	Accounts     []AccountOf    `policy:"-"` // those in which a role is held first; see Service
	Proofs       []Proof        `policy:"-"` // newest first
	Commitments  []Commitment   `policy:"-"` // promises to the customer, newest first; deeds of held accounts count
	Satisfaction []Satisfaction `policy:"-"`
	Answers      []Interaction  `policy:"-"` // newest survey answers first
	LeftOut      LeftOut        `policy:"-"`
}

// ObservationRef names one observation of a profile and why it is there.
type ObservationRef struct {
	ID            identity.ObservationID `policy:"meta"`
	Source        string                 `policy:"provenance"`
	RecordID      string                 `policy:"identifier"` // empty for a stream observation
	Standing      identity.Standing      `policy:"meta"`
	Reason        identity.Reason        `policy:"meta"`
	FirstReceived time.Time              `policy:"meta"`
	Events        uint64                 `policy:"meta"`
}

// SourceSeen is how much one source said.
type SourceSeen struct {
	Name      string    `policy:"provenance"`
	Events    uint64    `policy:"provenance"`
	FirstSeen time.Time `policy:"provenance"`
	LastSeen  time.Time `policy:"provenance"`
}

// HeldIdentifier is an identifier of a profile and who stated it.
type HeldIdentifier struct {
	identity.Identifier `policy:"-"`
	Sources             []string `policy:"provenance"` // ascending
	Observations        int      `policy:"meta"`       // how many observations hold it
	// Shared says that others hold it too, and what it seems to be: then it tells nobody apart. Else "".
	Shared identity.SharedKind `policy:"provenance"`
}

// Trait is what survived under one name, with where it comes from.
type Trait struct {
	ofAccount   bool                   // said of an account, not of the person
	Name        string                 `policy:"meta"`
	Value       json.RawMessage        `policy:"self"` // valid JSON, at most 1 KB
	Source      string                 `policy:"provenance"`
	Observation identity.ObservationID `policy:"meta"`
	MessageID   string                 `policy:"meta"` // of the event that said so
	At          time.Time              `policy:"meta"` // its corrected time
	ReceivedAt  time.Time              `policy:"meta"`
	Rule        Strategy               `policy:"provenance"` // by which it survived
	// Others is how many claims of observations say something else, and Alternatives what they say: the
	// best by Rule of each value, at most 10. A null says that somebody took it back.
	Others       int           `policy:"meta"`
	Alternatives []Alternative `policy:"-"`
}

// Alternative is what was said under a name and did not survive.
type Alternative struct {
	ofAccount   bool
	Name        string                 `policy:"meta"`
	Value       json.RawMessage        `policy:"self"`
	Source      string                 `policy:"provenance"`
	Observation identity.ObservationID `policy:"meta"`
	MessageID   string                 `policy:"meta"` // of the event that said so
	At          time.Time              `policy:"meta"` // its corrected time
	ReceivedAt  time.Time              `policy:"meta"`
}

// PolicyClass says that the trait's name decides about its class.
func (a Alternative) PolicyClass() string { return traitClass(a.ofAccount, a.Name) }

// Counter is how many events of one name came by one channel.
type Counter struct {
	Name    string `policy:"self"` // name of a track call, else the type of the call
	Channel string `policy:"self"` // empty: no customer contact
	Events  uint64 `policy:"self"`
}

// Item is something that is opened, changes and ends: a conversation, a case, a subscription.
type Item struct {
	Kind   ItemKind `policy:"self"`
	ID     string   `policy:"self"`
	Status string   `policy:"self"` // name of the event that made it so, such as "case.waiting"
	Open   bool     `policy:"self"`
	// HumanRequested: of an open conversation, somebody asked for a human and none has spoken since.
	HumanRequested bool        `policy:"self"`
	OpenedAt       time.Time   `policy:"self"` // zero if not known
	ChangedAt      time.Time   `policy:"self"`
	Last           Interaction `policy:"-"` // the event that made it so; its Text is left out
	// Account is whose it is, if it is an account's and not the person's own.
	Account string `policy:"account"`
}

// Satisfaction sums up the answers to one kind of survey on one scale.
type Satisfaction struct {
	Survey  string  `policy:"satisfaction"`
	Kind    string  `policy:"satisfaction"`
	Scale   string  `policy:"satisfaction"`
	Answers uint64  `policy:"satisfaction"`
	Mean    float64 `policy:"satisfaction"` // to a thousandth
}

// LeftOut counts what came in and is beyond the bounds.
type LeftOut struct {
	Traits       uint64 `policy:"meta"` // assertions of traits and attributes
	Counted      uint64 `policy:"meta"` // events whose counter is not kept
	Interactions uint64 `policy:"meta"` // events that are not among Interactions
	Commitments  uint64 `policy:"meta"` // events about promises beyond those that are kept, at most
}
