package contact_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/journeys/contact"
	"tributary/journeys/report"
)

func after(hours float64) time.Time { return epoch.Add(time.Duration(hours * float64(time.Hour))) }

func happened(who int, hours float64, channel event.Channel, name string, cx event.CX) happening {
	h := happening{who: who}
	h.At, h.Channel, h.Name, h.CX = after(hours), channel, name, &cx
	return h
}

func seconds(s float64) *float64 { return &s }

// trouble is one person's: a failed payment, a look at the web page, the bot, a call that is handed on and comes to nothing, a case
// that is opened again, and the bill. Who looks at the page and who talks to the bot are two observations of one person.
func trouble() []happening {
	const text = "I was charged twice for March"
	page := happened(1, 2, event.ChannelWeb, "Help", event.CX{})
	page.Type = event.TypePage
	score := 2.0
	return []happening{
		happened(0, 0, "", "invoice.payment_failed", event.CX{}),
		page,
		happened(1, 3, event.ChannelChat, "conversation.started", event.CX{ConversationID: "bot", AuthorRole: event.AuthorCustomer, Direction: event.DirectionInbound, Topic: "billing"}),
		happened(1, 3.1, event.ChannelChat, "conversation.message", event.CX{ConversationID: "bot", AuthorRole: event.AuthorCustomer, Text: text}),
		happened(1, 3.2, event.ChannelChat, "conversation.verified", event.CX{ConversationID: "bot", AuthorRole: event.AuthorAI}),
		happened(1, 3.5, event.ChannelChat, "conversation.ended", event.CX{ConversationID: "bot", AuthorRole: event.AuthorAI, Resolution: event.ResolutionAssumed}),
		happened(0, 30, event.ChannelVoice, "conversation.answered", event.CX{ConversationID: "call", AuthorRole: event.AuthorHuman, AgentID: "ada", WaitS: seconds(360), Topic: "billing"}),
		happened(0, 30.1, event.ChannelVoice, "conversation.verified", event.CX{ConversationID: "call", AuthorRole: event.AuthorHuman, AgentID: "ada"}),
		happened(0, 30.2, event.ChannelVoice, "conversation.transferred", event.CX{ConversationID: "call", AgentID: "ada"}),
		happened(0, 30.3, event.ChannelVoice, "conversation.message", event.CX{ConversationID: "call", AuthorRole: event.AuthorCustomer, Text: "i was charged  TWICE for march"}),
		happened(0, 30.5, event.ChannelVoice, "conversation.ended", event.CX{ConversationID: "call", AuthorRole: event.AuthorHuman, AgentID: "bo", Resolution: event.ResolutionNone}),
		happened(0, 31, "", "case.opened", event.CX{CaseID: "k1", ConversationID: "call", Topic: "billing"}),
		happened(0, 60, "", "case.resolved", event.CX{CaseID: "k1"}),
		happened(0, 80, "", "case.reopened", event.CX{CaseID: "k1"}),
		happened(0, 90, "", "case.resolved", event.CX{CaseID: "k1"}),
		happened(0, 91, "", "invoice.payment_failed", event.CX{}),
		happened(0, 92, "", "invoice.paid", event.CX{}),
		happened(0, 93, event.ChannelEmail, "survey.answered", event.CX{Survey: event.SurveyCSAT, Score: &score, Scale: "1-5", AboutConversationID: "call"}),
		// Nothing of it: a later bill, and a message that the company sent.
		happened(0, 93+8*24, "", "invoice.issued", event.CX{}),
		happened(2, 5, event.ChannelSMS, "conversation.message", event.CX{ConversationID: "note", Direction: event.DirectionOutbound, AuthorRole: event.AuthorSystem}),
	}
}

var march = report.Request{From: "2026-03-01", Until: "2026-04-01"}

