package report_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/ingest/event"
	"tributary/journeys/report"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func TestScopeTellsEveryFaultAtOnce(t *testing.T) {
	var faults event.Errors
	r := report.FromQuery(url.Values{
		"until": {"yesterday"}, "zone": {"Mars/Olympus"}, "channel": {"web", "pigeon"}, "source": {"No Such"},
		"agent_kind": {"robot"}, "identity_as_of": {"-1"}, "known_at": {"2027-01-01", "2027-01-02"},
		"segment": {strings.Repeat("x", 65)},
	}, &faults)
	r.Scope("acme", now, &faults)
	var fields []string
	for _, f := range faults {
		fields = append(fields, f.Field)
	}
	want := []string{
		"known_at", "identity_as_of", "zone", "from", "until", "known_at", "filter.channels[1]", "filter.sources[0]",
		"filter.agent_kinds[0]", "filter.segment", "filter.segment",
	}
	if !slices.Equal(fields, want) {
		t.Errorf("faults of %q, want %q", fields, want)
	}
}

func TestScopeReadsDaysInItsZone(t *testing.T) {
	var faults event.Errors
	s := report.Request{From: "2026-03-29", Until: "2026-03-30", Zone: "Europe/Berlin"}.Scope("acme", now, &faults)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	if got := s.Until.Sub(s.From); got != 23*time.Hour { // clocks were put forward
		t.Errorf("the day has %v", got)
	}
	if r := s.Request(); r.From != "2026-03-29T00:00:00+01:00" || r.Until != "2026-03-30T00:00:00+02:00" || r.Zone != "Europe/Berlin" {
		t.Errorf("understood as %+v", r)
	}
}

func TestScopeHasDefaults(t *testing.T) {
	var faults event.Errors
	s := report.Request{From: "2026-04-01"}.Scope("acme", now, &faults)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	if r := s.Request(); r.Zone != "UTC" || r.Until != "2026-05-01T12:00:00Z" || r.KnownAt != "" {
		t.Errorf("understood as %+v", r)
	}
}

func TestScopeIsAskedForAsItWasUnderstood(t *testing.T) {
	var faults event.Errors
	r := report.Request{
		From: "2026-03-01T08:00:00.123+02:00", Until: "2026-04-01", Zone: "Asia/Kolkata", IdentityAsOf: 7, KnownAt: "2026-04-02",
		Filter: report.Filter{Channels: []string{"voice", "chat", "voice"}, Sources: []string{"crm"}, AgentKinds: []report.AgentKind{"human"}},
	}
	first := r.Scope("acme", now, &faults)
	again := first.Request().Scope("acme", now, &faults)
	if err := faults.Err(); err != nil {
		t.Fatal(err)
	}
	if !first.From.Equal(again.From) || !first.Until.Equal(again.Until) || !first.KnownAt.Equal(again.KnownAt) ||
		!slices.Equal(again.Channels, []string{"chat", "voice"}) || again.IdentityAsOf != 7 || again.Zone.String() != "Asia/Kolkata" {
		t.Errorf("%+v, then %+v", first, again)
	}
}

func TestScopeRefusesSpansThatEndBeforeTheyBegin(t *testing.T) {
	var faults event.Errors
	report.Request{From: "2026-03-02", Until: "2026-03-02"}.Scope("acme", now, &faults)
	if len(faults) != 1 || faults[0].Field != "until" {
		t.Error(faults)
	}
}

func TestSegmentsAreOfThePresent(t *testing.T) {
	var faults event.Errors
	report.Request{From: "2026-03-02", IdentityAsOf: 3, Filter: report.Filter{Segment: "vip"}}.Scope("acme", now, &faults)
	if len(faults) != 1 || faults[0].Field != "filter.segment" {
		t.Error(faults)
	}
	if err := faults.Err(); !errors.As(err, new(event.Errors)) {
		t.Error(err)
	}
}
