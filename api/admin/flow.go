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
	Retention(ctx context.Context, workspace string, r flow.RetentionRequest) (*flow.Retention, error)
	Paths(ctx context.Context, workspace string, r flow.PathsRequest) (*flow.Paths, error)
	Between(ctx context.Context, workspace string, r flow.BetweenRequest) (*flow.Between, error)
}

// addJourneys serves the reports about how people move: numbers about many.
func addJourneys(mux *patterns, h *handlers) {
	handle(mux, h, "POST /admin/v1/journeys/funnel", report(h.Journeys.Funnel))
	handle(mux, h, "POST /admin/v1/journeys/retention", report(h.Journeys.Retention))
	handle(mux, h, "POST /admin/v1/journeys/paths", report(h.Journeys.Paths))
	handle(mux, h, "POST /admin/v1/journeys/time-between", report(h.Journeys.Between))
}

// report answers a request that is the body with what ask makes of it.
func report[Q, A any](ask func(ctx context.Context, workspace string, q Q) (A, error)) func(*http.Request) (A, error) {
	return func(r *http.Request) (answer A, err error) {
		workspace, err := workspaceOf(r)
		if err != nil {
			return answer, err
		}
		var q Q
		if err := decode(r, &q); err != nil {
			return answer, err
		}
		return ask(r.Context(), workspace, q)
	}
}

// Funnel tells how many people go through steps. The request is JSON: flow.FunnelRequest.
func (c *Client) Funnel(ctx context.Context, workspace string, request []byte) (*flow.Funnel, error) {
	return askReport[flow.Funnel](ctx, c, "funnel", workspace, request)
}

// Retention tells who comes back. The request is JSON: flow.RetentionRequest.
func (c *Client) Retention(ctx context.Context, workspace string, request []byte) (*flow.Retention, error) {
	return askReport[flow.Retention](ctx, c, "retention", workspace, request)
}

// Paths tells along which paths people move. The request is JSON: flow.PathsRequest.
func (c *Client) Paths(ctx context.Context, workspace string, request []byte) (*flow.Paths, error) {
	return askReport[flow.Paths](ctx, c, "paths", workspace, request)
}

// TimeBetween tells how long one thing takes after another. The request is JSON: flow.BetweenRequest.
func (c *Client) TimeBetween(ctx context.Context, workspace string, request []byte) (*flow.Between, error) {
	return askReport[flow.Between](ctx, c, "time-between", workspace, request)
}

func askReport[A any](ctx context.Context, c *Client, report, workspace string, request []byte) (*A, error) {
	return call[*A](ctx, c, http.MethodPost, "journeys/"+report, url.Values{"workspace": {workspace}}, json.RawMessage(request))
}
