package identity

import "slices"

// contradicted finds the groups that certain identifiers of one priority would join with two
// people. Such a group has no exclusive identifier of its own; through certain identifiers, and others
// like it, it hangs together with two groups whose exclusive identifiers differ. Which of them is
// right nobody knows, so it joins neither. The result tells, by node, the exclusive type.
func (c *clustering) contradicted(like *feature) map[int32]string {
	if !c.rivalry() {
		return nil
	}
	bundle := c.alongside(like)
	chains := c.chains(bundle)
	owners := map[int32][]int32{} // by chain: groups with an exclusive identifier
	for _, f := range bundle {
		chain, owned := int32(-1), []int32(nil)
		for _, s := range c.seats(f.holders) {
			if len(c.groups[s.root].only) > 0 {
				owned = append(owned, s.root)
			} else {
				chain = chains.find(s.root) // one value, one chain
			}
		}
		if chain >= 0 {
			owners[chain] = append(owners[chain], owned...)
		}
	}
	broken := make(map[int32]string, len(owners))
	for chain, list := range owners {
		broken[chain] = c.disagree(list)
	}
	held := map[int32]string{}
	for root := range chains {
		if typ := broken[chains.find(root)]; typ != "" {
			for _, m := range c.groups[root].members {
				held[m] = typ
			}
		}
	}
	return held
}

// alongside lists the features of one class and priority.
func (c *clustering) alongside(like *feature) []*feature {
	var list []*feature
	for _, f := range c.features {
		if f.class == like.class && c.engine.rank(f.Type) == c.engine.rank(like.Type) {
			list = append(list, f)
		}
	}
	return list
}

// chains joins the groups without an exclusive identifier that hang together by features.
func (c *clustering) chains(features []*feature) chainSet {
	chains := chainSet{}
	for _, f := range features {
		first := int32(-1)
		for _, s := range c.seats(f.holders) {
			if len(c.groups[s.root].only) > 0 {
				continue
			}
			if first < 0 {
				first = s.root
			}
			chains.union(first, s.root)
		}
	}
	return chains
}

// rivalry says whether there are two values of an exclusive type at all.
func (c *clustering) rivalry() bool {
	for i := 1; i < len(c.features) && c.features[i].class == classExclusive; i++ {
		if c.features[i].Type == c.features[i-1].Type {
			return true
		}
	}
	return false
}

// disagree returns an exclusive type of which two groups have different values.
func (c *clustering) disagree(roots []int32) string {
	slices.Sort(roots)
	roots = slices.Compact(roots)
	for i, a := range roots {
		for _, b := range roots[:i] {
			if typ := c.exclusiveConflict(c.groups[a], c.groups[b]); typ != "" {
				return typ
			}
		}
	}
	return ""
}

// holdContradicted takes what is contradicted elsewhere out of the neighbourhood of those whom it may
// belong to, and notes the question. What is contradicted at this value hold sees.
func (c *clustering) holdContradicted(kinds []kind, verdicts [][]verdict, m mode, f *feature) {
	if f.class != classSource {
		return
	}
	if c.sure.of == nil || c.engine.rank(c.sure.of.Type) != c.engine.rank(f.Type) {
		c.sure.of, c.sure.held = f, c.contradicted(f)
	}
	for i := range kinds {
		typ, held := c.sure.held[kinds[i].seats[0].holder]
		if !held || between(kinds[i].near, verdicts) {
			continue
		}
		for _, j := range kinds[i].near {
			c.conflict(kinds[i].seats[0].holder, kinds[j].seats[0].holder, m.rule, exclusiveRule+typ)
		}
		kinds[i].held = append(kinds[i].held, i)
	}
}

// between says whether two kinds of some contradict each other.
func between(near []int, verdicts [][]verdict) bool {
	for x, a := range near {
		for _, b := range near[:x] {
			if verdicts[a][b].refuse != "" {
				return true
			}
		}
	}
	return false
}

// sure is what is contradicted among the certain identifiers of one priority.
type sure struct {
	of   *feature // one of them
	held map[int32]string
}

// chainSet is a union-find of groups.
type chainSet map[int32]int32

func (s chainSet) find(i int32) int32 {
	p, ok := s[i]
	if !ok {
		s[i] = i
		return i
	}
	for p != i {
		s[i] = s[p]
		i = p
		p = s[i]
	}
	return i
}

func (s chainSet) union(a, b int32) {
	x, y := s.find(a), s.find(b)
	s[max(x, y)] = min(x, y)
}
