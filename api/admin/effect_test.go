package admin_test

import (
	"context"
	"strings"
	"testing"

	"tributary/journeys/effect"
)

// noEffects is reports of nobody, which take no request without a beginning.
type noEffects struct{}

func (noEffects) Effect(_ context.Context, _ string, r effect.Request) (*effect.Report, error) {
	return &effect.Report{Outcomes: r.Outcomes}, begins(r.Request)
}

func (noEffects) UseCases(_ context.Context, _ string, r effect.UseCaseRequest) (*effect.UseCases, error) {
	return &effect.UseCases{Minimum: r.Minimum}, begins(r.Request)
}

func TestEffectsAreAskedForByTheSocket(t *testing.T) {
	s := newServer(t)
	report, err := s.Effect(t.Context(), "acme", []byte(`{"from":"2026-03-01","exposure":"csat","days":60}`))
	s.must(err)
	uses, err := s.UseCases(t.Context(), "acme", []byte(`{"from":"2026-03-01","minimum":7}`))
	s.must(err)
	if report.Days != 60 || uses.Minimum != 7 {
		t.Errorf("answered are %+v, %+v", report, uses)
	}
	if _, err := s.Effect(t.Context(), "acme", []byte(`{}`)); err == nil || !strings.Contains(err.Error(), "from") {
		t.Errorf("without a beginning: %v", err)
	}
}
