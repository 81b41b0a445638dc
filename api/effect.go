package api

import (
	"context"

	"tributary/journeys/effect"
)

// Effects says what goes with the quality of service, and which uses of AI pay; effect.Reports does.
type Effects interface {
	Effect(ctx context.Context, workspace string, r effect.Request) (*effect.Report, error)
	EffectPeople(ctx context.Context, workspace string, r effect.PeopleRequest) (*effect.People, error)
	UseCases(ctx context.Context, workspace string, r effect.UseCaseRequest) (*effect.UseCases, error)
	UseCasePeople(ctx context.Context, workspace string, r effect.UseCasePeopleRequest) (*effect.People, error)
}
