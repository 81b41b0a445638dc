package api

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/uuid"

	"tributary/api/auth"
	"tributary/api/policy"
	"tributary/ingest/event"
	"tributary/journeys/contact"
)

// someContacts are reports of one person, with the marks of classes; they refuse what is asked from nowhen.
type someContacts struct{}

var contacting = uuid.MustParse("11111111-1111-8111-8111-111111111111")

func fromWhen(from string) error {
	if from == "" {
		return event.Errors{{Field: "from", Reason: "is required"}}
	}
	return nil
}

func (someContacts) Journeys(_ context.Context, _ string, r contact.JourneysRequest) (*contact.JourneysReport, error) {
	return &contact.JourneysReport{Total: contact.Journeys{Outcomes: map[contact.Outcome]int{}}, Journeys: []contact.PathRow{}}, fromWhen(r.From)
}

func (someContacts) JourneysPeople(_ context.Context, _ string, r contact.JourneysPeopleRequest) (*contact.JourneyPeople, error) {
	return someJourney(), fromWhen(r.From)
}

func (someContacts) Repeats(_ context.Context, _ string, r contact.RepeatRequest) (*contact.RepeatReport, error) {
	return &contact.RepeatReport{Untrusted: []string{}, Repeats: contact.Repeats{
		ByFirst: []contact.Repeat{}, ByTopic: []contact.Repeat{}, ByPair: []contact.Repeat{}, DaysToRepeat: []int{},
	}}, fromWhen(r.From)
}

func (someContacts) RepeatPeople(_ context.Context, _ string, r contact.RepeatPeopleRequest) (*contact.RepeatPeople, error) {
	first := contact.Contact{ConversationID: "c-1", HandledBy: contact.HandlerAI, Topic: marks[policy.ClassConversation], Source: "marksource", MessageID: "m-1"}
	return &contact.RepeatPeople{Untrusted: []string{}, People: []contact.RepeatPerson{{Profile: contacting, Contacts: []contact.RepeatContact{{First: first}}}}}, fromWhen(r.From)
}

func (someContacts) Friction(_ context.Context, _ string, r contact.FrictionRequest) (*contact.FrictionReport, error) {
	return &contact.FrictionReport{
		Weights: contact.Weights(), Kinds: []contact.FrictionPoint{}, Points: []contact.FrictionPoint{}, Correlations: []contact.FrictionCorrelation{}, Untrusted: []string{},
	}, fromWhen(r.From)
}

func (someContacts) FrictionPeople(_ context.Context, _ string, r contact.FrictionPeopleRequest) (*contact.JourneyPeople, error) {
	return someJourney(), fromWhen(r.From)
}

func someJourney() *contact.JourneyPeople {
	return &contact.JourneyPeople{Untrusted: []string{}, People: []contact.JourneyPerson{{Profile: contacting, Journeys: []contact.Journey{{Outcome: contact.OutcomeOpen}}}}}
}

func TestFaultsOfAReportAreThoseOfItsBody(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"contacts", "repeat-contacts", "friction"} {
		answer := w.do(http.MethodPost, "/v1/journeys/"+path, w.key(auth.KindRead, "acme"), "{}")
		if faults := faultsOf(answer); answer.Code != http.StatusBadRequest || len(faults) != 1 || faults[0].Field != "from" {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
}
