package unify

import (
	"fmt"

	"tributary/identity"
	"tributary/identity/match"
	"tributary/profiles/privacy"
	"tributary/profiles/state"
)

// mind is what a workspace decides by: its rules, and the model that weighs what no rule decides.
// Under each model observations are keyed and linked in a place of their own, so that a new model
// can be made ready beside the one in force (chores.go).
type mind struct {
	space  *state.Space
	hasher *privacy.Hasher
	engine Engine  // by the workspace's rules
	rules  uint64  // hash of what they say about what is compared
	linker *linker // under the model in force
	next   *linker // under the one that is being made ready; nil if none is
	chores chores
}

// linker is a match.Linker with what it sees of observations.
type linker struct {
	*match.Linker
	sight *sight
}

// mindOf returns what a workspace decides by. It is made anew after an aborted step.
func (a *applier) mindOf(space *state.Space) (*mind, error) {
	if m, ok := a.minds[space]; ok {
		return m, nil
	}
	m, err := a.newMind(space)
	if err != nil {
		return nil, fmt.Errorf("read rules and model: %w", err)
	}
	a.minds[space] = m
	a.open = append(a.open, space)
	return m, nil
}

func (a *applier) newMind(space *state.Space) (*mind, error) {
	engine, err := engineOf(a.Engine, space)
	if err != nil {
		return nil, err
	}
	m := &mind{space: space, hasher: a.Hasher, engine: engine, rules: hashRules(engine.Rules())}
	if m.chores, err = readChores(space); err != nil {
		return nil, err
	}
	model, err := m.model(m.chores.force.Model)
	if err != nil {
		return nil, err
	}
	m.linker = m.newLinker(model)
	if r := m.chores.relink; r != nil {
		if model, err = m.model(r.Model); err != nil {
			return nil, err
		}
		m.next = m.newLinker(model)
	}
	return m, nil
}

// engineOf returns the engine that follows the rules of a workspace: e itself if it has none.
func engineOf(e Engine, from Tasks) (Engine, error) {
	encoded, err := from.Rules()
	if err != nil || len(encoded) == 0 {
		return e, err
	}
	return ruled(e, encoded)
}

// ruled returns an engine that follows a document of rules.
func ruled(e Engine, encoded []byte) (Engine, error) {
	rules, err := identity.ParseRules(encoded)
	if err != nil {
		return nil, err
	}
	return e.With(rules)
}

// model returns a model of the workspace. Model 0 are the weights that ship with the program.
func (m *mind) model(number uint32) (*match.Model, error) {
	if number == 0 {
		return match.DefaultModel(SchemaOf(m.engine.Rules())), nil
	}
	encoded, err := m.space.ModelNumbered(number)
	if err != nil {
		return nil, err
	}
	return ReadModel(m.hasher, m.space.Name(), number, encoded)
}

// newLinker returns a linker under a model, by the rules of now.
func (m *mind) newLinker(model *match.Model) *linker {
	s := &sight{schema: &model.Schema, engine: m.engine, blocked: m.space.Blocked}
	l := match.NewLinker(model, m.space.Matching(model.Number), OptionsOf(m.engine.Matching()))
	l.Prepare = s.prepare
	return &linker{l, s}
}

// likeness returns what is alike, if the rules want to hear of it.
func (m *mind) likeness() identity.Likeness {
	if !weighs(m.engine) {
		return nil
	}
	return m.linker.Linker
}

// weighs says whether rules want what is not certain weighed.
func weighs(e Engine) bool {
	enabled := e.Matching().Enabled
	return enabled == nil || *enabled
}

// put keys and links an observation in place of what it was, and returns whom it was near.
func (m *mind) put(was, now *state.Observed) ([]identity.ObservationID, error) {
	old, fresh := compared(was), compared(now)
	if m.chores.known.observation(old, fresh) {
		m.chores.dirty = true
	}
	return m.link(old, fresh)
}

// link links an observation in place of what it was. While the model in force is behind, for there has
// come much more since than it was trained on, what is new is linked under the next one only: the odds
// of one person among few would link ever more strangers, and everything is decided again anyway.
func (m *mind) link(was, now *identity.Observation) ([]identity.ObservationID, error) {
	if m.next != nil {
		if _, err := m.next.Put(was, now); err != nil {
			return nil, fmt.Errorf("link under the next model: %w", err)
		}
	}
	if now != nil && (m.behind() || !weighs(m.engine)) {
		now, m.chores.force.Lacks, m.chores.dirty = nil, true, true
	}
	if m.rules != m.chores.force.Rules {
		m.chores.force.Lacks, m.chores.dirty = true, true
	}
	before, err := m.linker.Put(was, now)
	if err != nil {
		return nil, fmt.Errorf("link: %w", err)
	}
	return before, m.fault()
}

// behind says whether a new model is due by what came since the last.
func (m *mind) behind() bool {
	return m.linker.Due(int(m.chores.force.Count), int(m.chores.known.Count))
}

// fault returns what went wrong where nothing could be returned.
func (m *mind) fault() error {
	for _, l := range []*linker{m.linker, m.next} {
		if l != nil && l.sight.fault != nil {
			return fmt.Errorf("read what is blocked: %w", l.sight.fault)
		}
	}
	return nil
}

// relinked links observations anew around a change of what is compared of them, and returns whom
// they were near.
func (m *mind) relinked(ids []identity.ObservationID, change func() error) (before []identity.ObservationID, err error) {
	var all []*identity.Observation
	for _, id := range ids {
		o, err := m.space.Observed(id)
		if err != nil {
			return nil, err
		}
		if c := compared(o); c != nil && match.Comparable(c) {
			near, err := m.link(c, nil)
			if err != nil {
				return nil, err
			}
			all, before = append(all, c), append(before, near...)
		}
	}
	if err := change(); err != nil {
		return nil, err
	}
	for _, o := range all {
		if _, err := m.link(nil, o); err != nil {
			return nil, err
		}
	}
	return before, nil
}
