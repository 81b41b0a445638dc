package api

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"tributary/api/problem"
	"tributary/ingest/schema"
)

// Schemas knows what sources send and what they should; state.Store is one.
type Schemas interface {
	SchemaReport(workspace, source string) (r *schema.Report, ok bool, err error)
}

// noSuchSchema is the problem of a source, or an event, of which nothing is known.
var noSuchSchema = problem.Kind{Name: problem.NotFound.Name, Status: http.StatusNotFound, Title: "Nothing is known of such an event or source"}

// schemaReport reads what is asked for: a source, and one of its events or all.
func (a *API) schemaReport(c *gin.Context, q *query) (*schema.Report, error) {
	name := q.text("event")
	if err := q.err(); err != nil {
		return nil, err
	}
	report, ok, err := a.Schemas.SchemaReport(keyOf(c).Workspace, c.Param("source"))
	if ok && name != "" {
		report, ok = report.Only(name)
	}
	if err == nil && !ok {
		err = problem.New(noSuchSchema, "")
	}
	return report, err
}

func (a *API) getSchema(c *gin.Context) {
	report, err := a.schemaReport(c, newQuery(c))
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, report)
}

func (a *API) getSchemaDrift(c *gin.Context) {
	q := newQuery(c)
	var since time.Time
	if text := q.text("since"); text != "" {
		var err error
		if since, err = time.Parse(time.RFC3339, text); err != nil {
			q.fault("since", "must be a time such as 2026-03-01T00:00:00Z")
		}
	}
	report, err := a.schemaReport(c, q)
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, report.Drift(since))
}
