package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// The defaults of ExplainOptions.
const (
	DefaultExplainBound = 20_000
	DefaultObservations = 100
	DefaultNeighbours   = 50
)

// ErrTooLarge is returned where more observations hang together than a bound allows to look at.
var ErrTooLarge = errors.New("identity: too many observations hang together")

// ExplainOptions say what is explained beside the profile itself. All of it may be left zero.
type ExplainOptions struct {
	// With asks why another observation is of the same profile, or why not.
	With ObservationID
	// Add asks what would be if these normalised identifiers were said of the profile as well.
	Add []Identifier
	// Suppose returns a Likeness that knows of one observation more; Add needs it where scores decide.
	Suppose func(*Observation) (Likeness, error)
	// Bound is how many observations may hang together. Default: DefaultExplainBound.
	Bound int
	// Observations and Neighbours bound what is listed. Defaults: DefaultObservations, DefaultNeighbours.
	Observations, Neighbours int
}

func (o ExplainOptions) withDefaults() ExplainOptions {
	for _, d := range []struct {
		n         *int
		otherwise int
	}{{&o.Bound, DefaultExplainBound}, {&o.Observations, DefaultObservations}, {&o.Neighbours, DefaultNeighbours}} {
		if *d.n <= 0 {
			*d.n = d.otherwise
		}
	}
	return o
}

// Explanation is why a profile is what it is.
type Explanation struct {
	Profile ProfileID
	// Assignment is that of the observation asked about.
	Assignment Assignment
	// Alone says, of one that is unassigned, why.
	Alone *Sentence
	// Observations are those of the profile, the founder first, and each further one after the one that
	// its link leads to. Total is how many there are; at most ExplainOptions.Observations are listed.
	Observations []*Observation
	Total        int
	// Links join each of Observations but the first to one before it, in their order.
	Links []Joined
	// Values are those of its identifiers that are not one profile's own: shared, generic or blocked. At
	// most twenty are looked at.
	Values []ValueStatus
	// Apart are those that something connects with the profile and that are not it, the most alike first.
	Apart      []Apart
	ApartTotal int
	// With answers ExplainOptions.With, and Added ExplainOptions.Add.
	With  *Pairing
	Added *Added
}

// Joined is one link of a profile: why two observations are of one person.
type Joined struct {
	// A is nearer to the founder.
	A, B ObservationID
	Rule string
	// IdentifierType is what the rule went by, if any, and Shared the values of it that both hold.
	IdentifierType string
	Shared         []Identifier
	// At is when the later of the two was first received: before, there was nothing to join.
	At time.Time
	// Weighing takes a scored merge apart, of the two groups that it joined; Groups is how many
	// observations they had.
	Weighing *Weighing
	Groups   [2]int
	Sentence Sentence
}

// Apart is why two are not one although something connects them.
type Apart struct {
	// Profile is the other one; where its observation is unassigned, that observation's own id.
	Profile  ProfileID
	Standing Standing
	// A and B are observations of either side that are connected, or are most alike.
	A, B ObservationID
	// Shared are identifiers that both sides hold, at most ten.
	Shared []Identifier
	// Rule proposed to join them, if one did, and Refused kept them apart.
	Rule    string
	Refused string
	// Verdict is a person's, where that keeps them apart.
	Verdict *Link
	// Asked: a person should decide.
	Asked bool
	// Weighing takes the score of the two sides apart, where there is something to compare.
	Weighing *Weighing
	Sentence Sentence
}

// Pairing is why two observations are of one profile, or are not.
type Pairing struct {
	Profile ProfileID // of the other
	Same    bool
	// Path are the links that lead from the one to the other, if they are of one profile.
	Path []Joined
	// Apart is why they are not.
	Apart *Apart
}

// Explain says why the profile that an observation belongs to is what it is. It decides about the
// facts as Resolve does, and changes nothing. Without likeness only the rules decide, as in Resolve.
//
// It fails with ErrTooLarge, with ErrNoObservation when there is none of that id, with ctx's error, or
// that of facts or likeness.
func (e *Engine) Explain(ctx context.Context, facts Facts, likeness Likeness, id ObservationID, o ExplainOptions) (*Explanation, error) {
	o = o.withDefaults()
	from := []ObservationID{id}
	if o.With != (ObservationID{}) {
		from = append(from, o.With)
	}
	x, err := e.newExplainer(ctx, facts, likeness, from, o)
	if err != nil {
		return nil, fmt.Errorf("explain identity: %w", err)
	}
	out, err := x.explain(id)
	if err == nil {
		out.Values, err = e.impersonal(ctx, facts, x, out.Observations)
	}
	if err == nil && o.With != (ObservationID{}) {
		out.With, err = x.pairing(id, o.With)
	}
	if err == nil && len(o.Add) > 0 {
		out.Added, err = e.explainAdded(ctx, facts, likeness, x.nodesOf(out.Observations), o)
	}
	if err != nil {
		return nil, fmt.Errorf("explain identity: %w", err)
	}
	return out, nil
}

// ErrNoObservation is returned when there is no observation of an id.
var ErrNoObservation = errors.New("identity: there is no such observation")

