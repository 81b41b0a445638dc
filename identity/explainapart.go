package identity

import (
	"cmp"
	"math"
	"slices"
)

// Why two are not one, where no rule refused: by the names in Apart.Refused, beside those of rules.go.
const (
	// RuleTooLittle: what is known of both weighs too little even to ask a person.
	RuleTooLittle = "too_little_evidence"
	// RuleNothingElse: but for what may be shared, nothing says that they are one.
	RuleNothingElse = "nothing_else_agrees"
	// RuleBetween: one of them would fit two that contradict each other, so it joins neither.
	RuleBetween = "between_others"
	// RuleUnconnected: they have nothing in common.
	RuleUnconnected = "nothing_in_common"
)

// maxShared bounds Apart.Shared.
const maxShared = 10

// contact is what connects a profile with another group.
type contact struct {
	root     int32
	a, b     int32 // nodes of either that are connected
	near     bool
	shared   int // identifiers that join
	conflict *Conflict
}

// neighbours explains why those are apart that something connects with a node's group.
func (x *explainer) neighbours(n int32) ([]Apart, int, error) {
	contacts := x.contacts(x.find(n))
	total := len(contacts)
	var out []Apart
	for _, c := range contacts[:min(total, x.options.Neighbours)] {
		apart, err := x.apartOf(c, x.find(n))
		if err != nil {
			return nil, 0, err
		}
		out = append(out, apart)
	}
	slices.SortStableFunc(out, func(p, q Apart) int { return cmp.Compare(p.likeness(), q.likeness()) })
	slices.Reverse(out)
	return out, total, nil
}

// likeness orders those that are apart: what is weighed by its score, what is not before the unlikely.
func (a *Apart) likeness() float64 {
	if a.Weighing == nil {
		return 0
	}
	return a.Weighing.Score.Float()
}

// contacts lists the groups that something connects with one: questions to a person first, then what is
// near, then who shares most.
func (x *explainer) contacts(root int32) []contact {
	at := map[int32]*contact{}
	note := func(a, b int32) *contact {
		other := x.find(b)
		if other == root {
			return nil
		}
		c := at[other]
		if c == nil {
			c = &contact{root: other, a: a, b: b}
			at[other] = c
		}
		return c
	}
	x.eachConflict(root, note)
	for _, p := range x.near {
		for _, ends := range [][2]int32{p, {p[1], p[0]}} {
			if x.find(ends[0]) != root {
				continue
			}
			if c := note(ends[0], ends[1]); c != nil {
				c.near = true
			}
		}
	}
	x.eachShared(root, func(a, b int32) {
		if c := note(a, b); c != nil {
			c.shared++
		}
	})
	list := make([]contact, 0, len(at))
	for _, c := range at {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(p, q contact) int {
		return cmp.Or(before(p.conflict != nil, q.conflict != nil), before(p.near, q.near), cmp.Compare(q.shared, p.shared), cmp.Compare(p.root, q.root))
	})
	return list
}

func before(p, q bool) int {
	switch {
	case p == q:
		return 0
	case p:
		return -1
	default:
		return 1
	}
}

// eachConflict notes the conflicts of a group, ascending, so that of several with one other the first
// is told.
func (x *explainer) eachConflict(root int32, note func(a, b int32) *contact) {
	for i := range x.outcome.Conflicts {
		conflict := &x.outcome.Conflicts[i]
		a, b := x.index[conflict.A], x.index[conflict.B]
		if x.find(b) == root {
			a, b = b, a
		}
		if x.find(a) != root {
			continue
		}
		if c := note(a, b); c != nil && c.conflict == nil {
			c.conflict, c.a, c.b = conflict, a, b
		}
	}
}

// eachShared calls note once for each identifier and each other group that holds it.
func (x *explainer) eachShared(root int32, note func(a, b int32)) {
	seen := map[int32]bool{}
	for _, m := range x.groups[root].members {
		for _, fi := range x.nodes[m].features {
			if seen[fi] {
				continue
			}
			seen[fi] = true
			for _, s := range x.seats(x.features[fi].holders) {
				if s.root != root {
					note(m, s.holder)
				}
			}
		}
	}
}

// keptApart explains why two observations are not of one profile.
func (x *explainer) keptApart(a, b int32) (*Apart, error) {
	root, other := x.find(a), x.find(b)
	c := contact{root: other, a: a, b: b}
	for _, found := range x.contacts(root) {
		if found.root == other {
			c = found
		}
	}
	if root == other { // of one group that is between others, each stands alone
		c.a, c.b = a, b
	}
	apart, err := x.apartOf(c, root)
	return &apart, err
}

