package admin

import (
	"context"
	"net/http"
	"net/url"

	"tributary/journeys/forecast"
)

// Forecasts says how many contacts will come; forecast.Service does.
type Forecasts interface {
	Make(ctx context.Context, workspace string, r forecast.Request) (*forecast.Answer, error)
}

// Forecast asks for a forecast of the contacts of a workspace.
func (c *Client) Forecast(ctx context.Context, workspace string, r forecast.Request) (*forecast.Answer, error) {
	return call[*forecast.Answer](ctx, c, http.MethodPost, "journeys/forecast", url.Values{"workspace": {workspace}}, r)
}
