package admin_test

import (
	"context"
	"errors"

	"tributary/journeys/cx"
	"tributary/journeys/report"
)

func (noReports) Values(context.Context, string, []string, cx.Request) ([]*cx.Answer, error) {
	return nil, errors.New("no engine")
}

func (noReports) Comparison(context.Context, string, string, report.Request) (*cx.Comparison, error) {
	return nil, errors.New("no engine")
}
