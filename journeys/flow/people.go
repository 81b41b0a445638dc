package flow

import (
	"context"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/event"
	"tributary/journeys/report"
	"tributary/sql/store"
)

// Ref is an event that made a number.
type Ref struct {
	Source    string `json:"source" policy:"provenance"`
	MessageID string `json:"message_id" policy:"provenance"`
}

// Bounds of a page of people.
const (
	DefaultPage = 100
	MaxPage     = 1000
)

// Page says which people of many are asked for, in the order of their ids.
type Page struct {
	// After is the last of the page before; zero: from the first on.
	After uuid.UUID `json:"after,omitzero" policy:"meta"`
	Limit int       `json:"limit,omitempty" policy:"meta"` // default DefaultPage, at most MaxPage
}

func (p *Page) check(faults *event.Errors) {
	if p.Limit == 0 {
		p.Limit = DefaultPage
	}
	if p.Limit < 1 || p.Limit > MaxPage {
		faults.Add("limit", "must be 1 to 1000")
	}
}

// people answers with a page of the people behind a number of a report. behind makes the statement that finds them, once
// the scope is resolved.
func (f *Flow) people(
	ctx context.Context, name string, scope *report.Scope, definition string, p Page, behind func() (string, store.Params),
) (*People, error) {
	about, err := f.reader.Resolve(ctx, scope, definition)
	if err != nil {
		return nil, err
	}
	sql, params := behind()
	params["after"], params["limit"] = p.After, uint32(p.Limit)
	rows, err := query[personRow](ctx, f, name+" people", sql, params)
	if err != nil {
		return nil, err
	}
	page := &People{About: about, People: make([]Person, len(rows))}
	for i := range rows {
		page.People[i] = rows[i].person()
	}
	if len(rows) == p.Limit {
		page.Next = rows[len(rows)-1].Profile
	}
	return page, nil
}

// People is a page of the people behind a number, in the order of their ids.
type People struct {
	report.About
	People []Person `json:"people" policy:"-"`
	// Next is Page.After of the next page; absent: there is none.
	Next uuid.UUID `json:"next_after,omitzero" policy:"meta"`
}

// Person is one of them, with the events that put them there; of a funnel those of the furthest attempt, an event for
// each step.
type Person struct {
	Profile uuid.UUID   `json:"profile" policy:"meta"`
	At      []time.Time `json:"at" policy:"meta"` // when each event is told
	Events  []Ref       `json:"events" policy:"-"`
}

type personRow struct {
	Profile    uuid.UUID   `ch:"profile"`
	Times      []time.Time `ch:"times"`
	Sources    []string    `ch:"sources"`
	MessageIDs []string    `ch:"message_ids"`
}

func (r *personRow) person() Person {
	p := Person{Profile: r.Profile, At: r.Times, Events: make([]Ref, len(r.Sources))}
	for i := range r.Sources {
		p.Events[i] = Ref{r.Sources[i], r.MessageIDs[i]}
	}
	return p
}
