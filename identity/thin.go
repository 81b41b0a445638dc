package identity

import (
	"cmp"
	"slices"
)

// settleThin finds a place for the groups that nothing tells apart but what may be shared: no
// name, no birth date, no exclusive id, no source's id. Such a group joins the one group that
// holds its identifiers. If several do, it may be either of them: a thin group is then unassigned,
// one that has a device stays a profile of its own. If none does, those that share a value are
// whoever is behind it, until persons come to be known there.
//
// Two of them at one value that are reached at different places (other e-mails at one telephone)
// are distinct persons: they do not join each other, and count as holders for the rest.
//
// Those that lie between others in their conversation come last, when those others are settled; and
// after them the visits of shared devices, if these are to be somebody's.
func (c *clustering) settleThin() {
	c.settleSoft()
	if c.engine.visits == VisitsFirstCustomer {
		c.giveVisits()
	}
}

func (c *clustering) settleSoft() {
	soft := c.softRoots()
	if len(soft) == 0 {
		return
	}
	c.markDistinct()
	var distinct, plain, held []int32
	for _, s := range soft {
		switch g := c.groups[s]; {
		case g.distinct:
			distinct = append(distinct, s)
		case c.heldBetween(g):
			held = append(held, s)
		default:
			plain = append(plain, s)
		}
	}
	c.joinAmong(c.settle(distinct, (*group).firm))
	c.joinAmong(c.settle(plain, (*group).anchored))
	c.joinAmong(c.settle(held, (*group).anchored))
}

func (c *clustering) softRoots() []int32 {
	var soft []int32
	for i, g := range c.groups {
		if g != nil && !g.firm() && (len(g.shared) > 0 || c.heldBetween(g)) {
			soft = append(soft, int32(i))
		}
	}
	return soft
}

// markDistinct marks the soft groups that have a rival at a value.
func (c *clustering) markDistinct() {
	for _, f := range c.features {
		if f.class != classShared {
			continue
		}
		seats := c.seats(f.holders)
		if len(seats) < 2 {
			continue
		}
		kinds := c.kinds(seats, mode{rivals: true})
		for i := range kinds {
			for j := range i {
				a, b := kinds[i].seats, kinds[j].seats
				if rivals(c.groups[a[0].root], c.groups[b[0].root]) {
					c.setDistinct(a)
					c.setDistinct(b)
				}
			}
		}
	}
}

func (c *clustering) setDistinct(seats []seat) {
	for _, s := range seats {
		if g := c.groups[s.root]; !g.firm() {
			g.distinct = true
		}
	}
}

// candidate is a group that a soft one may belong to, and what says so.
type candidate struct {
	root       int32
	self, peer int32 // the observations that hold the value
	rule, typ  string
}

// settle decides in rounds, for who has joined is a holder for others. It returns those that
// found nobody. What is decided in a round rests only on what stood before it.
func (c *clustering) settle(soft []int32, holder func(*group) bool) []int32 {
	for {
		var joins []candidate
		rest := soft[:0:0]
		lists := map[int32][]seat{}
		for _, s := range soft {
			switch found := c.candidates(s, holder, lists); {
			case len(found) == 1:
				joins = append(joins, found[0])
			case len(found) > 1 && c.groups[s].thin():
				c.wait(s, found)
			case len(found) == 0:
				rest = append(rest, s)
			}
		}
		c.joinCandidates(c.compatible(joins))
		soft = rest
		if len(joins) == 0 {
			return soft
		}
	}
}

// joinCandidates joins as far as limits allow, the earliest by event time first.
func (c *clustering) joinCandidates(joins []candidate) {
	if len(c.engine.limits) > 0 {
		slices.SortStableFunc(joins, func(x, y candidate) int { return c.byTime(seat{holder: x.self}, seat{holder: y.self}) })
	}
	for _, j := range joins {
		if refuse := c.overLimit(c.find(j.peer), c.find(j.self), nil); refuse != "" {
			c.conflict(j.peer, j.self, j.rule, limitRule+refuse)
			continue
		}
		c.union(j.peer, j.self, j.rule, j.typ)
	}
}

// compatible leaves out the joins to one group of those that cannot be one person, unless the
// group is reached at the places of both: neither is nearer to it.
func (c *clustering) compatible(joins []candidate) []candidate {
	at := make(map[int32][]seat, len(joins))
	for i, j := range joins {
		at[j.root] = append(at[j.root], seat{root: c.find(j.self), holder: int32(i)})
	}
	refused := map[int32]bool{}
	for root, seats := range at {
		kinds := c.kinds(seats, mode{rivals: true})
		for i := range kinds {
			for j := range i {
				a, b := kinds[i].seats[0], kinds[j].seats[0]
				if refuse := c.apartAt(root, a.root, b.root); refuse != "" {
					c.conflict(joins[a.holder].self, joins[b.holder].self, RuleOnlyHolder, refuse)
					for _, s := range slices.Concat(kinds[i].seats, kinds[j].seats) {
						refused[s.holder] = true
					}
				}
			}
		}
	}
	kept := joins[:0:0]
	for i, j := range joins {
		if !refused[int32(i)] {
			kept = append(kept, j)
		}
	}
	return kept
}

