package driver_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/event"
	"tributary/journeys/driver"
	"tributary/journeys/report"
	"tributary/sql/store"
)

// lastWeek is the scope of report.
var lastWeek = report.Request{From: "2026-05-25", Until: "2026-06-01"}

// fill inserts nine weeks of conversations of several topics, and some that began before and went on.
func (w *world) fill() {
	w.Helper()
	for week := range 9 {
		at := now.AddDate(0, 0, -7*(week+1)).Add(time.Hour)
		for i := range 12 {
			id := func(kind string) string { return fmt.Sprintf("%s-%d-%d", kind, week, i) }
			w.talk("acme", id("refund"), "", fmt.Sprintf("I want my money back, a refund. Order %d", i), at, 100)
			w.talk("acme", id("late"), "where", "快递还没收到", at.Add(time.Duration(i)*time.Minute), 400+float64(i), "conversation.transferred")
			w.talk("acme", id("odd"), "", "qwertz \u202e"+strings.Repeat("x", i*50), at, float64(i))
			w.talk("other", id("x"), "", "my password", at, 100)
		}
		w.talk("acme", fmt.Sprintf("long-%d", week), "", "money back", now.AddDate(0, 0, -7*week).Add(-time.Second), 1) // goes on in the next week
	}
	if err := store.Insert(w.Context(), w.bench.Store, store.Events, w.rows, ""); err != nil {
		w.Fatal(err)
	}
}

// behind reads all pages of the people behind a number: how many conversations each has. It fails if somebody is there twice.
func (w *world) behind(of driver.Group, limit int) map[uuid.UUID]int {
	w.Helper()
	all := map[uuid.UUID]int{}
	request := driver.PeopleRequest{Request: lastWeek, Of: of, Limit: limit}
	for {
		page, err := w.service.People(w.Context(), "acme", request)
		if err != nil {
			w.Fatal(err)
		}
		for _, p := range page.People {
			if all[p.Profile] != 0 || len(p.Conversations) != min(p.Count, 20) || len(page.People) > limit {
				w.Fatalf("%+v: %+v", of, page)
			}
			all[p.Profile] = p.Count
			for _, c := range p.Conversations {
				if c.ConversationID != "long-0" && c.Said == nil || c.Said != nil && (!c.Said.Untrusted || c.Said.Origin != "customer" || strings.ContainsRune(c.Said.Text, '\u202e')) || c.BeganAt.Before(now.AddDate(0, 0, -7)) {
					w.Errorf("%+v: %+v", of, c)
				}
			}
		}
		if page.Next == nil {
			return all
		}
		request.After = *page.Next
	}
}

func sum(counts map[uuid.UUID]int) (n int) {
	for c := range maps.Values(counts) {
		n += c
	}
	return n
}

// TestPeopleAreThoseOfTheNumber: what a report counts is behind it, on pages of any size.
func TestPeopleAreThoseOfTheNumber(t *testing.T) {
	w := newWorld(t)
	w.fill()
	a := w.report()
	if len(a.Topics) < 2 || a.Unknown == 0 || len(a.Told) != 1 {
		t.Fatalf("%+v", a)
	}
	for _, topic := range a.Topics {
		people := w.behind(driver.Group{Topic: topic.Topic}, 5)
		if len(people) != topic.People || sum(people) != topic.Conversations {
			t.Errorf("%s: %d conversations of %d people behind %+v", topic.Topic, sum(people), len(people), topic)
		}
		if n := sum(w.behind(driver.Group{Topic: topic.Topic, By: driver.ByText}, 500)); n != topic.By.Text {
			t.Errorf("%s by text: %d, want %d", topic.Topic, n, topic.By.Text)
		}
		if people := w.behind(driver.Group{Topic: topic.Topic, Word: topic.Words[0]}, 500); len(people) < 5 {
			t.Errorf("%d people behind the word %q", len(people), topic.Words[0])
		}
	}
	all := w.behind(driver.Group{}, 500)
	if sum(all) != a.Conversations || uint64(len(all)) != a.Sample.People {
		t.Errorf("%d conversations of %d people behind %+v", sum(all), len(all), a.Sample)
	}
	if n := sum(w.behind(driver.Group{Topic: "unknown"}, 500)); n != a.Unknown {
		t.Errorf("%d behind %d unknown", n, a.Unknown)
	}
	if n := sum(w.behind(driver.Group{ToldTopic: "where"}, 500)); n != a.Told[0].Conversations {
		t.Errorf("%d behind %+v", n, a.Told[0])
	}
	if n := sum(w.behind(driver.Group{Step: "conversation.transferred", HandleAboveS: 405}, 9)); n != 6 {
		t.Errorf("%d transferred ones took more than 405 s, want 6", n)
	}
	w.examples(a)
}

