package api

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/problem"
	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/profiles/steward"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// previewDecision answers what would come of a decision. Nothing changes.
func (a *API) previewDecision(c *gin.Context) {
	var proposal steward.Proposal
	err := decodeAlone(c, &proposal)
	var forecast *steward.Forecast
	if err == nil {
		forecast, err = a.Stewards.Preview(c.Request.Context(), keyOf(c).Workspace, proposal)
	}
	if err != nil {
		a.fail(c, ofSteward(err))
		return
	}
	x := readingOf(c) // what stands of them is told, though nothing would come of it
	for _, v := range forecast.Verdicts {
		x.others = append(x.others, v.A, v.B)
	}
	a.answer(c, forecast)
}

// decisionBody is a proposal that is to be carried out.
type decisionBody struct {
	steward.Proposal
	Actor *actorBody `json:"actor,omitempty"`
}

// undoBody says why a decision is taken back.
type undoBody struct {
	Note  string     `json:"note,omitempty"`
	Actor *actorBody `json:"actor,omitempty"`
}

func (a *API) postDecision(c *gin.Context) {
	var body decisionBody
	if err := decodeAlone(c, &body); err != nil {
		a.fail(c, err)
		return
	}
	a.decide(c, &body, body.Proposal, body.Actor)
}

func (a *API) undoDecision(c *gin.Context) {
	var body undoBody
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		err = problem.Field("id", "must be the id of a decision")
	} else {
		err = decodeAlone(c, &body)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.decide(c, &body, steward.Proposal{Kind: unify.DecisionUndo, Decision: id, Note: body.Note}, body.Actor)
}

// decide carries a decision out once under its Idempotency-Key, and answers it.
func (a *API) decide(c *gin.Context, body any, proposal steward.Proposal, on *actorBody) {
	w, err := a.beginAs(c, unify.CommandSource, body, on)
	if err != nil {
		a.fail(c, err)
		return
	}
	key := keyOf(c)
	r := steward.Request{Proposal: proposal, ID: w.ID, Hash: w.request, Actor: onBehalf(w.written.Actor)}
	var done *steward.Decision
	if w.Done {
		done, err = a.Stewards.Done(c.Request.Context(), key.Workspace, r, w.ReceivedAt)
	} else {
		done, err = a.Stewards.Decide(c.Request.Context(), key.Workspace, r)
	}
	if err != nil {
		a.fail(c, ofSteward(err))
		return
	}
	a.answerAs(c, http.StatusCreated, done)
}

// onBehalf is who decides: whom the key speaks for, if it says so, else the key.
func onBehalf(actor event.Actor) string { return or(actor.Name, or(actor.ID, actor.By)) }

func (a *API) getDecisions(c *gin.Context) {
	q := newQuery(c)
	l := steward.List{Cursor: q.text("cursor"), Limit: q.number("limit", 1, steward.MaxDecisions)}
	of := q.addresses("profile", 1)
	err := q.err()
	if err == nil && of != nil {
		var found *profiles.Answer
		if found, err = a.Profiles.Get(c.Request.Context(), keyOf(c).Workspace, of[0]); err == nil {
			l.Of = found.Profile.ID
		}
	}
	var page *steward.Decisions
	if err == nil {
		page, err = a.Stewards.Decisions(c.Request.Context(), keyOf(c).Workspace, l)
	}
	if err != nil {
		a.fail(c, ofSteward(err))
		return
	}
	a.answer(c, page)
}

// Problems of decisions.
var (
	noSuchDecision = problem.Kind{Name: problem.NotFound.Name, Status: http.StatusNotFound, Title: "No such decision stands"}
	noSuchPair     = problem.Kind{Name: problem.NotFound.Name, Status: http.StatusNotFound, Title: "There is no such pair of observations"}
)

// ofSteward says what an error of the desk means.
func ofSteward(err error) error {
	switch {
	case errors.Is(err, steward.ErrCursor):
		return problem.Field("cursor", "is not one of this list; start again without it")
	case errors.Is(err, steward.ErrNoDecision):
		return problem.New(noSuchDecision, "it was taken back, or something else was decided since; GET /v1/identity/decisions lists those there are")
	case errors.Is(err, steward.ErrNoPair):
		return problem.New(noSuchPair, "one of them is gone, or is not to be used; GET /v1/identity/reviews lists those there are")
	case errors.Is(err, steward.ErrUndone):
		return problem.New(problem.Conflict, steward.ErrUndone.Error())
	case errors.Is(err, steward.ErrContradicted):
		return problem.New(problem.Conflict, steward.ErrContradicted.Error())
	case errors.Is(err, identity.ErrTooLarge):
		return problem.New(problem.Conflict, "more observations hang together than can be looked at: block what joins them first")
	case errors.Is(err, store.ErrGone), errors.Is(err, store.ErrPassing), errors.Is(err, store.ErrOverload):
		return problem.New(problem.Unavailable, "the analytics store cannot say now what is asked")
	}
	return ofPath(ofEvent(err))
}
