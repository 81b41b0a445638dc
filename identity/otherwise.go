package identity

import (
	"context"
	"iter"
	"slices"
)

// Otherwise are facts as they would be if people had said something else of some pairs and identifiers.
type Otherwise struct {
	Facts
	// Verdicts take the place of what was said of their pairs; an empty one: nothing was said.
	Verdicts []Link
	// Blocks say of normalised identifiers whether they are blocked.
	Blocks map[Identifier]bool
}

// Links implements Facts.
func (o *Otherwise) Links(id ObservationID) ([]Link, error) {
	links, err := o.Facts.Links(id)
	if err != nil {
		return nil, err
	}
	links = slices.DeleteFunc(slices.Clone(links), func(l Link) bool { return slices.ContainsFunc(o.Verdicts, l.samePair) })
	for _, l := range o.Verdicts {
		if (l.A == id || l.B == id) && l.Verdict != "" {
			links = append(links, l.ordered())
		}
	}
	return links, nil
}

// Blocked implements Facts.
func (o *Otherwise) Blocked(id Identifier) (bool, error) {
	if blocked, said := o.Blocks[id]; said {
		return blocked, nil
	}
	return o.Facts.Blocked(id)
}

func (l Link) ordered() Link {
	if compareIDs(l.A, l.B) > 0 {
		l.A, l.B = l.B, l.A
	}
	return l
}

func (l Link) samePair(o Link) bool {
	l, o = l.ordered(), o.ordered()
	return l.A == o.A && l.B == o.B
}

// PreviewOtherwise is Preview of other facts under the same rules, for the parts that some observations are in: all
// that a change of verdicts and blocks can reach, if these are the ends of its verdicts and the holders of its
// identifiers.
func (e *Engine) PreviewOtherwise(ctx context.Context, facts *Otherwise, likeness Likeness, inForce InForce, around []ObservationID, bound int) ([]*Compared, error) {
	around = slices.Clone(around)
	slices.SortFunc(around, compareIDs)
	var parts []*Compared
	err := e.Preview(ctx, facts, likeness, inForce, sequence(slices.Compact(around)), bound, func(c *Compared) error {
		parts = append(parts, c)
		return nil
	})
	return parts, err
}

func sequence(ids []ObservationID) iter.Seq2[ObservationID, error] {
	return func(yield func(ObservationID, error) bool) {
		for _, id := range ids {
			if !yield(id, nil) {
				return
			}
		}
	}
}