// apartOf explains why a group is not that of a root.
func (x *explainer) apartOf(c contact, root int32) (Apart, error) {
	g, h := x.groups[root], x.groups[c.root]
	to := x.assigned[c.b]
	out := Apart{
		Profile: to.Profile, Standing: x.standing(to),
		A: x.nodes[c.a].obs.ID, B: x.nodes[c.b].obs.ID, Shared: x.sharedBy(g, h),
	}
	if x.likeness != nil && root != c.root {
		sides := [2][]int32{headed(g.members, c.a), headed(h.members, c.b)}
		w, err := x.weigh(&sides)
		if err != nil {
			return out, err
		}
		if len(w.Fields) > 0 {
			out.Weighing = w
		}
	}
	out.Rule, out.Refused = x.refusal(c, root, out.Weighing)
	if out.Refused == RuleNeverMerge {
		out.Verdict = x.parting(root, c.root)
	}
	out.Asked = c.conflict != nil && out.Verdict == nil
	out.Sentence = sentenceApart(&out, x.muteOf(out.Shared), x.sayer(c.a, g.members), x.sayer(c.b, h.members))
	return out, nil
}

// parting returns the verdict that keeps two groups apart.
func (x *explainer) parting(g, h int32) *Link {
	for i := range x.links {
		l := &x.links[i]
		if a, b := x.find(x.index[l.A]), x.find(x.index[l.B]); l.Verdict == NeverMerge && (a == g && b == h || a == h && b == g) {
			return l
		}
	}
	return nil
}

// standing is that of a profile, or of an observation that is in none.
func (x *explainer) standing(a Assignment) Standing {
	if a.Standing == StandingMember {
		return StandingFounder
	}
	return a.Standing
}

// headed puts one node in front of the others.
func headed(nodes []int32, first int32) []int32 {
	list := append(make([]int32, 0, len(nodes)), first)
	for _, n := range nodes {
		if n != first {
			list = append(list, n)
		}
	}
	return list
}

// refusal returns the rule that would join two groups, if one would, and why it does not.
func (x *explainer) refusal(c contact, root int32, w *Weighing) (rule, refused string) {
	if c.conflict != nil {
		return c.conflict.Rule, c.conflict.Reason
	}
	if x.assigned[c.a].Standing == StandingUnassigned || x.assigned[c.b].Standing == StandingUnassigned {
		return "", x.undecided(c)
	}
	if refused = x.apartByRule(root, c.root); refused != "" {
		return "", refused
	}
	if rule, refused = x.refusedAtValue(c, root); refused != "" && refused != RuleNothingElse {
		return rule, refused
	}
	switch {
	case w == nil && refused != "":
		return rule, refused
	case w == nil && c.shared > 0:
		return "", RuleNothingElse
	case w == nil:
		return "", RuleUnconnected
	case w.Contradiction:
		return RuleScored, RuleContradiction
	case w.Score >= scoreFor(x.engine.Matching().MergePrecision):
		return RuleScored, RuleBetween
	default:
		return RuleScored, RuleTooLittle
	}
}

// undecided is why one of two is in no profile.
func (x *explainer) undecided(c contact) string {
	for _, n := range []int32{c.a, c.b} {
		if a := x.assigned[n]; a.Standing == StandingUnassigned {
			return a.Reason.Rule
		}
	}
	return RuleAmbiguous
}

// refusedAtValue returns what the rule about a value that both hold says of them, the strongest first.
func (x *explainer) refusedAtValue(c contact, root int32) (rule, refused string) {
	for i, f := range x.features {
		if !x.decides(f) || !x.holds(root, int32(i)) || !x.holds(c.root, int32(i)) {
			continue
		}
		m := modeOf(f)
		switch v := x.compare(root, c.root, m); {
		case v.refuse != "":
			return v.rule, v.refuse
		case m.agree && !v.agree:
			rule, refused = v.rule, RuleNothingElse
		default:
			return v.rule, RuleBetween
		}
	}
	return rule, refused
}

func (x *explainer) holds(root, feature int32) bool {
	return slices.ContainsFunc(x.groups[root].members, func(m int32) bool {
		return slices.Contains(x.nodes[m].features, feature)
	})
}

// sharedBy lists identifiers that members of two groups hold, whether they join or not.
func (x *explainer) sharedBy(g, h *group) []Identifier {
	held := map[Identifier]bool{}
	for _, m := range g.members {
		for _, id := range x.nodes[m].obs.Identifiers {
			held[id] = true
		}
	}
	var both []Identifier
	for _, m := range h.members {
		for _, id := range x.nodes[m].obs.Identifiers {
			if held[id] && x.engine.classOf(id.Type) != classSession {
				both = append(both, id)
				delete(held, id)
			}
		}
	}
	slices.SortFunc(both, compareIdentifiers)
	return both[:min(len(both), maxShared)]
}

// muteOf returns why none of some values joins anybody, if so.
func (x *explainer) muteOf(shared []Identifier) string {
	mute := ""
	for _, id := range shared {
		if mute = x.mute(id); mute == "" {
			return ""
		}
	}
	return mute
}

// scoreFor is the score at which the estimated precision is p.
func scoreFor(p float64) Bits { return Bits(math.Round(math.Log2(p/(1-p)) * float64(Bit))) }
