package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/problem"
	"tributary/profiles"
	"tributary/profiles/past"
)

// Past answers who somebody was, and what was ever said of them; past.Service is one.
type Past interface {
	Get(ctx context.Context, workspace string, address profiles.Address, at time.Time) (*profiles.Answer, error)
	Trait(ctx context.Context, r past.TraitRequest) (*past.TraitPage, error)
}

// profileRequest is what both ways to ask for a profile may add to the address.
type profileRequest struct {
	AsOf         *time.Time // nil: now
	Alternatives bool
}

// serveProfile answers with the profile of an address; named puts an error in terms of the request.
func (a *API) serveProfile(c *gin.Context, address profiles.Address, r profileRequest, named func(error) error) {
	var found *profiles.Answer
	var err error
	if r.AsOf == nil {
		found, err = a.Profiles.Get(c.Request.Context(), keyOf(c).Workspace, address)
	} else {
		found, err = a.Past.Get(c.Request.Context(), keyOf(c).Workspace, address, *r.AsOf)
	}
	if err != nil {
		a.fail(c, named(err))
		return
	}
	if a.redirect(c, address, found.Profile.ID, found.Requested, found.IdentityVersion) {
		return
	}
	view := newProfileView(found)
	view.AsOf = r.AsOf
	if r.AsOf == nil {
		if err := a.analyse(keyOf(c).Workspace, found, &view); err != nil {
			a.fail(c, err)
			return
		}
		view.Consent = newConsentSummary(found.Consent, a.Now())
	}
	if !r.Alternatives {
		withoutAlternatives(view.Traits)
		withoutAlternatives(view.Attributes)
		for i := range view.Accounts {
			withoutAlternatives(view.Accounts[i].Traits)
		}
	}
	a.answer(c, view)
}

func withoutAlternatives(views map[string]traitView) {
	for name, v := range views {
		v.Alternatives = nil
		views[name] = v
	}
}

// movedView is the body of a redirect.
type movedView struct {
	MergedInto      uuid.UUID `json:"merged_into" policy:"meta"`
	IdentityVersion uint64    `json:"identity_version" policy:"meta"`
}

// redirect answers a GET of a profile by an id that was merged into another: whoever keeps the id
// learns the one to keep. It says whether it did. Every other address names a person, not an id, and is
// answered.
func (a *API) redirect(c *gin.Context, address profiles.Address, profile, requested uuid.UUID, version uint64) bool {
	if c.Request.Method != http.MethodGet || requested == uuid.Nil || len(address) != 1 || address[0].Type != profiles.TypeProfile {
		return false
	}
	parts := strings.SplitN(c.Request.URL.EscapedPath(), "/", 5) // "", v1, profiles, the address, the rest
	parts[3] = profiles.TypeProfile + ":" + profile.String()
	location := strings.Join(parts, "/")
	if query := c.Request.URL.RawQuery; query != "" {
		location += "?" + query
	}
	body, err := a.body(c, movedView{profile, version})
	if err != nil {
		a.fail(c, err)
		return true
	}
	c.Header("Location", location)
	c.Data(http.StatusTemporaryRedirect, "application/json", body)
	return true
}

// alternativeView is what was said as well. The value is untrusted.
type alternativeView struct {
	class       string          // profiles.Alternative.PolicyClass
	Value       json.RawMessage `json:"value" policy:"self"`
	Untrusted   bool            `json:"untrusted" policy:"meta"`
	Source      string          `json:"source" policy:"provenance"`
	Observation uuid.UUID       `json:"observation,omitzero" policy:"meta"`
	At          time.Time       `json:"at" policy:"meta"`
	ReceivedAt  time.Time       `json:"received_at" policy:"meta"`
}

// PolicyClass says that a trait's name decides about its class.
func (v alternativeView) PolicyClass() string { return v.class }

func newAlternativeView(x *profiles.Alternative) alternativeView {
	return alternativeView{x.PolicyClass(), x.Value, true, x.Source, x.Observation, x.At, x.ReceivedAt}
}

