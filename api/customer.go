package api

import (
	"log/slog"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/auth"
	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/identity"
	"tributary/profiles"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// A customer's own token opens that customer alone. About anybody else it hears what it would hear of nobody.

// errForeign is the problem of whatever is not the customer's own.
func errForeign() *problem.Document { return problem.New(problem.NotFound, "") }

// ofCustomer says whether a key is a customer's own token.
func ofCustomer(key *auth.Key) bool { return key != nil && key.Customer.Type != "" }

// ownOnly refuses an answer of which not everybody is the customer whose token it is.
func (a *API) ownOnly(c *gin.Context, x *reading, result *policy.Result) error {
	if !ofCustomer(x.key) {
		return nil
	}
	own, err := x.own(c, a)
	if err != nil {
		return err
	}
	is := func(id uuid.UUID) bool { return own != nil && id == own.Profile.ID }
	mine := own != nil && len(x.asked) > 0
	for _, one := range x.asked {
		mine = mine && within(&one.answer.Profile, &own.Profile)
	}
	for _, id := range slices.Concat(x.others, result.Profiles) {
		mine = mine && (is(id) || id == x.asked[0].answer.Profile.ID)
	}
	if mine {
		return nil
	}
	a.noteForeign(c, x.key)
	return errForeign()
}

// own is the profile of the customer whose token it is; nil where there is none, or not one alone.
func (x *reading) own(c *gin.Context, a *API) (*profiles.Answer, error) {
	address := profiles.Address{identity.Identifier(x.key.Customer)}
	own, err := a.Profiles.(watched).Profiles.Get(profiles.ForPrivacy(c.Request.Context()), x.key.Workspace, address)
	if err != nil && toProblem(err).Status >= http.StatusInternalServerError {
		return nil, err
	}
	return own, nil
}

// within says whether every observation of one profile is another's.
func within(p, of *profiles.Profile) bool {
	return !slices.ContainsFunc(p.Observations, func(o profiles.ObservationRef) bool {
		return !slices.ContainsFunc(of.Observations, func(h profiles.ObservationRef) bool { return h.ID == o.ID })
	})
}

// foreignProblem makes what would tell a customer that there is somebody else, or that there is not, one and the
// same.
func (a *API) foreignProblem(c *gin.Context, d *problem.Document) *problem.Document {
	switch {
	case !ofCustomer(keyOf(c)):
		return d
	case d.Status == http.StatusNotFound, d.Status == http.StatusConflict, d.Type == problem.Restricted.Type():
	case d.Candidates != nil, d.DecidedBy != nil:
	default:
		return d
	}
	if d.Status != http.StatusNotFound {
		a.noteForeign(c, keyOf(c))
	}
	return errForeign()
}

// noteForeign puts on record that a customer's token was used for somebody else.
func (a *API) noteForeign(c *gin.Context, key *auth.Key) {
	err := a.Notes.Note(c.Request.Context(), key.Workspace, unify.AuditNote{
		Action: "request", SubjectKind: "route", Subject: method(c.Request.Method) + " " + c.FullPath(),
		Outcome: store.AuditRefused, Reason: "customer",
	})
	if err != nil {
		a.Logger.ErrorContext(c.Request.Context(), "a refused attempt is not in the audit trail",
			slog.String("request_id", c.GetString(requestIDKey)), slog.String("route", c.FullPath()), slog.Any("error", err))
	}
}
