package steward

import (
	"context"
	"slices"

	"tributary/identity"
	"tributary/profiles/explain"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// split begins the plan of a split: which observations are on which side. The verdicts of before that hold the sides
// together are taken back.
func (p *plan) split(ctx context.Context, view *state.Snapshot) error {
	members, err := profileOf(ctx, view, "profile", p.Profile)
	if err != nil {
		return err
	}
	for _, id := range members {
		if slices.Contains(p.Observations, id) {
			p.one = append(p.one, id)
		} else {
			p.other = append(p.other, id)
		}
	}
	asked := slices.Clone(p.Observations)
	slices.SortFunc(asked, compareIDs)
	if len(slices.Compact(asked)) != len(p.one) {
		return errSpecified("observations", "has some that are not of the profile")
	}
	if len(p.other) == 0 {
		return errSpecified("observations", "are all of the profile: leave those out that stay")
	}
	p.around = append(p.around, members...)
	return p.takeBack(view, identity.MustMerge, p.one, p.other)
}

// maxRounds bounds how often a plan is tried. Each round says something of one pair more.
const maxRounds = 50

// complete finds the verdicts by which a merge or a split comes to what is asked: none more than it takes.
func (d *Desk) complete(ctx context.Context, workspace string, p *plan) error {
	if p.Kind != unify.DecisionMerge && p.Kind != unify.DecisionSplit {
		return nil // they say just what they are asked to
	}
	for range maxRounds {
		after, err := d.outcome(ctx, workspace, p)
		if err != nil {
			return err
		}
		more := p.amiss(after)
		if len(more) == 0 {
			return nil
		}
		if err := d.sayMore(workspace, p, more); err != nil {
			return err
		}
	}
	return ErrContradicted
}

// amiss are the verdicts that an outcome is short of. Pairs that hold the sides of a split together are parted, one
// after the other, until nothing does; then what fell off a side is held to it. Things fall off in a merge, too: what lies
// between two logins, say, is neither's by the rules.
func (p *plan) amiss(after assigned) []identity.Link {
	if p.Kind == unify.DecisionSplit {
		if more := after.crossing(p.one, p.other); len(more) > 0 {
			return more
		}
	}
	return append(after.fallen(p.one), after.fallen(p.other)...)
}

// sayMore adds verdicts to a plan. One on a pair that the plan speaks of already takes its place; what says nothing new
// cannot help.
func (d *Desk) sayMore(workspace string, p *plan, more []identity.Link) error {
	return d.look(workspace, func(view *state.Snapshot) error {
		for _, l := range more {
			at := slices.IndexFunc(p.verdicts, func(said identity.Link) bool { return isOf(said, l.A, l.B) })
			switch {
			case at < 0:
				if err := p.say(view, l); err != nil {
					return err
				}
			case p.verdicts[at].Verdict == "":
				p.verdicts[at].Verdict = l.Verdict
			default:
				return ErrContradicted
			}
		}
		return nil
	})
}

// assigned is who would be of which profile, by observation.
type assigned map[identity.ObservationID]identity.Assignment

// outcome is what a plan would come to.
func (d *Desk) outcome(ctx context.Context, workspace string, p *plan) (assigned, error) {
	_, parts, err := d.Explain.Otherwise(ctx, workspace, explain.Saying{Verdicts: p.verdicts, Blocks: p.blocks}, p.around)
	return assignedBy(parts), err
}

func assignedBy(parts []*identity.Compared) assigned {
	all := assigned{}
	for _, part := range parts {
		for _, a := range part.After {
			all[a.Observation] = a
		}
	}
	return all
}

// crossing are verdicts that part pairs which still hold two sides together: the links that go from one to the other, or
// where others lie between, two of the profile.
func (all assigned) crossing(one, other []identity.ObservationID) (verdicts []identity.Link) {
	on := map[identity.ProfileID]identity.ObservationID{} // the first of one side, by profile
	for _, id := range one {
		if _, seen := on[all.home(id)]; !seen {
			on[all.home(id)] = id
		}
	}
	for _, id := range other {
		first, both := on[all.home(id)]
		if !both {
			continue
		}
		verdicts = append(verdicts, identity.Link{A: first, B: id, Verdict: identity.NeverMerge})
		if direct := all.direct(one, other); direct != nil {
			return direct
		}
		return verdicts
	}
	return nil
}

// direct are the links between two sides.
func (all assigned) direct(one, other []identity.ObservationID) (verdicts []identity.Link) {
	for _, sides := range [][2][]identity.ObservationID{{one, other}, {other, one}} {
		for _, id := range sides[0] {
			a := all[id]
			if a.Standing == identity.StandingMember && slices.Contains(sides[1], a.Reason.Peer) {
				verdicts = append(verdicts, identity.Link{A: id, B: a.Reason.Peer, Verdict: identity.NeverMerge})
			}
		}
	}
	return verdicts
}

// fallen are verdicts that hold to a side what fell off it.
func (all assigned) fallen(side []identity.ObservationID) (verdicts []identity.Link) {
	held := map[identity.ProfileID]bool{all.home(side[0]): true}
	for _, id := range side[1:] {
		if home := all.home(id); !held[home] {
			held[home] = true
			verdicts = append(verdicts, identity.Link{A: side[0], B: id, Verdict: identity.MustMerge})
		}
	}
	return verdicts
}

// home is the profile of an observation; of one that is unassigned its own id, which no profile that it is not of has.
func (all assigned) home(id identity.ObservationID) identity.ProfileID {
	a, known := all[id]
	if !known || a.Standing == identity.StandingUnassigned {
		return id
	}
	return a.Profile
}

func compareIDs(a, b identity.ObservationID) int { return slices.Compare(a[:], b[:]) }
