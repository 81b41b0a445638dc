package admin_test

import (
	"context"
	"strings"
	"testing"

	"tributary/journeys/driver"
	"tributary/journeys/report"
)

// keptLabels keeps labels, by conversation; its report is of as many conversations.
type keptLabels map[string]driver.Label

func (k keptLabels) Report(_ context.Context, _ string, r driver.Request) (*driver.Answer, error) {
	return &driver.Answer{Conversations: len(k)}, begins(r.Request)
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
