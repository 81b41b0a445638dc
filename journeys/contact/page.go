package contact

import (
	"context"

	"github.com/google/uuid"
)

// The bounds of a list of the people behind a number.
const (
	DefaultPeople = 50
	MaxPeople     = 500
)

// Page is what part of a list of people is asked for.
type Page struct {
	After uuid.UUID `json:"after,omitzero"` // next of the page before
	Limit int       `json:"limit,omitempty"`
}

// pageOf lists up to limit of those who come after one, in the order of the analytics store, and of whom tell tells anything.
// next is the last of them, nil if there are no more.
func pageOf[P any](
	ctx context.Context, r *Reports, reading *reading, after uuid.UUID, limit int, tell func(steps []*Step) (P, bool),
) (people []P, next *uuid.UUID, err error) {
	reading.after, people = after, []P{}
	var last uuid.UUID
	for steps, err := range r.people(ctx, reading) {
		if err != nil {
			return nil, nil, err
		}
		person, ok := tell(steps)
		if !ok {
			continue
		}
		if len(people) == limit {
			return people, &last, nil
		}
		people, last = append(people, person), steps[0].Profile
	}
	return people, nil, nil
}
