package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"tributary/api/problem"
	"tributary/journeys/cx"
	reports "tributary/journeys/report"
)

// Measures answers the metrics of customer experience; cx.Reader does.
type Measures interface {
	Values(ctx context.Context, workspace string, metrics []string, r cx.Request) ([]*cx.Answer, error)
	Comparison(ctx context.Context, workspace, metric string, r reports.Request) (*cx.Comparison, error)
}

func (h *handlers) compareMetric(r *http.Request) (*cx.Comparison, error) {
	return report(func(ctx context.Context, workspace string, q reports.Request) (*cx.Comparison, error) {
		answer, err := h.Measures.Comparison(ctx, workspace, r.PathValue("metric"), q)
		if errors.Is(err, cx.ErrNoMetric) {
			err = problem.New(problem.NotFound, "there is no such metric; tributary metrics list shows those there are")
		}
		return answer, err
	})(r)
}

// metricValues asks for metrics.
type metricValues struct {
	cx.Request
	Metrics []string `json:"metrics"`
}

func (h *handlers) metricValues(r *http.Request) ([]*cx.Answer, error) {
	return report(func(ctx context.Context, workspace string, q metricValues) ([]*cx.Answer, error) {
		return h.Measures.Values(ctx, workspace, q.Metrics, q.Request)
	})(r)
}

// MetricValues asks for metrics of a workspace, of one moment.
func (c *Client) MetricValues(ctx context.Context, workspace string, metrics []string, r cx.Request) ([]*cx.Answer, error) {
	return call[[]*cx.Answer](ctx, c, http.MethodPost, "metrics/values", url.Values{"workspace": {workspace}}, metricValues{r, metrics})
}

// CompareMetric asks how AI does against people by a metric.
func (c *Client) CompareMetric(ctx context.Context, workspace, metric string, r reports.Request) (*cx.Comparison, error) {
	return call[*cx.Comparison](ctx, c, http.MethodPost, "metrics/"+url.PathEscape(metric)+"/comparison", url.Values{"workspace": {workspace}}, r)
}
