package api

import (
	"context"

	"github.com/gin-gonic/gin"

	"tributary/profiles/sourcehealth"
)

// SourceHealth says how the sources of a workspace are; sourcehealth.Service does.
type SourceHealth interface {
	Report(ctx context.Context, workspace string) (*sourcehealth.Report, error)
}

func (a *API) getSourceHealth(c *gin.Context) {
	err := newQuery(c).err()
	var report *sourcehealth.Report
	if err == nil {
		report, err = a.SourceHealth.Report(c.Request.Context(), keyOf(c).Workspace)
	}
	if err != nil {
		a.fail(c, err)
		return
	}
	a.answer(c, report)
}