// examples are of each topic that the report counts.
func (w *world) examples(counted *driver.Answer) {
	w.Helper()
	a, err := w.service.Examples(w.Context(), "acme", driver.ExamplesRequest{Request: lastWeek, Each: 4})
	if err != nil {
		w.Fatal(err)
	}
	if len(a.Groups) != len(counted.Topics)+1 {
		w.Errorf("%d groups of %d topics and unknown", len(a.Groups), len(counted.Topics))
	}
	for _, g := range a.Groups {
		if topic := topicOf(counted, g.Of.Topic); g.Of.Topic != "unknown" && (topic.Conversations != g.Conversations || topic.People != g.People) {
			w.Errorf("%+v of %+v", g, topic)
		}
		texts, people := map[string]bool{}, map[uuid.UUID]bool{}
		for i, e := range g.Examples {
			texts[e.Said.Text], people[e.Profile] = true, true
			if e.Topic != g.Of.Topic || i > 0 && e.Confidence > g.Examples[i-1].Confidence || len([]rune(e.Said.Text)) > 2*driver.SaidCharacters {
				w.Errorf("%s: %+v", g.Of.Topic, e)
			}
		}
		if len(texts) != len(g.Examples) || len(people) != len(g.Examples) || len(g.Examples) == 0 || len(g.Examples) > 4 {
			w.Errorf("%s: %+v", g.Of.Topic, g.Examples)
		}
	}
	long := driver.Group{Step: "conversation.transferred", HandleAboveS: 405}
	a, err = w.service.Examples(w.Context(), "acme", driver.ExamplesRequest{Request: lastWeek, Of: []driver.Group{long, {ToldTopic: "nothing"}}})
	if err != nil || len(a.Groups) != 2 || a.Groups[0].Of != long || a.Groups[0].Conversations != 6 || len(a.Groups[0].Examples) != 1 || a.Groups[1].Examples == nil {
		w.Errorf("%+v, %v", a, err)
	}
}

func TestFaultsOfAGroup(t *testing.T) {
	w := newWorld(t)
	bad := driver.Group{Topic: "no/topic", By: "guess", HandleAboveS: -1, Word: strings.Repeat("x", 257)}
	_, err := w.service.People(t.Context(), "acme", driver.PeopleRequest{Of: bad, Limit: 501})
	var faults event.Errors
	errors.As(err, &faults)
	var fields []string
	for _, f := range faults {
		fields = append(fields, f.Field)
	}
	if want := []string{"from", "of.topic", "of.by", "of.handle_above_s", "of.word", "limit"}; !slices.Equal(fields, want) {
		t.Errorf("%q, want %q", fields, want)
	}
	_, err = w.service.Examples(t.Context(), "acme", driver.ExamplesRequest{Request: lastWeek, Of: []driver.Group{{}, bad}, Each: 11})
	if faults = nil; !errors.As(err, &faults) || len(faults) != 5 || faults[0].Field != "of[1].topic" {
		t.Error(err)
	}
}
