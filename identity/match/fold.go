package match

import (
	"cmp"
	"slices"
)

// What says the same is folded: a person who calls a hundred times under one name and number makes a
// hundred equal observations, which would fill every blocking key and be linked each with each. Of equal
// ones the first, by id, stands for all: it alone has keys and links, the others are linked with it
// only, and in a group, as in a model, they count once.

// contentOf is a hash of all that a record says, 0 when that is too little to take another that says
// the same for the same person: where somebody is reached, a number, or a whole name with a birth date or
// an address.
func (p *Prepared) contentOf(r *Record) uint64 {
	named := false
	for _, n := range p.names {
		named = named || n.given.text != "" && !n.given.initial() && len(n.family) > 0
	}
	if len(p.phones)+len(p.emails)+len(p.ids) == 0 && (!named || len(p.births)+len(p.addresses) == 0) {
		return 0
	}
	var parts []string
	list := func(values ...string) { parts = append(append(parts, values...), "\x00") }
	for _, n := range r.Names {
		list(n.Given, n.Middle, n.Family, n.Suffix, n.Full)
	}
	for _, a := range r.Addresses {
		list(a.Number, a.Line, a.Unit, a.City, a.Region, a.Postcode, a.Country)
	}
	for _, id := range r.IDs {
		list(id.Kind, id.Value)
	}
	for _, f := range r.Free {
		list(f.Name, f.Value)
	}
	for _, values := range [][]string{r.Births, r.Phones, r.Emails, r.Sexes, r.Organisations, r.Blocks} {
		list(values...)
	}
	return hash64(saltContent, parts...) | 1
}

// contentKey is the key of the one that stands for those of one content.
func contentKey(content uint64) uint64 { return blockingKey(mix(content^saltContent)) &^ aloneBit }

// distinct leaves out of records, ascending by id, those that another stands for.
func distinct(records []*Prepared) []*Prepared {
	seen := map[uint64]bool{}
	out := make([]*Prepared, 0, len(records))
	for _, p := range records {
		if p.content == 0 || !seen[p.content] {
			seen[p.content] = true
			out = append(out, p)
		}
	}
	return out
}

// fold merges the groups that have records of one content, as far as nothing keeps them apart, if that
// content is telling enough for the model. Of two groups that are left with one content, something
// keeps them apart, so that records of one content always count once.
func (c *clustering) fold(groups []*group) {
	var order []uint64
	classes := map[uint64][]*group{}
	for _, g := range groups {
		for _, r := range g.members {
			if k := c.records[r].content; k != 0 {
				if classes[k] == nil {
					order = append(order, k)
				}
				classes[k] = append(classes[k], g)
			}
		}
	}
	for _, k := range order {
		if len(classes[k]) > 1 && c.folds(k) {
			c.foldClass(classes[k])
		}
	}
}

// foldClass merges groups of one content, the largest first: each with the first that it is not kept
// apart from.
func (c *clustering) foldClass(class []*group) {
	slices.SortStableFunc(class, func(a, b *group) int { return cmp.Compare(c.size(b), c.size(a)) })
	var hubs []*group
next:
	for _, g := range class {
		g = g.now()
		for _, hub := range hubs {
			if hub == g {
				continue next
			}
			l := c.compare(hub, g)
			if !l.contradiction {
				e := l.evidence(c.m)
				c.merges = append(c.merges, closest{l.closest.pairOf, c.m.Score(&e)})
				c.absorb(hub, g)
				continue next
			}
		}
		hubs = append(hubs, g)
	}
}

// size is how many records were given as one group.
func (c *clustering) size(g *group) int { return len(c.sets[g.sets[0]]) }

// absorb adds a group that nothing is linked with yet to another.
func (c *clustering) absorb(hub, g *group) {
	g.merged, g.into = true, hub
	hub.sets = append(hub.sets, g.sets...)
	if last := len(hub.sets) - len(g.sets); hub.sets[last] < hub.sets[0] {
		hub.sets[0], hub.sets[last] = hub.sets[last], hub.sets[0]
	}
	hub.members = c.once(slices.Concat(hub.members, g.members))
}

// now is the group that a group was folded into.
func (g *group) now() *group {
	for g.into != nil {
		g = g.into
	}
	return g
}

// once leaves out of the members of a group those that say the same as another.
func (c *clustering) once(members []uint32) []uint32 {
	if len(members) < 2 {
		return members
	}
	seen := map[uint64]bool{}
	out := make([]uint32, 0, len(members))
	for _, r := range members {
		if k := c.records[r].content; k == 0 || !seen[k] || !c.folds(k) {
			out = append(out, r)
			seen[k] = true
		}
	}
	return out
}

// folds says whether a record of a content would be merged with one that says the same.
func (c *clustering) folds(content uint64) bool {
	folds, ok := c.folding[content]
	if !ok {
		p := c.records[slices.IndexFunc(c.records, func(p *Prepared) bool { return p.content == content })]
		var levels Comparison
		var e Evidence
		c.m.Schema.Compare(p, p, &levels)
		c.m.Weigh(&levels, &e)
		folds = c.m.Score(&e) >= c.floor
		if c.folding == nil {
			c.folding = map[uint64]bool{}
		}
		c.folding[content] = folds
	}
	return folds
}
