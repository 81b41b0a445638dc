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
		"attributes", "traits", "identifiers", "counters[].name", "items[].id", "items[].account", "accounts", "computed", "consent.scopes[].purpose",
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
	Text      string `json:"text" policy:"self"`
	Origin    string `json:"origin" policy:"provenance"` // an author role, or "source"
	Untrusted bool   `json:"untrusted" policy:"meta"`
	Cut       bool   `json:"cut,omitempty" policy:"meta"`
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
	Profile uuid.UUID `json:"profile" policy:"meta"`
	// Requested is the id that was asked for, when it has been merged into Profile.
	Requested       *uuid.UUID `json:"requested,omitempty" policy:"meta"`
	Status          string     `json:"status" policy:"meta"` // current or merged_into
	IdentityVersion uint64     `json:"identity_version" policy:"meta"`
}

func newSubject(profile, requested uuid.UUID, version uint64) subjectView {
	s := subjectView{Profile: profile, Status: "current", IdentityVersion: version}
	if requested != uuid.Nil {
		s.Requested, s.Status = &requested, "merged_into"
	}
	return s
}

type candidateView struct {
	Profile      uuid.UUID `json:"profile" policy:"meta"`
	Observations int       `json:"observations" policy:"meta"`
	Events       uint64    `json:"events" policy:"meta"`
	FirstSeen    time.Time `json:"first_seen,omitzero" policy:"meta"`
	LastSeen     time.Time `json:"last_seen,omitzero" policy:"meta"`
}

// whoView is who somebody is and where that comes from.
type whoView struct {
	FirstSeen        time.Time            `json:"first_seen,omitzero" policy:"meta"`
	LastSeen         time.Time            `json:"last_seen,omitzero" policy:"meta"`
	Events           uint64               `json:"events" policy:"meta"`
	Attributes       map[string]traitView `json:"attributes" policy:"-"`
	Traits           map[string]traitView `json:"traits" policy:"-"`
	TraitsTotal      int                  `json:"traits_total" policy:"meta"`
	Identifiers      []identifierView     `json:"identifiers" policy:"-"`
	IdentifiersTotal int                  `json:"identifiers_total" policy:"meta"`
	Sources          []sourceView         `json:"sources" policy:"-"`
}

type profileView struct {
	subjectView
	// AsOf is the time as of which it was asked for; absent: now.
	AsOf      *time.Time `json:"as_of,omitempty" policy:"meta"`
	Untrusted []string   `json:"untrusted" policy:"meta"`
	whoView
	Counters      []counterView   `json:"counters" policy:"-"`
	CountersTotal int             `json:"counters_total" policy:"meta"`
	Items         []itemView      `json:"items" policy:"-"`
	Accounts      []accountOfView `json:"accounts" policy:"-"`
	// Computed, Segments and Consent are of now, and absent of a profile as of another time.
	Computed          map[string]computedView `json:"computed,omitempty" policy:"-"`
	Segments          []inSegmentView         `json:"segments,omitempty" policy:"-"`
	Consent           *consentSummaryView     `json:"consent,omitempty" policy:"-"`
	Satisfaction      []satisfactionView      `json:"satisfaction" policy:"-"`
	Interactions      []eventView             `json:"interactions" policy:"-"`
	Observations      []observationView       `json:"observations" policy:"-"`
	ObservationsTotal int                     `json:"observations_total" policy:"meta"`
	LeftOut           leftOutView             `json:"left_out" policy:"-"`
}

// traitView is a value with where it comes from. The value is untrusted.
type traitView struct {
	class       string          // profiles.Trait.PolicyClass
	Value       json.RawMessage `json:"value" policy:"self"`
	Untrusted   bool            `json:"untrusted" policy:"meta"`
	Source      string          `json:"source" policy:"provenance"`
	Observation uuid.UUID       `json:"observation,omitzero" policy:"meta"` // zero: of an account, by somebody who is not told of
	At          time.Time       `json:"at" policy:"meta"`
	ReceivedAt  time.Time       `json:"received_at" policy:"meta"`
	Rule        string          `json:"rule" policy:"provenance"` // by which it survived
	Others      int             `json:"others" policy:"meta"`
	// Alternatives are the other values, where they were asked for.
	Alternatives []alternativeView `json:"alternatives,omitempty" policy:"-"`
}

type identifierView struct {
	Type         string   `json:"type" policy:"meta"`
	Value        string   `json:"value" policy:"self"`
	Sources      []string `json:"sources" policy:"provenance"`
	Observations int      `json:"observations" policy:"meta"`
	// Shared: household, place or several, where others hold it too.
	Shared identity.SharedKind `json:"shared,omitempty" policy:"provenance"`
}

type sourceView struct {
	Name      string    `json:"name" policy:"provenance"`
	Events    uint64    `json:"events" policy:"provenance"`
	FirstSeen time.Time `json:"first_seen" policy:"provenance"`
	LastSeen  time.Time `json:"last_seen" policy:"provenance"`
}

type counterView struct {
	Name    string `json:"name" policy:"self"`
	Channel string `json:"channel,omitempty" policy:"self"`
	Events  uint64 `json:"events" policy:"self"`
}

type itemView struct {
	Kind           string    `json:"kind" policy:"self"`
	ID             string    `json:"id" policy:"self"`
	Status         string    `json:"status" policy:"self"`
	Open           bool      `json:"open" policy:"self"`
	HumanRequested bool      `json:"human_requested,omitempty" policy:"self"`
	OpenedAt       time.Time `json:"opened_at,omitzero" policy:"self"`
	ChangedAt      time.Time `json:"changed_at" policy:"self"`
	Source         string    `json:"source" policy:"provenance"`
	Channel        string    `json:"channel,omitempty" policy:"self"`
	Account        string    `json:"account,omitempty" policy:"account"` // whose it is, if not the person's own
	Topic          *textView `json:"topic,omitempty" policy:"-"`
	Amount         string    `json:"amount,omitempty" policy:"money"`
	Currency       string    `json:"currency,omitempty" policy:"money"`
}

