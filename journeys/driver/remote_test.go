package driver_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"tributary/journeys/driver"
	"tributary/journeys/driver/classify"
	"tributary/sql/store"
)

// outside knows what slang means, once it was asked; it fails where it may not be asked.
type outside struct {
	known map[string]string
	fails bool
	asked int
}

func (o *outside) Model() string { return "small" }

func (o *outside) Known(text string) (string, bool) {
	topic, ok := o.known[text]
	return topic, ok
}

func (o *outside) Ask(_ context.Context, texts []string) (out classify.Outcome) {
	for _, text := range texts {
		if _, known := o.known[text]; known {
			continue
		}
		if o.asked++; o.fails && strings.Contains(text, "1") {
			out.NotAsked++
			continue
		}
		out.Asked++
		o.known[text] = map[bool]string{true: "billing/refund", false: "unknown"}[strings.Contains(text, "dosh")]
	}
	return out
}

// TestModelOutside: it is asked of nothing that can be told here, and what it tells counts, is marked, and is behind the number; while it
// cannot be asked about everything, nothing rises by it.
func TestModelOutside(t *testing.T) {
	w := newWorld(t)
	for week := range 9 {
		at := now.AddDate(0, 0, -7*(week+1)).Add(time.Hour)
		for i := range 10 {
			if i < 3 || week == 0 {
				w.talk("acme", fmt.Sprintf("slang-%d-%d", week, i), "", fmt.Sprintf("dosh wanted %d %d", week, i), at, 1)
			}
		}
		w.talk("acme", fmt.Sprintf("plain-%d", week), "", "I want a refund", at, 1)
		w.talk("acme", fmt.Sprintf("source-%d", week), "password", "dosh", at, 1)
		w.talk("acme", fmt.Sprintf("odd-%d", week), "", "qwertz", at, 1)
	}
	if err := store.Insert(t.Context(), w.bench.Store, store.Events, w.rows, ""); err != nil {
		t.Fatal(err)
	}
	before := topicOf(w.report(), "billing/refund")
	if a := w.report(); before.Conversations != 1 || a.Remote != nil || a.Unknown != 11 {
		t.Fatalf("without it: %+v, %+v", before, a)
	}
	o := &outside{known: map[string]string{}, fails: true}
	w.service.Outside(o)
	a := w.report()
	if refund := topicOf(a, "billing/refund"); a.Remote.Complete || a.Remote.NotAsked == 0 || refund.Emerging || refund.Expected != before.Expected || refund.By.Model == 0 {
		t.Errorf("while it refuses: %+v, %+v", a.Remote, refund)
	}
	o.fails = false
	a = w.report()
	refund := topicOf(a, "billing/refund")
	if !a.Remote.Complete || a.Remote.Model != "small" || a.Remote.Conversations != 34 || refund.Conversations != 11 || refund.By.Model != 10 || refund.By.Text != 1 || refund.Expected != 4 || !refund.Emerging || a.Unknown != 1 {
		t.Errorf("%+v, %+v", a.Remote, refund)
	}
	asked := o.asked
	if a = w.report(); a.Remote.Asked != 0 || o.asked != asked {
		t.Errorf("asked again: %+v", a.Remote)
	}
	page, err := w.service.People(t.Context(), "acme", driver.PeopleRequest{Request: lastWeek, Of: driver.Group{Topic: "billing/refund", By: driver.ByModel}})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, p := range page.People {
		for _, c := range p.Conversations {
			if n++; c.Model != "small" || c.Confidence != 0 || !strings.HasPrefix(c.ConversationID, "slang-0-") {
				t.Errorf("%+v", c)
			}
		}
	}
	if n != refund.By.Model {
		t.Errorf("%d behind %d", n, refund.By.Model)
	}
}
