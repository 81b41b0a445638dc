package identity

import (
	"encoding/binary"
	"slices"

	"tributary/ingest/event"
)

// group is what the members of one would-be profile say together. Its lists are sorted and hold
// no value twice.
type group struct {
	members  []int32
	names    []int32  // as numbered by the clustering
	births   []string // certain ones
	only     []int32  // exclusive features
	shared   []int32  // shareable features, e-mails and telephones among them
	emails   []int32
	phones   []int32
	held     []holding
	parted   []int32 // nodes that a person kept from this group
	founder  int32
	sourced  bool // holds an id that a source gave it
	device   bool // holds a device
	distinct bool // a person of its own although only shareable identifiers tell so
}

// anchored says whether something tells the group from others beside what may be shared.
func (g *group) anchored() bool { return g.firm() || g.distinct }

func (g *group) firm() bool {
	return g.sourced || len(g.only) > 0 || len(g.names) > 0 || len(g.births) > 0
}

// thin says whether a group is known by nothing but what may be shared, and conversations.
func (g *group) thin() bool { return !g.firm() && !g.device }

func (c *clustering) newGroup(i int32) *group {
	n := c.nodes[i]
	g := &group{members: []int32{i}, founder: i}
	if n.nameKey != "" {
		g.names = []int32{c.nameNumber(n)}
	}
	if n.birth != "" {
		g.births = []string{n.birth}
	}
	if len(c.engine.limits) > 0 {
		g.held = c.holdingsOf(n)
	}
	for _, fi := range n.features {
		f := c.features[fi]
		switch f.class {
		case classExclusive:
			g.only = append(g.only, fi)
		case classSource:
			g.sourced = true
		case classDevice:
			g.device = true
		case classShared:
			g.shared = append(g.shared, fi)
		default: // what is left says nothing of the person
		}
		if f.class == classEvidence {
			continue
		}
		switch f.Type {
		case event.IDEmail:
			g.emails = append(g.emails, fi)
		case event.IDPhone:
			g.phones = append(g.phones, fi)
		}
	}
	return g
}

// absorb adds another group's facts.
func (g *group) absorb(o *group, older func(a, b int32) bool) {
	g.members = append(g.members, o.members...)
	g.names = mergeSets(g.names, o.names)
	g.births = mergeSets(g.births, o.births)
	g.only = mergeSets(g.only, o.only)
	g.shared = mergeSets(g.shared, o.shared)
	g.emails = mergeSets(g.emails, o.emails)
	g.phones = mergeSets(g.phones, o.phones)
	g.held = mergeHoldings(g.held, o.held)
	g.parted = append(g.parted, o.parted...)
	g.sourced = g.sourced || o.sourced
	g.device = g.device || o.device
	g.distinct = g.distinct || o.distinct
	if older(o.founder, g.founder) {
		g.founder = o.founder
	}
}

// mergeSets adds the few of one sorted list to another.
func mergeSets[T interface{ int32 | string }](a, b []T) []T {
	for _, x := range b {
		if i, found := slices.BinarySearch(a, x); !found {
			a = slices.Insert(a, i, x)
		}
	}
	return a
}

func intersect(a, b []int32) bool {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0] == b[0]:
			return true
		case a[0] < b[0]:
			a = a[1:]
		default:
			b = b[1:]
		}
	}
	return false
}

// appendKey appends what a mode looks at, so that groups of one key compare alike.
func (g *group) appendKey(key []byte, m mode, root int32) []byte {
	list := func(xs []int32) {
		key = binary.AppendUvarint(key, uint64(len(xs)))
		for _, x := range xs {
			key = binary.AppendUvarint(key, uint64(x))
		}
	}
	if len(g.parted) > 0 {
		return append(binary.AppendUvarint(key, uint64(root)), '!') // like no other
	}
	list(g.only)
	if m.facts {
		list(g.names)
		for _, b := range g.births {
			key = append(key, b...)
		}
	}
	if m.rivals {
		list(g.emails)
		list(g.phones)
	}
	return append(key, '.')
}

