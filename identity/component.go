package identity

import (
	"cmp"
	"context"
	"slices"

	"tributary/ingest/event"
)

// component is a set of observations that no link leaves, numbered in the order of their ids.
type component struct {
	nodes    []*node
	features []*feature   // those that join, in the order of classes, types, values
	links    []Link       // without doubles, by A and B
	near     [][2]int32   // the lower first, ascending
	generic  []Identifier // some of them several times
	blocked  map[Identifier]bool
	index    map[ObservationID]int32
}

// node is an observation as the clustering sees it.
type node struct {
	obs      *Observation
	name     personName
	nameKey  string // empty without a name
	birth    string // empty unless certain
	features []int32
	mute     string // why the identifiers that it has do not join, if there are some
}

// feature is an identifier with its holders.
type feature struct {
	Identifier
	class   class
	rule    string          // of a compound one
	joins   bool            // neither blocked nor generic
	walk    bool            // connects, or did so before the seeds came, and is not yet followed
	mute    string          // the rule that keeps it from joining
	all     []ObservationID // its holders in the facts
	holders []int32         // those in the component
}

// walker collects a component.
type walker struct {
	engine   *Engine
	facts    Facts
	likeness Likeness // nil if only rules decide
	// unsettled knows what was put off; nil if nothing was.
	unsettled Unsettled
	seeds     map[ObservationID]bool
	loaded    map[ObservationID]*node // nil for one that does not exist
	features  map[Identifier]*feature
	links     []Link
	near      [][2]ObservationID

	seen  map[ObservationID]int32 // which walk came by
	walks []bool                  // by walk: whether it was broken off
	queue []ObservationID         // of the walk under way
}

func (e *Engine) newWalker(facts Facts, likeness Likeness, seeds []ObservationID) *walker {
	w := &walker{
		engine: e, facts: facts, likeness: likeness,
		seeds:    make(map[ObservationID]bool, len(seeds)),
		loaded:   make(map[ObservationID]*node, len(seeds)),
		seen:     make(map[ObservationID]int32, len(seeds)),
		features: make(map[Identifier]*feature),
	}
	if u, ok := facts.(Unsettled); ok && u.AnyUnsettled() {
		w.unsettled = u
	}
	for _, s := range seeds {
		w.seeds[s] = true
	}
	w.begin()
	return w
}

func (e *Engine) walk(ctx context.Context, facts Facts, likeness Likeness, seeds []ObservationID, bound int) (*component, []ObservationID, error) {
	w := e.newWalker(facts, likeness, seeds)
	var all []*node
	var oversized []ObservationID
	for _, s := range seeds {
		if walk, ok := w.seen[s]; ok {
			if w.walks[walk] {
				oversized = append(oversized, s)
			}
			continue
		}
		nodes, err := w.walkFrom(ctx, s, bound)
		if err != nil {
			return nil, nil, err
		}
		if nodes == nil && w.broken() {
			oversized = append(oversized, s)
		}
		all = append(all, nodes...)
	}
	return w.component(all), oversized, nil
}

// walkFrom collects the component of one observation. It breaks off, and returns nothing, when that
// has more than bound observations, or turns out to be one that an earlier walk broke off in.
func (w *walker) walkFrom(ctx context.Context, from ObservationID, bound int) ([]*node, error) {
	w.begin()
	w.push(from)
	var nodes []*node
	for i := 0; i < len(w.queue); i++ {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		n, err := w.load(w.queue[i])
		if err != nil {
			return nil, err
		}
		if n == nil {
			continue
		}
		nodes = append(nodes, n)
		if err := w.follow(n); err != nil {
			return nil, err
		}
		if len(w.queue) > bound || w.broken() {
			w.walks[len(w.walks)-1] = true
			return nil, nil
		}
	}
	return nodes, nil
}

func (w *walker) begin() { w.walks, w.queue = append(w.walks, false), w.queue[:0] }

// broken says whether the walk under way was broken off, or met one that was.
func (w *walker) broken() bool { return w.walks[len(w.walks)-1] }

func (w *walker) push(ids ...ObservationID) {
	walk := int32(len(w.walks) - 1)
	for _, id := range ids {
		earlier, ok := w.seen[id]
		switch {
		case !ok:
			w.seen[id] = walk
			w.queue = append(w.queue, id)
		case earlier != walk && w.walks[earlier]:
			w.walks[walk] = true
		}
	}
}

func (w *walker) follow(n *node) error {
	for _, id := range n.obs.Identifiers {
		f, err := w.feature(id)
		if err != nil {
			return err
		}
		if f.walk {
			w.push(f.all...)
			f.walk = false // once is enough
		}
	}
	if err := w.followNear(n.obs.ID); err != nil {
		return err
	}
	return w.followLinks(n.obs.ID)
}

func (w *walker) followNear(id ObservationID) error {
	if w.likeness == nil {
		return nil
	}
	near, err := w.likeness.Near(id)
	if err != nil {
		return err
	}
	w.push(near...)
	for _, other := range near {
		if compareIDs(id, other) < 0 { // the other names this one too
			w.near = append(w.near, [2]ObservationID{id, other})
		}
	}
	return nil
}

func (w *walker) followLinks(id ObservationID) error {
	links, err := w.facts.Links(id)
	if err != nil {
		return err
	}
	for _, l := range links {
		w.push(l.A, l.B)
		if l.A == id {
			w.links = append(w.links, l)
		}
	}
	return nil
}

