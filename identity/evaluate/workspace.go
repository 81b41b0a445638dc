package evaluate

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"tributary/identity"
	"tributary/identity/identitytest"
	"tributary/identity/match"
	"tributary/ingest/event"
)

// The place that records are observed at. Nothing that is printed or written depends on it.
const (
	workspaceName = "evaluate"
	sourceName    = "file"
)

// workspace keeps who is who among source records, in memory, as a worker does: each step changes
// some, keys and links them, and resolves what that touches.
type workspace struct {
	engine  *identity.Engine
	schema  match.Schema
	certain map[string]bool // kinds of ids that are never two people's
	options match.Options

	facts       *identitytest.Facts
	names       map[identity.ObservationID]string          // record ids
	prepared    map[identity.ObservationID]*match.Prepared // as the source wrote them
	linker      *match.Linker
	trained     int  // how many the model in force was trained on
	changed     bool // since then
	assignments map[identity.ObservationID]identity.Assignment
	revisited   int // how many observations the last step looked at again
}

func newWorkspace(s *Spec, o match.Options) (*workspace, error) {
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	engine, err := identity.New(identity.Config{Key: make([]byte, 32)})
	if err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	w := &workspace{
		engine: engine, schema: s.Schema(), certain: map[string]bool{}, options: o, facts: identitytest.New(),
		names: map[identity.ObservationID]string{}, prepared: map[identity.ObservationID]*match.Prepared{},
		assignments: map[identity.ObservationID]identity.Assignment{},
	}
	for _, id := range s.IDs {
		w.certain[id.Name] = id.Certain
	}
	w.linker = w.linkerOver(match.DefaultModel(w.schema), match.NewMemory(w.facts.Observation))
	return w, nil
}

func (w *workspace) linkerOver(m *match.Model, s *match.Memory) *match.Linker {
	l := match.NewLinker(m, s, w.options)
	l.Prepare = func(o *identity.Observation) *match.Prepared { return w.prepared[o.ID] }
	return l
}

// observe is the observation of a source record. It holds the values that production would take;
// what is compared is the record as the source wrote it.
func (w *workspace) observe(r *match.Record) identity.Observation {
	e := event.Event{
		Workspace: workspaceName, Source: sourceName, Record: &event.Record{ID: r.ID}, Attributes: map[string]string{},
	}
	identify := func(typ string, values ...string) {
		for _, v := range values {
			e.Identifiers = append(e.Identifiers, event.Identifier{Type: typ, Value: v})
		}
	}
	identify(event.IDEmail, r.Emails...)
	identify(event.IDPhone, r.Phones...)
	for _, id := range r.IDs {
		if w.certain[id.Kind] {
			identify(sourceName+"."+id.Kind, id.Value)
		}
	}
	describe := func(name string, values ...string) {
		if len(values) > 0 && values[0] != "" {
			e.Attributes[name] = values[0]
		}
	}
	for _, n := range r.Names[:min(1, len(r.Names))] {
		describe(event.AttrName, n.Full)
		describe(event.AttrFirstName, n.Given)
		describe(event.AttrMiddleName, n.Middle)
		describe(event.AttrLastName, n.Family)
		describe(event.AttrSuffix, n.Suffix)
	}
	describe(event.AttrBirthDate, r.Births...)
	describe(event.AttrCompany, r.Organisations...)
	o, _ := w.engine.Observe(&e)
	return o
}

// put adds records, or replaces those of their ids, in one step.
func (w *workspace) put(records ...*match.Record) error {
	var seeds []identity.ObservationID
	for _, r := range records {
		o := w.observe(r)
		affected, err := w.forget(o.ID)
		if err != nil {
			return err
		}
		seeds = append(append(seeds, o.ID), affected...)
		w.keep(o, r.ID, w.prepare(o.ID, r))
		if _, err := w.linker.Put(nil, &o); err != nil {
			return fmt.Errorf("put records: %w", err)
		}
	}
	return w.step(seeds)
}

func (w *workspace) prepare(id identity.ObservationID, r *match.Record) *match.Prepared {
	named := *r
	named.ID = string(id[:])
	return w.schema.Prepare(&named)
}

func (w *workspace) keep(o identity.Observation, name string, p *match.Prepared) {
	w.facts.Add(o)
	w.names[o.ID], w.prepared[o.ID] = name, p
	w.changed = true
}

// remove removes records, in one step. Unknown ones are no fault.
func (w *workspace) remove(records ...*match.Record) error {
	var seeds []identity.ObservationID
	for _, r := range records {
		affected, err := w.forget(w.observe(r).ID)
		if err != nil {
			return err
		}
		seeds = append(seeds, affected...)
	}
	return w.step(seeds)
}

