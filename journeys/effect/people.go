package effect

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/event"
	"tributary/journeys/report"
)

// The bounds of a page of people.
const (
	DefaultPeople = 50
	MaxPage       = 500
)

// Page is what part of a list of people is asked for.
type Page struct {
	After uuid.UUID `json:"after,omitzero"` // next of the page before
	Limit int       `json:"limit,omitempty"`
}

// PeopleRequest asks for the people behind a number of Effect.
type PeopleRequest struct {
	Measure
	Of Cell `json:"of,omitzero"`
	Page
}

// Cell names a number of Effect: what is not given is any.
type Cell struct {
	Exposed  *bool    `json:"exposed,omitempty"`
	Stayed   *bool    `json:"stayed,omitempty"`
	Currency string   `json:"currency,omitempty"` // of paid: those who are compared in it
	Stratum  *Stratum `json:"stratum,omitempty"`  // as the report shows it
}

func (c *Cell) takes(p *people, u *unit, o *Outcomes) bool {
	return (c.Exposed == nil || *c.Exposed == u.Exposed) &&
		(c.Stayed == nil || *c.Stayed == o.Retention.of(u)) &&
		(c.Currency == "" || u.Currency == "" || u.Currency == c.Currency) &&
		(c.Stratum == nil || *c.Stratum == p.stratum(u, o.Adjust))
}

// UseCasePeopleRequest asks for the people behind a number of UseCases.
type UseCasePeopleRequest struct {
	UseCaseRequest
	Of UseCell `json:"of,omitzero"`
	Page
}

// UseCell names a number of UseCases: what is not given is any.
type UseCell struct {
	Topic   *string `json:"topic,omitempty"`
	Channel *string `json:"channel,omitempty"`
	Agent   *string `json:"agent,omitempty"`
	Kind    UseKind `json:"kind,omitempty"` // default UseAll
}

// UseKind is which contacts of a use are listed.
type UseKind string

// The kinds.
const (
	UseAll           UseKind = "all"
	UseContained     UseKind = "contained"
	UseConfirmed     UseKind = "confirmed"
	UseSilentFailure UseKind = "silent_failure"
	UseHuman         UseKind = "human" // those about the topic that a human began, and that tell what they cost
)

var useKinds = []UseKind{UseAll, UseContained, UseConfirmed, UseSilentFailure, UseHuman}

func (c *UseCell) takes(basis *CostBasis, row *costRow) bool {
	if !row.Settled || c.Topic != nil && *c.Topic != row.Topic {
		return false
	}
	if c.Kind == UseHuman {
		return !row.AI && basis.measured(row)
	}
	return row.AI && (c.Channel == nil || *c.Channel == row.Channel) && (c.Agent == nil || *c.Agent == row.Agent) &&
		(c.Kind != UseContained || row.Contained) && (c.Kind != UseConfirmed || row.Confirmed) &&
		(c.Kind != UseSilentFailure || row.Contained && row.Again)
}

// People is a page of the people behind a number, each with the contacts that it counts.
type People struct {
	report.About
	People []Person   `json:"people" policy:"-"`
	Next   *uuid.UUID `json:"next,omitempty" policy:"meta"` // Page.After of the next page; absent: there is none
	// Untrusted are the members that sources and models wrote.
	Untrusted []string `json:"untrusted" policy:"meta"`
}

// Person is one of them.
type Person struct {
	Profile  uuid.UUID `json:"profile" policy:"meta"`
	Contacts []Contact `json:"contacts" policy:"-"`
}

// Contact is one contact.
type Contact struct {
	ConversationID string    `json:"conversation_id" policy:"conversation"`
	BeganAt        time.Time `json:"began_at" policy:"conversation"`
	Channel        string    `json:"channel" policy:"conversation"`
	Topic          string    `json:"topic,omitempty" policy:"conversation"`
	Source         string    `json:"source" policy:"provenance"`
}

// EffectPeople lists the people behind a number of Effect. It fails as Effect does.
func (r *Reports) EffectPeople(ctx context.Context, workspace string, request PeopleRequest) (*People, error) {
	var faults event.Errors
	q := request.check(workspace, r.now(), &faults)
	limit := number(request.Limit, DefaultPeople, MaxPage, "limit", &faults)
	if err := faults.Err(); err != nil {
		return nil, err
	}
	about, err := r.reader.Resolve(ctx, &q.scope, q.definition())
	if err != nil {
		return nil, err
	}
	p, err := r.read(ctx, q)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(p.units, func(a, b unit) int { return byID(a.Profile, b.Profile) })
	answer := newPeople(about)
	for i := range p.units {
		u := &p.units[i]
		if request.Of.takes(p, u, &q.Outcomes) && !answer.add(u.Profile, Contact{u.ID, u.At.UTC(), u.Channel, u.Topic, u.Source}, request.After, limit) {
			break
		}
	}
	return answer, nil
}

// UseCasePeople lists the people behind a number of UseCases. It fails as Effect does.
func (r *Reports) UseCasePeople(ctx context.Context, workspace string, request UseCasePeopleRequest) (*People, error) {
	var faults event.Errors
	q := request.check(workspace, r.now(), &faults)
	limit := number(request.Limit, DefaultPeople, MaxPage, "limit", &faults)
	if request.Of.Kind != "" && !slices.Contains(useKinds, request.Of.Kind) {
		faults.Add("of.kind", "must be all, contained, confirmed, silent_failure or human")
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	q.agent = q.agent || request.Of.Agent != nil
	about, err := r.reader.Resolve(ctx, &q.scope, useDefinition)
	if err != nil {
		return nil, err
	}
	rows, err := r.contacts(ctx, q)
	if err != nil {
		return nil, err
	}
	answer, basis := newPeople(about), request.basis(rows)
	slices.SortStableFunc(rows, func(a, b costRow) int { return byID(a.Profile, b.Profile) })
	for i := range rows {
		row := &rows[i]
		if request.Of.takes(basis, row) && !answer.add(row.Profile, Contact{row.ID, row.At.UTC(), row.Channel, row.Topic, row.Source}, request.After, limit) {
			break
		}
	}
	return answer, nil
}

func newPeople(about report.About) *People {
	return &People{About: about, People: []Person{}, Untrusted: []string{"people[].contacts[].conversation_id", "people[].contacts[].topic"}}
}

// add puts a contact on the page, of people after one in the order of their ids, and says whether more may come.
func (p *People) add(who uuid.UUID, c Contact, after uuid.UUID, limit int) bool {
	last := len(p.People) - 1
	switch {
	case byID(who, after) <= 0:
	case last >= 0 && p.People[last].Profile == who:
		p.People[last].Contacts = append(p.People[last].Contacts, c)
	case len(p.People) == limit:
		p.Next = &p.People[last].Profile
		return false
	default:
		p.People = append(p.People, Person{who, []Contact{c}})
	}
	return true
}

// byID compares ids as they are written; the store has an order of its own.
func byID(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }
