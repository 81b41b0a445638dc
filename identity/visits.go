package identity

// giveVisits gives the anonymous visits that stand alone on a device of several customers to the
// one of them that was known there first, by event time, then id. All is decided by what stood
// before; who is parted from that customer by a person goes to the next.
func (c *clustering) giveVisits() {
	var joins []candidate
	for i, g := range c.groups {
		if g == nil || !g.device || g.firm() || len(g.shared) > 0 {
			continue
		}
		if first, ok := c.firstCustomer(int32(i)); ok {
			joins = append(joins, first)
		}
	}
	c.joinCandidates(joins)
}

// firstCustomer returns the first customer on the devices of a group of visits.
func (c *clustering) firstCustomer(visits int32) (candidate, bool) {
	first := candidate{peer: -1}
	for _, m := range c.groups[visits].members {
		for _, fi := range c.nodes[m].features {
			f := c.features[fi]
			if f.class != classDevice {
				continue
			}
			for _, h := range f.holders {
				root := c.find(h)
				if g := c.groups[root]; !g.firm() || c.apartByRule(visits, root) != "" {
					continue
				}
				if first.peer < 0 || c.earlier(h, first.peer) {
					first = candidate{root: root, self: m, peer: h, rule: RuleFirstCustomer, typ: f.Type}
				}
			}
		}
	}
	return first, first.peer >= 0
}