// rivals says whether two groups are reached at different places: other e-mails, or, where no
// e-mail is common, other telephones.
func rivals(g, h *group) bool {
	if intersect(g.emails, h.emails) {
		return false
	}
	return len(g.emails) > 0 && len(h.emails) > 0 ||
		len(g.phones) > 0 && len(h.phones) > 0 && !intersect(g.phones, h.phones)
}

// verdict is what the comparison of two groups yields.
type verdict struct {
	agree  bool   // on a name or a birth date
	rule   string // the joining rule that the agreement makes
	refuse string // the rule that keeps them apart, if any
}

// compare takes two groups. The first refusal by precedence is told.
func (c *clustering) compare(gr, hr int32, m mode) verdict {
	g, h := c.groups[gr], c.groups[hr]
	v := verdict{rule: m.rule}
	names := relationNone
	var births relation
	if m.facts {
		names, births = c.compareNameSets(g.names, h.names), compareBirthSets(g.births, h.births)
		v.agree = names == relationAgree || births == relationAgree
		if names != relationAgree && births == relationAgree && m.agree {
			v.rule = RuleBirthDateAgrees
		}
	}
	switch {
	case c.parted(g, hr) || c.parted(h, gr):
		v.refuse = RuleNeverMerge
	case c.exclusiveConflict(g, h) != "":
		v.refuse = exclusiveRule + c.exclusiveConflict(g, h)
	case names == relationContradict:
		v.refuse = RuleDifferentName
	case births == relationContradict:
		v.refuse = RuleDifferentBirthDate
	case m.rivals && names != relationAgree && rivals(g, h):
		v.refuse = RuleDifferentAddress
	}
	return v
}

func (c *clustering) parted(g *group, other int32) bool {
	for _, n := range g.parted {
		if c.find(n) == other {
			return true
		}
	}
	return false
}

// exclusiveConflict returns the type of which two groups hold different values, if there is one.
func (c *clustering) exclusiveConflict(g, h *group) string {
	for _, a := range g.only {
		other, same := false, false
		for _, b := range h.only {
			if c.features[a].Type == c.features[b].Type {
				other, same = true, same || intersect(c.ofType(g, a), c.ofType(h, b))
			}
		}
		if other && !same {
			return c.features[a].Type
		}
	}
	return ""
}

// ofType returns the exclusive features of a group that have the type of one of them.
func (c *clustering) ofType(g *group, like int32) []int32 {
	if len(g.only) == 1 {
		return g.only
	}
	var same []int32
	for _, f := range g.only {
		if c.features[f].Type == c.features[like].Type {
			same = append(same, f)
		}
	}
	return same
}

// compareNameSets takes the best agreement and every contradiction, but for a name that the other
// group bears as well, to the letter: a person whom a certain id shows under two names.
func (c *clustering) compareNameSets(g, h []int32) relation {
	agree := false
	for _, a := range g {
		for _, b := range h {
			switch c.compareNamed(a, b) {
			case relationAgree, relationSame:
				agree = true
			case relationContradict:
				if !c.whole(a, h) && !c.whole(b, g) {
					return relationContradict
				}
			default:
			}
		}
	}
	if agree {
		return relationAgree
	}
	return relationNone
}

// whole says whether a name stands whole and to the letter among others.
func (c *clustering) whole(name int32, among []int32) bool {
	for _, b := range among {
		if c.compareNamed(name, b) == relationSame {
			return true
		}
	}
	return false
}

func compareBirthSets(g, h []string) relation {
	result := relationNone
	for _, a := range g {
		for _, b := range h {
			switch compareDates(a, b) {
			case relationSame:
				return relationAgree
			case relationContradict:
				result = relationContradict
			default:
			}
		}
	}
	return result
}