// apartAt returns the rule by which two groups cannot both join a third, if there is one.
func (c *clustering) apartAt(root, a, b int32) string {
	at, g, h := c.groups[root], c.groups[a], c.groups[b]
	switch {
	case c.parted(g, b) || c.parted(h, a):
		return RuleNeverMerge
	case rivals(g, h) && (!reached(g, at) || !reached(h, at)):
		return RuleDifferentAddress
	default:
		return ""
	}
}

// reached says whether a group is reached at a place of another.
func reached(g, at *group) bool {
	if len(g.emails) > 0 {
		return intersect(g.emails, at.emails)
	}
	return intersect(g.phones, at.phones)
}

// candidates lists the groups that a soft one may belong to, by their nodes. A conversation that
// it lies between others in goes before e-mails and telephones, which then only decide.
func (c *clustering) candidates(s int32, holder func(*group) bool, lists map[int32][]seat) []candidate {
	found := c.byShared(s, holder, lists)
	between := c.byConversation(s)
	if len(between) == 0 {
		return found
	}
	both := found[:0:0]
	for _, x := range found {
		if slices.ContainsFunc(between, func(y candidate) bool { return x.root == y.root }) {
			both = append(both, x)
		}
	}
	if len(both) == 1 {
		return both
	}
	return between
}

func (c *clustering) byShared(s int32, holder func(*group) bool, lists map[int32][]seat) []candidate {
	var found []candidate
	for _, fi := range c.groups[s].shared {
		earlier := found // at one value every group sits once
		for _, at := range c.holding(fi, holder, lists) {
			if c.apart(s, at.root) || hasRoot(earlier, at.root) {
				continue
			}
			f := c.features[fi]
			found = append(found, candidate{
				root: at.root, self: c.firstMember(s, fi), peer: at.holder,
				rule: RuleOnlyHolder, typ: f.Type,
			})
		}
	}
	return found
}

// holding lists the groups at a value that count as holders, once per round.
func (c *clustering) holding(fi int32, holder func(*group) bool, lists map[int32][]seat) []seat {
	list, ok := lists[fi]
	if !ok {
		for _, s := range c.seats(c.features[fi].holders) {
			if _, waits := c.waiting[s.root]; !waits && holder(c.groups[s.root]) {
				list = append(list, s)
			}
		}
		lists[fi] = list
	}
	return list
}

func (c *clustering) byConversation(s int32) []candidate {
	var found []candidate
	g := c.groups[s]
	for _, m := range g.members {
		for _, other := range c.between[m] {
			root := c.find(other)
			if !c.apart(s, root) && !hasRoot(found, root) {
				found = append(found, candidate{
					root: root, self: m, peer: other, rule: RuleConversation, typ: c.conversationType(m),
				})
			}
		}
	}
	slices.SortFunc(found, func(a, b candidate) int { return cmp.Compare(a.peer, b.peer) })
	return found
}

func (c *clustering) heldBetween(g *group) bool {
	return slices.ContainsFunc(g.members, func(m int32) bool { return len(c.between[m]) > 0 })
}

// apart says whether two groups can be no one person: the same group, parted, or rivals.
func (c *clustering) apart(a, b int32) bool {
	g, h := c.groups[a], c.groups[b]
	return a == b || c.parted(g, b) || c.parted(h, a) || rivals(g, h)
}

// maxCandidates bounds what "may be one of" names; more are none.
const maxCandidates = 100

// wait leaves a thin group unassigned.
func (c *clustering) wait(s int32, found []candidate) {
	w := waiting{typ: found[0].typ}
	if len(found) > maxCandidates {
		found = nil
	}
	for _, x := range found {
		w.candidates = append(w.candidates, x.peer)
	}
	c.waiting[s] = w
}

// joinAmong joins soft groups with each other by what they share.
func (c *clustering) joinAmong(soft []int32) {
	if len(soft) < 2 {
		return
	}
	among := make(map[int32]bool, len(soft))
	for _, s := range soft {
		for _, m := range c.groups[s].members {
			among[m] = true
		}
	}
	m := mode{rule: RuleOnlyHolder, rivals: true}
	for _, f := range c.features {
		if f.class != classShared {
			continue
		}
		var holders []int32
		for _, h := range f.holders {
			if among[h] {
				holders = append(holders, h)
			}
		}
		c.join(c.seats(holders), m, f)
	}
}

// firstMember returns the first member of a group that holds a value.
func (c *clustering) firstMember(root, fi int32) int32 {
	first := int32(len(c.nodes))
	for _, m := range c.groups[root].members {
		if m < first && slices.Contains(c.nodes[m].features, fi) {
			first = m
		}
	}
	return first
}

func (c *clustering) conversationType(node int32) string {
	for _, fi := range c.nodes[node].features {
		if f := c.features[fi]; f.class == classConversation {
			return f.Type
		}
	}
	return ""
}

func hasRoot(list []candidate, root int32) bool {
	return slices.ContainsFunc(list, func(x candidate) bool { return x.root == root })
}
