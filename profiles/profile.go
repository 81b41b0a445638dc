package profiles

import (
	"encoding/json"
	"time"

	"tributary/identity"
)

// Profile is the golden record of one person: what the rules of survivorship make of all that is
// kept of its observations. It is a pure function of its members and the rules.
type Profile struct {
	ID        identity.ProfileID
	FirstSeen time.Time // corrected times, zero if no event is known
	LastSeen  time.Time
	Events    uint64

	Observations []ObservationRef // the founder first, then ascending by id
	Sources      []SourceSeen     // ascending by name
	Identifiers  []HeldIdentifier // ascending by type and value
	Attributes   []Trait          // identifying attributes, ascending by name
	Traits       []Trait          // ascending by name
	Counters     []Counter        // ascending by name and channel
	Interactions []Interaction    // newest first, at most Rules.Interactions
	// Whole is how many of Interactions, from the newest on, have no event missing between them, and
	// stand as they do whatever is missing. Complete is the time from which on that is so; zero: none is
	// missing at all.
	Whole        int
	Complete     time.Time
	Items        []Item // newest first
	Satisfaction []Satisfaction
	Answers      []Interaction // newest survey answers first
	LeftOut      LeftOut
}

// ObservationRef names one observation of a profile and why it is there.
type ObservationRef struct {
	ID            identity.ObservationID
	Source        string
	RecordID      string // empty for a stream observation
	Standing      identity.Standing
	Reason        identity.Reason
	FirstReceived time.Time
	Events        uint64
}

// SourceSeen is how much one source said.
type SourceSeen struct {
	Name      string
	Events    uint64
	FirstSeen time.Time
	LastSeen  time.Time
}

// HeldIdentifier is an identifier of a profile and who stated it.
type HeldIdentifier struct {
	identity.Identifier
	Sources      []string // ascending
	Observations int      // how many observations hold it
	// Shared says that others hold it too, and what it seems to be: then it tells nobody apart. Else "".
	Shared identity.SharedKind
}

// Trait is what survived under one name, with where it comes from.
type Trait struct {
	Name        string
	Value       json.RawMessage // valid JSON, at most 1 KB
	Source      string
	Observation identity.ObservationID
	At          time.Time // corrected time of the event that said so
	ReceivedAt  time.Time
	// Others is how many observations say something else.
	Others int
}

// Counter is how many events of one name came by one channel.
type Counter struct {
	Name    string // name of a track call, else the type of the call
	Channel string // empty: no customer contact
	Events  uint64
}

// Item is something that is opened, changes and ends: a conversation, a case, a subscription.
type Item struct {
	Kind   ItemKind
	ID     string
	Status string // name of the event that made it so, such as "case.waiting"
	Open   bool
	// HumanRequested: of an open conversation, somebody asked for a human and none has spoken since.
	HumanRequested bool
	OpenedAt       time.Time // zero if not known
	ChangedAt      time.Time
	Last           Interaction // the event that made it so; its Text is left out
}

// Satisfaction sums up the answers to one kind of survey on one scale.
type Satisfaction struct {
	Survey  string
	Kind    string
	Scale   string
	Answers uint64
	Mean    float64 // to a thousandth
}

// LeftOut counts what came in and is beyond the bounds.
type LeftOut struct {
	Traits       uint64 // assertions of traits and attributes
	Counted      uint64 // events whose counter is not kept
	Interactions uint64 // events that are not among Interactions
}
