package match

import (
	"cmp"
	"container/heap"
	"math"
	"slices"
)

// pairOf is a pair of records that agree well enough to be looked at together, by their places.
type pairOf struct{ a, b uint32 } // a < b

// agreement is what two groups say about one feature, over all pairs of their records that have it.
type agreement struct {
	n                  int32
	same, home         Bits // sums
	bestSame, bestHome Bits
	level              Level // of the best
}

// closest is the pair of records of two groups that are most alike.
type closest struct {
	pairOf
	score Bits
}

// link is what there is to know about two groups.
type link struct {
	features      []agreement
	contradiction bool
	closest       closest
	score         Bits
}

// links are used again by the next clustering: most of what it would allocate.
type links struct {
	all  []*link
	used int
}

// maxLinks are kept at most, at some 500 bytes each.
const maxLinks = 1 << 14

// reset makes all links free.
func (s *links) reset() {
	s.used = 0
	if len(s.all) > maxLinks {
		s.all = nil
	}
}

// take returns a link of so many features that says nothing.
func (s *links) take(features int) *link {
	if s.used == len(s.all) {
		s.all = append(s.all, &link{features: make([]agreement, features)})
	}
	l := s.all[s.used]
	s.used++
	clear(l.features)
	*l = link{features: l.features}
	return l
}

// group is records that were found to be one.
type group struct {
	sets    []uint32 // the given sets that it is made of; the first is the smallest and names the group
	members []uint32
	links   map[*group]*link
	merged  bool
	into    *group // that it was folded into
}

// clustering groups records that hang together: a pure function of the records, the sets that they
// come in, and the model.
type clustering struct {
	m       *Model
	records []*Prepared         // ascending by id
	sets    [][]uint32          // records that are one for certain
	pairs   []pairOf            // ascending
	apart   func(a, b int) bool // says of two sets that they are not one
	floor   Bits                // score at and above which groups merge
	review  Bits                // score at and above which a person is asked
	folding map[uint64]bool     // by content, see folds
	links   *links
	queue   proposals
	merges  []closest // in their order, with the scores of the groups
}

// proposal is a merge that may be made.
type proposal struct {
	score Bits
	a, b  *group // a names itself by the smaller set
}

// proposals is a heap: the highest score first, then the smallest sets.
type proposals []proposal

func (q proposals) Len() int      { return len(q) }
func (q proposals) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q proposals) Less(i, j int) bool {
	if q[i].score != q[j].score {
		return q[i].score > q[j].score
	}
	if x, y := q[i].a.sets[0], q[j].a.sets[0]; x != y {
		return x < y
	}
	return q[i].b.sets[0] < q[j].b.sets[0]
}
func (q *proposals) Push(x any) { *q = append(*q, x.(proposal)) }
func (q *proposals) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

// run merges groups, highest score first, until no score reaches the floor. It returns the groups,
// ascending by their first set.
func (c *clustering) run() []*group {
	at := make([]*group, len(c.records))
	all := make([]*group, len(c.sets))
	for i, members := range c.sets {
		all[i] = &group{sets: []uint32{uint32(i)}, members: c.once(members), links: map[*group]*link{}}
		for _, r := range members {
			at[r] = all[i]
		}
	}
	c.fold(all)
	for _, p := range c.pairs {
		if a, b := at[p.a].now(), at[p.b].now(); a != b && a.links[b] == nil {
			c.connect(a, b, c.compare(a, b))
		}
	}
	for c.queue.Len() > 0 {
		p := heap.Pop(&c.queue).(proposal)
		if !p.a.merged && !p.b.merged && !c.ambiguous(p) {
			c.merges = append(c.merges, closest{p.a.links[p.b].closest.pairOf, p.score})
			all = append(all, c.merge(p.a, p.b))
		}
	}
	all = slices.DeleteFunc(all, func(g *group) bool { return g.merged })
	slices.SortFunc(all, func(a, b *group) int { return cmp.Compare(a.sets[0], b.sets[0]) })
	return all
}

// ambiguousBits is how much worse a rival may fit and still make a merge ambiguous.
const ambiguousBits = 4 * Bit

// ambiguous says whether one of the two fits a third group nearly as well that contradicts the
// other: John Smith, without more, between John Smith junior and senior. What may be one of two is
// neither.
func (c *clustering) ambiguous(p proposal) bool {
	return c.rival(p.a, p.b, p.score) || c.rival(p.b, p.a, p.score)
}

func (c *clustering) rival(x, y *group, score Bits) bool {
	for o, l := range x.links {
		if o == y || o.merged || l.contradiction || l.score < score-ambiguousBits {
			continue
		}
		with := y.links[o]
		if with == nil {
			with = c.compare(y, o)
		}
		if with.contradiction {
			return true
		}
	}
	return false
}

