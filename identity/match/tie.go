package match

import "slices"

// TieKind says what is known about two records besides their fields.
type TieKind uint8

// The kinds of ties, strongest first.
const (
	// Never: a person decided that they are not one.
	Never TieKind = iota + 1
	// Must: a person decided that they are one.
	Must
	// Certain: a rule that needs no weighing says that they are one, such as the same login.
	Certain
)

// Tie is what is known about two records, by id.
type Tie struct {
	A, B string
	Kind TieKind
}

// ties are those of a component, by the places of their records.
type ties struct {
	never         map[[2]uint32]bool
	must, certain [][2]uint32
}

func (t *ties) add(kind TieKind, a, b uint32) {
	p := [2]uint32{min(a, b), max(a, b)}
	switch kind {
	case Never:
		if t.never == nil {
			t.never = map[[2]uint32]bool{}
		}
		t.never[p] = true
	case Must:
		t.must = append(t.must, p)
	case Certain:
		t.certain = append(t.certain, p)
	}
}

// disjoint is a union-find over 0..n-1 whose roots are the smallest of their sets.
type disjoint []uint32

func newDisjoint(n int) disjoint {
	d := make(disjoint, n)
	for i := range d {
		d[i] = uint32(i)
	}
	return d
}

func (d disjoint) find(i uint32) uint32 {
	for d[i] != i {
		d[i] = d[d[i]]
		i = d[i]
	}
	return i
}

func (d disjoint) union(a, b uint32) {
	a, b = d.find(a), d.find(b)
	d[max(a, b)] = min(a, b)
}

// sets returns the members of each set, ascending, by their smallest.
func (d disjoint) sets() [][]uint32 {
	at := make([]int, len(d))
	var out [][]uint32
	for i := range d {
		r := d.find(uint32(i))
		if int(r) == i {
			at[i] = len(out)
			out = append(out, nil)
		}
		out[at[r]] = append(out[at[r]], uint32(i))
	}
	return out
}

// contract returns the groups that ties make before anything is weighed. What ties of one kind would
// bring together with a contradiction inside is not brought together by any of them, and reported.
func (c *clustering) contract() [][]uint32 {
	n := len(c.records)
	if len(c.ties.must) == 0 && len(c.ties.certain) == 0 {
		return newDisjoint(n).sets()
	}
	sets := c.follow(newDisjoint(n).sets(), c.ties.must, c.forbidden)
	return c.follow(sets, c.ties.certain, c.contradictory)
}

// follow joins sets by ties, but for those whose joining is refused.
func (c *clustering) follow(sets [][]uint32, by [][2]uint32, refused func(set []uint32) bool) [][]uint32 {
	if len(by) == 0 {
		return sets
	}
	d := newDisjoint(len(c.records))
	for _, s := range sets {
		for _, r := range s {
			d.union(s[0], r)
		}
	}
	for _, t := range by {
		d.union(t[0], t[1])
	}
	var out [][]uint32
	for _, joined := range d.sets() {
		if !refused(joined) {
			out = append(out, joined)
			continue
		}
		kept := 0
		for _, s := range sets {
			if d.find(s[0]) == joined[0] {
				out = append(out, s)
				kept++
			}
		}
		if kept > 1 {
			c.conflicts = append(c.conflicts, joined)
		}
	}
	slices.SortFunc(out, func(a, b []uint32) int { return int(a[0]) - int(b[0]) })
	return out
}

// forbidden says whether a person keeps two of the set apart.
func (c *clustering) forbidden(set []uint32) bool {
	for i, a := range set {
		for _, b := range set[i+1:] {
			if c.ties.never[[2]uint32{a, b}] {
				return true
			}
		}
	}
	return false
}

// contradictory says whether a person or the records themselves keep two of the set apart, unless
// a person has put these two together.
func (c *clustering) contradictory(set []uint32) bool {
	if c.forbidden(set) {
		return true
	}
	var cmp Comparison
	for i, a := range set {
		for _, b := range set[i+1:] {
			c.m.Schema.Compare(c.records[a], c.records[b], &cmp)
			if cmp.Contradiction && !slices.Contains(c.ties.must, [2]uint32{a, b}) {
				return true
			}
		}
	}
	return false
}
