package effect_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"tributary/ingest/event"
	"tributary/journeys/effect"
)

// TestNumbersLeadToTheirPeople: each number of both reports has as many people behind it, each once over all pages.
func TestNumbersLeadToTheirPeople(t *testing.T) {
	w := newWorld(t)
	var events []said
	for who := range uint64(12) {
		began := []event.AuthorRole{event.AuthorAI, event.AuthorHuman}[who%2]
		ended, talked := said{}, 60.0
		ended.Resolution, ended.TalkS = event.ResolutionConfirmed, &talked
		events = append(events, contactOf(who+1, fmt.Sprint("c", who), 1, began, "bill", ended)...)
		if who%3 == 0 {
			events = append(events, said{name: event.NameSubscriptionCancelled}.of(who+1, 9))
		}
	}
	w.put("acme", events...)
	measure := effect.Measure{Request: march, Exposure: effect.ExposureAIBegan, Outcomes: effect.Outcomes{Retention: effect.RetainedNotCancelled}}
	yes, no := true, false
	seen := map[uuid.UUID]bool{}
	request := effect.PeopleRequest{Measure: measure, Of: effect.Cell{Exposed: &yes, Stayed: &no}, Page: effect.Page{Limit: 1}}
	for {
		page, err := w.reports.EffectPeople(t.Context(), "acme", request)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range page.People {
			if seen[p.Profile] || len(p.Contacts) != 1 || p.Contacts[0].Topic != "bill" {
				t.Errorf("%+v", p)
			}
			seen[p.Profile] = true
		}
		if page.Next == nil {
			break
		}
		request.After = *page.Next
	}
	if len(seen) != 2 {
		t.Errorf("%d people, want the two whom an AI served and who left", len(seen))
	}
	rate, topic := 1.0, "bill"
	page, err := w.reports.UseCasePeople(t.Context(), "acme", effect.UseCasePeopleRequest{
		UseCaseRequest: effect.UseCaseRequest{Request: march, CostPerMinute: &rate}, Of: effect.UseCell{Topic: &topic, Kind: effect.UseConfirmed},
	})
	if err != nil || len(page.People) != 6 || page.Next != nil {
		t.Errorf("%+v, %v", page, err)
	}
}
