package admin

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"tributary/api/policy"
	"tributary/api/problem"
	"tributary/identity"
	"tributary/journeys/driver"
)

// Drivers says why customers make contact, and learns it; driver.Service does.
type Drivers interface {
	Report(ctx context.Context, workspace string, r driver.Request) (*driver.Answer, error)
	People(ctx context.Context, workspace string, r driver.PeopleRequest) (*driver.People, error)
	Examples(ctx context.Context, workspace string, r driver.ExamplesRequest) (*driver.Examples, error)
	Topics(workspace string) (*driver.Taxonomy, error)
	Labels(workspace string, r driver.LabelsRequest) (*driver.LabelPage, error)
	Label(ctx context.Context, workspace string, labels []driver.Label) error
}

// Labelled says how many labels are kept.
type Labelled struct {
	Kept int `json:"kept"`
}

// addDrivers serves why customers make contact: numbers about many, labels, which name no one, and the people behind a number, who are on record
// as read before they are told.
func addDrivers(mux *patterns, h *handlers) {
	handle(mux, h, "POST /admin/v1/journeys/drivers", report(h.Drivers.Report))
	handle(mux, h, "POST /admin/v1/journeys/drivers/people", h.driverPeople)
	handle(mux, h, "POST /admin/v1/journeys/drivers/examples", h.driverExamples)
	handle(mux, h, "GET /admin/v1/journeys/topics", h.topics)
	handle(mux, h, "GET /admin/v1/journeys/labels", h.labels)
	handle(mux, h, "POST /admin/v1/journeys/labels", report(h.label))
}

// driversShow are the classes of what is told of the people behind a number.
var driversShow = []string{policy.ClassConversation, policy.ClassContent, policy.ClassProvenance}

func (h *handlers) driverPeople(r *http.Request) (*driver.People, error) {
	page, err := report(h.Drivers.People)(r)
	if err != nil {
		return nil, err
	}
	ids := make([]identity.ProfileID, len(page.People))
	for i := range page.People {
		ids[i] = page.People[i].Profile
	}
	return page, h.recordListed(r, ids, driversShow...)
}

func (h *handlers) driverExamples(r *http.Request) (*driver.Examples, error) {
	answer, err := report(h.Drivers.Examples)(r)
	if err != nil {
		return nil, err
	}
	var ids []identity.ProfileID
	for i := range answer.Groups {
		for _, e := range answer.Groups[i].Examples {
			if !slices.Contains(ids, e.Profile) {
				ids = append(ids, e.Profile)
			}
		}
	}
	return answer, h.recordListed(r, ids, driversShow...)
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

// DriverPeople lists the people behind a number of the report.
func (c *Client) DriverPeople(ctx context.Context, workspace string, r driver.PeopleRequest) (*driver.People, error) {
	return call[*driver.People](ctx, c, http.MethodPost, "journeys/drivers/people", url.Values{"workspace": {workspace}}, r)
}

// DriverExamples tells what customers said.
func (c *Client) DriverExamples(ctx context.Context, workspace string, r driver.ExamplesRequest) (*driver.Examples, error) {
	return call[*driver.Examples](ctx, c, http.MethodPost, "journeys/drivers/examples", url.Values{"workspace": {workspace}}, r)
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
