package api

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/profiles"
)

// The views are what answers look like. Sentences that somebody else wrote are a textView wherever
// they stand, so that no reader takes them for ours; and the names and ids of others, which programs
// compare, are listed by their paths in the answer's own member "untrusted".

// How many of what a profile has an answer lists. Who sends events decides how many there are.
const (
	maxObservations      = 100
	maxIdentifiersOfType = 50
	maxIdentifiers       = 250
	maxCounters          = 500
	maxTraits            = 500
)

// What in an answer others wrote and is not marked in its place. "[]" stands for every element.
var (
	untrustedInProfile = append(untrustedIn("interactions"),
		"attributes", "traits", "identifiers", "counters[].name", "items[].id",
		"observations[].record_id", "observations[].rule", "observations[].identifier_type")
	untrustedInTimeline = untrustedIn("events")
)

func untrustedIn(events string) []string {
	var paths []string
	for _, name := range []string{"name", "message_id", "conversation_id", "case_id", "agent_id"} {
		paths = append(paths, events+"[]."+name)
	}
	return paths
}

// textView is text that was written by, or derived from, a customer or third party.
type textView struct {
	Text      string `json:"text"`
	Origin    string `json:"origin"` // an author role, or "source"
	Untrusted bool   `json:"untrusted"`
	Cut       bool   `json:"cut,omitempty"`
}

func untrusted(text, origin string) *textView {
	if text == "" {
		return nil
	}
	if origin == "" {
		origin = "source"
	}
	return &textView{Text: text, Origin: origin, Untrusted: true}
}

// subjectView says whom an answer is about.
type subjectView struct {
	Profile uuid.UUID `json:"profile"`
	// Requested is the id that was asked for, when it has been merged into Profile.
	Requested       *uuid.UUID `json:"requested,omitempty"`
	Status          string     `json:"status"` // current or merged_into
	IdentityVersion uint64     `json:"identity_version"`
}

func newSubject(profile, requested uuid.UUID, version uint64) subjectView {
	s := subjectView{Profile: profile, Status: "current", IdentityVersion: version}
	if requested != uuid.Nil {
		s.Requested, s.Status = &requested, "merged_into"
	}
	return s
}

type candidateView struct {
	Profile      uuid.UUID `json:"profile"`
	Observations int       `json:"observations"`
	Events       uint64    `json:"events"`
	FirstSeen    time.Time `json:"first_seen,omitzero"`
	LastSeen     time.Time `json:"last_seen,omitzero"`
}

type profileView struct {
	subjectView
	Untrusted         []string             `json:"untrusted"`
	FirstSeen         time.Time            `json:"first_seen,omitzero"`
	LastSeen          time.Time            `json:"last_seen,omitzero"`
	Events            uint64               `json:"events"`
	Attributes        map[string]traitView `json:"attributes"`
	Traits            map[string]traitView `json:"traits"`
	TraitsTotal       int                  `json:"traits_total"`
	Identifiers       []identifierView     `json:"identifiers"`
	IdentifiersTotal  int                  `json:"identifiers_total"`
	Sources           []sourceView         `json:"sources"`
	Counters          []counterView        `json:"counters"`
	CountersTotal     int                  `json:"counters_total"`
	Items             []itemView           `json:"items"`
	Satisfaction      []satisfactionView   `json:"satisfaction"`
	Interactions      []eventView          `json:"interactions"`
	Observations      []observationView    `json:"observations"`
	ObservationsTotal int                  `json:"observations_total"`
	LeftOut           leftOutView          `json:"left_out"`
}

// traitView is a value with where it comes from. The value is untrusted.
type traitView struct {
	Value       json.RawMessage `json:"value"`
	Untrusted   bool            `json:"untrusted"`
	Source      string          `json:"source"`
	Observation uuid.UUID       `json:"observation"`
	At          time.Time       `json:"at"`
	ReceivedAt  time.Time       `json:"received_at"`
	Others      int             `json:"others"`
}

