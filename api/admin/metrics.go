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
	Metric(ctx context.Context, workspace, metric string, r cx.Request) (*cx.Answer, error)
	Comparison(ctx context.Context, workspace, metric string, r reports.Request) (*cx.Comparison, error)
}

// measured answers a request that is the body with what ask makes of it and of the metric of the path.
func measured[Q, A any](ask func(ctx context.Context, workspace, metric string, q Q) (A, error)) func(*http.Request) (A, error) {
	return func(r *http.Request) (A, error) {
		return report(func(ctx context.Context, workspace string, q Q) (A, error) {
			answer, err := ask(ctx, workspace, r.PathValue("metric"), q)
			if errors.Is(err, cx.ErrNoMetric) {
				err = problem.New(problem.NotFound, "there is no such metric; tributary metrics list shows those there are")
			}
			return answer, err
		})(r)
	}
}

// Metric asks for a metric of a workspace.
func (c *Client) Metric(ctx context.Context, workspace, metric string, r cx.Request) (*cx.Answer, error) {
	return call[*cx.Answer](ctx, c, http.MethodPost, "metrics/"+url.PathEscape(metric), url.Values{"workspace": {workspace}}, r)
}

// CompareMetric asks how AI does against people by a metric.
func (c *Client) CompareMetric(ctx context.Context, workspace, metric string, r reports.Request) (*cx.Comparison, error) {
	return call[*cx.Comparison](ctx, c, http.MethodPost, "metrics/"+url.PathEscape(metric)+"/comparison", url.Values{"workspace": {workspace}}, r)
}
