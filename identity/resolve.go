package identity

import (
	"context"
	"fmt"
	"math"
)

// Resolve decides who is who among all observations that are connected with the seeds, and
// returns every assignment of theirs. It is a pure function of the facts: what it says of an
// observation depends neither on the seeds nor on the order in which facts came.
//
// The seeds are the observations whose facts changed since everything was last resolved:
//   - a new observation, or a new version of a record: the observation, and for a new version also
//     Affected with the old one;
//   - a removed observation: Affected with the observation as it was;
//   - a verdict given or taken back: both observations of the Link;
//   - an identifier blocked or unblocked: all its Holders;
//   - an observation that became near others, or ceased to be: itself and those.
//
// Without likeness only the rules decide.
//
// Its cost grows with the connected component, so many seeds are better resolved in one call than
// one by one. Of a component with more observations than Config.ComponentBound nothing is decided:
// its seeds are in Resolution.Oversized, to be resolved by ResolveWhole when there is time. Seeds
// that are no observation are passed over. It fails with ctx's error, or that of facts or likeness.
func (e *Engine) Resolve(ctx context.Context, facts Facts, likeness Likeness, seeds []ObservationID) (Resolution, error) {
	return e.resolve(ctx, facts, likeness, seeds, e.bound)
}

// ResolveWhole is Resolve without a bound.
func (e *Engine) ResolveWhole(ctx context.Context, facts Facts, likeness Likeness, seeds []ObservationID) (Resolution, error) {
	return e.resolve(ctx, facts, likeness, seeds, math.MaxInt)
}

func (e *Engine) resolve(ctx context.Context, facts Facts, likeness Likeness, seeds []ObservationID, bound int) (Resolution, error) {
	likeness = e.weighs(likeness)
	comp, oversized, err := e.walk(ctx, facts, likeness, seeds, bound)
	if err != nil {
		return Resolution{}, fmt.Errorf("resolve identity: %w", err)
	}
	r, err := newClustering(comp, e, likeness).resolve()
	if err != nil {
		return Resolution{}, fmt.Errorf("resolve identity: %w", err)
	}
	r.Oversized = oversized
	return r, nil
}

// Affected returns what an observation that is about to be removed, or was just replaced by
// another version, leaves to be resolved: itself, those its verdicts name, and the holders of its
// identifiers. Those that it was near are not among them. Identifiers that are generic without it affect nobody. It may be asked before or
// after the change.
func (e *Engine) Affected(facts Facts, was *Observation) ([]ObservationID, error) {
	w := e.newWalker(facts, nil, []ObservationID{was.ID})
	w.push(was.ID)
	if err := w.followLinks(was.ID); err != nil {
		return nil, fmt.Errorf("find affected observations: %w", err)
	}
	for _, id := range was.Identifiers {
		f, err := w.feature(id)
		if err != nil {
			return nil, fmt.Errorf("find affected observations: %w", err)
		}
		if f.walk {
			w.push(f.all...)
		}
	}
	return w.queue, nil
}
