package effect_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tributary/ingest/event"
	"tributary/journeys/effect"
)

// randomEvents draws contacts, money, visits and cancellations of a few people, in any order and many at the same time.
func randomEvents(t *rapid.T, people uint64) []said {
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	var list []said
	draw := func(i int, names ...string) said {
		return said{
			who: rapid.Uint64Range(0, people-1).Draw(t, "who"), id: fmt.Sprintf("m%03d", i), source: pick("source", "desk", "bot"),
			at:      at(0).Add(time.Duration(rapid.IntRange(-400, 700).Draw(t, "at")) * 6 * time.Hour),
			channel: event.Channel(pick("channel", "", "chat", "voice", "web")), name: pick("name", names...),
		}
	}
	for i := range rapid.IntRange(0, 90).Draw(t, "life") {
		s := draw(i, "invoice.paid", "invoice.paid", "order.placed", "refund.issued", "subscription.started", "subscription.cancelled", "plan compared", "payment.received", "")
		switch s.name {
		case "":
			s.kind = event.TypePage
		case "invoice.paid", "order.placed", "refund.issued", "payment.received":
			s.Amount, s.Currency = pick("amount", "10", "-2.5", "0", "99.99", "1000.00000001"), pick("currency", "EUR", "USD")
		}
		list = append(list, s)
	}
	for i := range rapid.IntRange(0, 40).Draw(t, "contacts") {
		s := draw(1000+10*i, "")
		s.at = at(0).Add(time.Duration(rapid.IntRange(-60, 200).Draw(t, "contact at")) * 6 * time.Hour)
		id, began := fmt.Sprint("c", i), event.AuthorRole(pick("began", "", "ai", "ai", "human", "human"))
		for j, name := range []string{"conversation.started", "conversation.answered", pick("next", "conversation.transferred", "conversation.handed_off", "conversation.message"), pick("last", "conversation.ended", "conversation.ended", "conversation.abandoned")} {
			e := s
			e.id, e.name, e.at = fmt.Sprintf("m%04d", 1000+10*i+j), name, s.at.Add(time.Duration(j)*time.Minute)
			e.ConversationID, e.Direction = id, event.DirectionInbound
			switch j {
			case 0:
				e.Topic = pick("topic", "", "bill", "line", "line")
			case 1:
				e.AuthorRole = began
				e.Model = map[event.AuthorRole]string{event.AuthorAI: pick("model", "m1", "m2")}[began]
				if rapid.Bool().Draw(t, "waited") {
					v := rapid.SampledFrom([]float64{0, 119, 120, 121}).Draw(t, "wait")
					e.WaitS = &v
				}
				if rapid.Bool().Draw(t, "priced") {
					v := rapid.SampledFrom([]float64{0.01, 0.5, 3}).Draw(t, "cost")
					e.Cost = &v
				}
			case 2:
				if rapid.Bool().Draw(t, "a human came") {
					e.AuthorRole = event.AuthorHuman
				}
			case 3:
				e.Resolution = event.Resolution(pick("resolution", "", "confirmed", "assumed", "none"))
				if rapid.Bool().Draw(t, "timed") {
					v := rapid.SampledFrom([]float64{60, 300.5}).Draw(t, "talk")
					e.TalkS = &v
				}
			}
			list = append(list, e)
		}
		if rapid.Bool().Draw(t, "answers") {
			e := s
			e.id, e.name, e.at, e.Survey, e.Scale = fmt.Sprintf("m%04d", 1009+10*i), "survey.answered", s.at.Add(time.Duration(rapid.SampledFrom([]int{0, 2, 7 * 24, 8 * 24}).Draw(t, "answered after"))*time.Hour), event.SurveyCSAT, pick("scale", "1-5", "1-3", "0-100")
			v := rapid.SampledFrom([]float64{1, 3, 4, 5, 80}).Draw(t, "score")
			e.Score, e.AboutConversationID = &v, id
			list = append(list, e)
		}
	}
	return list
}

