package admin

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"tributary/journeys/contact"
)

// Contacting tells how people contact us; contact.Reports does.
type Contacting interface {
	Journeys(ctx context.Context, workspace string, r contact.JourneysRequest, now time.Time) (*contact.JourneysReport, error)
	Repeats(ctx context.Context, workspace string, r contact.RepeatRequest, now time.Time) (*contact.RepeatReport, error)
	Friction(ctx context.Context, workspace string, r contact.FrictionRequest, now time.Time) (*contact.FrictionReport, error)
}

// addContacting serves the reports of contacts: numbers about many.
func addContacting(mux *patterns, h *handlers) {
	handle(mux, h, "POST /admin/v1/journeys/contacts", contacted(h, Contacting.Journeys))
	handle(mux, h, "POST /admin/v1/journeys/repeat-contacts", contacted(h, Contacting.Repeats))
	handle(mux, h, "POST /admin/v1/journeys/friction", contacted(h, Contacting.Friction))
}

// contacted answers a request that is the body with a report of it.
func contacted[R, V any](h *handlers, f func(Contacting, context.Context, string, R, time.Time) (*V, error)) func(*http.Request) (*V, error) {
	return func(r *http.Request) (*V, error) {
		workspace, err := workspaceOf(r)
		if err != nil {
			return nil, err
		}
		var asked R
		if err := decode(r, &asked); err != nil {
			return nil, err
		}
		return f(h.Contacting, r.Context(), workspace, asked, h.Commands.Now())
	}
}

// ContactJourneys reports the most frequent journeys of contacts.
func (c *Client) ContactJourneys(ctx context.Context, workspace string, r contact.JourneysRequest) (*contact.JourneysReport, error) {
	return call[*contact.JourneysReport](ctx, c, http.MethodPost, "journeys/contacts", url.Values{"workspace": {workspace}}, r)
}

// RepeatContacts reports how often people had to come again.
func (c *Client) RepeatContacts(ctx context.Context, workspace string, r contact.RepeatRequest) (*contact.RepeatReport, error) {
	return call[*contact.RepeatReport](ctx, c, http.MethodPost, "journeys/repeat-contacts", url.Values{"workspace": {workspace}}, r)
}

// Friction reports what makes journeys an effort.
func (c *Client) Friction(ctx context.Context, workspace string, r contact.FrictionRequest) (*contact.FrictionReport, error) {
	return call[*contact.FrictionReport](ctx, c, http.MethodPost, "journeys/friction", url.Values{"workspace": {workspace}}, r)
}
