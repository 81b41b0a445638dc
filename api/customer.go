package api

import (
	"log/slog"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"tributary/api/auth"
	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/identity"
	"tributary/profiles"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// A customer's own token opens that customer alone, and an agent session the one that it was made for. About anybody
// else they hear what they would hear of nobody.

// typeSubject with the value me addresses whom a bound key is bound to.
const (
	typeSubject  = "subject"
	valueSubject = "me"
)

// errForeign is the problem of whatever is not of the customer that a key is bound to.
func errForeign() *problem.Document { return problem.New(problem.NotFound, "") }

// ofCustomer says whether a key is bound to one customer.
func ofCustomer(key *auth.Key) bool {
	return key != nil && (key.Session != nil || key.Customer.Type != "")
}

// openToBound says whether a key that is bound may ask at a route. What is done about people an agent session may ask
// for; a customer's own token reads.
func openToBound(key *auth.Key, r rule) bool {
	return r == personal || r == open || r == acting && key.Session != nil
}

// boundTo is the address of whom a bound key is bound to.
func boundTo(key *auth.Key) profiles.Address {
	if key.Session != nil {
		return profiles.OfObservation(key.Session.Observation)
	}
	return profiles.Address{identity.Identifier(key.Customer)}
}

// mine replaces subject:me by whom a key is bound to. Of one that is not bound it names nobody.
func mine(key *auth.Key, address profiles.Address) profiles.Address {
	if ofCustomer(key) && len(address) == 1 && address[0] == (identity.Identifier{Type: typeSubject, Value: valueSubject}) {
		return boundTo(key)
	}
	return address
}

// ownOnly refuses an answer of which not everybody is the customer that the key is bound to.
func (a *API) ownOnly(c *gin.Context, x *reading, result *policy.Result) error {
	if !ofCustomer(x.key) {
		return nil
	}
	own, err := x.own(c, a)
	if err != nil {
		return err
	}
	mine := x.askedOnly(own)
	for _, id := range slices.Concat(x.others, result.Profiles) {
		mine = mine && (id == own.Profile.ID || id == x.asked[0].answer.Profile.ID)
	}
	if mine {
		return nil
	}
	a.noteForeign(c, x.key)
	return errForeign()
}

// askedOnly says whether a reading looked somebody up, and nobody but a profile.
func (x *reading) askedOnly(own *profiles.Answer) bool {
	if own == nil || len(x.asked) == 0 {
		return false
	}
	return !slices.ContainsFunc(x.asked, func(one asked) bool { return !within(&one.answer.Profile, &own.Profile) })
}

// mayRead refuses to do anything about a profile that is not the customer's that the key is bound to.
func (a *API) mayRead(c *gin.Context, x *reading, answer *profiles.Answer) error {
	if !ofCustomer(x.key) {
		return nil
	}
	own, err := x.own(c, a)
	if err != nil {
		return err
	}
	if own == nil || !within(&answer.Profile, &own.Profile) {
		a.noteForeign(c, x.key)
		return errForeign()
	}
	return nil
}

// own is the profile of the customer that the key is bound to; nil where there is none, or not one alone.
func (x *reading) own(c *gin.Context, a *API) (*profiles.Answer, error) {
	for _, one := range x.asked { // the session's own, as it mostly is, need not be looked up again
		if s := x.key.Session; s != nil && !one.past && hasObservation(&one.answer.Profile, s.Observation) {
			return one.answer, nil
		}
	}
	own, err := a.Profiles.(watched).Profiles.Get(profiles.ForPrivacy(c.Request.Context()), x.key.Workspace, boundTo(x.key))
	if err != nil && toProblem(err).Status >= http.StatusInternalServerError {
		return nil, err
	}
	return own, nil
}

// within says whether every observation of one profile is another's.
func within(p, of *profiles.Profile) bool {
	return p == of || !slices.ContainsFunc(p.Observations, func(o profiles.ObservationRef) bool { return !hasObservation(of, o.ID) })
}

func hasObservation(p *profiles.Profile, id identity.ObservationID) bool {
	return slices.ContainsFunc(p.Observations, func(o profiles.ObservationRef) bool { return o.ID == id })
}

// foreignProblem makes what would tell the bearer of a bound key that there is somebody else, or that there is not, one
// and the same.
func (a *API) foreignProblem(c *gin.Context, d *problem.Document) *problem.Document {
	key := keyOf(c)
	switch {
	case !ofCustomer(key), d.Type == problem.IdempotencyConflict.Type():
		return d
	case (d.Type == problem.Conflict.Type() || d.Type == problem.HandoffTaken.Type()) && a.ofOwn(c):
		return d
	case d.Status == http.StatusNotFound, d.Status == http.StatusConflict, d.Type == problem.Restricted.Type():
	case d.Candidates != nil, d.DecidedBy != nil:
	default:
		return d
	}
	// A session's subject is there: whoever is not found is somebody else.
	if d.Status != http.StatusNotFound || key.Session != nil && !c.GetBool(foreignKey) {
		a.noteForeign(c, key)
	}
	return errForeign()
}

// ofOwn says whether a request of an agent session has looked up the session's subject, and nobody else.
func (a *API) ofOwn(c *gin.Context) bool {
	x := readingOf(c)
	if x == nil || x.key == nil || x.key.Session == nil {
		return false
	}
	own, err := x.own(c, a)
	return err == nil && x.askedOnly(own)
}

// foreignKey is where gin's context holds that the attempt is on record.
const foreignKey = "foreign"

// noteForeign puts on record that a bound key was used for somebody else.
func (a *API) noteForeign(c *gin.Context, key *auth.Key) {
	c.Set(foreignKey, true)
	reason := "customer"
	if key.Session != nil {
		reason = "session"
	}
	err := a.Notes.Note(c.Request.Context(), key.Workspace, unify.AuditNote{
		Action: "request", SubjectKind: "route", Subject: method(c.Request.Method) + " " + c.FullPath(),
		Outcome: store.AuditRefused, Reason: reason,
	})
	if err != nil {
		a.Logger.ErrorContext(c.Request.Context(), "a refused attempt is not in the audit trail",
			slog.String("request_id", c.GetString(requestIDKey)), slog.String("route", c.FullPath()), slog.Any("error", err))
	}
}
