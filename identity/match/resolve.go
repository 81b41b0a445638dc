package match

import (
	"cmp"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sync"
)

// The defaults of Options.
const (
	DefaultMergePrecision  = 0.9
	DefaultReviewPrecision = 0.5
	DefaultComponentBound  = 500
)

// Options are what a workspace decides. The zero value is usable.
type Options struct {
	// MergePrecision is the estimated precision at and above which groups merge by themselves.
	MergePrecision float64
	// ReviewPrecision is the estimated precision at and above which a person is asked.
	ReviewPrecision float64
	// ComponentBound is how many records may hang together before a Resolver puts off grouping them
	// to Settle.
	ComponentBound int
}

// Validate reports every fault.
func (o Options) Validate() error {
	var faults []error
	if o.MergePrecision < 0 || o.MergePrecision >= 1 {
		faults = append(faults, fmt.Errorf("merge_precision: %v is not between 0 and 1", o.MergePrecision))
	}
	if o.ReviewPrecision < 0 || o.ReviewPrecision >= 1 {
		faults = append(faults, fmt.Errorf("review_precision: %v is not between 0 and 1", o.ReviewPrecision))
	}
	if o.ComponentBound < 0 {
		faults = append(faults, errors.New("component_bound: is negative"))
	}
	return errors.Join(faults...)
}

func (o Options) withDefaults() Options {
	if o.MergePrecision == 0 {
		o.MergePrecision = DefaultMergePrecision
	}
	if o.ReviewPrecision == 0 {
		o.ReviewPrecision = DefaultReviewPrecision
	}
	if o.ComponentBound == 0 {
		o.ComponentBound = DefaultComponentBound
	}
	return o
}

// linkFloor is the score of two records at and above which they hang together. Groups are compared
// only if two of their records do.
const linkFloor Bits = 0

// Partition says who is who.
type Partition struct {
	// Groups hold the ids of the records of one person each, ascending, as are the groups.
	Groups [][]string
	// Reviews are pairs of groups of which a person should decide, by their first records.
	Reviews []Review
	// Conflicts are records that ties put together and contradictions keep apart.
	Conflicts [][]string
}

// Review is a question: are these two one?
type Review struct {
	A, B  string // the first record of either group
	Score Bits
	// Contradiction: the score would be enough, but something keeps them apart.
	Contradiction bool
}

// Resolve groups records, all at once. It is a function of the set of records, the ties and the
// model.
func Resolve(m *Model, records []*Prepared, known []Tie, o Options) Partition {
	records = byID(records)
	x := newIndex(records, func(i int) []uint64 { return m.Keys(records[i]) })
	pairs := linkedPairs(m, x, records)
	return resolveAll(m, records, pairs, known, o.withDefaults())
}

// TrainAndResolve makes a model of records and groups them under it, all at once: what a Resolver
// comes to that was given the same records in any order.
func TrainAndResolve(s Schema, number int, records []*Prepared, known []Tie, o Options) (*Model, Partition) {
	records = byID(records)
	m, x := train(s, number, records)
	pairs := linkedPairs(m, x, records)
	return m, resolveAll(m, records, pairs, known, o.withDefaults())
}

// linkedPairs compares all records that share a blocking key and returns those that hang together.
func linkedPairs(m *Model, x *index, records []*Prepared) []pairOf {
	var mu sync.Mutex
	var all []pairOf
	parallel(len(records), func(from, to int) {
		var levels Comparison
		var e Evidence
		var partners []uint32
		var entries []uint64
		var out []pairOf
		for i := from; i < to; i++ {
			partners, entries = x.partners(i, true, entries)
			for _, j := range partners {
				if m.linked(records[i], records[j], &levels, &e) {
					out = append(out, pairOf{uint32(i), j})
				}
			}
		}
		mu.Lock()
		all = append(all, out...)
		mu.Unlock()
	})
	slices.SortFunc(all, func(p, q pairOf) int {
		return cmp.Or(cmp.Compare(p.a, q.a), cmp.Compare(p.b, q.b))
	})
	return all
}

// linked says whether two records hang together. It stops early where names and dates contradict so
// much that no agreement elsewhere could make up for it.
func (m *Model) linked(a, b *Prepared, levels *Comparison, e *Evidence) bool {
	if a.ID > b.ID {
		a, b = b, a // of equally good values the first counts
	}
	*levels = Comparison{}
	comparePerson(a, b, levels)
	if m.hopeless(a, b, levels, e) {
		return false
	}
	m.Schema.compareRest(a, b, levels)
	m.Weigh(levels, e)
	return m.Score(e) >= linkFloor
}

