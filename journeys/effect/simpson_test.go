package effect_test

import (
	"fmt"
	"math"
	"testing"

	"tributary/ingest/event"
	"tributary/journeys/effect"
)

// TestServiceThatIsGoodWhereItIsHardLooksBad is Simpson's paradox. An AI begins most contacts about bills, which few customers
// survive, and few about lines; within both topics more of its people stay. All in all fewer do, and the
// standardised difference says what holds within the topics.
func TestServiceThatIsGoodWhereItIsHardLooksBad(t *testing.T) {
	w := newWorld(t)
	who := uint64(0)
	var events []said
	crowd := func(topic string, began event.AuthorRole, people, stay int, pays string) {
		for i := range people {
			who++
			events = append(events, contactOf(who, fmt.Sprint("c", who), 1, began, topic, said{})...)
			if i >= stay {
				events = append(events, said{name: event.NameSubscriptionCancelled}.of(who, 20))
			}
			events = append(events, money(event.NameInvoicePaid, pays, "EUR").of(who, 25))
		}
	}
	crowd("bill", event.AuthorAI, 80, 40, "20")
	crowd("bill", event.AuthorHuman, 20, 8, "10")
	crowd("line", event.AuthorAI, 20, 19, "60")
	crowd("line", event.AuthorHuman, 80, 72, "50")
	w.put("acme", events...)
	r, err := w.reports.Effect(t.Context(), "acme", effect.Request{Measure: effect.Measure{Request: march, Exposure: effect.ExposureAIBegan, Outcomes: effect.Outcomes{
		Retention: effect.RetainedNotCancelled, Adjust: []effect.Covariate{effect.ByTopic},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	same := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-9 {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	same("crude difference", r.Stayed.Crude.Difference.Value, 0.59-0.80)
	same("standardised difference", r.Stayed.Standardised.Difference.Value, (0.5+0.95)/2-(0.4+0.9)/2)
	same("crude difference of pay", r.Paid[0].Crude.Difference.Value, 28-42)
	same("standardised difference of pay", r.Paid[0].Standardised.Difference.Value, 10)
	for _, s := range r.Stayed.Strata {
		same("weight of "+s.Topic, s.Weight, 0.5)
	}
	if i := r.Stayed.Standardised.Difference.Interval; i.Low > 0.075 || i.High < 0.075 || i.High-i.Low < 0.1 {
		t.Errorf("interval %+v", i)
	}
	if r.Paid[0].Currency != "EUR" || r.Sample.People != 200 || r.Stayed.LeftOut != 0 {
		t.Errorf("%+v", r)
	}
}