type satisfactionView struct {
	Survey  string  `json:"survey" policy:"satisfaction"`
	Kind    string  `json:"kind,omitempty" policy:"satisfaction"`
	Scale   string  `json:"scale" policy:"satisfaction"`
	Answers uint64  `json:"answers" policy:"satisfaction"`
	Mean    float64 `json:"mean" policy:"satisfaction"`
}

// eventView is one event as timelines and profiles show it.
type eventView struct {
	At             time.Time `json:"at" policy:"self"`
	MessageID      string    `json:"message_id" policy:"self"`
	Source         string    `json:"source" policy:"provenance"`
	Type           string    `json:"type" policy:"self"`
	Name           string    `json:"name,omitempty" policy:"self"`
	Channel        string    `json:"channel,omitempty" policy:"self"`
	ConversationID string    `json:"conversation_id,omitempty" policy:"self"`
	CaseID         string    `json:"case_id,omitempty" policy:"self"`
	AuthorRole     string    `json:"author_role,omitempty" policy:"self"`
	Direction      string    `json:"direction,omitempty" policy:"self"`
	AgentID        string    `json:"agent_id,omitempty" policy:"self"`
	Resolution     string    `json:"resolution,omitempty" policy:"self"`
	Topic          *textView `json:"topic,omitempty" policy:"-"`
	Text           *textView `json:"text,omitempty" policy:"content"`
	Survey         string    `json:"survey,omitempty" policy:"satisfaction"`
	Score          *float64  `json:"score,omitempty" policy:"satisfaction"`
	Scale          string    `json:"scale,omitempty" policy:"satisfaction"`
	Amount         string    `json:"amount,omitempty" policy:"money"`
	Currency       string    `json:"currency,omitempty" policy:"money"`
}

type observationView struct {
	ID             uuid.UUID  `json:"id" policy:"meta"`
	Source         string     `json:"source" policy:"provenance"`
	RecordID       string     `json:"record_id,omitempty" policy:"identifier"`
	Standing       string     `json:"standing" policy:"meta"`
	Rule           string     `json:"rule,omitempty" policy:"provenance"`
	IdentifierType string     `json:"identifier_type,omitempty" policy:"meta"`
	Peer           *uuid.UUID `json:"peer,omitempty" policy:"meta"`
	FirstReceived  time.Time  `json:"first_received,omitzero" policy:"meta"`
	Events         uint64     `json:"events" policy:"meta"`
}

type leftOutView struct {
	Traits       uint64 `json:"traits" policy:"meta"`
	Counted      uint64 `json:"counted" policy:"meta"`
	Interactions uint64 `json:"interactions" policy:"meta"`
	Commitments  uint64 `json:"commitments" policy:"meta"`
}

func newProfileView(a *profiles.Answer) profileView {
	p := &a.Profile
	return profileView{
		subjectView:   newSubject(p.ID, a.Requested, a.IdentityVersion),
		Untrusted:     untrustedInProfile,
		whoView:       newWhoView(p),
		CountersTotal: len(p.Counters),
		Counters: each(first(p.Counters, maxCounters), func(x *profiles.Counter) counterView {
			return counterView{Name: x.Name, Channel: x.Channel, Events: x.Events}
		}),
		Items:             each(p.Items, newItemView),
		Accounts:          each(p.Accounts, newAccountOfView),
		Satisfaction:      each(p.Satisfaction, func(x *profiles.Satisfaction) satisfactionView { return satisfactionView(*x) }),
		Interactions:      each(p.Interactions, newEventView),
		Observations:      each(first(p.Observations, maxObservations), newObservationView),
		ObservationsTotal: len(p.Observations),
		LeftOut:           leftOutView(p.LeftOut),
	}
}

func newWhoView(p *profiles.Profile) whoView {
	return whoView{
		FirstSeen: p.FirstSeen, LastSeen: p.LastSeen, Events: p.Events,
		Attributes:  traitViews(p.Attributes),
		Traits:      traitViews(first(p.Traits, maxTraits)),
		TraitsTotal: len(p.Traits), IdentifiersTotal: len(p.Identifiers),
		Identifiers: each(fewOfEach(p.Identifiers), func(x *profiles.HeldIdentifier) identifierView {
			return identifierView{Type: x.Type, Value: x.Value, Sources: x.Sources, Observations: x.Observations, Shared: x.Shared}
		}),
		Sources: each(p.Sources, func(x *profiles.SourceSeen) sourceView { return sourceView{x.Name, x.Events, x.FirstSeen, x.LastSeen} }),
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
			class: t.PolicyClass(), Value: t.Value, Untrusted: true, Source: t.Source, Observation: t.Observation,
			At: t.At, ReceivedAt: t.ReceivedAt, Rule: string(t.Rule), Others: t.Others, Alternatives: each(t.Alternatives, newAlternativeView),
		}
	}
	return views
}

func newItemView(x *profiles.Item) itemView {
	return itemView{
		Kind: string(x.Kind), ID: x.ID, Status: x.Status, Open: x.Open, HumanRequested: x.HumanRequested,
		OpenedAt: x.OpenedAt, ChangedAt: x.ChangedAt, Source: x.Last.Source, Channel: string(x.Last.Channel),
		Topic: untrusted(x.Last.Topic, ""), Amount: x.Last.Amount, Currency: x.Last.Currency,
		Account: x.Account,
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
