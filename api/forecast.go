package api

import (
	"context"

	"tributary/journeys/forecast"
)

// Forecasts says how many contacts will come; forecast.Service does.
type Forecasts interface {
	Make(ctx context.Context, workspace string, r forecast.Request) (*forecast.Answer, error)
}