type identifierView struct {
	Type         string   `json:"type"`
	Value        string   `json:"value"`
	Sources      []string `json:"sources"`
	Observations int      `json:"observations"`
	// Shared: household, place or several, where others hold it too.
	Shared identity.SharedKind `json:"shared,omitempty"`
}

type sourceView struct {
	Name      string    `json:"name"`
	Events    uint64    `json:"events"`
	FirstSeen time.Time `json:"first_seen"`
	LastSeen  time.Time `json:"last_seen"`
}

type counterView struct {
	Name    string `json:"name"`
	Channel string `json:"channel,omitempty"`
	Events  uint64 `json:"events"`
}

type itemView struct {
	Kind           string    `json:"kind"`
	ID             string    `json:"id"`
	Status         string    `json:"status"`
	Open           bool      `json:"open"`
	HumanRequested bool      `json:"human_requested,omitempty"`
	OpenedAt       time.Time `json:"opened_at,omitzero"`
	ChangedAt      time.Time `json:"changed_at"`
	Source         string    `json:"source"`
	Channel        string    `json:"channel,omitempty"`
	Topic          *textView `json:"topic,omitempty"`
	Amount         string    `json:"amount,omitempty"`
	Currency       string    `json:"currency,omitempty"`
}

type satisfactionView struct {
	Survey  string  `json:"survey"`
	Kind    string  `json:"kind,omitempty"`
	Scale   string  `json:"scale"`
	Answers uint64  `json:"answers"`
	Mean    float64 `json:"mean"`
}

// eventView is one event as timelines and profiles show it.
type eventView struct {
	At             time.Time `json:"at"`
	MessageID      string    `json:"message_id"`
	Source         string    `json:"source"`
	Type           string    `json:"type"`
	Name           string    `json:"name,omitempty"`
	Channel        string    `json:"channel,omitempty"`
	ConversationID string    `json:"conversation_id,omitempty"`
	CaseID         string    `json:"case_id,omitempty"`
	AuthorRole     string    `json:"author_role,omitempty"`
	Direction      string    `json:"direction,omitempty"`
	AgentID        string    `json:"agent_id,omitempty"`
	Resolution     string    `json:"resolution,omitempty"`
	Topic          *textView `json:"topic,omitempty"`
	Text           *textView `json:"text,omitempty"`
	Survey         string    `json:"survey,omitempty"`
	Score          *float64  `json:"score,omitempty"`
	Scale          string    `json:"scale,omitempty"`
	Amount         string    `json:"amount,omitempty"`
	Currency       string    `json:"currency,omitempty"`
}

type observationView struct {
	ID             uuid.UUID  `json:"id"`
	Source         string     `json:"source"`
	RecordID       string     `json:"record_id,omitempty"`
	Standing       string     `json:"standing"`
	Rule           string     `json:"rule,omitempty"`
	IdentifierType string     `json:"identifier_type,omitempty"`
	Peer           *uuid.UUID `json:"peer,omitempty"`
	FirstReceived  time.Time  `json:"first_received,omitzero"`
	Events         uint64     `json:"events"`
}

type leftOutView struct {
	Traits       uint64 `json:"traits"`
	Counted      uint64 `json:"counted"`
	Interactions uint64 `json:"interactions"`
}

