package unify

import (
	"encoding/json"
	"fmt"

	"tributary/identity"
	"tributary/identity/match"
	"tributary/profiles/state"
)

// mind is what a workspace decides by: its rules, and the model that weighs what no rule decides.
// Under each model observations are keyed and linked in a place of their own, so that a new model
// can be made ready beside the one in force (chores.go).
type mind struct {
	engine Engine
	linker *match.Linker // under the model in force
	next   *match.Linker // under the one that is being made ready; nil if none is
	chores chores
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
	m := &mind{engine: a.Engine}
	var err error
	if m.chores, err = readChores(space); err != nil {
		return nil, err
	}
	if m.linker, err = m.newLinker(space, m.chores.force.Model); err != nil {
		return nil, err
	}
	if r := m.chores.relink; r != nil {
		m.next, err = m.newLinker(space, r.Model)
	}
	return m, err
}

// newLinker returns a linker under a model of the workspace. Model 0 are the weights that ship with
// the program.
func (m *mind) newLinker(space *state.Space, number uint32) (*match.Linker, error) {
	model := match.DefaultModel(match.Schema{})
	if number > 0 {
		encoded, err := space.ModelNumbered(number)
		if err != nil {
			return nil, err
		}
		model = new(match.Model)
		if err := json.Unmarshal(encoded, model); err != nil {
			return nil, err
		}
	}
	return match.NewLinker(model, space.Matching(number), match.Options{}), nil
}

// put keys and links an observation in place of what it was, and returns whom it was near. Those
// that are kept out of merging because their 64-bit keys collide are not compared either.
func (m *mind) put(was, now *state.Observed) ([]identity.ObservationID, error) {
	old, fresh := compared(was), compared(now)
	m.chores.recount(old, fresh)
	if m.next != nil {
		if _, err := m.next.Put(old, fresh); err != nil {
			return nil, fmt.Errorf("link under the next model: %w", err)
		}
	}
	before, err := m.linker.Put(old, fresh)
	if err != nil {
		return nil, fmt.Errorf("link: %w", err)
	}
	return before, nil
}

func compared(o *state.Observed) *identity.Observation {
	if o == nil || o.Collided {
		return nil
	}
	return &o.Observation
}
