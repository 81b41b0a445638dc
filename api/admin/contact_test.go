package admin_test

import (
	"context"
	"strings"
	"testing"

	"tributary/ingest/event"
	"tributary/journeys/contact"
	"tributary/journeys/report"
)

// noContacts is reports of nobody, which take no request without a beginning.
type noContacts struct{}

func begins(r report.Request) error {
	if r.From == "" {
		return event.Errors{{Field: "from", Reason: "is required"}}
	}
	return nil
}

func (noContacts) Journeys(_ context.Context, _ string, r contact.JourneysRequest) (*contact.JourneysReport, error) {
	return &contact.JourneysReport{GapHours: r.GapHours}, begins(r.Request)
}

func (noContacts) Repeats(_ context.Context, _ string, r contact.RepeatRequest) (*contact.RepeatReport, error) {
	return &contact.RepeatReport{Repeats: contact.Repeats{Days: r.Days}}, begins(r.Request)
}

func (noContacts) Friction(_ context.Context, _ string, r contact.FrictionRequest) (*contact.FrictionReport, error) {
	return &contact.FrictionReport{GapHours: r.GapHours}, begins(r.Request)
}

func TestReportsOfContactsAreAskedForByTheSocket(t *testing.T) {
	s := newServer(t)
	march := report.Request{From: "2026-03-01"}
	repeats, err := s.RepeatContacts(t.Context(), "acme", contact.RepeatRequest{Request: march, Days: 3})
	s.must(err)
	journeys, err := s.ContactJourneys(t.Context(), "acme", contact.JourneysRequest{ChainRequest: contact.ChainRequest{Request: march, GapHours: 5}})
	s.must(err)
	friction, err := s.Friction(t.Context(), "acme", contact.FrictionRequest{FrictionMeasure: contact.FrictionMeasure{ChainRequest: contact.ChainRequest{Request: march, GapHours: 7}}})
	s.must(err)
	if repeats.Days != 3 || journeys.GapHours != 5 || friction.GapHours != 7 {
		t.Errorf("answered are %+v, %+v, %+v", repeats, journeys, friction)
	}
	if _, err := s.RepeatContacts(t.Context(), "acme", contact.RepeatRequest{}); err == nil || !strings.Contains(err.Error(), "from") {
		t.Errorf("without a beginning: %v", err)
	}
}