// forget forgets an observation and returns those that it leaves to be resolved.
func (w *workspace) forget(id identity.ObservationID) ([]identity.ObservationID, error) {
	was, err := w.facts.Observation(id)
	if was == nil || err != nil {
		return nil, err
	}
	affected, err := w.engine.Affected(w.facts, was)
	if err != nil {
		return nil, fmt.Errorf("forget record: %w", err)
	}
	near, err := w.linker.Put(was, nil)
	if err != nil {
		return nil, fmt.Errorf("forget record: %w", err)
	}
	w.facts.Remove(id)
	delete(w.names, id)
	delete(w.prepared, id)
	delete(w.assignments, id)
	w.changed = true
	return append(affected, near...), nil
}

// step ends a step: what changed is resolved, and all of it anew when a new model is due.
func (w *workspace) step(seeds []identity.ObservationID) error {
	if w.linker.Due(w.trained, len(w.prepared)) {
		return w.retrain()
	}
	outcome, err := w.engine.Resolve(context.Background(), w.facts, w.linker, seeds)
	if err != nil {
		return err
	}
	w.revisited = len(outcome.Assignments)
	for _, a := range outcome.Assignments {
		w.assignments[a.Observation] = a
	}
	return nil
}

// load adds many records at once and settles.
func (w *workspace) load(records []*match.Record) error {
	observed := make([]identity.Observation, len(records))
	prepared := make([]*match.Prepared, len(records))
	if err := each(len(records), func(i int) error {
		observed[i] = w.observe(records[i])
		prepared[i] = w.prepare(observed[i].ID, records[i])
		return nil
	}); err != nil {
		return err
	}
	for i, o := range observed {
		w.keep(o, records[i].ID, prepared[i])
	}
	return w.settle()
}

// settle brings the model up to date with all records and resolves everything under it. Afterwards
// who is who is a function of the set of records.
func (w *workspace) settle() error {
	if !w.changed {
		return nil
	}
	return w.retrain()
}

// retrain makes a model of all records, under which all are keyed, linked and resolved anew.
func (w *workspace) retrain() error {
	all := make([]*match.Prepared, 0, len(w.prepared))
	for _, p := range w.prepared {
		all = append(all, p)
	}
	m, store := match.TrainAndLink(w.schema, w.linker.Model().Number+1, all, w.facts.Observation)
	w.linker, w.trained, w.changed, w.revisited = w.linkerOver(m, store), len(all), false, len(all)
	return w.resolveAll(store)
}

// resolveSize is how many observations are resolved in one call, about.
const resolveSize = 512

// resolveAll resolves everything, on all processors.
func (w *workspace) resolveAll(store *match.Memory) error {
	var chunks [][]identity.ObservationID
	var chunk []identity.ObservationID
	store.Components(func(members []identity.ObservationID) bool {
		if chunk = append(chunk, members...); len(chunk) >= resolveSize {
			chunks, chunk = append(chunks, chunk), nil
		}
		return true
	})
	chunks = append(chunks, chunk)
	var mu sync.Mutex
	return each(len(chunks), func(i int) error {
		linker := w.linkerOver(w.linker.Model(), store)
		outcome, err := w.engine.ResolveWhole(context.Background(), w.facts, linker, chunks[i])
		mu.Lock()
		defer mu.Unlock()
		for _, a := range outcome.Assignments {
			w.assignments[a.Observation] = a
		}
		return err
	})
}

// each runs work on 0..n, on all processors, and returns one of its errors.
func each(n int, work func(i int) error) error {
	var wg sync.WaitGroup
	var once sync.Once
	var failed error
	workers := runtime.GOMAXPROCS(0)
	for k := range workers {
		wg.Go(func() {
			for i := k; i < n; i += workers {
				if err := work(i); err != nil {
					once.Do(func() { failed = err })
					return
				}
			}
		})
	}
	wg.Wait()
	return failed
}

// groups are the record ids of each profile, ascending, as are the profiles by their first.
func (w *workspace) groups() [][]string {
	by := map[identity.ProfileID][]string{}
	for id, a := range w.assignments {
		by[a.Profile] = append(by[a.Profile], w.names[id])
	}
	out := make([][]string, 0, len(by))
	for _, g := range by {
		slices.Sort(g)
		out = append(out, g)
	}
	slices.SortFunc(out, func(a, b []string) int { return cmp.Compare(a[0], b[0]) })
	return out
}