// TestEffectsAgreeWithLoops: random events, some people joined; every exposure and use case is what plain loops make
// of them, and once people are apart again the answers are what they were, row for row.
func TestEffectsAgreeWithLoops(t *testing.T) {
	w := newWorld(t)
	run := uint64(0)
	rapid.Check(t, func(rt *rapid.T) {
		run++
		const many = 8
		base, workspace := 1000*run, fmt.Sprintf("w%d", run)
		events := randomEvents(rt, many)
		for i := range events {
			events[i].who += base
		}
		if len(events) > 0 {
			w.put(workspace, events...)
		}
		names := []effect.Exposure{}
		for _, x := range effect.Exposures() {
			names = append(names, x.Name)
		}
		chosen := rapid.Permutation(names).Draw(rt, "exposures")[:2]
		apart := func(who uint64) uint64 { return who }
		known := rapid.SampledFrom([]time.Time{now, at(75)}).Draw(rt, "known")
		before := w.agree(rt, workspace, events, apart, known, chosen)
		joined, into := base+rapid.Uint64Range(1, many-1).Draw(rt, "joined"), base
		w.join(workspace, joined, into, 1)
		w.agree(rt, workspace, events, func(who uint64) uint64 {
			if who == joined {
				return into
			}
			return who
		}, known, chosen)
		w.join(workspace, joined, joined, 2)
		after := w.agree(rt, workspace, events, apart, known, chosen)
		if !slices.Equal(before, after) {
			rt.Fatalf("joined and split again:\n%s, before\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
		}
	})
}

// agree compares answers with loops, and returns them but for the version of who is who.
func (w *world) agree(t *rapid.T, workspace string, events []said, person func(uint64) uint64, known time.Time, exposures []effect.Exposure) (all []string) {
	scope := march
	scope.KnownAt = known.Format(time.RFC3339)
	m := newModel(events, person, known)
	for _, x := range exposures {
		r, err := w.reports.Effect(w.Context(), workspace, effect.Request{Measure: effect.Measure{Request: scope, Exposure: x, Outcomes: effect.Outcomes{Days: 30, ActiveDays: 20}}})
		if err != nil {
			t.Fatal(err)
		}
		same(t, string(x), flat(r), m.effect(x))
		r.IdentityVersion = 0
		all = append(all, text(r))
	}
	rate := 0.9
	for _, request := range []effect.UseCaseRequest{
		{Request: scope, CostPerMinute: &rate, Minimum: 1, By: []string{"channel", "agent"}},
		{Request: scope, Minimum: 1, Currency: "EUR", Value: &effect.Outcomes{Days: 30, Adjust: []effect.Covariate{effect.ByTenure}}},
	} {
		r, err := w.reports.UseCases(w.Context(), workspace, request)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "use cases", flatUses(r), m.uses(&request))
		r.IdentityVersion = 0
		all = append(all, text(r))
	}
	return all
}

// numbers are values by what they are called.
type numbers map[string]float64

func same(t *rapid.T, what string, got, want numbers) {
	for name, v := range want {
		g, ok := got[name]
		if !ok || math.Abs(g-v) > 1e-6*(1+math.Abs(v)) {
			t.Fatalf("%s: %s is %v (%v), want %v\n%v\n%v", what, name, g, ok, v, got, want)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Fatalf("%s: %s should not be there\n%v\n%v", what, name, got, want)
		}
	}
}

func text(v any) string {
	b, _ := json.Marshal(v) // of numbers and texts
	return string(b)
}

// flat are the numbers of a report.
func flat(r *effect.Report) numbers {
	n := numbers{"people": float64(r.Sample.People), "immature": float64(r.Immature), "gone": float64(r.Gone)}
	n.outcome("stayed", &r.Stayed)
	for i := range r.Paid {
		n.outcome("paid "+r.Paid[i].Currency, &r.Paid[i])
	}
	return n
}

func (n numbers) outcome(name string, o *effect.Outcome) {
	n[name+" left out"], n[name+" strata left out"], n[name+" strata"] = float64(o.LeftOut), float64(o.LeftOutStrata), float64(o.StrataCount)
	n.sides(name+" crude", &o.Crude)
	if o.Standardised != nil {
		n.sides(name+" standardised", o.Standardised)
	}
}

func (n numbers) sides(name string, s *effect.Sides) {
	n[name+" exposed people"], n[name+" unexposed people"] = float64(s.Exposed.People), float64(s.Unexposed.People)
	n.estimate(name+" exposed", s.Exposed.Estimate)
	n.estimate(name+" unexposed", s.Unexposed.Estimate)
	n.estimate(name+" difference", s.Difference)
}

func (n numbers) estimate(name string, e *effect.Estimate) {
	if e == nil {
		return
	}
	n[name] = e.Value
	if e.Interval != nil {
		n[name+" low"], n[name+" high"] = e.Interval.Low, e.Interval.High
	}
}

// flatUses are the numbers of use cases.
func flatUses(r *effect.UseCases) numbers {
	n := numbers{"contacts": float64(r.Sample.Events), "people": float64(r.Sample.People), "imputed": float64(r.Costs.Imputed)}
	for i := range r.UseCases {
		u := &r.UseCases[i]
		name := strings.Join([]string{u.Topic, u.Channel, u.Agent}, "|")
		n[name+" contacts"], n[name+" people"], n[name+" immature"] = float64(u.Contacts), float64(u.People), float64(u.Immature)
		n.estimate(name+" contained", u.Contained.Estimate)
		n.estimate(name+" confirmed", u.Confirmed.Estimate)
		n.estimate(name+" silent", u.SilentFailure.Estimate)
		if u.AI != nil {
			n.estimate(name+" ai", &u.AI.Total)
		}
		if u.Human != nil {
			n[name+" human untold"] = float64(u.Human.Untold)
			n.estimate(name+" human", &u.Human.Total)
		}
		n.estimate(name+" saving", u.NetSaving)
		if u.Paid != nil {
			n.outcome(name+" paid", u.Paid)
		}
		n.estimate(name+" value", u.NetValue)
		n[name+" verdict "+string(u.Verdict)] = 1
	}
	return n
}
