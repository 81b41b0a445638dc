package identity

import "slices"

// maxWeighed bounds how many pairs of observations are compared to take one score apart. Beyond that
// the two observations that are most alike stand for their groups.
const maxWeighed = 1 << 20

// joined explains the link that leads from a member towards the founder.
func (x *explainer) joined(m int32) (Joined, error) {
	peer := x.index[x.assigned[m].Reason.Peer]
	at, ok := x.edgeAt[ordered(m, peer)]
	if !ok { // every reason is of an edge
		return Joined{}, ErrNoObservation
	}
	return x.joinedBy(at, peer, m)
}

// joinedBy explains an edge of the forest, seen from one of its ends.
func (x *explainer) joinedBy(at int, from, to int32) (Joined, error) {
	edge := x.edges[at]
	a, b := x.nodes[from].obs, x.nodes[to].obs
	j := Joined{A: a.ID, B: b.ID, Rule: edge.rule, IdentifierType: edge.typ, Shared: sharedOf(a, b, edge.typ), At: a.FirstReceived}
	if b.FirstReceived.After(j.At) {
		j.At = b.FirstReceived
	}
	var sides [2][]int32
	if edge.rule == RuleScored {
		sides = x.sides(at, from, to)
		var err error
		if j.Weighing, err = x.weigh(&sides); err != nil {
			return j, err
		}
		j.Groups = [2]int{len(sides[0]), len(sides[1])}
	}
	j.Sentence = sentenceJoined(&j, x.sayer(from, sides[0]), x.sayer(to, sides[1]))
	return j, nil
}

// weigh takes the score of two groups apart, or that of their first members if they are too large.
func (x *explainer) weigh(sides *[2][]int32) (*Weighing, error) {
	if len(sides[0])*len(sides[1]) > maxWeighed {
		sides[0], sides[1] = sides[0][:1], sides[1][:1]
	}
	w, err := x.likeness.Weigh(x.ids(sides[0]), x.ids(sides[1]))
	return &w, err
}

// sides returns the groups that an edge joined, as they were then, the two ends first. The edges before
// it tell, for groups only grow.
func (x *explainer) sides(at int, from, to int32) [2][]int32 {
	grow := func(from int32) []int32 {
		group, seen := []int32{from}, map[int32]bool{from: true}
		for i := 0; i < len(group); i++ {
			for _, e := range x.ends[group[i]] {
				if e.edge < at && !seen[e.node] {
					seen[e.node] = true
					group = append(group, e.node)
				}
			}
		}
		return group
	}
	return [2][]int32{grow(from), grow(to)}
}

// sharedOf lists the identifiers that both hold, of one type if that is given.
func sharedOf(a, b *Observation, typ string) []Identifier {
	var both []Identifier
	for _, id := range a.Identifiers {
		if typ != "" && id.Type != typ {
			continue
		}
		if slices.Contains(b.Identifiers, id) {
			both = append(both, id)
		}
	}
	return both
}

// pairing explains why two observations are of one profile, or are not.
func (x *explainer) pairing(id, with ObservationID) (*Pairing, error) {
	a := x.index[id]
	b, ok := x.index[with]
	if !ok {
		return nil, ErrNoObservation
	}
	p := &Pairing{Profile: x.assigned[b].Profile, Same: x.assigned[a].Profile == x.assigned[b].Profile}
	var err error
	if p.Same {
		p.Path, err = x.path(a, b)
		return p, err
	}
	p.Apart, err = x.keptApart(a, b)
	return p, err
}

// path explains the links that lead from one member of a profile to another.
func (x *explainer) path(a, b int32) ([]Joined, error) {
	up, down := x.toFounder(a), x.toFounder(b)
	for len(up) > 1 && len(down) > 1 && up[len(up)-2] == down[len(down)-2] {
		up, down = up[:len(up)-1], down[:len(down)-1] // where they meet
	}
	slices.Reverse(down)
	nodes := slices.Concat(up, down[1:])
	path := make([]Joined, 0, len(nodes))
	for i, to := range nodes[1:] {
		j, err := x.joinedBy(x.edgeAt[ordered(nodes[i], to)], nodes[i], to)
		if err != nil {
			return nil, err
		}
		path = append(path, j)
	}
	return path, nil
}

// toFounder lists a node and those that lead from it to the founder of its profile.
func (x *explainer) toFounder(n int32) []int32 {
	list := []int32{n}
	for x.assigned[n].Standing == StandingMember {
		n = x.index[x.assigned[n].Reason.Peer]
		list = append(list, n)
	}
	return list
}
