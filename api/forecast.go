package api

import (
	"context"
	"errors"

	"github.com/gin-gonic/gin"

	"tributary/api/problem"
	"tributary/ingest/event"
	"tributary/journeys/forecast"
	"tributary/profiles/analysis"
)

// Forecasts says how many contacts will come; forecast.Service does.
type Forecasts interface {
	Make(ctx context.Context, workspace string, r forecast.Request) (*forecast.Answer, error)
}

func (a *API) postForecast(c *gin.Context) {
	var body forecast.Request
	err := decodeAlone(c, &body)
	var answer *forecast.Answer
	if err == nil {
		answer, err = a.Forecasts.Make(c.Request.Context(), keyOf(c).Workspace, body)
	}
	if err != nil {
		a.fail(c, ofReport(err))
		return
	}
	a.answer(c, answer)
}

// ofReport puts the faults of a report's request in terms of its body.
func ofReport(err error) error {
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
	}
	return err
}
