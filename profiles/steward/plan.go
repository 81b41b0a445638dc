package steward

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/profiles"
	"tributary/profiles/explain"
	"tributary/profiles/privacy"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// plan is what a proposal would have people say.
type plan struct {
	Proposal
	// verdicts are what would be said of pairs, each pair once; an empty one takes back what stands. was is what stands.
	verdicts []identity.Link
	was      []identity.Verdict
	blocks   map[identity.Identifier]bool
	around   []identity.ObservationID
	// one and other are the sides of a split, which are to be a profile each, or of a merge, which are to be one: the
	// observations of the two profiles.
	one, other []identity.ObservationID
	score      *explain.Weighing // of the pair, now
}

// errSpecified makes the fault of one field.
func errSpecified(field, reason string) error {
	return event.Errors{{Field: field, Reason: reason}}
}

// plan works out what a valid proposal would have people say.
func (d *Desk) plan(ctx context.Context, workspace string, p Proposal) (*plan, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	out := &plan{Proposal: p}
	err := d.look(workspace, func(view *state.Snapshot) error {
		switch p.Kind {
		case unify.DecisionSplit:
			return out.split(ctx, view)
		case unify.DecisionBlock, unify.DecisionUnblock:
			return out.block(d.Engine, view, workspace)
		case unify.DecisionUndo:
			return out.undo(ctx, view)
		case unify.DecisionMerge:
			return out.merge(ctx, view)
		default:
			return out.part(ctx, view)
		}
	})
	if err != nil {
		return nil, err
	}
	if err := d.complete(ctx, workspace, out); err != nil {
		return nil, err
	}
	if p.Kind == unify.DecisionMerge || p.Kind == unify.DecisionNeverMerge {
		err = d.weigh(ctx, workspace, out)
	}
	return out, err
}

// say adds a verdict, and what stands on the pair now.
func (p *plan) say(view *state.Snapshot, l identity.Link) error {
	now, err := view.Decision(l.A, l.B)
	if err != nil {
		return err
	}
	var was identity.Verdict
	if now != nil {
		was = now.Verdict
	}
	p.verdicts, p.was = append(p.verdicts, l), append(p.was, was)
	p.around = append(p.around, l.A, l.B)
	return nil
}

// merge begins the plan of a merge. Where people said before that other observations of the two are never one, it takes
// that back: it could not be followed beside it.
func (p *plan) merge(ctx context.Context, view *state.Snapshot) error {
	if err := p.sides(ctx, view); err != nil {
		return err
	}
	p.around = append(append(p.around, p.one...), p.other...)
	if err := p.takeBack(view, identity.NeverMerge, p.one, p.other); err != nil {
		return err
	}
	return p.say(view, identity.Link{A: p.A, B: p.B, Verdict: identity.MustMerge})
}

// part plans a never_merge. Of a merge of the two it ends all: what that said besides held them together, too.
func (p *plan) part(ctx context.Context, view *state.Snapshot) error {
	if err := p.sides(ctx, view); err != nil {
		return err
	}
	if now, err := view.Decision(p.A, p.B); err != nil {
		return err
	} else if now != nil && now.Verdict == identity.MustMerge {
		if err := p.endOthers(view, decisionOf(now.MessageID)); err != nil {
			return err
		}
	}
	return p.say(view, identity.Link{A: p.A, B: p.B, Verdict: identity.NeverMerge})
}

// sides are the profiles of A and B, these first.
func (p *plan) sides(ctx context.Context, view *state.Snapshot) error {
	for _, side := range []struct {
		field   string
		id      identity.ObservationID
		members *[]identity.ObservationID
	}{{"a", p.A, &p.one}, {"b", p.B, &p.other}} {
		all, err := profileOf(ctx, view, side.field, side.id)
		if err != nil {
			return err
		}
		*side.members = append([]identity.ObservationID{side.id}, slices.DeleteFunc(slices.Clone(all), func(id identity.ObservationID) bool { return id == side.id })...)
	}
	return nil
}

// takeBack takes back the verdicts of one kind between two sets of observations, but for that on A and B, which another
// takes the place of.
func (p *plan) takeBack(view *state.Snapshot, verdict identity.Verdict, some, others []identity.ObservationID) error {
	for _, id := range some {
		links, err := view.Facts().Links(id)
		if err != nil {
			return err
		}
		for _, l := range links {
			peer := l.A
			if peer == id {
				peer = l.B
			}
			if l.Verdict != verdict || isOf(l, p.A, p.B) || !slices.Contains(others, peer) {
				continue
			}
			if err := p.say(view, identity.Link{A: l.A, B: l.B}); err != nil {
				return err
			}
		}
	}
	return nil
}

// profileOf lists the observations of the profile that one is of. It fails with a fault of the field if there is no such
// observation, and with privacy.ErrRestricted.
func profileOf(ctx context.Context, view *state.Snapshot, field string, id identity.ObservationID) ([]identity.ObservationID, error) {
	o, err := view.Observation(id)
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, errSpecified(field, "names nobody")
	}
	a, known, err := view.Assignment(id)
	if err != nil {
		return nil, err
	}
	if !known {
		a.Profile = id
	}
	if err := profiles.Refused(ctx, view, a.Profile); err != nil {
		return nil, err
	}
	members, err := view.Members(a.Profile)
	if !slices.Contains(members, id) { // one that is unassigned stands alone
		members = append(slices.Clone(members), id)
	}
	return members, err
}

