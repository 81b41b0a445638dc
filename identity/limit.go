package identity

import (
	"cmp"
	"slices"
)

// limit is how many values of a type one profile holds.
type limit struct {
	typ    string
	most   int
	window int64 // milliseconds; 0: ever
	class  class
}

// holding is a value of a limited type in a group, with the event time at which it came there.
type holding struct {
	limit int // place in ruling.limits
	value string
	at    int64 // Unix milliseconds
}

func compareHoldings(a, b holding) int {
	return cmp.Or(cmp.Compare(a.limit, b.limit), cmp.Compare(a.value, b.value))
}

// holdingsOf lists what an observation holds of limited types. What is blocked or generic does not
// count; what is only evidence does, for it tells no less about how many there are.
func (c *clustering) holdingsOf(n *node) []holding {
	var list []holding
	for i, l := range c.engine.limits {
		at := n.obs.FirstSeen.UnixMilli()
		if l.class == classUnknown {
			for _, id := range n.obs.Identifiers {
				if id.Type == l.typ && !c.blocked[id] {
					list = append(list, holding{i, id.Value, at})
				}
			}
			continue
		}
		for _, fi := range n.features {
			if f := c.features[fi]; f.Type == l.typ && f.class != classCompound {
				list = append(list, holding{i, f.Value, at})
			}
		}
	}
	slices.SortFunc(list, compareHoldings)
	return list
}

// mergeHoldings joins two sorted lists; a value came when it was there first.
func mergeHoldings(a, b []holding) []holding {
	if len(a) == 0 || len(b) == 0 {
		return append(a, b...)
	}
	all := make([]holding, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch d := compareHoldings(a[0], b[0]); {
		case d < 0:
			all, a = append(all, a[0]), a[1:]
		case d > 0:
			all, b = append(all, b[0]), b[1:]
		default:
			all = append(all, holding{a[0].limit, a[0].value, min(a[0].at, b[0].at)})
			a, b = a[1:], b[1:]
		}
	}
	return append(append(all, a...), b...)
}

// overLimit returns the type of which two groups would hold too many as one, or "". A group that is
// over a limit already, because a person or a certain identifier made it, may grow by what does not
// take it further over. by is the feature that would join them; nil for a score and the like.
func (c *clustering) overLimit(a, b int32, by *feature) string {
	g, h := c.groups[a], c.groups[b]
	if a == b || len(g.held) == 0 || len(h.held) == 0 {
		return ""
	}
	for i, l := range c.engine.limits {
		if by != nil && c.engine.outranks(by, l) {
			continue
		}
		x, y := ofLimit(g.held, i), ofLimit(h.held, i)
		if len(x) == 0 || len(y) == 0 {
			continue
		}
		if most := l.count(mergeHoldings(x, y)); most > l.most && most > max(l.count(x), l.count(y)) {
			return l.typ
		}
	}
	return ""
}

// outranks says whether a certain identifier joins whatever a limit says: it does unless the
// limited type stands before it, or beside it.
func (g *ruling) outranks(f *feature, l limit) bool {
	if f.class > classCompound {
		return false
	}
	return cmp.Or(cmp.Compare(f.class, l.class), cmp.Compare(g.rank(f.Type), g.rank(l.typ))) < 0 ||
		l.class == classUnknown
}

func ofLimit(list []holding, i int) []holding {
	from, _ := slices.BinarySearchFunc(list, i, func(h holding, i int) int { return cmp.Compare(h.limit, i) })
	to, _ := slices.BinarySearchFunc(list, i+1, func(h holding, i int) int { return cmp.Compare(h.limit, i) })
	return list[from:to]
}

// count returns how many of the values came within one window, in the fullest of them.
func (l limit) count(list []holding) int {
	if l.window == 0 || len(list) <= l.most {
		return len(list)
	}
	times := make([]int64, len(list))
	for i, h := range list {
		times[i] = h.at
	}
	slices.Sort(times)
	most, from := 0, 0
	for to, t := range times {
		for t-times[from] >= l.window {
			from++
		}
		most = max(most, to-from+1)
	}
	return most
}

// inTime orders the groups at a value by event time, then id, of the observation that brought each
// of them there, and tells each by that observation: where a limit lets only some of them join, these
// are the earliest, in whatever order they arrived.
func (c *clustering) inTime(seats []seat, f *feature) []seat {
	if len(c.engine.limits) == 0 {
		return seats
	}
	first := make(map[int32]int32, len(seats)) // by root
	for _, s := range seats {
		first[s.root] = s.holder
	}
	for _, h := range f.holders {
		if was, ok := first[c.find(h)]; ok && c.earlier(h, was) {
			first[c.find(h)] = h
		}
	}
	seats = slices.Clone(seats)
	for i := range seats {
		seats[i].holder = first[seats[i].root]
	}
	slices.SortFunc(seats, c.byTime)
	return seats
}

func (c *clustering) byTime(x, y seat) int {
	switch {
	case x.holder == y.holder:
		return 0
	case c.earlier(x.holder, y.holder):
		return -1
	default:
		return 1
	}
}

// earlier orders nodes by event time.
func (c *clustering) earlier(a, b int32) bool {
	if d := c.nodes[a].obs.FirstSeen.Compare(c.nodes[b].obs.FirstSeen); d != 0 {
		return d < 0
	}
	return a < b
}

// place joins a group to the first of several that no limit keeps it from, or else puts it beside
// them.
func (c *clustering) place(hubs []seat, s seat, rule string, f *feature) []seat {
	for i, hub := range hubs {
		refuse := c.overLimit(c.find(hub.holder), c.find(s.holder), f)
		if refuse == "" {
			c.union(hub.holder, s.holder, rule, f.Type)
			return hubs
		}
		if i == 0 {
			c.conflict(hub.holder, s.holder, rule, limitRule+refuse)
		}
	}
	return append(hubs, s)
}
