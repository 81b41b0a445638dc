package match

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"tributary/identity"
)

// Cluster implements identity.Likeness. Groups are compared feature by feature over all pairs of
// their members that have it, and merge while a score reaches Options.MergePrecision, the highest
// first; equal scores by the groups' first members.
func (l *Linker) Cluster(g identity.Grouping) (identity.Clustering, error) {
	c, err := l.clustering(g.Groups)
	if err != nil {
		return identity.Clustering{}, fmt.Errorf("group likely ones: %w", err)
	}
	c.apart = g.Apart
	for _, near := range g.Near {
		a, ok1 := c.place(near[0])
		b, ok2 := c.place(near[1])
		if ok1 && ok2 {
			c.pairs = append(c.pairs, pairOf{a, b})
		}
	}
	groups := c.run()
	var out identity.Clustering
	for _, m := range c.merges {
		out.Merges = append(out.Merges, c.likely(m, false))
	}
	for _, g := range groups {
		for o, x := range g.links {
			if g.sets[0] < o.sets[0] && x.score >= c.review {
				out.Reviews = append(out.Reviews, c.likely(closest{x.closest.pairOf, x.score}, x.contradiction))
			}
		}
	}
	slices.SortFunc(out.Reviews, func(x, y identity.Likely) int {
		return cmp.Or(slices.Compare(x.A[:], y.A[:]), slices.Compare(x.B[:], y.B[:]))
	})
	return out, nil
}

// clustering prepares the members of groups.
func (l *Linker) clustering(groups [][]identity.ObservationID) (*clustering, error) {
	l.links.reset()
	c := &clustering{
		m: l.model, links: &l.links, sets: make([][]uint32, len(groups)),
		floor: ScoreFor(l.options.MergePrecision), review: ScoreFor(l.options.ReviewPrecision),
	}
	for _, members := range groups {
		for _, id := range members {
			p, err := l.preparedOf(id)
			if err != nil {
				return nil, err
			}
			if p != nil {
				c.records = append(c.records, p)
			}
		}
	}
	slices.SortFunc(c.records, func(a, b *Prepared) int { return cmp.Compare(a.ID, b.ID) })
	for i, members := range groups {
		for _, id := range members {
			if r, ok := c.place(id); ok {
				c.sets[i] = append(c.sets[i], r)
			}
		}
	}
	return c, nil
}

func (c *clustering) place(id identity.ObservationID) (uint32, bool) {
	i, ok := slices.BinarySearchFunc(c.records, id, func(p *Prepared, id identity.ObservationID) int {
		of := p.id()
		return bytes.Compare(of[:], id[:])
	})
	return uint32(i), ok
}

func (c *clustering) likely(x closest, contradiction bool) identity.Likely {
	return identity.Likely{
		A: c.records[x.a].id(), B: c.records[x.b].id(), Score: x.score, Contradiction: contradiction,
	}
}

// Weigh implements identity.Likeness: the score of two groups is the one that Cluster goes by, and of
// each field the level of the pair that agrees best is named.
func (l *Linker) Weigh(a, b []identity.ObservationID) (identity.Weighing, error) {
	c, err := l.clustering([][]identity.ObservationID{a, b})
	if err != nil {
		return identity.Weighing{}, fmt.Errorf("weigh two groups: %w", err)
	}
	c.apart = func(int, int) bool { return false }
	return l.model.explain(c.compare(&group{members: c.once(c.sets[0])}, &group{members: c.once(c.sets[1])})), nil
}
