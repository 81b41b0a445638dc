package steward

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/profiles/explain"
	"tributary/profiles/unify"
)

// Forecast is what would come of a proposal, over the whole history of those whom it is about. It is written as JSON as
// it stands.
type Forecast struct {
	Kind unify.DecisionKind `json:"kind" policy:"meta"`
	// Achieved: it would come to what it means. Else other decisions contradict it, and it is refused when it is given.
	Achieved bool `json:"achieved" policy:"meta"`
	// Verdicts are what it says of which pairs; an empty verdict takes back what stands.
	Verdicts []Verdict `json:"verdicts" policy:"-"`
	explain.Effect
}

// Verdict is what a decision says of a pair of observations.
type Verdict struct {
	A identity.ObservationID `json:"a" policy:"meta"`
	B identity.ObservationID `json:"b" policy:"meta"`
	// Verdict is must_merge, never_merge or remove, and Was what stood before, which undoing gives again.
	Verdict unify.LinkVerdict `json:"verdict" policy:"provenance"`
	Was     unify.LinkVerdict `json:"was" policy:"provenance"`
}

// Preview tells what would come of a proposal. Nothing changes. It fails with event.Errors, which name every fault of the
// proposal, ErrNoDecision, ErrUndone, ErrContradicted, privacy.ErrRestricted, identity.ErrTooLarge, or the error of ctx
// or the store.
func (d *Desk) Preview(ctx context.Context, workspace string, p Proposal) (*Forecast, error) {
	plan, err := d.plan(ctx, workspace, p)
	if err != nil {
		return nil, err
	}
	effect, parts, err := d.Explain.Otherwise(ctx, workspace, explain.Saying{Verdicts: plan.verdicts, Blocks: plan.blocks}, plan.around)
	if err != nil {
		return nil, fmt.Errorf("foresee a decision: %w", err)
	}
	f := &Forecast{Kind: p.Kind, Achieved: plan.achieved(assignedBy(parts)), Verdicts: []Verdict{}, Effect: *effect}
	for i, l := range plan.verdicts {
		f.Verdicts = append(f.Verdicts, Verdict{l.A, l.B, wordOf(l.Verdict), wordOf(plan.was[i])})
	}
	return f, nil
}

// achieved says whether an outcome is what the plan means.
func (p *plan) achieved(after assigned) bool {
	switch p.Kind { //nolint:exhaustive // of the others whatever comes is what is meant
	case unify.DecisionMerge:
		return after.home(p.A) == after.home(p.B) && len(p.amiss(after)) == 0
	case unify.DecisionNeverMerge:
		return after.home(p.A) != after.home(p.B)
	case unify.DecisionSplit:
		return len(p.amiss(after)) == 0
	}
	return true
}

// Request is a proposal that is to be carried out.
type Request struct {
	Proposal
	// ID names the decision. Under one id it is carried out once.
	ID uuid.UUID
	// Hash tells requests under one id apart.
	Hash uint64
	// Actor is who decides.
	Actor string
}

// Decide carries a proposal out and returns the decision once who is who follows it. It fails as Preview does, and with
// ErrContradicted if it would not come to what it means; then nothing was said.
func (d *Desk) Decide(ctx context.Context, workspace string, r Request) (*Decision, error) {
	plan, err := d.plan(ctx, workspace, r.Proposal)
	if err != nil {
		return nil, err
	}
	after, err := d.outcome(ctx, workspace, plan)
	if err != nil {
		return nil, fmt.Errorf("foresee a decision: %w", err)
	}
	if !plan.achieved(after) {
		return nil, ErrContradicted
	}
	if err := d.Commands.DoNamed(ctx, workspace, plan.commands(r)); err != nil {
		return nil, fmt.Errorf("decide who is who: %w", err)
	}
	if err := d.Worker.Decided(ctx, workspace); err != nil {
		return nil, fmt.Errorf("decide who is who: %w", err)
	}
	return d.Done(ctx, workspace, r, d.Now())
}

// Done returns the decision of a request that was carried out. The end of a block leaves nothing behind that could be
// read, so that it is told from the request, as of a time.
func (d *Desk) Done(ctx context.Context, workspace string, r Request, at time.Time) (*Decision, error) {
	done, err := d.Decision(ctx, workspace, r.ID)
	if !errors.Is(err, ErrNoDecision) || r.Kind != unify.DecisionUnblock && r.Kind != unify.DecisionUndo {
		return done, err
	}
	told := newDecision(unify.Part{Kind: r.Kind, Undoes: r.Decision}, r.Kind, r.Actor, r.Note, at)
	told.ID = r.ID
	return &told, nil
}
