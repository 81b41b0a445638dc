package api

import (
	"context"

	"github.com/gin-gonic/gin"

	"tributary/journeys/forecast"
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
