package contact

import (
	"context"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/event"
	"tributary/journeys/report"
	"tributary/profiles"
)

// ChainRequest is what requests about journeys share. The filter chooses journeys: those with a contact of the channels,
// sources and kinds of agent, of people in the segment. Each is then told whole.
type ChainRequest struct {
	report.Request
	GapHours int `json:"gap_hours,omitempty"` // default DefaultGapHours
}

// chainQuery is a request that was checked.
type chainQuery struct {
	scope    report.Scope
	gap      time.Duration
	friction bool
	waitOver time.Duration
}

func (r *ChainRequest) check(workspace string, now time.Time, faults *event.Errors) *chainQuery {
	gap := number(r.GapHours, DefaultGapHours, MaxGapHours, "gap_hours", faults)
	return &chainQuery{scope: r.Scope(workspace, now, faults), gap: time.Duration(gap) * time.Hour}
}

func (q *chainQuery) reading() *reading {
	return &reading{
		scope: &q.scope, lead: max(looksBack, q.gap+visitLead), follow: followed, causes: true,
		visits: !q.friction, surveys: q.friction, marks: q.friction, waitOver: q.waitOver,
	}
}

// journeys are those of somebody's that the query is about.
func (q *chainQuery) journeys(steps []*Step) []*chain {
	var list []*chain
	for _, c := range chains(steps, q.gap) {
		if c.in(&q.scope) {
			list = append(list, c)
		}
	}
	return list
}

// unfinished says whether a journey may still go on.
func (q *chainQuery) unfinished(c *chain, asOf time.Time) bool { return c.ended.Add(q.gap).After(asOf) }

// Journey is one person's journey.
type Journey struct {
	BeganAt  time.Time     `json:"began_at,omitzero" policy:"conversation"`
	EndedAt  time.Time     `json:"ended_at,omitzero" policy:"conversation"`
	Outcome  Outcome       `json:"outcome" policy:"self"`
	Steps    []JourneyStep `json:"steps,omitempty" policy:"-"`
	Friction []Effort      `json:"friction,omitempty" policy:"-"`
	Effort   *float64      `json:"effort,omitempty" policy:"computed"` // points; of journeys of friction
}

// PolicyClass says the class of data that the outcome is of: who left is known of the contract.
func (j Journey) PolicyClass() string {
	if j.Outcome == OutcomeChurned {
		return profiles.EventClass(event.NameSubscriptionCancelled, false)
	}
	return profiles.EventClass(event.NameConversationEnded, true)
}

// JourneyStep is a step of it. Source and MessageID are its first event.
type JourneyStep struct {
	Kind      string    `json:"kind" policy:"self"`
	Channel   string    `json:"channel,omitempty" policy:"self"`
	BeganAt   time.Time `json:"began_at" policy:"self"`
	EndedAt   time.Time `json:"ended_at" policy:"self"`
	Topic     string    `json:"topic,omitempty" policy:"self"`
	ID        string    `json:"id,omitempty" policy:"self"` // of a conversation or case
	Events    uint64    `json:"events" policy:"self"`
	Source    string    `json:"source" policy:"provenance"`
	MessageID string    `json:"message_id" policy:"provenance"`
	class     string
}

// PolicyClass says the class of data that the step is of.
func (s JourneyStep) PolicyClass() string { return s.class }

// Effort is one friction point of a journey, with the event that is its evidence.
type Effort struct {
	Kind      Friction  `json:"kind" policy:"self"`
	Effort    float64   `json:"effort" policy:"self"`
	At        time.Time `json:"at" policy:"self"`
	StepKind  string    `json:"step_kind" policy:"self"`
	Channel   string    `json:"channel,omitempty" policy:"self"`
	Topic     string    `json:"topic,omitempty" policy:"self"`
	ID        string    `json:"id,omitempty" policy:"self"` // of the conversation or case
	Source    string    `json:"source" policy:"provenance"`
	MessageID string    `json:"message_id" policy:"provenance"`
	class     string
}

// PolicyClass says the class of data that the step is of that the effort is caused by.
func (e Effort) PolicyClass() string { return e.class }

// class is that of the step's events, by the reader policy.
func (s *Step) class() string {
	name := s.Kind
	if s.Kind == kindVisit {
		name = "" // of the product, as nothing else is
	}
	return profiles.EventClass(name, s.id() != "")
}

func (s *Step) id() string {
	if s.Kind == kindConversation || s.Kind == kindCase {
		return s.Key
	}
	return ""
}

func (s *Step) view() JourneyStep {
	return JourneyStep{
		Kind: s.name(), Channel: s.Channel, BeganAt: s.BeganAt.UTC(), EndedAt: s.EndedAt.UTC(), Topic: s.Topic, ID: s.id(),
		Events: s.Events, Source: s.Source, MessageID: s.MessageID, class: s.class(),
	}
}

func (c *chain) view() Journey {
	return Journey{BeganAt: c.began.UTC(), EndedAt: c.ended.UTC(), Outcome: c.outcome()}
}

// JourneyPeople is a page of the people behind a number, each with the journeys that it counts.
type JourneyPeople struct {
	report.About
	People []JourneyPerson `json:"people" policy:"-"`
	Next   *uuid.UUID      `json:"next,omitempty" policy:"meta"` // asks for the next page; absent: there is none
	// Untrusted are the members that sources and customers made up.
	Untrusted []string `json:"untrusted" policy:"meta"`
}

// JourneyPerson is one of them.
type JourneyPerson struct {
	Profile  uuid.UUID `json:"profile" policy:"meta"`
	Journeys []Journey `json:"journeys" policy:"-"`
}

// journeyPeople lists those of whose journeys view tells anything.
func (r *Reports) journeyPeople(
	ctx context.Context, q *chainQuery, definition string, page Page, limit int, view func(*chain) (Journey, bool),
) (*JourneyPeople, error) {
	about, err := r.reader.Resolve(ctx, &q.scope, definition)
	if err != nil {
		return nil, err
	}
	answer := &JourneyPeople{About: about, Untrusted: []string{
		"people[].journeys[].steps[].topic", "people[].journeys[].steps[].id", "people[].journeys[].steps[].message_id",
		"people[].journeys[].friction[].topic", "people[].journeys[].friction[].id", "people[].journeys[].friction[].message_id",
	}}
	answer.People, answer.Next, err = pageOf(ctx, r, q.reading(), page.After, limit, func(steps []*Step) (JourneyPerson, bool) {
		person := JourneyPerson{Profile: steps[0].Profile}
		for _, c := range q.journeys(steps) {
			if j, ok := view(c); ok {
				person.Journeys = append(person.Journeys, j)
			}
		}
		return person, len(person.Journeys) > 0
	})
	return answer, err
}
