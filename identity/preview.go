package identity

import (
	"context"
	"fmt"
	"iter"
)

// InForce is who is who at present; profiles.Hot is one.
type InForce interface {
	// Assignment says where an observation belongs; false when nothing was decided about it.
	Assignment(ObservationID) (Assignment, bool, error)
	// Members lists the observations assigned to a profile.
	Members(ProfileID) ([]ObservationID, error)
}

// Compared is a part of a workspace as it is and as it would be: all profiles that either has among its
// observations are whole.
type Compared struct {
	// Before and After have one entry per observation, ascending; an observation about which nothing
	// was decided yet is the founder of its own profile.
	Before, After []Assignment
	// Changes are the merges and splits, those that move most first.
	Changes []Change
}

// DefaultPreviewBound is how many observations may hang together in Preview. Rules that connect more are
// hardly meant.
const DefaultPreviewBound = 200_000

// Preview compares who is who with who it would be by this engine, over all the observations that all
// yields in ascending order, and hands on each part once. Nothing changes. Of an observation that was
// met before its turn 16 bytes are kept until then; else it needs the memory of the largest part.
//
// It fails with ErrTooLarge where more than bound observations hang together (0: DefaultPreviewBound),
// or with the first error of all, each, facts, likeness, inForce or ctx.
func (e *Engine) Preview(ctx context.Context, facts Facts, likeness Likeness, inForce InForce,
	all iter.Seq2[ObservationID, error], bound int, each func(*Compared) error,
) error {
	if bound <= 0 {
		bound = DefaultPreviewBound
	}
	ahead := map[ObservationID]struct{}{} // met before their turn
	for id, err := range all {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("preview identity: %w", err)
		}
		if _, met := ahead[id]; met {
			delete(ahead, id)
			continue
		}
		part, err := e.compare(ctx, facts, likeness, inForce, id, bound)
		if err == nil {
			for i := range part.Before {
				if other := part.Before[i].Observation; compareIDs(other, id) > 0 {
					ahead[other] = struct{}{}
				}
			}
			err = each(part)
		}
		if err != nil {
			return fmt.Errorf("preview identity: %w", err)
		}
	}
	return nil
}

// compare compares the part that an observation is in: what hangs together with it by this engine's
// rules, and by the profiles that there are.
func (e *Engine) compare(ctx context.Context, facts Facts, likeness Likeness, inForce InForce, from ObservationID, bound int) (*Compared, error) {
	likeness = e.weighs(likeness)
	w := e.newWalker(facts, likeness, nil)
	var nodes []*node
	before := map[ObservationID]Assignment{}
	open := []ObservationID{from}
	for len(open) > 0 {
		id := open[len(open)-1]
		open = open[:len(open)-1]
		found, err := w.walkFrom(ctx, id, bound)
		if err != nil {
			return nil, err
		}
		if w.broken() || len(nodes)+len(found) > bound {
			return nil, ErrTooLarge
		}
		nodes = append(nodes, found...)
		for _, n := range found {
			members, err := assignmentOf(inForce, n.obs.ID, before)
			if err != nil {
				return nil, err
			}
			for _, m := range members {
				if _, known := w.seen[m]; !known {
					open = append(open, m)
				}
			}
		}
	}
	resolution, err := newClustering(w.component(nodes), e, likeness).resolve()
	if err != nil {
		return nil, err
	}
	return newCompared(before, resolution), nil
}

// assignmentOf notes where an observation belongs, and returns who else is in that profile.
func assignmentOf(inForce InForce, id ObservationID, noted map[ObservationID]Assignment) ([]ObservationID, error) {
	a, known, err := inForce.Assignment(id)
	if err != nil {
		return nil, err
	}
	if !known {
		a = Assignment{Observation: id, Profile: id, Standing: StandingFounder}
	}
	noted[id] = a
	if a.Standing != StandingFounder { // the founder's turn comes, or its members are known
		return []ObservationID{a.Profile}, nil
	}
	return inForce.Members(a.Profile)
}

func newCompared(before map[ObservationID]Assignment, now Resolution) *Compared {
	c := &Compared{After: now.Assignments, Before: make([]Assignment, len(now.Assignments))}
	for i := range c.After {
		c.Before[i] = before[c.After[i].Observation]
	}
	c.Changes = changesOf(newView(c.Before), newView(c.After), now.Conflicts)
	return c
}