// traitHistoryView is one page of what was ever said under a name.
type traitHistoryView struct {
	subjectView
	Untrusted  []string        `json:"untrusted" policy:"meta"`
	Name       string          `json:"name" policy:"meta"`
	Rule       string          `json:"rule" policy:"provenance"` // by which one of them survives
	Assertions []assertionView `json:"assertions" policy:"-"`    // newest first
	// NextCursor asks for the next older page; absent: there is none.
	NextCursor string `json:"next_cursor,omitempty" policy:"meta"`
}

// assertionView is one word on a trait. The value is untrusted.
type assertionView struct {
	name string // decides about its class
	// Value is null when the trait was taken back, and absent when the record was deleted.
	Value         json.RawMessage `json:"value,omitempty" policy:"self"`
	Untrusted     bool            `json:"untrusted" policy:"meta"`
	Kind          string          `json:"kind" policy:"meta"` // trait, attribute or deletion
	Survives      bool            `json:"survives" policy:"meta"`
	Source        string          `json:"source" policy:"provenance"`
	Observation   uuid.UUID       `json:"observation" policy:"meta"`
	MessageID     string          `json:"message_id" policy:"provenance"`
	RecordID      string          `json:"record_id,omitempty" policy:"identifier"`
	RecordVersion string          `json:"record_version,omitempty" policy:"provenance"`
	At            time.Time       `json:"at" policy:"meta"`
	ReceivedAt    time.Time       `json:"received_at" policy:"meta"`
}

// PolicyClass says that a trait's name decides about its class.
func (v assertionView) PolicyClass() string { return "trait:" + v.name }

func newAssertionView(name string, x *past.Assertion) assertionView {
	v := assertionView{
		name: name, Value: x.Value, Untrusted: true, Kind: "trait", Survives: x.Survives, Source: x.Source, Observation: x.Observation,
		MessageID: x.MessageID, RecordID: x.RecordID, RecordVersion: x.RecordVersion, At: x.At, ReceivedAt: x.ReceivedAt,
	}
	switch {
	case x.Deleted:
		v.Kind = "deletion"
	case x.Attribute:
		v.Kind = "attribute"
	}
	return v
}

// untrustedInTraitHistory are the members of a history that others wrote.
var untrustedInTraitHistory = []string{"name", "assertions[].value", "assertions[].message_id", "assertions[].record_id", "assertions[].record_version"}

// getTraitHistory answers with every assertion of a trait.
func (a *API) getTraitHistory(c *gin.Context) {
	address, err := addressOf(c)
	if err != nil {
		a.fail(c, err)
		return
	}
	q := newQuery(c)
	r := past.TraitRequest{
		Workspace: keyOf(c).Workspace, Address: address, Name: c.Param("name"),
		Cursor: q.text("cursor"), Limit: q.number("limit", 1, past.MaxLimit),
	}
	if c.Request.URL.RawPath != "" {
		if r.Name, err = url.PathUnescape(r.Name); err != nil {
			q.fault("name", "is not percent-encoded right")
		}
	}
	if err := q.err(); err != nil {
		a.fail(c, err)
		return
	}
	page, err := a.Past.Trait(c.Request.Context(), r)
	if err != nil {
		a.fail(c, ofPath(err))
		return
	}
	found := page.Answer
	if a.redirect(c, address, found.Profile.ID, found.Requested, found.IdentityVersion) {
		return
	}
	a.answer(c, traitHistoryView{
		subjectView: newSubject(found.Profile.ID, found.Requested, found.IdentityVersion),
		Untrusted:   untrustedInTraitHistory, Name: r.Name, Rule: string(page.Rule), NextCursor: page.Next,
		Assertions: each(page.Assertions, func(x *past.Assertion) assertionView { return newAssertionView(r.Name, x) }),
	})
}

// pastProblem says what an error of the past means; nil if it is none.
func pastProblem(err error) *problem.Document {
	switch {
	case errors.Is(err, past.ErrFuture):
		return problem.Field("as_of", "is in the future")
	case errors.Is(err, past.ErrCursor):
		return problem.Field("cursor", "is not one of this history; start again without it")
	case errors.Is(err, past.ErrUnavailable):
		return problem.New(problem.Unavailable, "what was known before cannot be read now")
	}
	return nil
}
