package match

import (
	"cmp"
	"fmt"
	"slices"
)

// When a Resolver trains a new model by itself: when the records have become so many times more
// since the last, or when a blocking key is shared by so many times the cap.
const (
	firstTraining  = 256
	trainingGrowth = 4
	overflowFactor = 16
	overflowGrowth = 1.1 // and so many times more records, at least
)

// Resolver keeps records grouped while they come and go, one at a time. At any moment its groups are
// those that Resolve makes of the same records, ties and model, but for records that are unsettled.
// After Settle the model too is a function of the set of records, and so are the groups.
//
// It is not safe for concurrent use.
type Resolver struct {
	schema  Schema
	options Options
	store   Store
	model   *Model
	ties    map[string][]Tie // by either id

	trainedAt int  // how many records the model was trained on
	changed   bool // since then
	crowded   bool // a key is shared by too many
	unsettled map[Ref]bool

	revisited int      // records grouped anew by the last change
	entries   []uint64 // reused
	seen      map[Ref]bool
}

// NewResolver returns a resolver over an empty store.
func NewResolver(s Schema, o Options, store Store) (*Resolver, error) {
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("configure matching: %w", err)
	}
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("configure matching: %w", err)
	}
	return &Resolver{
		schema: s, options: o.withDefaults(), store: store, model: DefaultModel(s),
		ties: map[string][]Tie{}, unsettled: map[Ref]bool{}, seen: map[Ref]bool{},
	}, nil
}

// Model is the one in force.
func (r *Resolver) Model() *Model { return r.model }

// Settled says that nothing is pending: no grouping was put off. The model may be behind all the
// same; Settle brings it up to date.
func (r *Resolver) Settled() bool { return len(r.unsettled) == 0 }

// Len is how many records there are.
func (r *Resolver) Len() int { return r.store.Len() }

// Add adds a record, or replaces the one of its id.
func (r *Resolver) Add(rec *Record) { r.add(r.schema.Prepare(rec)) }

func (r *Resolver) add(p *Prepared) {
	r.Remove(p.ID)
	ref := r.store.Put(p)
	r.store.SetGroup([]Ref{ref})
	r.changed = true
	if r.due() {
		r.retrain()
		return
	}
	r.connect(ref)
	r.regroup([]Ref{ref})
}

// Load adds many records at once and settles.
func (r *Resolver) Load(records []*Record) {
	prepared := r.schema.PrepareAll(records)
	for _, p := range prepared {
		if ref, ok := r.store.Find(p.ID); ok {
			r.store.Drop(ref)
			delete(r.unsettled, ref)
		}
		r.store.Put(p)
	}
	r.changed = r.changed || len(prepared) > 0
	r.Settle()
}

// Remove removes a record; what it held together is looked at again. Ties of its id stay, and hold
// again when it comes back. An unknown id is no fault.
func (r *Resolver) Remove(id string) {
	ref, ok := r.store.Find(id)
	if !ok {
		return
	}
	near := slices.Clone(r.store.Linked(ref))
	near = append(near, r.tied(id)...)
	if left := slices.DeleteFunc(slices.Clone(r.store.Group(ref)), func(m Ref) bool { return m == ref }); len(left) > 0 {
		r.store.SetGroup(left)
	}
	r.store.Drop(ref)
	delete(r.unsettled, ref)
	r.changed = true
	r.regroup(near)
}

// Tie notes what is known about two records. It replaces a tie of the two.
func (r *Resolver) Tie(t Tie) {
	r.untie(t.A, t.B)
	r.ties[t.A] = append(r.ties[t.A], t)
	r.ties[t.B] = append(r.ties[t.B], t)
	r.regroup(r.refs(t.A, t.B))
}

// Untie takes back what is known about two records.
func (r *Resolver) Untie(a, b string) {
	r.untie(a, b)
	r.regroup(r.refs(a, b))
}

