package api

import (
	"context"
	"net/http"
	"testing"

	"tributary/api/auth"
	"tributary/api/policy"
	"tributary/journeys/effect"
)

// someEffects are reports of one person, with the marks of classes; they refuse what is asked from nowhen.
type someEffects struct{}

func (someEffects) Effect(_ context.Context, _ string, r effect.Request) (*effect.Report, error) {
	stayed := effect.Outcome{Strata: []effect.StratumOf{}}
	return &effect.Report{Exposure: effect.Exposures()[0], NotAdjusted: []string{}, RevenueCuts: []effect.Cut{}, Stayed: stayed, Paid: []effect.Outcome{}, Untrusted: []string{}}, fromWhen(r.From)
}

func (someEffects) UseCases(_ context.Context, _ string, r effect.UseCaseRequest) (*effect.UseCases, error) {
	return &effect.UseCases{Costs: effect.CostBasis{Human: "events"}, By: []string{}, UseCases: []effect.UseCase{}, Untrusted: []string{}}, fromWhen(r.From)
}

func (someEffects) EffectPeople(_ context.Context, _ string, r effect.PeopleRequest) (*effect.People, error) {
	return somePeople(), fromWhen(r.From)
}

func (someEffects) UseCasePeople(_ context.Context, _ string, r effect.UseCasePeopleRequest) (*effect.People, error) {
	return somePeople(), fromWhen(r.From)
}

func somePeople() *effect.People {
	contact := effect.Contact{ConversationID: "c-1", Topic: marks[policy.ClassConversation], Source: "marksource"}
	return &effect.People{Untrusted: []string{}, People: []effect.Person{{Profile: contacting, Contacts: []effect.Contact{contact}}}}
}

func TestEffectsAreAskedForByTheirBody(t *testing.T) {
	w := newWorld(t)
	key := w.key(auth.KindRead, "acme")
	for _, path := range []string{"effect", "effect/people", "use-cases", "use-cases/people"} {
		answer := w.do(http.MethodPost, "/v1/journeys/"+path, key, "{}")
		if faults := faultsOf(answer); answer.Code != http.StatusBadRequest || len(faults) != 1 || faults[0].Field != "from" {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
		if answer := w.do(http.MethodPost, "/v1/journeys/"+path, key, `{"from":"2026-03-01","of_nothing":1}`); answer.Code != http.StatusBadRequest {
			t.Errorf("%s with an unknown member: %d %s", path, answer.Code, answer.Body)
		}
		if answer := w.do(http.MethodPost, "/v1/journeys/"+path, key, `{"from":"2026-03-01"}`); answer.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
}
