package identity

import "slices"

// SharedKind is what a shared identifier seems to belong to.
type SharedKind string

// The kinds. Profiles that have a last name or an address in common are one family; who says neither
// is of none.
const (
	// SharedHousehold: there is one family, of two at least, and at most a few who say neither.
	SharedHousehold SharedKind = "household"
	// SharedPlace: more than five families and others, such as at a reception desk or a shop's
	// tablet; or the value is generic.
	SharedPlace SharedKind = "place"
	// SharedSeveral: a few, of whom nothing says that they belong together.
	SharedSeveral SharedKind = "several"
)

// fewShare is how many families, and others, still are a few.
const fewShare = 5

// Shared is an identifier that several profiles hold. It is a state of its own: it merges nobody, and
// asked who is behind it the answer is "may be one of these".
type Shared struct {
	Identifier Identifier
	Kind       SharedKind
	// Profiles are those that hold it, ascending. None are named for a generic value.
	Profiles []ProfileID
	// Observations is how many hold it; 0 for a generic value, whose holders are not all looked at.
	Observations int
}

// shared lists the identifiers of the component that are shared, by type and value: those that may
// be shared, and devices, where two profiles hold them; and those that are generic.
func (c *clustering) shared() []Shared {
	var list []Shared
	for _, f := range c.features {
		if f.class != classShared && f.class != classDevice {
			continue
		}
		if profiles := c.profilesAt(f); len(profiles) > 1 {
			list = append(list, Shared{f.Identifier, c.kindOf(profiles), c.idsOf(profiles), len(f.holders)})
		}
	}
	for _, id := range c.generic {
		list = append(list, Shared{Identifier: id, Kind: SharedPlace})
	}
	slices.SortFunc(list, func(a, b Shared) int { return compareIdentifiers(a.Identifier, b.Identifier) })
	return slices.CompactFunc(list, func(a, b Shared) bool { return a.Identifier == b.Identifier })
}

// profilesAt returns the groups that hold a feature and are profiles.
func (c *clustering) profilesAt(f *feature) []int32 {
	var roots []int32
	for _, s := range c.seats(f.holders) {
		if _, waits := c.waiting[s.root]; !waits {
			roots = append(roots, s.root)
		}
	}
	return roots
}

func (c *clustering) idsOf(roots []int32) []ProfileID {
	ids := make([]ProfileID, len(roots))
	for i, r := range roots {
		ids[i] = c.nodes[c.groups[r].founder].obs.ID
	}
	slices.SortFunc(ids, compareIDs)
	return ids
}

// kindOf counts the families among groups.
func (c *clustering) kindOf(roots []int32) SharedKind {
	var families [][]string // what each goes by
	silent := 0
	for _, r := range roots {
		says := c.familyOf(r)
		if len(says) == 0 {
			silent++
			continue
		}
		families = withFamily(families, says)
	}
	switch {
	case len(families)+silent > fewShare:
		return SharedPlace
	case len(families) == 1 && len(roots)-silent > 1:
		return SharedHousehold
	default:
		return SharedSeveral
	}
}

// withFamily adds what one profile goes by, and joins the families that it connects.
func withFamily(families [][]string, says []string) [][]string {
	var list [][]string
	for _, f := range families {
		if slices.ContainsFunc(f, func(x string) bool { return slices.Contains(says, x) }) {
			says = mergeSets(says, f)
		} else {
			list = append(list, f)
		}
	}
	return append(list, says)
}

// familyOf lists the last names and the addresses of a group.
func (c *clustering) familyOf(root int32) []string {
	var says []string
	for _, m := range c.groups[root].members {
		n := c.nodes[m]
		if last := n.name.last(); last != "" {
			says = append(says, "n"+last)
		}
		if address := addressOf(n.obs.Attributes); address != "" {
			says = append(says, "a"+address)
		}
	}
	slices.Sort(says)
	return slices.Compact(says)
}

// last returns the last name, where there is more than one word.
func (n *personName) last() string {
	if len(n.tokens) < 2 {
		return ""
	}
	return n.tokens[len(n.tokens)-1]
}
