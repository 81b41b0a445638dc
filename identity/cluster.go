package identity

import (
	"cmp"
	"slices"
)

// clustering groups the observations of one component. Every step goes by classes, values and ids
// in their order and looks only at facts, so that its outcome is a function of the component.
type clustering struct {
	*component
	engine    *Engine
	likeness  Likeness // nil if only rules decide
	parent    []int32
	groups    []*group // by root; nil where absorbed
	names     map[string]int32
	nameList  []*personName
	relations map[[2]int32]relation
	edges     []edge
	sure      sure              // what certain identifiers contradict each other about
	between   map[int32][]int32 // node held between others by its conversation: nodes of those
	waiting   map[int32]waiting // by root of a thin group that stays unassigned
	conflicts map[[2]int32]Conflict
}

// edge is one link of the forest that the groups grow as.
type edge struct {
	a, b  int32
	rule  string
	typ   string
	score Bits // of a scored merge
}

// waiting is a thin group's may-be.
type waiting struct {
	candidates []int32 // nodes
	typ        string
}

func newClustering(comp *component, e *Engine, likeness Likeness) *clustering {
	c := &clustering{
		component: comp,
		engine:    e,
		likeness:  likeness,
		parent:    make([]int32, len(comp.nodes)),
		groups:    make([]*group, len(comp.nodes)),
		names:     map[string]int32{},
		relations: map[[2]int32]relation{},
		between:   map[int32][]int32{},
		waiting:   map[int32]waiting{},
		conflicts: map[[2]int32]Conflict{},
	}
	for i := range c.parent {
		c.parent[i] = int32(i)
		c.groups[i] = c.newGroup(int32(i))
	}
	return c
}

// resolve applies the rules by their precedence.
func (c *clustering) resolve() (Resolution, error) {
	c.partByVerdict()
	c.joinByVerdict()
	for _, f := range c.features {
		if c.decides(f) {
			c.join(c.seats(f.holders), modeOf(f), f)
		}
	}
	if err := c.joinScored(); err != nil {
		return Resolution{}, err
	}
	c.settleThin()
	return c.result(), nil
}

func (c *clustering) find(i int32) int32 {
	for c.parent[i] != i {
		c.parent[i] = c.parent[c.parent[i]]
		i = c.parent[i]
	}
	return i
}

// union joins the groups of two nodes by a rule.
func (c *clustering) union(a, b int32, rule, typ string) {
	ra, rb := c.find(a), c.find(b)
	if ra == rb {
		return
	}
	c.edges = append(c.edges, edge{a: a, b: b, rule: rule, typ: typ})
	if len(c.groups[ra].members) < len(c.groups[rb].members) {
		ra, rb = rb, ra
	}
	c.parent[rb] = ra
	c.groups[ra].absorb(c.groups[rb], c.older)
	c.groups[rb] = nil
}

// older orders nodes by who would found a profile.
func (c *clustering) older(a, b int32) bool {
	x, y := c.nodes[a].obs, c.nodes[b].obs
	if d := x.FirstReceived.Compare(y.FirstReceived); d != 0 {
		return d < 0
	}
	return a < b
}

func (c *clustering) nameNumber(n *node) int32 {
	i, ok := c.names[n.nameKey]
	if !ok {
		i = int32(len(c.nameList))
		c.names[n.nameKey] = i
		c.nameList = append(c.nameList, &n.name)
	}
	return i
}

func (c *clustering) compareNamed(a, b int32) relation {
	if a > b {
		a, b = b, a
	}
	r, ok := c.relations[[2]int32{a, b}]
	if !ok {
		r = compareNames(*c.nameList[a], *c.nameList[b])
		c.relations[[2]int32{a, b}] = r
	}
	return r
}

func (c *clustering) partByVerdict() {
	for _, l := range c.links {
		if l.Verdict == NeverMerge {
			a, b := c.index[l.A], c.index[l.B]
			c.groups[a].parted = append(c.groups[a].parted, b)
			c.groups[b].parted = append(c.groups[b].parted, a)
		}
	}
}

// joinByVerdict joins what people joined. Where that would also join what people parted, none of
// the verdicts that contradict each other is followed.
func (c *clustering) joinByVerdict() {
	would := slices.Clone(c.parent)
	find := func(i int32) int32 {
		for would[i] != i {
			i = would[i]
		}
		return i
	}
	for _, l := range c.links {
		if l.Verdict == MustMerge {
			a, b := find(c.index[l.A]), find(c.index[l.B])
			would[max(a, b)] = min(a, b)
		}
	}
	broken := map[int32]bool{}
	for _, l := range c.links {
		if a := find(c.index[l.A]); l.Verdict == NeverMerge && a == find(c.index[l.B]) {
			broken[a] = true
		}
	}
	for _, l := range c.links {
		if l.Verdict != MustMerge {
			continue
		}
		a, b := c.index[l.A], c.index[l.B]
		if broken[find(a)] {
			c.conflict(a, b, RuleMustMerge, RuleNeverMerge)
		} else {
			c.union(a, b, RuleMustMerge, "")
		}
	}
}

// conflict notes the first, and so the strongest, conflict of a pair.
func (c *clustering) conflict(a, b int32, rule, reason string) {
	if a > b {
		a, b = b, a
	}
	if _, ok := c.conflicts[[2]int32{a, b}]; !ok {
		c.conflicts[[2]int32{a, b}] = Conflict{
			A: c.nodes[a].obs.ID, B: c.nodes[b].obs.ID, Rule: rule, Reason: reason,
		}
	}
}

// seat is a group at a value, with its first observation that holds it.
type seat struct{ root, holder int32 }

func (c *clustering) seats(holders []int32) []seat {
	if len(holders) < 2 {
		return nil
	}
	var seats []seat
	at := make(map[int32]bool, len(holders))
	for _, h := range holders {
		if r := c.find(h); !at[r] {
			at[r] = true
			seats = append(seats, seat{r, h})
		}
	}
	return seats
}

// sortedConflicts returns the conflicts whose sides are still apart.
func (c *clustering) sortedConflicts() []Conflict {
	var list []Conflict
	for pair, conflict := range c.conflicts {
		if c.find(pair[0]) != c.find(pair[1]) {
			list = append(list, conflict)
		}
	}
	slices.SortFunc(list, func(x, y Conflict) int { return cmp.Or(compareIDs(x.A, y.A), compareIDs(x.B, y.B)) })
	return list
}
