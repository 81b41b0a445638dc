package admin

import (
	"context"
	"net/http"
	"net/url"

	"tributary/journeys/contact"
)

// Contacting tells how people contact us; contact.Reports does.
type Contacting interface {
	Journeys(ctx context.Context, workspace string, r contact.JourneysRequest) (*contact.JourneysReport, error)
	Repeats(ctx context.Context, workspace string, r contact.RepeatRequest) (*contact.RepeatReport, error)
	Friction(ctx context.Context, workspace string, r contact.FrictionRequest) (*contact.FrictionReport, error)
}

// addContacting serves the reports of contacts: numbers about many.
func addContacting(mux *patterns, h *handlers) {
	handle(mux, h, "POST /admin/v1/journeys/contacts", report(h.Contacting.Journeys))
	handle(mux, h, "POST /admin/v1/journeys/repeat-contacts", report(h.Contacting.Repeats))
	handle(mux, h, "POST /admin/v1/journeys/friction", report(h.Contacting.Friction))
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
