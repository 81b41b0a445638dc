package identity

import (
	"cmp"
	"fmt"
	"slices"
)

// ruling is what an engine's rules come to.
type ruling struct {
	rules    Rules // as they were given
	matching Matching
	blocks   blockList
	classes  map[string]class
	ignored  map[string]bool
	ranks    map[string]int // by type: its place in the order of priority
	limits   []limit
	compound []compound
	spread   int
	holders  int
	agreeing bool     // an agreeing name decides before scores do
	visits   Visits   // of devices of several customers
	cancels  []string // identifier types that the rules made exclusive: several values cancel each other
	sieve    bool     // some observations hold more than the rules look at
}

// With returns an engine with the same key and normalisers, whose clustering follows the rules; or
// every fault of them. Rules of an earlier With are not kept. Under other rules all that was
// resolved is to be resolved again.
func (e *Engine) With(r Rules) (*Engine, error) {
	if err := r.Validate(); err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	blocks, err := newBlockList(slices.Concat(e.config.Blocked, r.Blocked))
	if err != nil {
		return nil, fmt.Errorf("rules: %w", err)
	}
	full := r.Expanded()
	next := *e
	next.ruling = ruling{
		rules: r, matching: full.Matching, blocks: blocks,
		classes: make(map[string]class, len(e.observed)), ignored: map[string]bool{}, ranks: make(map[string]int, len(full.Identifiers)),
		spread:   cmp.Or(r.Generic.Spread, e.config.GenericSpread),
		holders:  cmp.Or(r.Generic.Holders, e.config.GenericHolders),
		agreeing: full.Contact == ContactAgreeingName,
		visits:   full.Visits,
	}
	for typ, c := range e.observed {
		next.classes[typ] = c
	}
	next.follow(full)
	return &next, nil
}

// Rules returns the rules as With got them.
func (e *Engine) Rules() Rules { return e.rules }

// Matching returns how what is not certain is weighed, with everything set.
func (e *Engine) Matching() Matching { return e.matching }

// Ignores says whether the rules ignore an identifier type; then scores do not weigh it either.
func (e *Engine) Ignores(typ string) bool { return e.ignored[typ] }

// Blocks says whether the configuration or the rules block a normalised identifier.
func (e *Engine) Blocks(id Identifier) bool { return e.blocks.blocked(id) }

func (g *ruling) follow(r Rules) {
	for i, rule := range r.Identifiers {
		g.ranks[rule.Type] = i
		g.ignored[rule.Type] = rule.Role == RoleIgnored
		if c, ok := classOfRole(rule.Role); ok {
			if c == classExclusive && g.classOf(rule.Type) != c {
				g.cancels = append(g.cancels, rule.Type)
			}
			g.classes[rule.Type] = c
		}
	}
	for i, c := range r.Compound {
		for _, typ := range c.Of {
			if knownType(typ) && g.classOf(typ) == classUnknown {
				g.classes[typ] = classEvidence
			}
		}
		name := c.Of[0] + "+" + c.Of[1]
		g.compound = append(g.compound, compound{rule: compoundRule + c.Name, typ: name, of: [2]string{c.Of[0], c.Of[1]}})
		g.ranks[name] = i
	}
	for _, rule := range r.Identifiers {
		if rule.Limit > 0 {
			g.limits = append(g.limits, limit{
				typ: rule.Type, most: rule.Limit, window: rule.Window.milliseconds(), class: g.classOf(rule.Type),
			})
		}
	}
	g.sieve = len(g.cancels) > 0 || slices.ContainsFunc(r.Blocked, func(b Block) bool { return b.Type != "" && !knownType(b.Type) })
}

// classOfRole returns false for the role that is not set.
func classOfRole(r Role) (class, bool) {
	switch r {
	case RoleExclusive:
		return classExclusive, true
	case RoleCertain:
		return classSource, true
	case RoleDevice:
		return classDevice, true
	case RoleShareable:
		return classShared, true
	case RoleEvidence, RoleIgnored:
		return classUnknown, true
	default:
		return classUnknown, false
	}
}

// classOf returns the class that a type has when observations are grouped.
func (g *ruling) classOf(typ string) class {
	if c, ok := g.classes[typ]; ok {
		return c
	}
	return classByName(typ)
}

// compareFeatures orders features by what they are worth: class, priority, type, value.
func (g *ruling) compareFeatures(a, b *feature) int {
	return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(g.rank(a.Type), g.rank(b.Type)), compareIdentifiers(a.Identifier, b.Identifier))
}

// rank is the place of a type in the order of priority; those without one come last.
func (g *ruling) rank(typ string) int {
	if i, ok := g.ranks[typ]; ok {
		return i
	}
	return len(g.ranks)
}

// seen returns an observation as the rules let it be seen: without attributes that they block, and
// without the values of a type that they made exclusive where it holds several.
func (g *ruling) seen(o *Observation) *Observation {
	if !g.sieve {
		return o
	}
	as := *o
	as.Attributes = slices.DeleteFunc(slices.Clone(o.Attributes), func(a Attribute) bool {
		return g.blocks.blockedAttribute(a.Name, a.Value)
	})
	as.Identifiers = slices.Clone(o.Identifiers)
	for _, typ := range g.cancels {
		of := func(id Identifier) bool { return id.Type == typ }
		if i := slices.IndexFunc(as.Identifiers, of); i >= 0 && i+1 < len(as.Identifiers) && of(as.Identifiers[i+1]) {
			as.Identifiers = slices.DeleteFunc(as.Identifiers, of)
		}
	}
	return &as
}
