package admin

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"tributary/api/problem"
	"tributary/journeys/driver"
)

// Drivers says why customers make contact, and learns it; driver.Service does.
type Drivers interface {
	Report(ctx context.Context, workspace string, r driver.Request) (*driver.Answer, error)
	Topics(workspace string) (*driver.Taxonomy, error)
	Labels(workspace string, r driver.LabelsRequest) (*driver.LabelPage, error)
	Label(ctx context.Context, workspace string, labels []driver.Label) error
}

// Labelled says how many labels are kept.
type Labelled struct {
	Kept int `json:"kept"`
}

// addDrivers serves why customers make contact: numbers about many, and labels, which name no one.
func addDrivers(mux *patterns, h *handlers) {
	handle(mux, h, "POST /admin/v1/journeys/drivers", report(h.Drivers.Report))
	handle(mux, h, "GET /admin/v1/journeys/topics", h.topics)
	handle(mux, h, "GET /admin/v1/journeys/labels", h.labels)
	handle(mux, h, "POST /admin/v1/journeys/labels", report(h.label))
}

func (h *handlers) topics(r *http.Request) (*driver.Taxonomy, error) {
	workspace, err := workspaceOf(r)
	if err != nil {
		return nil, err
	}
	return h.Drivers.Topics(workspace)
}

func (h *handlers) labels(r *http.Request) (*driver.LabelPage, error) {
	workspace, err := workspaceOf(r)
	if err != nil {
		return nil, err
	}
	q := r.URL.Query()
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil {
		return nil, problem.Field("limit", "must be a number")
	}
	return h.Drivers.Labels(workspace, driver.LabelsRequest{Topic: q.Get("topic"), Cursor: q.Get("cursor"), Limit: limit})
}

func (h *handlers) label(ctx context.Context, workspace string, labels []driver.Label) (Labelled, error) {
	return Labelled{len(labels)}, h.Drivers.Label(ctx, workspace, labels)
}

// ContactDrivers reports why customers make contact.
func (c *Client) ContactDrivers(ctx context.Context, workspace string, r driver.Request) (*driver.Answer, error) {
	return call[*driver.Answer](ctx, c, http.MethodPost, "journeys/drivers", url.Values{"workspace": {workspace}}, r)
}

// Topics tells the taxonomy of what conversations are about.
func (c *Client) Topics(ctx context.Context, workspace string) (*driver.Taxonomy, error) {
	return call[*driver.Taxonomy](ctx, c, http.MethodGet, "journeys/topics", url.Values{"workspace": {workspace}}, nil)
}

// Labels lists labels in force.
func (c *Client) Labels(ctx context.Context, workspace string, r driver.LabelsRequest) (*driver.LabelPage, error) {
	q := url.Values{"workspace": {workspace}, "topic": {r.Topic}, "cursor": {r.Cursor}, "limit": {strconv.Itoa(r.Limit)}}
	return call[*driver.LabelPage](ctx, c, http.MethodGet, "journeys/labels", q, nil)
}

// Label keeps labels: all of them, or none.
func (c *Client) Label(ctx context.Context, workspace string, labels []driver.Label) error {
	_, err := call[Labelled](ctx, c, http.MethodPost, "journeys/labels", url.Values{"workspace": {workspace}}, labels)
	return err
}