// hopeless says whether a score cannot reach the floor, whatever is still to be compared.
func (m *Model) hopeless(a, b *Prepared, levels *Comparison, e *Evidence) bool {
	ps, _ := m.prior()
	best := bitsOf(ps)
	for f := FeatureGiven; f <= FeatureSex; f++ {
		m.weigh(f, levels, e)
		best += e.Same[f]
	}
	both := a.mask & b.mask >> (FeatureSex + 1) << (FeatureSex + 1)
	if both&(1<<FeatureAddress) != 0 && both&(1<<FeaturePlace) != 0 {
		best += max(m.most[FeatureAddress], m.most[FeaturePlace]) // the weaker does not count
		both &^= 1<<FeatureAddress | 1<<FeaturePlace
	}
	for ; both != 0; both &= both - 1 {
		best += m.most[bits.TrailingZeros32(both)]
	}
	return best < linkFloor
}

// component is a set of records that hang together, ready to be grouped.
type component struct {
	members []uint32
	pairs   []pairOf
	ties    []Tie
}

// resolveAll groups each connected component by itself.
func resolveAll(m *Model, records []*Prepared, pairs []pairOf, known []Tie, o Options) Partition {
	d := newDisjoint(len(records))
	for _, p := range pairs {
		d.union(p.a, p.b)
	}
	place := func(id string) (uint32, bool) {
		i, ok := slices.BinarySearchFunc(records, id, func(p *Prepared, id string) int { return cmp.Compare(p.ID, id) })
		return uint32(i), ok
	}
	known = slices.DeleteFunc(slices.Clone(known), func(t Tie) bool {
		_, ok1 := place(t.A)
		_, ok2 := place(t.B)
		return !ok1 || !ok2 || t.A == t.B
	})
	for _, t := range known {
		if t.Kind != Never {
			a, _ := place(t.A)
			b, _ := place(t.B)
			d.union(a, b)
		}
	}
	components := make(map[uint32]*component)
	var order []*component
	for _, s := range d.sets() {
		c := &component{members: s}
		components[s[0]] = c
		order = append(order, c)
	}
	for _, p := range pairs {
		c := components[d.find(p.a)]
		c.pairs = append(c.pairs, p)
	}
	for _, t := range known {
		a, _ := place(t.A)
		b, _ := place(t.B)
		if d.find(a) == d.find(b) {
			c := components[d.find(a)]
			c.ties = append(c.ties, t)
		}
	}
	results := make([]Partition, len(order))
	parallel(len(order), func(from, to int) {
		for i := from; i < to; i++ {
			results[i] = order[i].resolve(m, records, o)
		}
	})
	var all Partition
	for i := range results {
		all.Groups = append(all.Groups, results[i].Groups...)
		all.Reviews = append(all.Reviews, results[i].Reviews...)
		all.Conflicts = append(all.Conflicts, results[i].Conflicts...)
	}
	slices.SortFunc(all.Groups, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	return all
}

// resolve groups the records of a component.
func (x *component) resolve(m *Model, records []*Prepared, o Options) Partition {
	if len(x.members) == 1 {
		return Partition{Groups: [][]string{{records[x.members[0]].ID}}}
	}
	local := make([]*Prepared, len(x.members))
	at := make(map[uint32]uint32, len(x.members))
	ids := make(map[string]uint32)
	for i, r := range x.members {
		local[i] = records[r]
		at[r] = uint32(i)
		if len(x.ties) > 0 {
			ids[records[r].ID] = uint32(i)
		}
	}
	c := clustering{m: m, records: local, floor: ScoreFor(o.MergePrecision), review: ScoreFor(o.ReviewPrecision)}
	for _, p := range x.pairs {
		c.pairs = append(c.pairs, pairOf{at[p.a], at[p.b]})
	}
	for _, t := range x.ties {
		c.ties.add(t.Kind, ids[t.A], ids[t.B])
	}
	return c.partition()
}

// partition runs the clustering and names its outcome by ids.
func (c *clustering) partition() Partition {
	var out Partition
	name := func(members []uint32) []string {
		ids := make([]string, len(members))
		for i, r := range members {
			ids[i] = c.records[r].ID
		}
		return ids
	}
	groups := c.run()
	for _, g := range groups {
		out.Groups = append(out.Groups, name(g.members))
		for o, l := range g.links {
			if o.members[0] > g.members[0] && l.score >= c.review {
				a, b := c.records[g.members[0]].ID, c.records[o.members[0]].ID
				out.Reviews = append(out.Reviews, Review{a, b, l.score, l.contradiction})
			}
		}
	}
	slices.SortFunc(out.Reviews, func(a, b Review) int { return cmp.Or(cmp.Compare(a.A, b.A), cmp.Compare(a.B, b.B)) })
	for _, set := range c.conflicts {
		out.Conflicts = append(out.Conflicts, name(set))
	}
	return out
}
