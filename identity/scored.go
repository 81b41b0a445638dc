package identity

import (
	"cmp"
	"slices"
)

// joinScored merges the groups whose evidence weighs enough, and asks a person about those for which
// it nearly does. Groups are what the rules before made; what rules keep apart no score joins.
func (c *clustering) joinScored() error {
	grouping, roots := c.toWeigh()
	if len(grouping.Near) == 0 {
		return nil
	}
	grouping.Apart = func(a, b int) bool { return c.apartByRule(roots[a], roots[b]) != "" }
	grouping.Without = func(id Identifier) bool { return c.blocked[id] || c.engine.Ignores(id.Type) }
	outcome, err := c.likeness.Cluster(grouping)
	if err != nil {
		return err
	}
	for _, m := range outcome.Merges {
		a, b := c.index[m.A], c.index[m.B]
		if refuse := c.apartByRule(c.find(a), c.find(b)); refuse != "" { // together they break what each keeps
			c.conflict(a, b, RuleScored, refuse)
			continue
		}
		c.union(a, b, RuleScored, "")
		c.edges[len(c.edges)-1].score = m.Score
	}
	for _, r := range outcome.Reviews {
		c.question(r)
	}
	return nil
}

// toWeigh collects the groups that are near another, and their roots.
func (c *clustering) toWeigh() (Grouping, []int32) {
	var g Grouping
	var roots []int32
	at := map[int32]bool{}
	for _, p := range c.near {
		a, b := c.find(p[0]), c.find(p[1])
		if a == b {
			continue
		}
		g.Near = append(g.Near, [2]ObservationID{c.nodes[p[0]].obs.ID, c.nodes[p[1]].obs.ID})
		for _, r := range []int32{a, b} {
			if !at[r] {
				at[r] = true
				roots = append(roots, r)
			}
		}
	}
	for _, r := range roots {
		slices.Sort(c.groups[r].members)
	}
	slices.SortFunc(roots, func(a, b int32) int { return cmp.Compare(c.groups[a].members[0], c.groups[b].members[0]) })
	for _, r := range roots {
		members := make([]ObservationID, len(c.groups[r].members))
		for i, m := range c.groups[r].members {
			members[i] = c.nodes[m].obs.ID
		}
		g.Groups = append(g.Groups, members)
	}
	return g, roots
}

// question notes that a person should decide.
func (c *clustering) question(l Likely) {
	a, b := c.index[l.A], c.index[l.B]
	reason := RuleUncertain
	if l.Contradiction {
		reason = RuleContradiction
		if rule := c.apartByRule(c.find(a), c.find(b)); rule != "" {
			reason = rule
		}
	}
	c.conflict(a, b, RuleScored, reason)
	pair := [2]int32{min(a, b), max(a, b)}
	if noted := c.conflicts[pair]; noted.Rule == RuleScored {
		noted.Score = l.Score
		c.conflicts[pair] = noted
	}
}

// apartByRule returns the rule that keeps two groups apart whatever they look like; "" if none does.
func (c *clustering) apartByRule(a, b int32) string {
	g, h := c.groups[a], c.groups[b]
	if c.parted(g, b) || c.parted(h, a) {
		return RuleNeverMerge
	}
	if typ := c.exclusiveConflict(g, h); typ != "" {
		return exclusiveRule + typ
	}
	if typ := c.overLimit(a, b, nil); typ != "" {
		return limitRule + typ
	}
	return ""
}
