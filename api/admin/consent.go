package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/profiles/consent"
)

// Suppressor has records refused whose subject has one of some identifiers; desk.Desk is one.
type Suppressor interface {
	Suppress(ctx context.Context, workspace string, ids []identity.Identifier, actor, reason string) error
}

// ConsentLine is one decision about consent, and why.
type ConsentLine struct {
	// About is "type:value" of a contact point, or "observation:<id>"; By is of whom it was said that decided.
	About   string    `json:"about"`
	Channel string    `json:"channel"`
	Purpose string    `json:"purpose"`
	Allowed bool      `json:"allowed"`
	Reason  string    `json:"reason"`
	By      string    `json:"by,omitempty"`
	Source  string    `json:"source,omitempty"`
	At      time.Time `json:"at,omitzero"`
}

// Consents is what there is of consent of a profile.
type Consents struct {
	Profile string        `json:"profile"`
	Lines   []ConsentLine `json:"consent"`
}

func about(s consent.Subject) string {
	if s.IsContact() {
		return s.Contact.Type + ":" + s.Contact.Value
	}
	return "observation:" + s.Observation.String()
}

// showConsent answers what stands for a profile: all, or what a purpose is asked about.
func (h *handlers) showConsent(r *http.Request) (answer Consents, err error) {
	q := r.URL.Query()
	address, err := profiles.ParseAddress(q.Get("address"))
	if err != nil {
		return answer, problem.Field("address", "must be type:value, such as email:… or profile:<uuid>")
	}
	found, err := h.Profiles.Get(r.Context(), q.Get("workspace"), address)
	if err != nil {
		return answer, ofProfile(err)
	}
	p := consent.Project(found.Consent, h.Commands.Now())
	decisions := p.All()
	if purpose := q.Get("purpose"); purpose != "" {
		channel := event.Channel(q.Get("channel"))
		if !event.ValidPurpose(purpose) {
			return answer, problem.Field("purpose", `must be a machine name, or "*"`)
		}
		if channel != "" && channel != consent.AnyChannel && !event.ValidChannel(channel) {
			return answer, problem.Field("channel", `must be a channel, or "*"`)
		}
		decisions = p.Check(channel, purpose)
	}
	answer = Consents{Profile: found.Profile.ID.String(), Lines: []ConsentLine{}}
	for i := range decisions {
		d := &decisions[i]
		line := ConsentLine{About: about(d.Subject), Channel: string(d.Channel), Purpose: d.Purpose, Allowed: d.Allowed, Reason: string(d.Reason)}
		if d.By != nil {
			line.By, line.Source, line.At = about(d.Of), d.By.Source, d.By.At
		}
		answer.Lines = append(answer.Lines, line)
	}
	ids := make([]identity.ObservationID, len(found.Profile.Observations))
	for i := range ids {
		ids[i] = found.Profile.Observations[i].ID
	}
	return answer, h.record(r, ids, found.Profile.ID, found.IdentityVersion, policy.ClassConsent, policy.ClassContact)
}

func ofProfile(err error) error {
	var fault *profiles.AddressError
	var several *profiles.AmbiguousError
	switch {
	case errors.Is(err, profiles.ErrNotFound):
		return problem.New(problem.NotFound, "")
	case errors.As(err, &fault):
		return problem.Field("address", fault.Reason)
	case errors.As(err, &several):
		return problem.New(problem.Ambiguous, several.Error())
	}
	return err
}

// suppression is a list of identifiers to suppress.
type suppression struct {
	Identifiers []event.Identifier `json:"identifiers"`
	Actor       string             `json:"actor,omitempty"`
	Reason      string             `json:"reason,omitempty"`
}

func (h *handlers) suppress(r *http.Request) (struct{}, error) {
	var body suppression
	workspace := r.URL.Query().Get("workspace")
	if workspace == "" {
		return struct{}{}, problem.Field("workspace", "is required")
	}
	if err := decode(r, &body); err != nil {
		return struct{}{}, err
	}
	if h.Suppressor == nil {
		return struct{}{}, problem.New(problem.Unavailable, "this server takes no requests of privacy")
	}
	ids := make([]identity.Identifier, len(body.Identifiers))
	for i, id := range body.Identifiers {
		ids[i] = identity.Identifier(id)
	}
	return struct{}{}, h.Suppressor.Suppress(r.Context(), workspace, ids, body.Actor, body.Reason)
}

// Consent asks what stands for a profile; with a purpose, what is asked of a channel (empty: all).
func (c *Client) Consent(ctx context.Context, workspace, address string, channel event.Channel, purpose string) (Consents, error) {
	return call[Consents](ctx, c, http.MethodGet, "consent", url.Values{
		"workspace": {workspace}, "address": {address}, "channel": {string(channel)}, "purpose": {purpose},
	}, nil)
}

// Suppress has records with one of the identifiers refused from now on; at most 1,000 at a time.
func (c *Client) Suppress(ctx context.Context, workspace string, ids []event.Identifier, actor, reason string) error {
	_, err := call[struct{}](ctx, c, http.MethodPost, "suppress", url.Values{"workspace": {workspace}}, suppression{ids, actor, reason})
	return err
}
