package api

import (
	"context"

	"github.com/gin-gonic/gin"

	"tributary/journeys/effect"
)

// Effects says what goes with the quality of service, and which uses of AI pay; effect.Reports does.
type Effects interface {
	Effect(ctx context.Context, workspace string, r effect.Request) (*effect.Report, error)
	EffectPeople(ctx context.Context, workspace string, r effect.PeopleRequest) (*effect.People, error)
	UseCases(ctx context.Context, workspace string, r effect.UseCaseRequest) (*effect.UseCases, error)
	UseCasePeople(ctx context.Context, workspace string, r effect.UseCasePeopleRequest) (*effect.People, error)
}

func (a *API) postEffect(c *gin.Context)       { answerReport(a, c, ofReport, a.Effects.Effect) }
func (a *API) postEffectPeople(c *gin.Context) { answerReport(a, c, ofReport, a.Effects.EffectPeople) }
func (a *API) postUseCases(c *gin.Context)     { answerReport(a, c, ofReport, a.Effects.UseCases) }
func (a *API) postUseCasePeople(c *gin.Context) {
	answerReport(a, c, ofReport, a.Effects.UseCasePeople)
}
