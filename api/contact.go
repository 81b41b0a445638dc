package api

import (
	"context"
	"errors"
	"time"

	"github.com/gin-gonic/gin"

	"tributary/api/problem"
	"tributary/ingest/event"
	"tributary/journeys/contact"
	"tributary/profiles/analysis"
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

// contactTimeout bounds a report: it reads the events of months.
const contactTimeout = time.Minute

// reported answers with what a report of contacts says of the request in the body.
func reported[R, V any](a *API, f func(Contacting, context.Context, string, R, time.Time) (V, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		var body R
		if err := decodeAlone(c, &body); err != nil {
			a.fail(c, err)
			return
		}
		v, err := f(a.Contacting, c.Request.Context(), keyOf(c).Workspace, body, a.Now())
		if err != nil {
			a.fail(c, ofContacts(err))
			return
		}
		a.answer(c, v)
	}
}

// ofContacts puts an error of a report in terms of its request.
func ofContacts(err error) error {
	var faults event.Errors
	switch {
	case errors.As(err, &faults):
		d := problem.New(problem.Invalid, "")
		for _, f := range faults {
			d.Errors = append(d.Errors, problem.FieldError{Field: f.Field, Reason: f.Reason})
		}
		return d
	case errors.Is(err, analysis.ErrNoSegment):
		return problem.Field("filter.segment", "is not declared; GET /v1/segments lists those there are")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, store.ErrGone), errors.Is(err, store.ErrOverload), errors.Is(err, store.ErrPassing):
		return problem.New(problem.Unavailable, "the analytics store cannot be read now")
	}
	return err
}
