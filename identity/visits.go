package identity

// giveVisits gives the anonymous visits that stand alone on a device of several customers to the
// one of them that was known there first, by event time, then id. All is decided by what stood
// before; who is parted from that customer by a person goes to the next.
func (c *clustering) giveVisits() {
	var joins []candidate
	at := map[int32][]seat{} // by device: its customers
	for i, g := range c.groups {
		if g == nil || !g.device || g.firm() || len(g.shared) > 0 {
			continue
		}
		if first, ok := c.firstCustomer(int32(i), at); ok {
			joins = append(joins, first)
		}
	}
	c.joinCandidates(joins)
}

// firstCustomer returns the first customer on the devices of a group of visits.
func (c *clustering) firstCustomer(visits int32, at map[int32][]seat) (candidate, bool) {
	first := candidate{peer: -1}
	for _, m := range c.groups[visits].members {
		for _, fi := range c.nodes[m].features {
			if c.features[fi].class != classDevice {
				continue
			}
			customers, ok := at[fi]
			if !ok {
				customers = c.customers(c.features[fi])
				at[fi] = customers
			}
			for _, s := range customers {
				if (first.peer < 0 || c.earlier(s.holder, first.peer)) && c.apartByRule(visits, s.root) == "" {
					first = candidate{root: s.root, self: m, peer: s.holder, rule: RuleFirstCustomer, typ: c.features[fi].Type}
				}
			}
		}
	}
	return first, first.peer >= 0
}

// customers lists the groups on a device that something tells apart, each by its earliest event
// there.
func (c *clustering) customers(device *feature) []seat {
	var list []seat
	at := map[int32]int{}
	for _, h := range device.holders {
		root := c.find(h)
		i, known := at[root]
		switch {
		case !c.groups[root].firm():
		case !known:
			at[root] = len(list)
			list = append(list, seat{root, h})
		case c.earlier(h, list[i].holder):
			list[i].holder = h
		}
	}
	return list
}
