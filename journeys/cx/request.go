package cx

import (
	"context"
	"fmt"
	"slices"

	"tributary/ingest/event"
	"tributary/journeys/report"
)

// Request asks for a metric as clients do.
type Request struct {
	report.Request
	Grain Grain     `json:"grain,omitempty"`
	By    Dimension `json:"by,omitempty"`
	Whole bool      `json:"whole,omitempty"` // the whole span as well as its buckets
	// Before: as long a time before the span as well.
	Before bool `json:"before,omitempty"`
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
	q := Question{Metric: metric, Scope: request.Scope(workspace, r.now(), &faults), Grain: request.Grain, By: request.By, Whole: request.Whole, Before: request.Before}
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

// Values answers with metrics of a workspace, each once, in the order in which they are named: of one moment, and of fewer readings than
// one for each. A metric that is not there, or named twice, is an event.Errors of metric; else it fails as Metric does.
func (r *Reader) Values(ctx context.Context, workspace string, ids []string, request Request) ([]*Answer, error) {
	var faults event.Errors
	metrics := make([]*Metric, len(ids))
	for i, id := range ids {
		m, ok := Find(id)
		switch {
		case !ok:
			faults.Add(fmt.Sprintf("metric[%d]", i), "must be the id of a metric; GET /v1/metrics lists those there are")
		case slices.Contains(ids[:i], id):
			faults.Add(fmt.Sprintf("metric[%d]", i), "is there before; name each once")
		}
		metrics[i] = &m
	}
	if len(ids) == 0 {
		faults.Add("metric", "is required: ids of metrics, as GET /v1/metrics lists them")
	}
	if len(faults) > 0 {
		return nil, faults
	}
	q, err := r.question(workspace, ids[0], request)
	if err != nil {
		return nil, err
	}
	return r.askAll(ctx, metrics, q)
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
