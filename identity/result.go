package identity

import "slices"

// result turns groups into assignments. The reason of a member is the link that leads from it
// towards the founder, in the forest that the groups grew as.
func (c *clustering) result() Resolution {
	all := make([]Assignment, len(c.nodes))
	neighbours := c.forest()
	for root, g := range c.groups {
		if g == nil {
			continue
		}
		if w, ok := c.waiting[int32(root)]; ok {
			c.assignWaiting(all, g, w)
			continue
		}
		if mute := c.muted(g); mute != "" {
			all[root] = c.alone(int32(root), Reason{Rule: mute})
			continue
		}
		c.assignGroup(all, g, neighbours)
	}
	return Resolution{Assignments: all, Conflicts: c.sortedConflicts(), Shared: c.shared()}
}

// forest lists the edges by node.
func (c *clustering) forest() map[int32][]edge {
	by := make(map[int32][]edge, 2*len(c.edges))
	for _, e := range c.edges {
		by[e.a] = append(by[e.a], e)
		by[e.b] = append(by[e.b], edge{e.b, e.a, e.rule, e.typ, e.score})
	}
	return by
}

func (c *clustering) assignGroup(all []Assignment, g *group, neighbours map[int32][]edge) {
	profile := c.nodes[g.founder].obs.ID
	all[g.founder] = Assignment{Observation: profile, Profile: profile, Standing: StandingFounder}
	queue := []int32{g.founder}
	for i := 0; i < len(queue); i++ {
		at := queue[i]
		for _, e := range neighbours[at] {
			if all[e.b].Standing != "" {
				continue
			}
			all[e.b] = Assignment{
				Observation: c.nodes[e.b].obs.ID, Profile: profile, Standing: StandingMember,
				Reason: Reason{Rule: e.rule, IdentifierType: e.typ, Peer: c.nodes[at].obs.ID, Score: e.score},
			}
			queue = append(queue, e.b)
		}
	}
}

func (c *clustering) assignWaiting(all []Assignment, g *group, w waiting) {
	var candidates []ProfileID
	for _, n := range w.candidates {
		candidates = append(candidates, c.nodes[c.groups[c.find(n)].founder].obs.ID)
	}
	slices.SortFunc(candidates, compareIDs)
	candidates = slices.Compact(candidates)
	for _, m := range g.members {
		all[m] = c.alone(m, Reason{Rule: RuleAmbiguous, IdentifierType: w.typ})
		all[m].Candidates = candidates
	}
}

func (c *clustering) alone(node int32, why Reason) Assignment {
	id := c.nodes[node].obs.ID
	return Assignment{Observation: id, Profile: id, Standing: StandingUnassigned, Reason: why}
}

// muted returns why a single observation of a stream is known by nothing, if all that it is known
// by was blocked or is generic. Its events may be those of many people.
func (c *clustering) muted(g *group) string {
	n := c.nodes[g.members[0]]
	if len(g.members) > 1 || len(n.features) > 0 || n.obs.RecordID != "" || g.firm() {
		return ""
	}
	return n.mute
}
