package api

import (
	"context"

	"tributary/journeys/contact"
)

// Contacting tells how people contact us; contact.Reports does.
type Contacting interface {
	Journeys(ctx context.Context, workspace string, r contact.JourneysRequest) (*contact.JourneysReport, error)
	JourneysPeople(ctx context.Context, workspace string, r contact.JourneysPeopleRequest) (*contact.JourneyPeople, error)
	Repeats(ctx context.Context, workspace string, r contact.RepeatRequest) (*contact.RepeatReport, error)
	RepeatPeople(ctx context.Context, workspace string, r contact.RepeatPeopleRequest) (*contact.RepeatPeople, error)
	Friction(ctx context.Context, workspace string, r contact.FrictionRequest) (*contact.FrictionReport, error)
	FrictionPeople(ctx context.Context, workspace string, r contact.FrictionPeopleRequest) (*contact.JourneyPeople, error)
}