func (r *Resolver) untie(a, b string) {
	of := func(t Tie) bool { return t.A == a && t.B == b || t.A == b && t.B == a }
	for _, id := range []string{a, b} {
		if left := slices.DeleteFunc(r.ties[id], of); len(left) > 0 {
			r.ties[id] = left
		} else {
			delete(r.ties, id)
		}
	}
}

func (r *Resolver) refs(ids ...string) []Ref {
	var out []Ref
	for _, id := range ids {
		if ref, ok := r.store.Find(id); ok {
			out = append(out, ref)
		}
	}
	return out
}

// tied are the records that ties may put together with a record.
func (r *Resolver) tied(id string) []Ref {
	var out []Ref
	for _, t := range r.ties[id] {
		if t.Kind == Never {
			continue
		}
		out = append(out, r.refs(t.A, t.B)...)
	}
	return out
}

// connect compares a new record with all that share a key and links those that it hangs together
// with.
func (r *Resolver) connect(ref Ref) {
	p := r.store.Record(ref)
	keys := r.model.Keys(p)
	few := p.few()
	entries := r.entries[:0]
	for _, k := range keys {
		sharing := r.store.Sharing(k)
		if len(sharing) > overflowFactor*bucketCap {
			r.crowded = true
		}
		for _, o := range sharing {
			entries = append(entries, shared(uint32(o), k, few || r.store.Record(o).few()))
		}
	}
	r.entries = entries
	r.store.SetKeys(ref, keys)
	var levels Comparison
	var e Evidence
	for _, o := range candidates(entries) {
		if r.model.linked(p, r.store.Record(Ref(o)), &levels, &e) {
			r.store.Link(ref, Ref(o))
		}
	}
}

// regroup groups anew the components of some records.
func (r *Resolver) regroup(seeds []Ref) {
	clear(r.seen)
	r.revisited = 0
	for _, s := range seeds {
		if r.store.Record(s) == nil || r.seen[s] {
			continue
		}
		members := r.componentOf(s)
		r.revisited += len(members)
		if len(members) > r.options.ComponentBound {
			for _, m := range members {
				r.unsettled[m] = true
			}
			continue
		}
		r.group(members)
	}
}

// componentOf are the records that hang together with one, ascending by id.
func (r *Resolver) componentOf(s Ref) []Ref {
	members := []Ref{s}
	r.seen[s] = true
	visit := func(o Ref) {
		if !r.seen[o] {
			r.seen[o] = true
			members = append(members, o)
		}
	}
	for i := 0; i < len(members); i++ {
		for _, o := range r.store.Linked(members[i]) {
			visit(o)
		}
		if len(r.ties) > 0 {
			for _, o := range r.tied(r.store.Record(members[i]).ID) {
				visit(o)
			}
		}
	}
	slices.SortFunc(members, func(a, b Ref) int { return cmp.Compare(r.store.Record(a).ID, r.store.Record(b).ID) })
	return members
}

// group groups the records of one component.
func (r *Resolver) group(members []Ref) {
	for _, m := range members {
		delete(r.unsettled, m)
	}
	if len(members) == 1 {
		r.store.SetGroup(members)
		return
	}
	c := r.clustering(members)
	for _, g := range c.run() {
		refs := make([]Ref, len(g.members))
		for i, k := range g.members {
			refs[i] = members[k]
		}
		r.store.SetGroup(refs)
	}
}

// clustering prepares the grouping of a component.
func (r *Resolver) clustering(members []Ref) *clustering {
	c := &clustering{m: r.model, floor: ScoreFor(r.options.MergePrecision), review: ScoreFor(r.options.ReviewPrecision)}
	at := make(map[Ref]uint32, len(members))
	for i, m := range members {
		c.records = append(c.records, r.store.Record(m))
		at[m] = uint32(i)
	}
	for i, m := range members {
		for _, o := range r.store.Linked(m) {
			if j := at[o]; uint32(i) < j {
				c.pairs = append(c.pairs, pairOf{uint32(i), j})
			}
		}
		if len(r.ties) > 0 {
			r.addTies(c, at, m)
		}
	}
	return c
}

