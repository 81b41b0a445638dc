package unify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/identity/match"
	"tributary/profiles/state"
)

// doChores works on what is pending, for as long as a step may last. It says which workspace it is at.
func (a *applier) doChores(ctx context.Context, at *string) error {
	until := a.Now().Add(a.StepTime)
	a.chorer++ // whose turn it is, so that none keeps the others waiting
	for i := range a.open {
		space := a.open[(a.chorer+i)%len(a.open)]
		m := a.minds[space]
		*at = space.Name()
		for a.hasChore(space, m) && ctx.Err() == nil {
			if err := a.chore(ctx, space, m); err != nil {
				return fmt.Errorf("do chores: %w", err)
			}
			if a.Now().After(until) {
				return nil
			}
		}
	}
	return nil
}

// oversizedWait is how long components over the bound wait for a moment at which no record does.
const oversizedWait = 10 * time.Second

// hasChores says whether there is something to do besides the log.
func (a *applier) hasChores() bool {
	return slices.ContainsFunc(a.open, func(s *state.Space) bool { return a.hasChore(s, a.minds[s]) })
}

// hasChore says so of one workspace. Components over the bound are for when nothing else is to do:
// each takes as long as it takes. What pure code panicked over is left until the next start.
func (a *applier) hasChore(space *state.Space, m *mind) bool {
	c := &m.chores
	switch {
	case a.stuck[space.Name()]:
		return false
	case c.relink != nil:
		return !c.relink.fresh
	case c.resolve != nil:
		return !c.resolve.fresh
	default:
		return c.oversized != nil && !c.oversized.fresh && (len(a.taken) == 0 || a.began.Sub(a.decided) > oversizedWait)
	}
}

// chore does one piece.
func (a *applier) chore(ctx context.Context, space *state.Space, m *mind) error {
	m.chores.dirty = true
	switch c := &m.chores; {
	case c.relink != nil:
		return a.relinkSome(space, m)
	case c.resolve != nil:
		return a.resolveSome(ctx, space, m)
	default:
		return a.resolveOversized(ctx, space, m)
	}
}

// relinkSome keys and links some observations under the next model. When all are, that is in force,
// and everything is to be decided again. Those that came since it began are there already, and
// linking them twice does nothing.
func (a *applier) relinkSome(space *state.Space, m *mind) error {
	t := m.chores.relink
	ids, err := space.ObservationsFrom(t.After, choreChunk)
	if err != nil {
		return err
	}
	for _, id := range ids {
		o, err := space.Observed(id)
		if err != nil {
			return err
		}
		if fresh := compared(o); fresh != nil {
			if _, err := m.next.Put(nil, fresh); err != nil {
				return err
			}
		}
		t.After = id
	}
	if err := m.fault(); err != nil {
		return err
	}
	if len(ids) == choreChunk {
		return nil
	}
	if err := space.DropMatching(m.chores.force.Model); err != nil {
		return err
	}
	if err := space.UseModel(t.Model); err != nil {
		return err
	}
	m.linker, m.next = m.next, nil
	m.chores.force = force{Model: t.Model, known: t.Trained, Rules: t.Rules}
	m.chores.relink = nil
	m.chores.decideAgain(t.Place)
	return nil
}

// decideAgain has everything decided again, from the start if that is under way.
func (c *chores) decideAgain(by place) {
	c.dirty, c.done = true, nil
	c.resolve = &again{Place: by, fresh: true}
}