func newProfileView(a *profiles.Answer) profileView {
	p := &a.Profile
	return profileView{
		subjectView: newSubject(p.ID, a.Requested, a.IdentityVersion),
		Untrusted:   untrustedInProfile,
		FirstSeen:   p.FirstSeen, LastSeen: p.LastSeen, Events: p.Events,
		Attributes:  traitViews(p.Attributes),
		Traits:      traitViews(first(p.Traits, maxTraits)),
		TraitsTotal: len(p.Traits), IdentifiersTotal: len(p.Identifiers), CountersTotal: len(p.Counters),
		Identifiers: each(fewOfEach(p.Identifiers), func(x *profiles.HeldIdentifier) identifierView {
			return identifierView{Type: x.Type, Value: x.Value, Sources: x.Sources, Observations: x.Observations, Shared: x.Shared}
		}),
		Sources:           each(p.Sources, func(x *profiles.SourceSeen) sourceView { return sourceView(*x) }),
		Counters:          each(first(p.Counters, maxCounters), func(x *profiles.Counter) counterView { return counterView(*x) }),
		Items:             each(p.Items, newItemView),
		Satisfaction:      each(p.Satisfaction, func(x *profiles.Satisfaction) satisfactionView { return satisfactionView(*x) }),
		Interactions:      each(p.Interactions, newEventView),
		Observations:      each(first(p.Observations, maxObservations), newObservationView),
		ObservationsTotal: len(p.Observations),
		LeftOut:           leftOutView(p.LeftOut),
	}
}

func first[T any](list []T, n int) []T { return list[:min(len(list), n)] }

// fewOfEach keeps some identifiers of every type, so that the ids of a thousand visits do not push
// the customer's number out.
func fewOfEach(all []profiles.HeldIdentifier) []profiles.HeldIdentifier {
	var few []profiles.HeldIdentifier
	ofType := map[string]int{}
	for _, id := range all {
		if ofType[id.Type]++; ofType[id.Type] <= maxIdentifiersOfType && len(few) < maxIdentifiers {
			few = append(few, id)
		}
	}
	return few
}

// each never returns nil, so that an empty list is [] in JSON.
func each[T, V any](list []T, view func(*T) V) []V {
	views := make([]V, len(list))
	for i := range list {
		views[i] = view(&list[i])
	}
	return views
}

func traitViews(traits []profiles.Trait) map[string]traitView {
	views := make(map[string]traitView, len(traits))
	for _, t := range traits {
		views[t.Name] = traitView{
			Value: t.Value, Untrusted: true, Source: t.Source, Observation: t.Observation,
			At: t.At, ReceivedAt: t.ReceivedAt, Others: t.Others,
		}
	}
	return views
}

func newItemView(x *profiles.Item) itemView {
	return itemView{
		Kind: string(x.Kind), ID: x.ID, Status: x.Status, Open: x.Open, HumanRequested: x.HumanRequested,
		OpenedAt: x.OpenedAt, ChangedAt: x.ChangedAt, Source: x.Last.Source, Channel: string(x.Last.Channel),
		Topic: untrusted(x.Last.Topic, ""), Amount: x.Last.Amount, Currency: x.Last.Currency,
	}
}

func newEventView(x *profiles.Interaction) eventView {
	v := eventView{
		At: x.At, MessageID: x.MessageID, Source: x.Source, Type: string(x.Type), Name: x.Name,
		Channel: string(x.Channel), ConversationID: x.ConversationID, CaseID: x.CaseID,
		AuthorRole: string(x.AuthorRole), Direction: string(x.Direction), AgentID: x.AgentID,
		Resolution: string(x.Resolution), Topic: untrusted(x.Topic, ""), Text: untrusted(x.Text, string(x.AuthorRole)),
		Survey: string(x.Survey), Score: x.Score, Scale: x.Scale, Amount: x.Amount, Currency: x.Currency,
	}
	if v.Text != nil {
		v.Text.Cut = x.TextCut
	}
	return v
}

func newObservationView(x *profiles.ObservationRef) observationView {
	v := observationView{
		ID: x.ID, Source: x.Source, RecordID: x.RecordID, Standing: string(x.Standing), Rule: x.Reason.Rule,
		IdentifierType: x.Reason.IdentifierType, FirstReceived: x.FirstReceived, Events: x.Events,
	}
	if x.Reason.Peer != uuid.Nil {
		v.Peer = &x.Reason.Peer
	}
	return v
}
