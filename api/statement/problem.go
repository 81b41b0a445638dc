package statement

import (
	"errors"
	"net/http"
	"strings"

	"tributary/api/problem"
	"tributary/journeys/analyst"
)

// Problem says what an error of a statement means to who asked; nil: it is none.
func Problem(err error) *problem.Document {
	var fault *analyst.Fault
	var engine *analyst.EngineError
	if d := problem.OfFaults(err); d != nil {
		return d
	}
	switch {
	case errors.As(err, &fault):
		return problem.Field("sql", fault.Error())
	case errors.As(err, &engine):
		return problem.Field("sql", engine.Reason)
	case errors.Is(err, analyst.ErrTooMuch):
		return problem.Field("sql", "reads, makes or returns more than a statement may, or takes too long: "+tooMuch(err))
	case errors.Is(err, analyst.ErrNotSaved):
		return problem.New(notSaved, "GET /v1/query/saved lists those there are")
	case errors.Is(err, analyst.ErrTaken):
		return problem.New(problem.Conflict, "a statement of that name is saved already; PUT replaces it")
	case errors.Is(err, analyst.ErrNotOwner):
		return problem.New(problem.Forbidden, "the statement was saved by another, who may change it, as an administrator may")
	case errors.Is(err, analyst.ErrBusy):
		return problem.New(problem.RateLimited, "the workspace runs as many statements as it may at a time")
	case errors.Is(err, analyst.ErrUnavailable):
		return problem.New(problem.Unavailable, "the analytics store does not answer")
	}
	return nil
}

// notSaved is the problem of a name that no saved statement of the workspace has.
var notSaved = problem.Kind{Name: problem.NotFound.Name, Status: http.StatusNotFound, Title: "There is no such saved statement in this workspace"}

// tooMuch is the engine's name for the limit.
func tooMuch(err error) string {
	_, name, _ := strings.Cut(err.Error(), analyst.ErrTooMuch.Error()+": ")
	return name
}