// resolveSome decides again about the components of some observations. Each component is decided
// about once: those of its members that are still to come are noted.
func (a *applier) resolveSome(ctx context.Context, space *state.Space, m *mind) error {
	t := m.chores.resolve
	ids, err := space.ObservationsFrom(t.After, choreChunk)
	if err != nil {
		return err
	}
	var seeds []identity.ObservationID
	for _, id := range ids {
		if m.chores.done[id] {
			delete(m.chores.done, id)
		} else {
			seeds = append(seeds, id)
		}
		t.After = id
	}
	by := t.Place.record(space.Name())
	decided, err := a.decide(ctx, space, m, by, seeds, m.engine.Resolve, nil)
	if err != nil {
		return err
	}
	t.Place.Rows = by.rows
	if m.chores.done == nil {
		m.chores.done = map[identity.ObservationID]bool{}
	}
	for i := range decided {
		if id := decided[i].Observation; compareIDs(id, t.After) > 0 {
			m.chores.done[id] = true
		}
	}
	if len(ids) < choreChunk {
		m.chores.resolve, m.chores.done = nil, nil
	}
	return nil
}

// putOff notes that the components of some observations are too large to be decided about in a step.
func (a *applier) putOff(space *state.Space, m *mind, by *record, seeds []identity.ObservationID) {
	if len(seeds) == 0 {
		return
	}
	if by.by != nil {
		by = by.by
	}
	if m.chores.oversized == nil {
		a.decided = a.began
		m.chores.oversized = &again{Place: placeOf(by, oversizedRows), fresh: true}
		m.chores.dirty = true
	}
	for _, s := range seeds {
		space.SetUnsettled(s, true)
	}
}

// resolveOversized decides about one component that was put off.
func (a *applier) resolveOversized(ctx context.Context, space *state.Space, m *mind) error {
	t := m.chores.oversized
	a.decided = a.began
	ids, err := space.UnsettledFrom(uuid.Nil, 1)
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		m.chores.oversized = nil
		return nil
	}
	by := t.Place.record(space.Name())
	decided, err := a.decide(ctx, space, m, by, ids, m.engine.ResolveWhole, nil)
	if err != nil {
		return err
	}
	t.Place.Rows = by.rows
	space.SetUnsettled(ids[0], false) // it may be gone
	for i := range decided {
		space.SetUnsettled(decided[i].Observation, false)
	}
	return nil
}

// openAll opens the workspaces that have chores left from before, or want a model.
func (a *applier) openAll() error {
	names, err := a.State.Busy()
	if err != nil {
		return fmt.Errorf("find chores: %w", err)
	}
	for _, name := range names {
		space, err := a.tx.Workspace(name)
		if err != nil {
			return err
		}
		c, err := readChores(space)
		if err != nil {
			return err
		}
		if !c.pending() && c.parts == nil && !c.force.Lacks && !match.Due(int(c.force.Count), int(c.known.Count)) {
			continue
		}
		if _, err := a.mindOf(space); err != nil {
			return err
		}
	}
	return nil
}

// abort drops the step, and all that was read for it.
func (a *applier) abort() {
	a.tx.Abort()
	clear(a.minds)
	a.forgetAnalyses()
	a.dismiss()
	a.open = a.open[:0]
}

// choresAll does chores, if any are left. Where pure code panics over them, the step is done again
// without, and those of that workspace are left until the next start: it stays unsettled.
func (a *applier) choresAll(ctx context.Context) error {
	if !a.hasChores() {
		return nil
	}
	var at string
	fine, err := a.guard(ctx, func(**record) error { return a.doChores(ctx, &at) })
	if err != nil || fine {
		return err
	}
	a.stuck[at] = true
	return a.redo(ctx)
}

// saveChores writes how far they are.
func (a *applier) saveChores() error {
	for _, space := range a.open {
		if err := a.minds[space].chores.save(space); err != nil {
			return err
		}
	}
	return nil
}

// wantModels asks for new models where they are due: by what came since the last, because other
// rules have other things compared, or because the parts of one stopped to come.
func (a *applier) wantModels() {
	for _, space := range a.open {
		m := a.minds[space]
		c := &m.chores
		switch {
		case c.relink != nil || c.known.Count == 0 || !weighs(m.engine):
		case c.parts != nil, c.force.Rules != m.rules, c.force.Lacks, m.behind():
			a.trainer.want(space.Name())
		}
	}
}
