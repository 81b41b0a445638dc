package admin

import (
	"context"

	"tributary/journeys/effect"
)

// Effects says what goes with the quality of service, and which uses of AI pay; effect.Reports does.
type Effects interface {
	Effect(ctx context.Context, workspace string, r effect.Request) (*effect.Report, error)
	UseCases(ctx context.Context, workspace string, r effect.UseCaseRequest) (*effect.UseCases, error)
}

// addEffects serves numbers about many.
func addEffects(mux *patterns, h *handlers) {
	handle(mux, h, "POST /admin/v1/journeys/effect", report(h.Effects.Effect))
	handle(mux, h, "POST /admin/v1/journeys/use-cases", report(h.Effects.UseCases))
}

// Effect says what goes with a quality of service. The request is JSON: effect.Request.
func (c *Client) Effect(ctx context.Context, workspace string, request []byte) (*effect.Report, error) {
	return askReport[effect.Report](ctx, c, "effect", workspace, request)
}

// UseCases says which uses of AI pay. The request is JSON: effect.UseCaseRequest.
func (c *Client) UseCases(ctx context.Context, workspace string, request []byte) (*effect.UseCases, error) {
	return askReport[effect.UseCases](ctx, c, "use-cases", workspace, request)
}