// explainer is a clustering that is done, with what came of it.
type explainer struct {
	*clustering
	walker   *walker
	options  ExplainOptions
	assigned []Assignment // by node
	outcome  Resolution
	edgeAt   map[[2]int32]int // by nodes, the lower first: place in edges
	ends     map[int32][]end  // by node
	children map[int32][]int32
}

// newExplainer resolves all that hangs together with some observations. No observation counts as new,
// so what was generic before is not walked through.
func (e *Engine) newExplainer(ctx context.Context, facts Facts, likeness Likeness, from []ObservationID, o ExplainOptions) (*explainer, error) {
	likeness = e.weighs(likeness)
	w := e.newWalker(facts, likeness, nil)
	var all []*node
	for _, id := range from {
		nodes, err := w.walkFrom(ctx, id, o.Bound)
		if err != nil {
			return nil, err
		}
		if w.broken() {
			return nil, ErrTooLarge
		}
		all = append(all, nodes...)
	}
	c := newClustering(w.component(all), e, likeness)
	outcome, err := c.resolve()
	if err != nil {
		return nil, err
	}
	x := &explainer{
		clustering: c, walker: w, options: o, assigned: outcome.Assignments, outcome: outcome,
		edgeAt: make(map[[2]int32]int, len(c.edges)), ends: map[int32][]end{}, children: map[int32][]int32{},
	}
	for i, edge := range c.edges {
		x.edgeAt[ordered(edge.a, edge.b)] = i
		x.ends[edge.a] = append(x.ends[edge.a], end{edge.b, i})
		x.ends[edge.b] = append(x.ends[edge.b], end{edge.a, i})
	}
	for i := range x.assigned {
		if a := &x.assigned[i]; a.Standing == StandingMember {
			peer := x.index[a.Reason.Peer]
			x.children[peer] = append(x.children[peer], int32(i))
		}
	}
	return x, nil
}

// end is where an edge of the forest leads, and its place in the order in which they were made.
type end struct {
	node int32
	edge int
}

func ordered(a, b int32) [2]int32 { return [2]int32{min(a, b), max(a, b)} }

func (x *explainer) explain(id ObservationID) (*Explanation, error) {
	n, ok := x.index[id]
	if !ok {
		return nil, ErrNoObservation
	}
	a := x.assigned[n]
	out := &Explanation{Profile: a.Profile, Assignment: a}
	members := x.membersOf(n)
	out.Total = len(members)
	members = members[:min(len(members), x.options.Observations)]
	for i, m := range members {
		out.Observations = append(out.Observations, x.nodes[m].obs)
		if i == 0 {
			continue
		}
		link, err := x.joined(m)
		if err != nil {
			return nil, err
		}
		out.Links = append(out.Links, link)
	}
	if a.Standing == StandingUnassigned {
		said := sentenceAlone(a, x.nodes[n].obs, x.mute)
		out.Alone = &said
	}
	var err error
	out.Apart, out.ApartTotal, err = x.neighbours(n)
	return out, err
}

// membersOf lists the nodes of a node's profile, the founder first, then by their distance from it.
func (x *explainer) membersOf(n int32) []int32 {
	if x.assigned[n].Standing == StandingUnassigned {
		return []int32{n}
	}
	list := []int32{x.index[x.assigned[n].Profile]}
	for i := 0; i < len(list); i++ {
		list = append(list, x.children[list[i]]...)
	}
	return list
}

// maxValues bounds Explanation.Values.
const maxValues = 20

// impersonal tells how those identifiers stand that are not one profile's own.
func (e *Engine) impersonal(ctx context.Context, facts Facts, x *explainer, of []*Observation) ([]ValueStatus, error) {
	var list []ValueStatus
	seen := map[Identifier]bool{}
	for _, o := range of {
		for _, id := range o.Identifiers {
			f := x.walker.features[id]
			if seen[id] || len(list) == maxValues || f == nil {
				continue
			}
			seen[id] = true
			switch {
			case f.mute != "": // nothing needs to be resolved for that
				s, err := e.Status(ctx, facts, nil, id)
				if err != nil {
					return nil, err
				}
				list = append(list, s)
			case len(x.profilesAt(f)) > 1:
				s := ValueStatus{Identifier: id, Observations: len(f.all)}
				x.tellStatus(f.all, &s)
				list = append(list, s)
			}
		}
	}
	slices.SortFunc(list, func(a, b ValueStatus) int { return compareIdentifiers(a.Identifier, b.Identifier) })
	return list, nil
}

// mute returns the rule that keeps a value from joining, if one does.
func (x *explainer) mute(id Identifier) string {
	if f := x.walker.features[id]; f != nil {
		return f.mute
	}
	return ""
}

func (x *explainer) nodesOf(list []*Observation) []*node {
	nodes := make([]*node, len(list))
	for i, o := range list {
		nodes[i] = x.nodes[x.index[o.ID]]
	}
	return nodes
}

func (x *explainer) ids(nodes []int32) []ObservationID {
	ids := make([]ObservationID, len(nodes))
	for i, n := range nodes {
		ids[i] = x.nodes[n].obs.ID
	}
	slices.SortFunc(ids, compareIDs)
	return ids
}
