package admin_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"tributary/journeys/driver"
	"tributary/journeys/report"
	"tributary/profiles/unify"
)

// keptLabels keeps labels, by conversation; its report is of as many conversations.
type keptLabels map[string]driver.Label

func (k keptLabels) Report(_ context.Context, _ string, r driver.Request) (*driver.Answer, error) {
	return &driver.Answer{Conversations: len(k)}, begins(r.Request)
}

// said is whom the report shows, more than one record of a reading names.
var said = uuid.New()

func (k keptLabels) People(_ context.Context, _ string, r driver.PeopleRequest) (*driver.People, error) {
	page := &driver.People{People: []driver.Person{{Profile: said}}}
	for len(page.People) <= unify.MaxDisclosed {
		page.People = append(page.People, driver.Person{Profile: uuid.New()})
	}
	return page, begins(r.Request)
}

func (k keptLabels) Examples(_ context.Context, _ string, r driver.ExamplesRequest) (*driver.Examples, error) {
	one := driver.Example{Profile: said}
	return &driver.Examples{Groups: []driver.GroupExamples{{Examples: []driver.Example{one}}, {Examples: []driver.Example{one}}}}, begins(r.Request)
}

func (k keptLabels) Topics(string) (*driver.Taxonomy, error) {
	return &driver.Taxonomy{Unknown: len(k)}, nil
}

func (k keptLabels) Labels(_ string, r driver.LabelsRequest) (*driver.LabelPage, error) {
	page := &driver.LabelPage{NextCursor: r.Cursor}
	for _, l := range k {
		if len(page.Labels) < r.Limit && (r.Topic == "" || r.Topic == l.Topic) {
			page.Labels = append(page.Labels, l)
		}
	}
	return page, nil
}

func (k keptLabels) Label(_ context.Context, _ string, labels []driver.Label) error {
	for _, l := range labels {
		k[l.ConversationID] = l
	}
	return nil
}

func TestDriversAreAskedForByTheSocket(t *testing.T) {
	s := newServer(t)
	s.must(s.Label(t.Context(), "acme", []driver.Label{
		{Source: "desk", ConversationID: "c-1", Topic: "billing/refund"}, {Source: "desk", ConversationID: "c-2", Topic: "unknown"},
	}))
	page, err := s.Labels(t.Context(), "acme", driver.LabelsRequest{Topic: "billing/refund", Limit: 5, Cursor: "x"})
	s.must(err)
	if len(page.Labels) != 1 || page.Labels[0].ConversationID != "c-1" || page.NextCursor != "x" {
		t.Errorf("%+v", page)
	}
	topics, err := s.Topics(t.Context(), "acme")
	s.must(err)
	answer, err := s.ContactDrivers(t.Context(), "acme", driver.Request{Request: report.Request{From: "2026-03-01"}})
	s.must(err)
	if topics.Unknown != 2 || answer.Conversations != 2 {
		t.Errorf("%+v, %+v", topics, answer)
	}
	if _, err := s.ContactDrivers(t.Context(), "acme", driver.Request{}); err == nil || !strings.Contains(err.Error(), "from") {
		t.Errorf("without a beginning: %v", err)
	}
}

// TestWhoIsBehindANumberIsOnRecord: all of them, however long the list is.
func TestWhoIsBehindANumberIsOnRecord(t *testing.T) {
	s := newServer(t)
	people, err := s.DriverPeople(t.Context(), "acme", driver.PeopleRequest{Request: report.Request{From: "2026-03-01"}})
	s.must(err)
	_, err = s.DriverExamples(t.Context(), "acme", driver.ExamplesRequest{Request: report.Request{From: "2026-03-01"}})
	s.must(err)
	if _, err = s.DriverPeople(t.Context(), "acme", driver.PeopleRequest{}); err == nil || !strings.Contains(err.Error(), "from") {
		t.Errorf("without a beginning: %v", err)
	}
	routes, seen := []string{}, map[uuid.UUID]bool{}
	for _, d := range s.disclosed() {
		for _, o := range d.Observations {
			seen[o] = true
		}
		if slices.Contains(d.Observations, said) {
			routes = append(routes, d.Kind+" "+d.Route)
		}
	}
	slices.Sort(routes)
	if want := []string{"listed POST /admin/v1/journeys/drivers/examples", "listed POST /admin/v1/journeys/drivers/people"}; !slices.Equal(routes, want) || len(seen) != len(people.People) {
		t.Errorf("on record are %v, of %d people, want %v of %d", routes, len(seen), want, len(people.People))
	}
}
