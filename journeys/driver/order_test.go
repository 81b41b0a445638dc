package driver_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/journeys/driver"
	"tributary/journeys/report"
	"tributary/sql/store"
	"tributary/sql/storetest"
)

// unsettled are the events of conversations of which nothing is plain: each begins as one person's and ends as another's, the customer
// writes thirty times, about two topics at one moment, and the times that agents name add up to another last digit in another order. They come
// in three parts, one of each person.
func unsettled(workspace string) (parts [3][]*store.EventRow) {
	for c := range 8 {
		for i := range 30 {
			n := uint64(30*c + i)
			talk := 0.1 * float64(i+1)
			cx := event.CX{
				ConversationID: fmt.Sprintf("c-%d", c), AuthorRole: event.AuthorCustomer, TalkS: &talk,
				Text: []string{"my invoice is wrong", "the line is down again", "where is my parcel"}[i%3], Topic: []string{"billing", "line"}[i%2],
			}
			at := now.AddDate(0, 0, -3).Add(time.Duration(c)*time.Hour + time.Duration(i/2)*time.Second)
			e := &event.Event{
				Workspace: workspace, Source: "desk", MessageID: fmt.Sprintf("m-%04d", n), Type: event.TypeTrack, Name: event.NameConversationMessage,
				Channel: event.ChannelChat, CX: &cx, At: at, OriginalAt: at, ReceivedAt: at,
			}
			who := c / 2 // two conversations each, but for the last who speaks
			if i%3 > 0 {
				who = c + 10*(i%3)
			}
			row := store.NewEventRow(e, store.Place{LogOffset: n}, storetest.Observation(uint64(who)), nil)
			parts[i%3] = append(parts[i%3], &row)
		}
	}
	return parts
}

// TestAnswerIsOfTheSetOfEvents: in whatever order events lie, the answer is one, to the last digit.
func TestAnswerIsOfTheSetOfEvents(t *testing.T) {
	w := newWorld(t)
	var first *driver.Answer
	for round := range 3 {
		workspace := fmt.Sprintf("w%d", round)
		parts := unsettled(workspace)
		for i := range parts {
			if err := store.Insert(t.Context(), w.bench.Store, store.Events, parts[(i+round)%3], ""); err != nil {
				t.Fatal(err)
			}
		}
		answer, err := w.service.Report(t.Context(), workspace, driver.Request{Request: report.Request{From: "2026-05-25", Until: "2026-06-01"}})
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = answer
		}
		if !reflect.DeepEqual(answer, first) {
			t.Fatalf("round %d is answered with\n%+v, the first with\n%+v", round, answer, first)
		}
	}
	if first.Sample.People != 8 || first.Conversations != 8 { // of whom said the last word
		t.Errorf("%d conversations of %d people, want 8 of 8", first.Conversations, first.Sample.People)
	}
}
