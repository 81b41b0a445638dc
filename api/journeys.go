package api

import (
	"context"
	"errors"

	"github.com/gin-gonic/gin"

	"tributary/api/problem"
	"tributary/journeys/flow"
	"tributary/profiles/analysis"
	"tributary/sql/store"
)

// Journeys tells how people move; flow.Flow is one.
type Journeys interface {
	Names(ctx context.Context, workspace string, r flow.NamesRequest) (*flow.Names, error)
	Funnel(ctx context.Context, workspace string, r flow.FunnelRequest) (*flow.Funnel, error)
	FunnelPeople(ctx context.Context, workspace string, r flow.FunnelPeopleRequest) (*flow.People, error)
	Retention(ctx context.Context, workspace string, r flow.RetentionRequest) (*flow.Retention, error)
	RetentionPeople(ctx context.Context, workspace string, r flow.RetentionPeopleRequest) (*flow.People, error)
	Paths(ctx context.Context, workspace string, r flow.PathsRequest) (*flow.Paths, error)
	PathsPeople(ctx context.Context, workspace string, r flow.PathsPeopleRequest) (*flow.People, error)
	Between(ctx context.Context, workspace string, r flow.BetweenRequest) (*flow.Between, error)
	BetweenPeople(ctx context.Context, workspace string, r flow.BetweenPeopleRequest) (*flow.People, error)
}

// reportOf answers a request that is the body with what ask makes of it.
func reportOf[Q, A any](a *API, ask func(ctx context.Context, workspace string, q Q) (A, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		var q Q
		if err := decodeAlone(c, &q); err != nil {
			a.fail(c, err)
			return
		}
		answer, err := ask(c.Request.Context(), keyOf(c).Workspace, q)
		if err != nil {
			a.fail(c, a.reportProblem(c, err))
			return
		}
		a.answer(c, answer)
	}
}

// reportProblem is ofReport for a report that was asked for, and may have taken too long: then the store's error may be any.
func (a *API) reportProblem(c *gin.Context, err error) error {
	if errors.Is(c.Request.Context().Err(), context.DeadlineExceeded) {
		return problem.New(problem.Timeout, "the report may take "+a.ReportTimeout.String()+
			"; ask for a shorter time (from, until), for fewer channels, sources or events, or for a segment (filter)")
	}
	return ofReport(err)
}

// ofReport says what an error of a report means: what was asked is wrong, or the analytics store cannot say now.
func ofReport(err error) error {
	if d := problem.OfFaults(err); d != nil {
		return d
	}
	switch {
	case errors.Is(err, analysis.ErrNoSegment):
		return problem.Field("filter.segment", "is not declared; GET /v1/segments lists those there are")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, store.ErrOverload):
		return problem.New(problem.Unavailable, "the report takes more memory than it may; ask for a shorter time, or fewer events")
	case errors.Is(err, store.ErrGone), errors.Is(err, store.ErrPassing), errors.Is(err, store.ErrNotFound):
		return problem.New(problem.Unavailable, "reports cannot be read now")
	}
	return err
}
