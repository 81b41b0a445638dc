package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"tributary/api/auth"
	"tributary/api/problem"
	"tributary/ingest/stream"
	"tributary/profiles/reconcile"
	"tributary/profiles/unify"
)

// Sources keeps the accounts of sources; reconcile.Service is one.
type Sources interface {
	Sources(ctx context.Context, s unify.Selection) (*reconcile.Report, error)
	Source(ctx context.Context, s unify.Selection) (source *reconcile.Source, ok bool, err error)
	Expect(ctx context.Context, actor string, k stream.SourceKey, day stream.Day, f reconcile.Figure) error
}

// noSuchSource is the problem of a source from which nothing came.
var noSuchSource = problem.Kind{Name: problem.NotFound.Name, Status: http.StatusNotFound, Title: "Nothing was received from such a source in that time"}

// sourcesView is the answer of the list of sources.
type sourcesView struct {
	Sources []sourceAccountView `json:"sources"`
	Counted bool                `json:"counted"`
}

// sourceAccountView is the account of a source over all days that were asked for.
type sourceAccountView struct {
	Source       string    `json:"source"`
	LastReceived time.Time `json:"last_received,omitzero"`
	reconcile.Account
}

// reconciliationView is the account of one source, by day as well.
type reconciliationView struct {
	sourceAccountView
	Days []reconcile.Day `json:"days"`
}

func newSourceAccount(s *reconcile.Source) sourceAccountView {
	return sourceAccountView{Source: s.Source, LastReceived: s.LastReceived, Account: s.Account}
}

// selection reads which days are asked for.
func (q *query) selection(workspace, source string) unify.Selection {
	sel := unify.Selection{Workspace: workspace, Source: source, Since: q.day("since"), Until: q.day("until")}
	if sel.Until > 0 && sel.Until < sel.Since {
		q.fault("until", "is before since")
	}
	return sel
}

// day reads a UTC day; 0 if it is not given.
func (q *query) day(name string) stream.Day {
	text := q.text(name)
	if text == "" {
		return 0
	}
	day, err := stream.ParseDay(text)
	if err != nil {
		q.fault(name, err.Error())
	}
	return day
}

func (a *API) getSources(c *gin.Context) {
	q := newQuery(c)
	sel := q.selection(keyOf(c).Workspace, "")
	err := q.err()
	if err != nil {
		a.fail(c, err)
		return
	}
	report, err := a.Sources.Sources(c.Request.Context(), sel)
	if err != nil {
		a.fail(c, err)
		return
	}
	view := sourcesView{Sources: []sourceAccountView{}, Counted: report.Counted}
	for i := range report.Sources {
		view.Sources = append(view.Sources, newSourceAccount(&report.Sources[i]))
	}
	a.answer(c, view)
}

func (a *API) getReconciliation(c *gin.Context) {
	q := newQuery(c)
	sel := q.selection(keyOf(c).Workspace, c.Param("source"))
	if err := q.err(); err != nil {
		a.fail(c, err)
		return
	}
	source, ok, err := a.Sources.Source(c.Request.Context(), sel)
	if err == nil && !ok {
		err = problem.New(noSuchSource, "")
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, reconciliationView{newSourceAccount(source), source.Days})
}

// expectedBody is what a source says of a day.
type expectedBody struct {
	Count *uint64 `json:"count"`
	Note  string  `json:"note,omitempty"`
}

// putExpected keeps what a source says it sent on a day. A write key speaks for its own source.
func (a *API) putExpected(c *gin.Context) {
	key, day, body := keyOf(c), stream.Day(0), expectedBody{}
	source, err := c.Param("source"), newQuery(c).err()
	if err == nil && key.Kind == auth.KindWrite && key.Source != source {
		err = problem.New(problem.Forbidden, "a write key speaks for its own source alone")
	}
	if err == nil {
		if day, err = stream.ParseDay(c.Param("day")); err != nil {
			err = problem.Field("day", err.Error())
		}
	}
	if err == nil {
		err = decode(c, &body)
	}
	if err == nil && body.Count == nil {
		err = problem.Field("count", "is required")
	}
	if err == nil {
		err = a.Sources.Expect(c.Request.Context(), "key:"+key.ID, stream.SourceKey{Workspace: key.Workspace, Source: source}, day,
			reconcile.Figure{Count: *body.Count, Note: body.Note})
	}
	if errors.Is(err, reconcile.ErrInvalid) {
		err = problem.New(problem.Invalid, err.Error()) // names of fields and limits, no values
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, body)
}
