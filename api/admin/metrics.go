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

func (h *handlers) metric(r *http.Request) (*cx.Answer, error) {
	return measured(r, h.Measures.Metric)
}

func (h *handlers) compareMetric(r *http.Request) (*cx.Comparison, error) {
	return measured(r, h.Measures.Comparison)
}

// measured asks for the metric of the path with the question in the body.
func measured[Q, A any](r *http.Request, ask func(context.Context, string, string, Q) (*A, error)) (*A, error) {
	workspace, err := workspaceOf(r)
	if err != nil {
		return nil, err
	}
	var asked Q
	if err := decode(r, &asked); err != nil {
		return nil, err
	}
	answer, err := ask(r.Context(), workspace, r.PathValue("metric"), asked)
	if errors.Is(err, cx.ErrNoMetric) {
		return nil, problem.New(problem.NotFound, "there is no such metric; tributary metrics list shows those there are")
	}
	return answer, err
}

// Metric asks for a metric of a workspace.
func (c *Client) Metric(ctx context.Context, workspace, metric string, r cx.Request) (*cx.Answer, error) {
	return call[*cx.Answer](ctx, c, http.MethodPost, "metrics/"+url.PathEscape(metric), url.Values{"workspace": {workspace}}, r)
}

// CompareMetric asks how AI does against people by a metric.
func (c *Client) CompareMetric(ctx context.Context, workspace, metric string, r reports.Request) (*cx.Comparison, error) {
	return call[*cx.Comparison](ctx, c, http.MethodPost, "metrics/"+url.PathEscape(metric)+"/comparison", url.Values{"workspace": {workspace}}, r)
}