func (w *walker) load(id ObservationID) (*node, error) {
	if n, ok := w.loaded[id]; ok {
		return n, nil
	}
	o, err := w.facts.Observation(id)
	if err != nil {
		return nil, err
	}
	var n *node
	if o != nil {
		n = newNode(w.engine.seen(o))
	}
	w.loaded[id] = n
	return n, nil
}

func newNode(o *Observation) *node {
	n := &node{obs: o}
	if name, ok := nameOf(o.Attributes); ok {
		n.name, n.nameKey = name, name.key()
	}
	for _, a := range o.Attributes {
		if a.Name == event.AttrBirthDate && isDate(a.Value) {
			n.birth = a.Value
		}
	}
	return n
}

// feature judges an identifier. What is generic even without the seeds was so before they came:
// it connected nobody then and connects nobody now. What is generic only with them joins nobody
// any more, but those whom it joined are to be looked at again.
func (w *walker) feature(id Identifier) (*feature, error) {
	if f, ok := w.features[id]; ok {
		return f, nil
	}
	f := &feature{Identifier: id, class: w.engine.classOf(id.Type)}
	w.features[id] = f
	if f.class == classSession {
		return f, nil
	}
	blocked, err := w.facts.Blocked(id)
	if err != nil {
		return nil, err
	}
	if blocked || w.engine.blocks.blocked(id) {
		f.mute = RuleBlocked
		return f, nil
	}
	if f.class == classUnknown {
		return f, nil // it may be weighed, and that is all
	}
	if f.all, err = w.facts.Holders(id); err != nil {
		return nil, err
	}
	before, now, err := w.generic(f)
	if err != nil {
		return nil, err
	}
	f.joins, f.walk = !now, !before
	if now {
		f.mute = RuleGeneric
	}
	return f, nil
}

// generic says whether the holders of a value are too many, or too different, for it to be one
// person's: without the seeds, and with them.
func (w *walker) generic(f *feature) (before, now bool, err error) {
	counted := f.class != classExclusive && f.class != classSource
	many := counted && len(f.all) > w.engine.holders
	if len(f.all) < w.engine.spread && !many {
		return false, false, nil
	}
	if many && w.unsettled == nil && len(f.all)-len(w.seeds) > w.engine.holders {
		return true, true, nil
	}
	seeds, others, err := w.changed(f.all)
	if err != nil {
		return false, false, err
	}
	if len(others) > w.engine.holders && counted {
		return true, true, nil
	}
	spread := newSpread(w.engine, f)
	for _, id := range others {
		if full, err := w.addTo(spread, id); full || err != nil {
			return true, true, err
		}
	}
	if many {
		return false, true, nil
	}
	for _, id := range seeds {
		if full, err := w.addTo(spread, id); full || err != nil {
			return false, true, err
		}
	}
	return false, false, nil
}

// changed tells those whose change is still to be resolved from the others: the seeds, and those that
// were put off.
func (w *walker) changed(ids []ObservationID) (changed, others []ObservationID, err error) {
	for _, id := range ids {
		is := w.seeds[id]
		if !is && w.unsettled != nil {
			if is, err = w.unsettled.Unsettled(id); err != nil {
				return nil, nil, err
			}
		}
		if is {
			changed = append(changed, id)
		} else {
			others = append(others, id)
		}
	}
	return changed, others, nil
}

func (w *walker) addTo(s *spread, id ObservationID) (bool, error) {
	n, err := w.load(id)
	if n == nil || err != nil {
		return false, err
	}
	return s.add(n), nil
}

// component numbers nodes and features in their canonical order.
func (w *walker) component(nodes []*node) *component {
	c := &component{nodes: nodes, index: make(map[ObservationID]int32, len(nodes)), blocked: map[Identifier]bool{}}
	slices.SortFunc(c.nodes, func(a, b *node) int { return compareIDs(a.obs.ID, b.obs.ID) })
	for i, n := range c.nodes {
		c.index[n.obs.ID] = int32(i)
		for _, id := range n.obs.Identifiers {
			f := w.features[id]
			if f.joins {
				f.holders = append(f.holders, int32(i))
				continue
			}
			n.mute = max(n.mute, f.mute) // generic over blocked, if both
			if f.mute == RuleBlocked {
				c.blocked[id] = true
			}
			if f.mute == RuleGeneric && f.class != classConversation {
				c.generic = append(c.generic, id)
			}
		}
	}
	c.features = w.compounds(c.nodes)
	for _, f := range w.features {
		if len(f.holders) > 0 {
			c.features = append(c.features, f)
		}
	}
	slices.SortFunc(c.features, w.engine.compareFeatures)
	for i, f := range c.features {
		for _, h := range f.holders {
			c.nodes[h].features = append(c.nodes[h].features, int32(i))
		}
	}
	slices.SortFunc(w.links, func(a, b Link) int {
		return cmp.Or(compareIDs(a.A, b.A), compareIDs(a.B, b.B), cmp.Compare(a.Verdict, b.Verdict))
	})
	for _, l := range slices.Compact(w.links) {
		_, a := c.index[l.A]
		_, b := c.index[l.B]
		if a && b && l.A != l.B {
			c.links = append(c.links, l)
		}
	}
	for _, p := range w.near {
		a, ok1 := c.index[p[0]]
		b, ok2 := c.index[p[1]]
		if ok1 && ok2 {
			c.near = append(c.near, [2]int32{a, b})
		}
	}
	slices.SortFunc(c.near, func(p, q [2]int32) int { return cmp.Or(cmp.Compare(p[0], q[0]), cmp.Compare(p[1], q[1])) })
	return c
}

func compareIDs(a, b ObservationID) int { return slices.Compare(a[:], b[:]) }
