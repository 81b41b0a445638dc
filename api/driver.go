package api

import (
	"context"

	"github.com/gin-gonic/gin"

	"tributary/journeys/driver"
)

// Drivers says why customers make contact, and learns it; driver.Service does.
type Drivers interface {
	Report(ctx context.Context, workspace string, r driver.Request) (*driver.Answer, error)
	Label(ctx context.Context, workspace string, labels []driver.Label) error
}

func (a *API) postDrivers(c *gin.Context) {
	var body driver.Request
	err := decodeAlone(c, &body)
	var answer *driver.Answer
	if err == nil {
		answer, err = a.Drivers.Report(c.Request.Context(), keyOf(c).Workspace, body)
	}
	if err != nil {
		a.fail(c, ofReport(err))
		return
	}
	a.answer(c, answer)
}

// labelsBody are people's words on what conversations are about.
type labelsBody struct {
	Labels []driver.Label `json:"labels"`
}

// labelledView says how many labels are kept.
type labelledView struct {
	Kept int `json:"kept"`
}

func (a *API) postLabels(c *gin.Context) {
	var body labelsBody
	err := decodeAlone(c, &body)
	if err == nil {
		err = a.Drivers.Label(c.Request.Context(), keyOf(c).Workspace, body.Labels)
	}
	if err != nil {
		a.fail(c, ofReport(err))
		return
	}
	a.answer(c, labelledView{len(body.Labels)})
}
