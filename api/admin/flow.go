package admin

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"tributary/journeys/flow"
)

// Journeys tells how people move; flow.Flow is one.
type Journeys interface {
	Funnel(ctx context.Context, workspace string, r flow.FunnelRequest) (*flow.Funnel, error)
}

// addJourneys serves the reports about how people move: numbers about many.
func addJourneys(mux *patterns, h *handlers) {
	handle(mux, h, "POST /admin/v1/journeys/funnel", report(h, Journeys.Funnel))
}

// report answers a request that is the body with what a method of Journeys makes of it.
func report[Q, A any](h *handlers, ask func(j Journeys, ctx context.Context, workspace string, q Q) (*A, error)) func(*http.Request) (*A, error) {
	return func(r *http.Request) (*A, error) {
		workspace, err := workspaceOf(r)
		if err != nil {
			return nil, err
		}
		var q Q
		if err := decode(r, &q); err != nil {
			return nil, err
		}
		return ask(h.Journeys, r.Context(), workspace, q)
	}
}

// Funnel tells how many people go through steps. The request is JSON: flow.FunnelRequest.
func (c *Client) Funnel(ctx context.Context, workspace string, request []byte) (*flow.Funnel, error) {
	return askReport[flow.Funnel](ctx, c, "funnel", workspace, request)
}

func askReport[A any](ctx context.Context, c *Client, report, workspace string, request []byte) (*A, error) {
	return call[*A](ctx, c, http.MethodPost, "journeys/"+report, url.Values{"workspace": {workspace}}, json.RawMessage(request))
}
