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

func (a *API) postDrivers(c *gin.Context) { answerReport(a, c, ofReport, a.Drivers.Report) }

// labelsBody are people's words on what conversations are about.
type labelsBody struct {
	Labels []driver.Label `json:"labels"`
}

// labelledView says how many labels are kept.
type labelledView struct {
	Kept int `json:"kept"`
}

func (a *API) postLabels(c *gin.Context) {
	answerReport(a, c, ofReport, func(ctx context.Context, workspace string, body labelsBody) (labelledView, error) {
		return labelledView{len(body.Labels)}, a.Drivers.Label(ctx, workspace, body.Labels)
	})
}
