package identity

import (
	"cmp"
	"slices"
)

// ChangeKind is what becomes of profiles.
type ChangeKind string

// The kinds of Change.
const (
	ChangeMerge ChangeKind = "merge" // several become one
	ChangeSplit ChangeKind = "split" // one becomes several, or loses what is then in none
)

// Change is what becomes of some profiles under other facts or rules.
type Change struct {
	Kind ChangeKind
	// One is the profile that is made, or that is split, and Parts are what it is made of, or what
	// becomes of it: the largest first, then ascending.
	One   Part
	Parts []Part
	// Moved is how many observations are not in the largest part.
	Moved int
	// Causes are the rules that do it, those of most links first.
	Causes []Cause
}

// Part is a profile with how many of the observations it has.
type Part struct {
	Profile      ProfileID
	Observations int
}

// Cause is a rule that merges or splits.
type Cause struct {
	// Rule joins those that were apart; of a split it is the one that joined them and no longer does.
	Rule           string
	IdentifierType string
	// Refused, of a split, is the rule that keeps them apart now, where one does.
	Refused  string
	Links    int
	Examples [][2]ObservationID // a few of the links
}

// maxExamples bounds Cause.Examples.
const maxExamples = 3

// view is one view of who is who among some observations.
type view struct {
	of     map[ObservationID]*Assignment
	groups map[ProfileID][]ObservationID // of profiles, not of what is unassigned
}

func newView(assignments []Assignment) view {
	v := view{make(map[ObservationID]*Assignment, len(assignments)), map[ProfileID][]ObservationID{}}
	for i := range assignments {
		a := &assignments[i]
		v.of[a.Observation] = a
		if a.Standing != StandingUnassigned {
			v.groups[a.Profile] = append(v.groups[a.Profile], a.Observation)
		}
	}
	return v
}

// profile of an observation, and whether it is in one.
func (v view) profile(id ObservationID) (ProfileID, bool) {
	a := v.of[id]
	return a.Profile, a.Standing != StandingUnassigned
}

// changesOf compares two views of the same observations. Of a view all profiles are whole.
func changesOf(before, after view, conflicts []Conflict) []Change {
	refused := map[[2]ProfileID]string{}
	for _, c := range conflicts {
		a, b := after.of[c.A], after.of[c.B]
		if a != nil && b != nil {
			refused[orderedIDs(a.Profile, b.Profile)] = c.Reason
		}
	}
	var changes []Change
	for one, members := range after.groups {
		if c := changeOf(ChangeMerge, one, members, before); c != nil {
			c.Causes = causesOf(members, after, before, nil)
			changes = append(changes, *c)
		}
	}
	for one, members := range before.groups {
		if c := changeOf(ChangeSplit, one, members, after); c != nil {
			c.Causes = causesOf(members, before, after, refused)
			changes = append(changes, *c)
		}
	}
	slices.SortFunc(changes, Worse)
	return changes
}

// Worse orders changes: those that move most first.
func Worse(p, q Change) int {
	return cmp.Or(cmp.Compare(q.Moved, p.Moved), cmp.Compare(p.Kind, q.Kind), compareIDs(p.One.Profile, q.One.Profile))
}

// changeOf returns nil where the members of a profile are of one profile in the other view too. What
// was in none before and is in one then is no merge; what is in none then is a part that is split off.
func changeOf(kind ChangeKind, one ProfileID, members []ObservationID, other view) *Change {
	count := map[ProfileID]int{}
	for _, id := range members {
		if p, in := other.profile(id); in || kind == ChangeSplit {
			count[p]++
		}
	}
	if len(count) < 2 {
		return nil
	}
	c := &Change{Kind: kind, One: Part{one, len(members)}}
	for p, n := range count {
		c.Parts = append(c.Parts, Part{p, n})
		c.Moved += n
	}
	slices.SortFunc(c.Parts, func(p, q Part) int {
		return cmp.Or(cmp.Compare(q.Observations, p.Observations), compareIDs(p.Profile, q.Profile))
	})
	c.Moved -= c.Parts[0].Observations
	return c
}

// causesOf counts the links of a profile that go between what the other view has apart.
func causesOf(members []ObservationID, linked, apart view, refused map[[2]ProfileID]string) []Cause {
	at := map[causeKey]*Cause{}
	for _, id := range members {
		why := linked.of[id].Reason
		peer := apart.of[why.Peer]
		if peer == nil {
			continue
		}
		a, _ := apart.profile(id)
		if a == peer.Profile {
			continue
		}
		key := causeKey{why.Rule, why.IdentifierType, refused[orderedIDs(a, peer.Profile)]}
		if key.refused == "" && refused != nil {
			key.refused = muteRule(apart.of[id], peer)
		}
		c := at[key]
		if c == nil {
			c = &Cause{Rule: key.rule, IdentifierType: key.typ, Refused: key.refused}
			at[key] = c
		}
		c.Links++
		if len(c.Examples) < maxExamples {
			c.Examples = append(c.Examples, [2]ObservationID{why.Peer, id})
		}
	}
	list := make([]Cause, 0, len(at))
	for _, c := range at {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(p, q Cause) int {
		return cmp.Or(cmp.Compare(q.Links, p.Links), cmp.Compare(p.Rule, q.Rule), cmp.Compare(p.IdentifierType, q.IdentifierType), cmp.Compare(p.Refused, q.Refused))
	})
	return list
}

// causeKey is what causes are told apart by.
type causeKey struct{ rule, typ, refused string }

// muteRule is why one of two is in no profile now, if so.
func muteRule(of ...*Assignment) string {
	for _, a := range of {
		if a.Standing == StandingUnassigned {
			return a.Reason.Rule
		}
	}
	return ""
}

func orderedIDs(a, b ProfileID) [2]ProfileID {
	if compareIDs(a, b) > 0 {
		a, b = b, a
	}
	return [2]ProfileID{a, b}
}