// block plans a block, or its end.
func (p *plan) block(engine Normaliser, view *state.Snapshot, workspace string) error {
	id, dropped := engine.Normalise(identity.Place{Workspace: workspace}, identity.Identifier(*p.Identifier))
	if dropped != "" {
		return errSpecified("identifier", "is never used: "+string(dropped))
	}
	p.blocks = map[identity.Identifier]bool{id: p.Kind == unify.DecisionBlock}
	var err error
	p.around, err = view.Facts().Holders(id)
	return err
}

// undo plans to give again what stood before a decision. Of one of which others took the place in part, what is left.
func (p *plan) undo(ctx context.Context, view *state.Snapshot) error {
	if p.Decision == uuid.Nil {
		return p.undoPair(ctx, view)
	}
	undone := false
	err := view.EachDecision(func(d *state.Decision) error {
		part, err := unify.PartOf(d)
		if err != nil {
			return err
		}
		undone = undone || part.Undoes == p.Decision
		if decisionOf(d.MessageID) != p.Decision {
			return nil
		}
		verdict := identity.Verdict(part.Was)
		if part.Was == unify.LinkRemove {
			verdict = ""
		}
		return p.say(view, identity.Link{A: d.A, B: d.B, Verdict: verdict})
	})
	if err != nil {
		return err
	}
	err = view.EachBlock(func(id identity.Identifier, b *state.Block) error {
		if decisionOf(b.MessageID) == p.Decision {
			p.blocks = map[identity.Identifier]bool{id: false}
			holders, err := view.Facts().Holders(id)
			p.around = append(p.around, holders...)
			return err
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case len(p.verdicts) == 0 && len(p.blocks) == 0 && undone:
		return ErrUndone
	case len(p.verdicts) == 0 && len(p.blocks) == 0:
		return ErrNoDecision
	}
	return p.allowed(ctx, view)
}

// undoPair plans that nothing is said of A and B any more, whatever was.
func (p *plan) undoPair(ctx context.Context, view *state.Snapshot) error {
	now, err := view.Decision(p.A, p.B)
	if err != nil {
		return err
	}
	if now == nil || now.Verdict == "" {
		return ErrNoDecision
	}
	if err := p.endOthers(view, decisionOf(now.MessageID)); err != nil {
		return err
	}
	if err := p.say(view, identity.Link{A: p.A, B: p.B}); err != nil {
		return err
	}
	return p.allowed(ctx, view)
}

// endOthers ends what a decision said of other pairs than A and B. What it took back of never_merge stands again; that two
// are one is nothing that the end of something else says.
func (p *plan) endOthers(view *state.Snapshot, decision uuid.UUID) error {
	return view.EachDecision(func(d *state.Decision) error {
		part, err := unify.PartOf(d)
		if err != nil || decisionOf(d.MessageID) != decision || isOf(d.Link, p.A, p.B) {
			return err
		}
		verdict := identity.Verdict("")
		if part.Was == unify.LinkNeverMerge {
			verdict = identity.NeverMerge
		}
		if verdict == d.Verdict {
			return nil
		}
		return p.say(view, identity.Link{A: d.A, B: d.B, Verdict: verdict})
	})
}

// isOf says whether a verdict is on two observations, in whatever order.
func isOf(l identity.Link, a, b identity.ObservationID) bool {
	return l.A == a && l.B == b || l.A == b && l.B == a
}

// allowed fails with privacy.ErrRestricted where use of somebody whom the verdicts are about is restricted.
func (p *plan) allowed(ctx context.Context, view *state.Snapshot) error {
	for _, l := range p.verdicts {
		for _, id := range []identity.ObservationID{l.A, l.B} {
			if _, err := profileOf(ctx, view, "decision", id); errors.Is(err, privacy.ErrRestricted) {
				return err
			}
		}
	}
	return nil
}

// weigh notes the score of the pair as it is: that by which people were asked.
func (d *Desk) weigh(ctx context.Context, workspace string, p *plan) error {
	pairs, err := d.Explain.Pairs(ctx, workspace, [][2]identity.ObservationID{{p.A, p.B}})
	if err != nil || len(pairs.Pairs) == 0 {
		return err
	}
	if apart := pairs.Pairs[0].With.Apart; apart != nil {
		p.score = apart.Weighing
	}
	return nil
}

// commands are those of a plan, by the decision's id.
func (p *plan) commands(r Request) []unify.Named {
	part := unify.Part{Kind: p.Kind, Request: r.Hash}
	if p.Kind == unify.DecisionUndo {
		part.Undoes = p.Decision
	}
	var list []unify.Named
	add := func(c unify.Command) {
		list = append(list, unify.Named{MessageID: unify.MessageOf(r.ID, len(list)), Command: c})
	}
	for i, l := range p.verdicts {
		own := part
		own.Was = wordOf(p.was[i])
		if p.score != nil && isOf(l, p.A, p.B) {
			own.Scored, own.Bits, own.Model = true, p.score.Score, p.score.Model
		}
		add(unify.IdentityLink{Actor: r.Actor, A: l.A, B: l.B, Verdict: wordOf(l.Verdict), Note: p.Note, Part: own})
	}
	for id, blocked := range p.blocks { // one at most
		if blocked {
			add(unify.IdentityBlock{Actor: r.Actor, Type: id.Type, Value: id.Value, Note: p.Note, Part: part})
		} else {
			add(unify.IdentityUnblock{Actor: r.Actor, Type: id.Type, Value: id.Value, Part: part})
		}
	}
	return list
}

// wordOf is a verdict as a command says it.
func wordOf(v identity.Verdict) unify.LinkVerdict {
	if v == "" {
		return unify.LinkRemove
	}
	return unify.LinkVerdict(v)
}