func TestAJourneyWorkedOutByHand(t *testing.T) {
	s := newWorld(t).plant(t, t, trouble(), map[int]int{1: 0})
	chain := contact.ChainRequest{Request: march}
	journeys, err := s.reports.Journeys(t.Context(), s.name, contact.JourneysRequest{ChainRequest: chain})
	s.must(t, err)
	if len(journeys.Journeys) != 1 {
		t.Fatalf("the journeys are %+v", journeys.Journeys)
	}
	row := journeys.Journeys[0]
	want := []contact.PathStep{
		{Kind: "payment_failed"}, {Kind: "self_service", Channel: "web"}, {Kind: "ai_conversation", Channel: "chat"},
		{Kind: "human_conversation", Channel: "voice"}, {Kind: "case"}, {Kind: "payment_failed"}, {Kind: "payment"},
	}
	if !reflect.DeepEqual(row.Steps, want) {
		t.Errorf("the steps are %v, want %v", row.Steps, want)
	}
	if row.Journeys.Journeys != 1 || row.People != 1 || row.Contacts != 2 || row.Outcomes[contact.OutcomeResolved] != 1 || row.MedianHours != 92 || row.Unfinished != 0 || row.Share != 1 {
		t.Errorf("the numbers are %+v", row)
	}
	friction, err := s.reports.Friction(t.Context(), s.name, contact.FrictionRequest{FrictionMeasure: contact.FrictionMeasure{ChainRequest: chain}})
	s.must(t, err)
	efforts := map[contact.Friction]float64{}
	for _, p := range friction.Kinds {
		efforts[p.Kind] = p.Effort
	}
	// Five minutes over the first one; the text again, so that the topic does not count as well.
	expected := map[contact.Friction]float64{
		contact.FrictionTransfer: 1, contact.FrictionReverification: 1, contact.FrictionRepeated: 2, contact.FrictionChannelSwitch: 1,
		contact.FrictionWait: 1, contact.FrictionReopened: 3, contact.FrictionPaymentLoop: 2,
	}
	if !reflect.DeepEqual(efforts, expected) || friction.Total != 11 || friction.Median != 11 {
		t.Errorf("the efforts are %v and %v in all, want %v and 11", efforts, friction.Total, expected)
	}
	if len(friction.Correlations) != 0 {
		t.Errorf("of one journey there are correlations: %v", friction.Correlations)
	}
	repeats, err := s.reports.Repeats(t.Context(), s.name, contact.RepeatRequest{Request: march})
	s.must(t, err)
	if x := repeats.Total; x.Contacts != 2 || x.Repeated != 1 || x.RepeatedSameTopic != 1 || repeats.DaysToRepeat[1] != 1 || repeats.People != 1 {
		t.Errorf("repeats are %+v", repeats.Repeats)
	}
}

func TestNumbersLeadToPeopleAndEvents(t *testing.T) {
	s := newWorld(t).plant(t, t, trouble(), map[int]int{1: 0})
	chain := contact.ChainRequest{Request: march}
	transfers := contact.FrictionPeopleRequest{FrictionMeasure: contact.FrictionMeasure{ChainRequest: chain}, Of: contact.FrictionGroup{Kind: contact.FrictionTransfer}}
	found, err := s.reports.FrictionPeople(t.Context(), s.name, transfers)
	s.must(t, err)
	if len(found.People) != 1 || found.People[0].Profile != s.observation(0) || found.Next != nil {
		t.Fatalf("transfers are of %+v", found.People)
	}
	if j := found.People[0].Journeys[0]; len(j.Friction) != 1 || j.Friction[0].MessageID != "m-008" || j.Friction[0].Source != "desk" || j.Friction[0].ID != "call" || *j.Effort != 11 {
		t.Errorf("the transfer is %+v", j)
	}
	ways := contact.JourneysPeopleRequest{ChainRequest: chain}
	ways.Of.Outcome = contact.OutcomeResolved
	all, err := s.reports.JourneysPeople(t.Context(), s.name, ways)
	s.must(t, err)
	if len(all.People) != 1 || len(all.People[0].Journeys[0].Steps) != 7 {
		t.Errorf("resolved journeys are of %+v", all.People)
	}
	var classes []string
	for _, step := range all.People[0].Journeys[0].Steps {
		classes = append(classes, step.PolicyClass())
	}
	if want := []string{"money", "behaviour", "conversation", "conversation", "conversation", "money", "money"}; !reflect.DeepEqual(classes, want) {
		t.Errorf("the steps are of the classes %v, want %v", classes, want)
	}
	ways.Of.Outcome = contact.OutcomeChurned
	all, err = s.reports.JourneysPeople(t.Context(), s.name, ways)
	s.must(t, err)
	if len(all.People) != 0 {
		t.Errorf("churned are %+v", all.People)
	}
	again, err := s.reports.RepeatPeople(t.Context(), s.name, contact.RepeatPeopleRequest{RepeatRequest: contact.RepeatRequest{Request: march}})
	s.must(t, err)
	if len(again.People) != 1 || again.People[0].Contacts[0].First.ConversationID != "bot" || again.People[0].Contacts[0].Next.ConversationID != "call" {
		t.Errorf("repeats are of %+v", again.People)
	}
}

