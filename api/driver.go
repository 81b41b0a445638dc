package api

import (
	"context"

	"github.com/gin-gonic/gin"

	"tributary/journeys/driver"
	"tributary/profiles"
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

// behindNumber has a route answer for whom a number of ours is about: by their profiles, which nobody claims to be.
func behindNumber(answer gin.HandlerFunc) gin.HandlerFunc {
	return func(c *gin.Context) {
		readingOf(c).ours = profiles.TypeProfile
		answer(c)
	}
}

func (a *API) getTopics(c *gin.Context) {
	err := newQuery(c).err()
	var answer *driver.Taxonomy
	if err == nil {
		answer, err = a.Drivers.Topics(keyOf(c).Workspace)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, answer)
}

func (a *API) getLabels(c *gin.Context) {
	q := newQuery(c)
	r := driver.LabelsRequest{Topic: q.text("topic"), Limit: q.number("limit", 1, driver.MaxLabelsListed), Cursor: q.text("cursor")}
	err := q.err()
	var page *driver.LabelPage
	if err == nil {
		page, err = a.Drivers.Labels(keyOf(c).Workspace, r)
	}
	if err != nil {
		a.fail(c, ofReport(err))
		return
	}
	a.answer(c, page)
}

// labelsBody are people's words on what conversations are about.
type labelsBody struct {
	Labels []driver.Label `json:"labels"`
}

// labelledView says how many labels are kept.
type labelledView struct {
	Kept int `json:"kept"`
}

func (a *API) label(ctx context.Context, workspace string, body labelsBody) (labelledView, error) {
	return labelledView{len(body.Labels)}, a.Drivers.Label(ctx, workspace, body.Labels)
}
