package api

import (
	"errors"
	"fmt"

	"github.com/gin-gonic/gin"

	"tributary/api/problem"
	"tributary/profiles"
	"tributary/profiles/explain"
)

// maxAdded is how many identifiers a question about new ones may have.
const maxAdded = 10

// getIdentity answers why a profile is what it is.
func (a *API) getIdentity(c *gin.Context) {
	address, err := addressOf(c)
	if err != nil {
		a.fail(c, err)
		return
	}
	q := newQuery(c)
	question := explain.Question{Address: address}
	if with := q.addresses("with", 1); with != nil {
		question.With = with[0]
	}
	for _, added := range q.addresses("add", maxAdded) {
		question.Add = append(question.Add, added[0])
	}
	if err := q.err(); err != nil {
		a.fail(c, err)
		return
	}
	if ofCustomer(keyOf(c)) && (question.With != nil || question.Add != nil) { // that names nobody would tell
		a.noteForeign(c, keyOf(c))
		a.fail(c, errForeign())
		return
	}
	if err := a.lookedUp(c, question); err != nil {
		a.fail(c, err)
		return
	}
	answer, err := a.Identity.Explain(c.Request.Context(), keyOf(c).Workspace, question)
	if err != nil {
		a.fail(c, ofQuestion(err))
		return
	}
	if answer.Requested != nil && a.redirect(c, address, answer.Profile, *answer.Requested, answer.IdentityVersion) {
		return
	}
	a.answer(c, answer)
}

// lookedUp looks up whom a question is about, for the reading's account. Whoever is not found, the explanation
// says so.
func (a *API) lookedUp(c *gin.Context, q explain.Question) error {
	for _, address := range []profiles.Address{q.Address, q.With} {
		if address == nil {
			continue
		}
		_, err := a.Profiles.Get(c.Request.Context(), keyOf(c).Workspace, address)
		var fault *profiles.AddressError
		var ambiguous *profiles.AmbiguousError
		if err != nil && !errors.Is(err, profiles.ErrNotFound) && !errors.As(err, &fault) && !errors.As(err, &ambiguous) {
			return err
		}
	}
	return nil
}

// ofQuestion puts the fault of a part of a question in terms of its parameter.
func ofQuestion(err error) error {
	var part *explain.FieldError
	if !errors.As(err, &part) {
		return ofPath(err)
	}
	var address *profiles.AddressError
	var ambiguous *profiles.AmbiguousError
	switch {
	case errors.Is(err, profiles.ErrNotFound):
		return problem.Field(part.Field, "names nobody")
	case errors.As(err, &address):
		return problem.Field(part.Field, address.Reason)
	case errors.As(err, &ambiguous):
		d := ambiguousProblem(ambiguous)
		d.Errors = []problem.FieldError{{Field: part.Field, Reason: fmt.Sprintf("may be one of %d profiles", ambiguous.Total)}}
		return d
	}
	return err
}

// getIdentifier answers how one identifier stands.
func (a *API) getIdentifier(c *gin.Context) {
	address, err := addressOf(c)
	if err == nil {
		err = newQuery(c).err()
	}
	if err == nil && address[0].Type == profiles.TypeProfile {
		err = problem.Field("address", "must be an identifier; a profile is under /v1/profiles")
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	answer, err := a.Identity.Identifier(c.Request.Context(), keyOf(c).Workspace, address[0])
	if err != nil {
		a.fail(c, ofPath(err))
		return
	}
	a.answer(c, answer)
}
