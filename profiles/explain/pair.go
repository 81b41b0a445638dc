package explain

import (
	"context"
	"errors"

	"tributary/identity"
	"tributary/profiles"
	"tributary/profiles/privacy"
)

// Pair is why two observations are of one profile, or are not. It is written as JSON as it stands.
type Pair struct {
	// A and B are the observations, and Profile and With.Profile whose they are.
	A          identity.ObservationID `json:"a" policy:"meta"`
	B          identity.ObservationID `json:"b" policy:"meta"`
	Profile    identity.ProfileID     `json:"profile" policy:"meta"`
	With       With                   `json:"with" policy:"-"`
	Thresholds Thresholds             `json:"thresholds" policy:"provenance"`
}

// Pairs are pairs as of one moment.
type Pairs struct {
	IdentityVersion uint64 `json:"identity_version" policy:"meta"`
	Model           uint32 `json:"model" policy:"meta"`
	Pending
	Pairs []Pair `json:"pairs" policy:"-"`
}

// Pairs explains pairs of observations, all as of one moment. One of which an observation is gone, or whose use is
// restricted, or of which too much hangs together, is left out.
func (s *Service) Pairs(ctx context.Context, workspace string, of [][2]identity.ObservationID) (out *Pairs, err error) {
	m, err := s.open(workspace)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	out = &Pairs{Model: m.status.Model, Pending: m.pending(), Pairs: []Pair{}}
	if out.IdentityVersion, err = m.IdentityVersion(); err != nil {
		return nil, err
	}
	for _, ends := range of {
		pair, err := m.pair(ctx, ends)
		if err != nil {
			return nil, err
		}
		if pair != nil {
			out.Pairs = append(out.Pairs, *pair)
		}
	}
	return out, nil
}

func (m *moment) pair(ctx context.Context, ends [2]identity.ObservationID) (*Pair, error) {
	x, err := m.engine.Explain(ctx, m.Facts(), m.linker, ends[0], identity.ExplainOptions{With: ends[1], Observations: 1, Neighbours: 1})
	switch {
	case errors.Is(err, identity.ErrNoObservation), errors.Is(err, identity.ErrTooLarge):
		return nil, nil
	case err != nil:
		return nil, err
	}
	shown, err := m.shown(ctx, []identity.ProfileID{x.Profile, x.With.Profile})
	if err != nil || len(shown) < 2 {
		return nil, err
	}
	with, err := m.with(x.With)
	if err != nil {
		return nil, err
	}
	return &Pair{A: ends[0], B: ends[1], Profile: x.Profile, With: *with, Thresholds: m.thresholds()}, nil
}

// thresholds are the scores that the rules in force go by.
func (m *moment) thresholds() Thresholds {
	rules := m.engine.Matching()
	return Thresholds{bitsAt(rules.MergePrecision), bitsAt(rules.ReviewPrecision)}
}

// Restricted says whether use of a profile is restricted, for whoever does not handle requests of privacy.
func Restricted(ctx context.Context, hot profiles.Hot, id identity.ProfileID) (bool, error) {
	err := profiles.Refused(ctx, hot, id)
	if errors.Is(err, privacy.ErrRestricted) {
		return true, nil
	}
	return false, err
}

// Asked says whether a person should decide about the pair: they are two, and nobody did.
func (p *Pair) Asked() bool {
	return !p.With.Same && p.With.Apart != nil && p.With.Apart.Asked && p.With.Apart.Decision == nil
}