// TestMergeThenSplitLeavesEveryReport as it was, row for row.
func TestMergeThenSplitLeavesEveryReport(t *testing.T) {
	s := newWorld(t).plant(t, t, trouble(), map[int]int{1: 0})
	told := func() string {
		chain := contact.ChainRequest{Request: march}
		journeys, err := s.reports.Journeys(t.Context(), s.name, contact.JourneysRequest{ChainRequest: chain})
		s.must(t, err)
		friction, err := s.reports.Friction(t.Context(), s.name, contact.FrictionRequest{FrictionMeasure: contact.FrictionMeasure{ChainRequest: chain}})
		s.must(t, err)
		repeats, err := s.reports.Repeats(t.Context(), s.name, contact.RepeatRequest{Request: march})
		s.must(t, err)
		people, err := s.reports.RepeatPeople(t.Context(), s.name, contact.RepeatPeopleRequest{RepeatRequest: contact.RepeatRequest{Request: march}})
		s.must(t, err)
		journeys.About, friction.About, repeats.About, people.About = report.About{}, report.About{}, report.About{}, report.About{}
		text, err := json.Marshal([]any{journeys, friction, repeats, people})
		s.must(t, err)
		return string(text)
	}
	first := told()
	s.regroup(t, t, nil)
	if apart := told(); apart == first {
		t.Error("apart they are told as they were together")
	}
	s.regroup(t, t, map[int]int{1: 0})
	if again := told(); again != first {
		t.Errorf("after split and merge\n%s, before\n%s", again, first)
	}
}

func TestPagesListEveryoneOnce(t *testing.T) {
	var all []happening
	for who := range 7 {
		for i, id := range []string{"a", "b"} {
			all = append(all, happened(who, float64(24*i+who), event.ChannelChat, "conversation.started", event.CX{ConversationID: id}))
		}
	}
	s := newWorld(t).plant(t, t, all, nil)
	seen := map[string]int{}
	request := contact.RepeatPeopleRequest{RepeatRequest: contact.RepeatRequest{Request: march}, Page: contact.Page{Limit: 3}}
	for pages := 1; ; pages++ {
		page, err := s.reports.RepeatPeople(t.Context(), s.name, request)
		s.must(t, err)
		for _, p := range page.People {
			seen[p.Profile.String()]++
		}
		if page.Next == nil {
			if pages != 3 || len(seen) != 7 {
				t.Errorf("%d pages of %d people", pages, len(seen))
			}
			return
		}
		request.After = *page.Next
	}
}

func TestEveryFaultIsToldAtOnce(t *testing.T) {
	s := newWorld(t).plant(t, t, nil, nil)
	wait := -1
	_, err := s.reports.Friction(t.Context(), s.name, contact.FrictionRequest{Limit: 9999, FrictionMeasure: contact.FrictionMeasure{
		ChainRequest: contact.ChainRequest{GapHours: -1}, Weights: map[contact.Friction]float64{"anger": 1, contact.FrictionWait: -2}, WaitOverS: &wait,
	}})
	var faults event.Errors
	if !errors.As(err, &faults) {
		t.Fatalf("the error is %v", err)
	}
	fields := map[string]bool{}
	for _, f := range faults {
		fields[f.Field] = true
	}
	want := map[string]bool{"from": true, "gap_hours": true, "weights": true, "weights.wait": true, "wait_over_s": true, "limit": true}
	if !reflect.DeepEqual(fields, want) {
		t.Errorf("faults are of %v, want %v", fields, want)
	}
}

// TestKindsBeyondAListAreCounted: a list ends after 200, and says how many it leaves out.
func TestKindsBeyondAListAreCounted(t *testing.T) {
	var all []happening
	for i := range 203 {
		cx := event.CX{ConversationID: fmt.Sprintf("c-%03d", i), Topic: fmt.Sprintf("topic %03d", i), AuthorRole: event.AuthorCustomer}
		all = append(all, happened(0, float64(i), event.ChannelChat, event.NameConversationStarted, cx))
	}
	s := newWorld(t).plant(t, t, all, nil)
	r, err := s.reports.Repeats(t.Context(), s.name, contact.RepeatRequest{Request: march})
	s.must(t, err)
	if len(r.ByTopic) != 200 || r.LeftOut != (contact.LeftOut{ByTopic: 3}) || r.Total.Contacts != 203 {
		t.Errorf("%d topics of %d contacts are listed, %+v left out", len(r.ByTopic), r.Total.Contacts, r.LeftOut)
	}
}
