package api

import (
	"context"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/problem"
	"tributary/identity"
	"tributary/profiles"
	"tributary/profiles/explain"
	"tributary/profiles/steward"
)

// Stewards takes decisions about who is who; steward.Desk does.
type Stewards interface {
	Questions(ctx context.Context, workspace, cursor string, limit int) (*steward.Questions, error)
	Pair(ctx context.Context, workspace string, a, b identity.ObservationID) (*explain.Pairs, error)
	Preview(ctx context.Context, workspace string, p steward.Proposal) (*steward.Forecast, error)
	Decide(ctx context.Context, workspace string, r steward.Request) (*steward.Decision, error)
	Done(ctx context.Context, workspace string, r steward.Request, at time.Time) (*steward.Decision, error)
	Decisions(ctx context.Context, workspace string, l steward.List) (*steward.Decisions, error)
	Precision(workspace string) (*steward.Precision, error)
}

// getReviews answers of which pairs a person should decide.
func (a *API) getReviews(c *gin.Context) {
	q := newQuery(c)
	cursor, limit := q.text("cursor"), q.number("limit", 1, steward.MaxQuestions)
	err := q.err()
	var page *steward.Questions
	if err == nil {
		page, err = a.Stewards.Questions(c.Request.Context(), keyOf(c).Workspace, cursor, limit)
	}
	if err != nil {
		a.fail(c, ofSteward(err))
		return
	}
	a.answer(c, page)
}

// pairView is a pair side by side.
type pairView struct {
	IdentityVersion uint64 `json:"identity_version" policy:"meta"`
	Model           uint32 `json:"model" policy:"meta"`
	explain.Pending
	// Pair says why they are two, or are one.
	Pair explain.Pair `json:"pair" policy:"-"`
	// One and Other are the profiles of pair.a and pair.b.
	One       sideView `json:"one" policy:"-"`
	Other     sideView `json:"other" policy:"-"`
	Untrusted []string `json:"untrusted" policy:"meta"`
}

// sideView is what is looked at of a profile to tell whether it is another one: who it is and where it comes from, not
// what it did.
type sideView struct {
	Profile uuid.UUID `json:"profile" policy:"meta"`
	whoView
	Observations      []observationView `json:"observations" policy:"-"`
	ObservationsTotal int               `json:"observations_total" policy:"meta"`
}

var untrustedInPair = []string{
	"one.attributes", "one.traits", "one.identifiers", "one.observations[].record_id", "one.observations[].rule", "one.observations[].identifier_type",
	"other.attributes", "other.traits", "other.identifiers", "other.observations[].record_id", "other.observations[].rule", "other.observations[].identifier_type",
	"pair.with.path", "pair.with.apart.shared", "pair.with.apart.rule", "pair.with.apart.refused", "pair.with.apart.weighing.fields[].field", "pair.with.apart.decision",
}

func newSideView(found *profiles.Answer) sideView {
	p := &found.Profile
	view := sideView{
		Profile: p.ID, whoView: newWhoView(p),
		Observations: each(first(p.Observations, maxObservations), newObservationView), ObservationsTotal: len(p.Observations),
	}
	withoutAlternatives(view.Traits)
	withoutAlternatives(view.Attributes)
	return view
}

// getPair answers two profiles side by side, with what speaks for one person and against.
func (a *API) getPair(c *gin.Context) {
	err := newQuery(c).err()
	var ends [2]uuid.UUID
	for i, name := range []string{"a", "b"} {
		if err != nil {
			break
		}
		if ends[i], err = uuid.Parse(c.Param(name)); err != nil {
			err = problem.Field(name, "must be the id of an observation")
		}
	}
	if err == nil && ends[0] == ends[1] {
		err = problem.Field("b", "is the same observation as a")
	}
	var view *pairView
	if err == nil {
		view, err = a.pair(c, ends[0], ends[1])
	}
	if err != nil {
		a.fail(c, ofSteward(err))
		return
	}
	a.answer(c, view)
}

func (a *API) pair(c *gin.Context, one, other identity.ObservationID) (*pairView, error) {
	ctx, workspace := c.Request.Context(), keyOf(c).Workspace
	pairs, err := a.Stewards.Pair(ctx, workspace, one, other)
	if err != nil {
		return nil, err
	}
	view := &pairView{
		IdentityVersion: pairs.IdentityVersion, Model: pairs.Model, Pending: pairs.Pending, Pair: pairs.Pairs[0], Untrusted: untrustedInPair,
	}
	for _, side := range []struct {
		of identity.ProfileID
		to *sideView
	}{{view.Pair.Profile, &view.One}, {view.Pair.With.Profile, &view.Other}} {
		found, err := a.Profiles.Get(ctx, workspace, profiles.Address{{Type: profiles.TypeProfile, Value: side.of.String()}})
		if err != nil {
			return nil, err
		}
		*side.to = newSideView(found)
	}
	return view, nil
}

func (a *API) getPrecision(c *gin.Context) {
	err := newQuery(c).err()
	var p *steward.Precision
	if err == nil {
		p, err = a.Stewards.Precision(keyOf(c).Workspace)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, p)
}
