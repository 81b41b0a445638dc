package zendesk

import (
	"context"
	"net/url"
	"strings"

	"tributary/ingest/connector/field"
)

// maxLookup is how many records one request of show_many may name.
const maxLookup = 100

// full is a ticket of the API
// (https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#json-format).
type full struct {
	detail
	CreatedAt          field.Text `json:"created_at"`
	GeneratedTimestamp field.Text `json:"generated_timestamp"`
}

// directory is who the tickets of one page are about. Exports of events name tickets and authors by
// their ids alone.
type directory struct {
	tickets map[string]*ticket
	people  map[string]person
}

// lookUp asks for these tickets, their requesters and these other users. Deleted ones are not there.
func (p *puller) lookUp(ctx context.Context, tickets, users []string) (*directory, error) {
	d := &directory{tickets: map[string]*ticket{}, people: map[string]person{}}
	for ids := range chunks(tickets) {
		var answer struct {
			Tickets []full `json:"tickets"`
		}
		if err := p.lookups.Get(ctx, "/api/v2/tickets/show_many.json", url.Values{"ids": {ids}}, &answer); err != nil {
			return nil, err
		}
		for i := range answer.Tickets {
			t := answer.Tickets[i].ticket()
			d.tickets[t.id] = t
			users = append(users, t.requester.id)
		}
	}
	for ids := range chunks(users) {
		var answer struct {
			Users []exported `json:"users"`
		}
		if err := p.lookups.Get(ctx, "/api/v2/users/show_many.json", url.Values{"ids": {ids}}, &answer); err != nil {
			return nil, err
		}
		for i := range answer.Users {
			u := answer.Users[i].person()
			d.people[u.id] = u
		}
	}
	for _, t := range d.tickets {
		if u, ok := d.people[t.requester.id]; ok {
			t.requester = u
		}
	}
	return d, nil
}

// ticket is a copy of the ticket of that id as it is now, or what is known of one that is gone.
func (d *directory) ticket(id string) *ticket {
	if t, ok := d.tickets[id]; ok {
		found := *t
		return &found
	}
	return &ticket{id: id}
}

// person is the user of that id, or the id alone.
func (d *directory) person(id string) person {
	if u, ok := d.people[id]; ok {
		return u
	}
	return person{id: id}
}

// chunks yields ids, each once and without none and the system, as lists between commas.
func chunks(ids []string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		seen := map[string]bool{"": true, system: true}
		var chunk []string
		for _, id := range ids {
			if seen[id] {
				continue
			}
			seen[id] = true
			if chunk = append(chunk, id); len(chunk) == maxLookup {
				if !yield(strings.Join(chunk, ",")) {
					return
				}
				chunk = nil
			}
		}
		if len(chunk) > 0 {
			yield(strings.Join(chunk, ","))
		}
	}
}
