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

func (a *API) postForecast(c *gin.Context) { answerReport(a, c, ofReport, a.Forecasts.Make) }
