package api

import (
	"cmp"
	"net/http"

	"github.com/gin-gonic/gin"

	"tributary/api/problem"
	"tributary/ingest/connector"
	"tributary/ingest/connector/trial"
	"tributary/ingest/event"
)

// noSuchConnector is the problem of a name that no connector has.
var noSuchConnector = problem.Kind{Name: problem.NotFound.Name, Status: http.StatusNotFound, Title: "There is no such connector"}

type connectorsView struct {
	Connectors []connector.Description `json:"connectors"`
}

func (a *API) getConnectors(c *gin.Context) {
	if err := newQuery(c).err(); err != nil {
		a.fail(c, err)
		return
	}
	view := connectorsView{Connectors: []connector.Description{}}
	for i := range a.Connectors {
		one := &a.Connectors[i]
		view.Connectors = append(view.Connectors, connector.Describe(one, one.Name, ""))
	}
	a.answer(c, view)
}

// getConnector describes a connector as a source of a name runs it.
func (a *API) getConnector(c *gin.Context) {
	q := newQuery(c)
	name, source := c.Param("name"), q.text("source")
	if source != "" && !event.ValidSource(source) {
		q.fault("source", "must be 1 to 64 lower-case letters, digits, _ and -, beginning with a letter or digit")
	}
	if err := q.err(); err != nil {
		a.fail(c, err)
		return
	}
	found, err := a.Connectors.Find(name)
	if err != nil {
		a.fail(c, problem.New(noSuchConnector, ""))
		return
	}
	a.answer(c, connector.Describe(found, cmp.Or(source, found.Name), ""))
}

// postTrial shows what a connector makes of a payload. One is tried at a time: a mapping is a program.
func (a *API) postTrial(c *gin.Context) {
	var body trial.Request
	if err := decodeAlone(c, &body); err != nil {
		a.fail(c, err)
		return
	}
	select {
	case a.trials <- struct{}{}:
		defer func() { <-a.trials }()
	case <-c.Request.Context().Done():
		a.fail(c, c.Request.Context().Err())
		return
	}
	result, err := trial.Run(a.Connectors, &body, keyOf(c).Workspace, a.Now())
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, result)
}
