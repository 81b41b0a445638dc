package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"tributary/api/problem"
	"tributary/journeys/cx"
)

// Targets says what metrics are to come to; cx.Targets does.
type Targets interface {
	Set(ctx context.Context, workspace string, id uuid.UUID, goal cx.Goal, by cx.Author) (*cx.Target, error)
	Remove(ctx context.Context, workspace string, id uuid.UUID, by cx.Author) (*cx.Target, error)
	List(workspace string) ([]cx.Target, error)
}

// targetBody is a target to be set.
type targetBody struct {
	cx.Goal
	Actor *actorBody `json:"actor,omitempty"`
}

// targetsView lists targets.
type targetsView struct {
	Targets []cx.Target `json:"targets"`
}

// postTarget sets a target. Its id is that of the write: a request that is sent again sets nothing anew.
func (a *API) postTarget(c *gin.Context) {
	var body targetBody
	err := decodeAlone(c, &body)
	var w *writing
	if err == nil {
		w, err = a.beginWrite(c, &body, body.Actor)
	}
	var set *cx.Target
	if err == nil {
		by := cx.Author{ID: w.written.Actor.ID, Name: w.written.Actor.Name}
		set, err = a.Targets.Set(c.Request.Context(), keyOf(c).Workspace, w.ID, body.Goal, by)
	}
	if err != nil {
		a.fail(c, ofTarget(err))
		return
	}
	a.answerAs(c, http.StatusCreated, set)
}

func (a *API) getTargets(c *gin.Context) {
	err := newQuery(c).err()
	var list []cx.Target
	if err == nil {
		list, err = a.Targets.List(keyOf(c).Workspace)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, targetsView{append([]cx.Target{}, list...)})
}

// deleteTarget removes the target that the path names. It is the same however often it is asked for.
func (a *API) deleteTarget(c *gin.Context) {
	err := newQuery(c).err()
	var id uuid.UUID
	if err == nil {
		if id, err = uuid.Parse(c.Param("target")); err != nil {
			err = problem.Field("target", "must be the id of a target")
		}
	}
	var removed *cx.Target
	if err == nil {
		removed, err = a.Targets.Remove(c.Request.Context(), keyOf(c).Workspace, id, cx.Author{})
	}
	if err != nil {
		a.fail(c, ofTarget(err))
		return
	}
	a.answer(c, removed)
}

var noSuchTarget = problem.Kind{Name: problem.NotFound.Name, Status: http.StatusNotFound, Title: "There is no such target"}

func ofTarget(err error) error {
	switch {
	case errors.Is(err, cx.ErrNoTarget):
		return problem.New(noSuchTarget, "GET /v1/metrics/targets lists those there are")
	case errors.Is(err, cx.ErrOtherTarget):
		return problem.New(problem.IdempotencyConflict, "the Idempotency-Key set another target before: use a new one for each")
	}
	return ofReport(err)
}
