package admin

import (
	"context"
	"net/http"

	"tributary/journeys/effect"
)

// Effects says what goes with the quality of service, and which uses of AI pay; effect.Reports does.
type Effects interface {
	Effect(ctx context.Context, workspace string, r effect.Request) (*effect.Report, error)
	UseCases(ctx context.Context, workspace string, r effect.UseCaseRequest) (*effect.UseCases, error)
}

// addEffects serves numbers about many.
func addEffects(mux *patterns, h *handlers) {
	handle(mux, h, "POST /admin/v1/journeys/effect", effected(h, Effects.Effect))
	handle(mux, h, "POST /admin/v1/journeys/use-cases", effected(h, Effects.UseCases))
}

// effected answers a request that is the body with what a method of Effects makes of it.
func effected[Q, A any](h *handlers, ask func(e Effects, ctx context.Context, workspace string, q Q) (*A, error)) func(*http.Request) (*A, error) {
	return func(r *http.Request) (*A, error) {
		workspace, err := workspaceOf(r)
		if err != nil {
			return nil, err
		}
		var q Q
		if err := decode(r, &q); err != nil {
			return nil, err
		}
		return ask(h.Effects, r.Context(), workspace, q)
	}
}

// Effect says what goes with a quality of service. The request is JSON: effect.Request.
func (c *Client) Effect(ctx context.Context, workspace string, request []byte) (*effect.Report, error) {
	return askReport[effect.Report](ctx, c, "effect", workspace, request)
}

// UseCases says which uses of AI pay. The request is JSON: effect.UseCaseRequest.
func (c *Client) UseCases(ctx context.Context, workspace string, request []byte) (*effect.UseCases, error) {
	return askReport[effect.UseCases](ctx, c, "use-cases", workspace, request)
}
