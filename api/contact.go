package api

import (
	"context"
	"errors"
	"time"

	"github.com/gin-gonic/gin"

	"tributary/api/problem"
	"tributary/journeys/contact"
	"tributary/sql/store"
)

// Contacting tells how people contact us; contact.Reports does.
type Contacting interface {
	Journeys(ctx context.Context, workspace string, r contact.JourneysRequest, now time.Time) (*contact.JourneysReport, error)
	JourneysPeople(ctx context.Context, workspace string, r contact.JourneysPeopleRequest, now time.Time) (*contact.JourneyPeople, error)
	Repeats(ctx context.Context, workspace string, r contact.RepeatRequest, now time.Time) (*contact.RepeatReport, error)
	RepeatPeople(ctx context.Context, workspace string, r contact.RepeatPeopleRequest, now time.Time) (*contact.RepeatPeople, error)
	Friction(ctx context.Context, workspace string, r contact.FrictionRequest, now time.Time) (*contact.FrictionReport, error)
	FrictionPeople(ctx context.Context, workspace string, r contact.FrictionPeopleRequest, now time.Time) (*contact.JourneyPeople, error)
}

// reportTimeout bounds a report: it reads the events of months.
const reportTimeout = time.Minute

// reported answers with what a report of contacts says of the request in the body.
func reported[R, V any](a *API, f func(Contacting, context.Context, string, R, time.Time) (V, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		answerReport(a, c, ofContacts, func(ctx context.Context, workspace string, r R) (V, error) {
			return f(a.Contacting, ctx, workspace, r, a.Now())
		})
	}
}

// ofContacts is ofReport, but for what it says of the analytics store.
func ofContacts(err error) error {
	switch {
	case errors.Is(err, store.ErrGone), errors.Is(err, store.ErrOverload), errors.Is(err, store.ErrPassing):
		return problem.New(problem.Unavailable, "the analytics store cannot be read now")
	case errors.Is(err, store.ErrNotFound):
		return err
	}
	return ofReport(err)
}
