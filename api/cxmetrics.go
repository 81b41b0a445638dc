package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"tributary/api/problem"
	"tributary/ingest/event"
	"tributary/journeys/cx"
	"tributary/journeys/report"
)

// Measures answers the metrics of customer experience; cx.Reader does.
type Measures interface {
	Metric(ctx context.Context, workspace, metric string, r cx.Request) (*cx.Answer, error)
	Values(ctx context.Context, workspace string, metrics []string, r cx.Request) ([]*cx.Answer, error)
	Comparison(ctx context.Context, workspace, metric string, r report.Request) (*cx.Comparison, error)
	MetricItems(ctx context.Context, workspace, metric string, r cx.ItemRequest) (*cx.Items, error)
}

// metricsView is the registry of metrics.
type metricsView struct {
	Metrics []cx.Metric `json:"metrics"`
}

func (a *API) listMetrics(c *gin.Context) {
	if err := newQuery(c).err(); err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, metricsView{cx.Metrics()})
}

// metricValuesView are several metrics, of one moment.
type metricValuesView struct {
	Values []*cx.Answer `json:"values"`
}

// scopeOf reads the scope of a report from a query.
func scopeOf(c *gin.Context, q *query) (report.Request, error) {
	var faults event.Errors
	r := report.FromQuery(c.Request.URL.Query(), &faults)
	q.known = append(q.known, report.Parameters()...)
	for _, f := range faults {
		q.fault(f.Field, f.Reason)
	}
	return r, q.err()
}

// metricOf reads a question about a metric from a query.
func metricOf(c *gin.Context, q *query) (r cx.Request, err error) {
	r.Grain, r.By = cx.Grain(q.text("grain")), cx.Dimension(q.text("by"))
	r.Request, err = scopeOf(c, q)
	return r, err
}

// valuesOf reads which values of metrics are asked for from a query.
func valuesOf(c *gin.Context, q *query) (cx.Request, error) {
	whole, before := q.flag("whole"), q.flag("before")
	r, err := metricOf(c, q)
	r.Whole, r.Before = whole, before
	return r, err
}

func (a *API) getMetricValues(c *gin.Context) {
	q := newQuery(c)
	metrics := q.texts("metric")
	r, err := valuesOf(c, q)
	var answers []*cx.Answer
	if err == nil {
		answers, err = a.Measures.Values(c.Request.Context(), keyOf(c).Workspace, metrics, r)
	}
	if err != nil {
		a.fail(c, a.ofMetric(c, err))
		return
	}
	a.answer(c, metricValuesView{answers})
}

func (a *API) getMetric(c *gin.Context) {
	r, err := valuesOf(c, newQuery(c))
	var answer *cx.Answer
	if err == nil {
		answer, err = a.Measures.Metric(c.Request.Context(), keyOf(c).Workspace, c.Param("id"), r)
	}
	if err != nil {
		a.fail(c, a.ofMetric(c, err))
		return
	}
	a.answer(c, answer)
}

func (a *API) compareMetric(c *gin.Context) {
	r, err := scopeOf(c, newQuery(c))
	var answer *cx.Comparison
	if err == nil {
		answer, err = a.Measures.Comparison(c.Request.Context(), keyOf(c).Workspace, c.Param("id"), r)
	}
	if err != nil {
		a.fail(c, a.ofMetric(c, err))
		return
	}
	a.answer(c, answer)
}

func (a *API) getMetricEvents(c *gin.Context) {
	q := newQuery(c)
	r := cx.ItemRequest{Limit: q.number("limit", 1, cx.MaxItems), Cursor: q.text("cursor"), Group: q.given("group"), Series: q.given("series")}
	var err error
	r.Request, err = metricOf(c, q)
	var page *cx.Items
	if err == nil {
		page, err = a.Measures.MetricItems(c.Request.Context(), keyOf(c).Workspace, c.Param("id"), r)
	}
	if err != nil {
		a.fail(c, a.ofMetric(c, err))
		return
	}
	a.answer(c, page)
}

// given reads a text that may be empty; nil if it is not given.
func (q *query) given(name string) *string {
	text := q.text(name)
	if !q.values.Has(name) {
		return nil
	}
	return &text
}

var noSuchMetric = problem.Kind{Name: problem.NotFound.Name, Status: http.StatusNotFound, Title: "There is no such metric"}

func (a *API) ofMetric(c *gin.Context, err error) error {
	if errors.Is(err, cx.ErrNoMetric) {
		return problem.New(noSuchMetric, "GET /v1/metrics lists those there are")
	}
	return a.reportProblem(c, err)
}