// connect notes a link and proposes the merge.
func (c *clustering) connect(a, b *group, l *link) {
	if a.sets[0] > b.sets[0] {
		a, b = b, a
	}
	a.links[b], b.links[a] = l, l
	e := l.evidence(c.m)
	l.score = c.m.Score(&e)
	if !l.contradiction && l.score >= c.floor && (c.m.Records >= namesAlone || e.corroborated(len(l.features))) {
		heap.Push(&c.queue, proposal{l.score, a, b})
	}
}

// namesAlone is how many records a model must have been trained on before it can tell how rare a name
// is. Before that a name alone is a question to a person, however rare it is among the few that are
// known.
const namesAlone = 1000

// corroborated says whether something agrees beside the name.
func (e *Evidence) corroborated(features int) bool {
	for f := FeatureBirth; f < Feature(features); f++ {
		if e.Same[f] >= Bit {
			return true
		}
	}
	return false
}

// compare compares all records of one group with all of another.
func (c *clustering) compare(a, b *group) *link {
	l := c.links.take(len(c.m.Weights))
	l.contradiction = c.keptApart(a, b)
	var levels Comparison
	var e Evidence
	for _, x := range a.members {
		for _, y := range b.members {
			p := pairOf{min(x, y), max(x, y)}
			c.m.Schema.Compare(c.records[p.a], c.records[p.b], &levels)
			c.m.Weigh(&levels, &e)
			l.contradiction = l.contradiction || levels.Contradiction
			for f := range l.features {
				if v := levels.Levels[f]; v != Missing {
					l.features[f].add(agreement{1, e.Same[f], e.Home[f], e.Same[f], e.Home[f], v})
				}
			}
			l.closest.add(closest{p, c.m.Score(&e)})
		}
	}
	return l
}

func (c *clustering) keptApart(a, b *group) bool {
	for _, x := range a.sets {
		for _, y := range b.sets {
			if c.apart(int(x), int(y)) {
				return true
			}
		}
	}
	return false
}

// add keeps the better of two; of equally good ones the first.
func (x *closest) add(y closest) {
	if x.pairOf == (pairOf{}) || y.score > x.score || y.score == x.score && y.before(x.pairOf) {
		*x = y
	}
}

func (p pairOf) before(q pairOf) bool { return p.a < q.a || p.a == q.a && p.b < q.b }

// add adds what other pairs say.
func (x *agreement) add(y agreement) {
	switch {
	case y.n == 0:
		return
	case x.n == 0:
		*x = y
		return
	}
	x.n += y.n
	x.same += y.same
	x.home += y.home
	best := cmp.Or(cmp.Compare(y.bestSame, x.bestSame), cmp.Compare(x.bestHome, y.bestHome), cmp.Compare(x.level, y.level))
	if best > 0 {
		x.bestSame, x.bestHome, x.level = y.bestSame, y.bestHome, y.level
	}
}

// merge makes one group of two; what others know of the two is added up.
func (c *clustering) merge(a, b *group) *group {
	g := &group{links: make(map[*group]*link, len(a.links)+len(b.links))}
	g.members = slices.Concat(a.members, b.members)
	g.sets = slices.Concat(a.sets, b.sets) // a has the smaller
	a.merged, b.merged = true, true
	for _, o := range neighbours(a, b) {
		la, lb := a.links[o], b.links[o]
		delete(o.links, a)
		delete(o.links, b)
		if la == nil {
			la = c.compare(a, o)
		}
		if lb == nil {
			lb = c.compare(b, o)
		}
		for f := range la.features {
			la.features[f].add(lb.features[f])
		}
		la.contradiction = la.contradiction || lb.contradiction
		la.closest.add(lb.closest)
		c.connect(g, o, la)
	}
	a.links, b.links = nil, nil
	return g
}

// neighbours are the groups that either is linked to, but for the two, ascending.
func neighbours(a, b *group) []*group {
	var out []*group
	for o := range a.links {
		if !o.merged {
			out = append(out, o)
		}
	}
	for o := range b.links {
		if !o.merged && a.links[o] == nil {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(x, y *group) int { return cmp.Compare(x.sets[0], y.sets[0]) })
	return out
}

// bestShare is the part of two groups' evidence on a stable feature (name, birth date) that the best
// agreement decides; the mean over all pairs that have the feature decides the rest, so that every
// contradiction counts and pairs with nothing to compare do not.
const bestShare = 0.5

// evidence is that of two groups: feature by feature; the prior counts once.
func (l *link) evidence(m *Model) (e Evidence) {
	for f := range l.features {
		x := &l.features[f]
		switch {
		case x.n == 0:
		case defaults[m.Weights[f].kind].volatile:
			e.Same[f], e.Home[f] = x.bestSame, x.bestHome
		default:
			e.Same[f], e.Home[f] = between(x.bestSame, x.same, x.n), between(x.bestHome, x.home, x.n)
		}
	}
	return e
}

func between(best, sum Bits, n int32) Bits {
	return Bits(math.Round(bestShare*float64(best) + (1-bestShare)*float64(sum)/float64(n)))
}
