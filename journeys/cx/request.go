package cx

import (
	"context"

	"tributary/ingest/event"
	"tributary/journeys/report"
)

// Request asks for a metric as clients do.
type Request struct {
	report.Request
	Grain Grain     `json:"grain,omitempty"`
	By    Dimension `json:"by,omitempty"`
	Whole bool      `json:"whole,omitempty"` // the whole span as well as its buckets
}

// ItemRequest asks what a point was made of.
type ItemRequest struct {
	Request
	Group  *string
	Series *string
	Limit  int
	Cursor string
}

func (r *Reader) question(workspace, metric string, request Request) (Question, error) {
	var faults event.Errors
	q := Question{Metric: metric, Scope: request.Scope(workspace, r.now(), &faults), Grain: request.Grain, By: request.By, Whole: request.Whole}
	if _, ok := Find(metric); !ok {
		return q, ErrNoMetric
	}
	if len(faults) > 0 {
		return q, faults
	}
	return q, nil
}

// Metric answers with a metric of a workspace. It fails with ErrNoMetric, event.Errors, and as report.Reader.Resolve does.
func (r *Reader) Metric(ctx context.Context, workspace, metric string, request Request) (*Answer, error) {
	q, err := r.question(workspace, metric, request)
	if err != nil {
		return nil, err
	}
	return r.Ask(ctx, q)
}

// Comparison answers how AI does against people by a metric. It fails as Metric does.
func (r *Reader) Comparison(ctx context.Context, workspace, metric string, request report.Request) (*Comparison, error) {
	q, err := r.question(workspace, metric, Request{Request: request})
	if err != nil {
		return nil, err
	}
	return r.Compare(ctx, metric, q.Scope)
}

// MetricItems answers what a point was made of. It fails as Metric does.
func (r *Reader) MetricItems(ctx context.Context, workspace, metric string, request ItemRequest) (*Items, error) {
	q, err := r.question(workspace, metric, request.Request)
	if err != nil {
		return nil, err
	}
	return r.Items(ctx, ItemQuestion{q, request.Group, request.Series, request.Limit, request.Cursor})
}
