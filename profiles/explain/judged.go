package explain

import (
	"errors"

	"tributary/identity/match"
	"tributary/profiles/state"
)

// Judged is what a workspace's model makes of the pairs that people decided about.
type Judged struct {
	Model uint32
	// Pairs are those that the model learned from, by its scores, ascending.
	Pairs []match.Judgement
	// MergePrecision and ReviewPrecision are the estimated precisions from which on pairs merge, and people are asked.
	MergePrecision, ReviewPrecision float64
	Thresholds                      Thresholds
	Pending                         Pending
	// Decisions are people's last words on pairs.
	Decisions []*state.Decision
}

// Judged reads it, as of one moment.
func (s *Service) Judged(workspace string) (out *Judged, err error) {
	m, err := s.open(workspace)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	rules := m.engine.Matching()
	out = &Judged{
		Model: m.status.Model, Pairs: m.model.Judged, Thresholds: m.thresholds(), Pending: m.pending(),
		MergePrecision: rules.MergePrecision, ReviewPrecision: rules.ReviewPrecision,
	}
	return out, m.EachDecision(func(d *state.Decision) error {
		out.Decisions = append(out.Decisions, d)
		return nil
	})
}