func (r *Resolver) addTies(c *clustering, at map[Ref]uint32, m Ref) {
	id := r.store.Record(m).ID
	for _, t := range r.ties[id] {
		other := t.B
		if other == id {
			other = t.A
		}
		if o, ok := r.store.Find(other); ok {
			if j, ok := at[o]; ok && at[m] < j {
				c.ties.add(t.Kind, at[m], j)
			}
		}
	}
}

// due says whether a new model is due.
func (r *Resolver) due() bool {
	n := r.store.Len()
	if r.crowded && float64(n) > overflowGrowth*float64(r.trainedAt) {
		return true
	}
	return n >= max(firstTraining, trainingGrowth*r.trainedAt)
}

// Settle brings the model up to date with all records and finishes what was put off. Afterwards
// the groups are a function of the set of records and ties, whatever the order they came in.
func (r *Resolver) Settle() {
	if r.changed || r.trainedAt != r.store.Len() {
		r.retrain()
		return
	}
	r.regroupUnsettled()
}

func (r *Resolver) regroupUnsettled() {
	bound := r.options.ComponentBound
	r.options.ComponentBound = r.store.Len() + 1
	var refs []Ref
	for ref := range r.unsettled {
		refs = append(refs, ref)
	}
	slices.Sort(refs)
	r.regroup(refs)
	r.options.ComponentBound = bound
}

// retrain makes a model of all records, and groups them anew.
func (r *Resolver) retrain() {
	records := make([]*Prepared, 0, r.store.Len())
	r.store.Each(func(_ Ref, p *Prepared) bool {
		records = append(records, p)
		return true
	})
	records = byID(records)
	m, x := train(r.schema, r.model.Number+1, records)
	r.model = m
	r.trainedAt, r.changed, r.crowded, r.revisited = len(records), false, false, len(records)
	r.rebuild(records, x)
}

// rebuild groups all records, ascending by id, anew under the model.
func (r *Resolver) rebuild(records []*Prepared, x *index) {
	r.store.Forget()
	clear(r.unsettled)
	refs := make([]Ref, len(records))
	for i, p := range records {
		refs[i], _ = r.store.Find(p.ID)
		r.store.SetKeys(refs[i], r.model.Keys(p))
	}
	pairs := linkedPairs(r.model, x, records)
	for _, p := range pairs {
		r.store.Link(refs[p.a], refs[p.b])
	}
	var known []Tie
	for _, p := range records {
		for _, t := range r.ties[p.ID] {
			if t.A == p.ID {
				known = append(known, t)
			}
		}
	}
	at := func(id string) Ref {
		ref, _ := r.store.Find(id)
		return ref
	}
	for _, g := range resolveAll(r.model, records, pairs, known, r.options).Groups {
		members := make([]Ref, len(g))
		for i, id := range g {
			members[i] = at(id)
		}
		r.store.SetGroup(members)
	}
}

// Revisited is how many records the last change had looked at again, itself among them.
func (r *Resolver) Revisited() int { return r.revisited }

// Component returns the groups, questions and conflicts of all records that hang together with one;
// of an unknown id, nothing.
func (r *Resolver) Component(id string) Partition {
	ref, ok := r.store.Find(id)
	if !ok {
		return Partition{}
	}
	clear(r.seen)
	return r.clustering(r.componentOf(ref)).partition()
}

// Group returns the ids of the records that are one with a record, itself among them, ascending;
// nil for an unknown id.
func (r *Resolver) Group(id string) []string {
	ref, ok := r.store.Find(id)
	if !ok {
		return nil
	}
	var out []string
	for _, m := range r.store.Group(ref) {
		out = append(out, r.store.Record(m).ID)
	}
	return out
}

// Groups returns all groups, ascending, with their members ascending.
func (r *Resolver) Groups() [][]string {
	var out [][]string
	r.store.Each(func(ref Ref, p *Prepared) bool {
		if g := r.store.Group(ref); len(g) > 0 && g[0] == ref {
			out = append(out, r.Group(p.ID))
		}
		return true
	})
	slices.SortFunc(out, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	return out
}
