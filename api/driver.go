package api

import (
	"context"

	"tributary/journeys/driver"
)

// Drivers says why customers make contact, and learns it; driver.Service does.
type Drivers interface {
	Report(ctx context.Context, workspace string, r driver.Request) (*driver.Answer, error)
	Label(ctx context.Context, workspace string, labels []driver.Label) error
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
