package unify

import (
	"fmt"
	"slices"

	"tributary/identity/match"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
	"tributary/sql/store"
)

// arrival is a model of which the last part came.
type arrival struct {
	workspace string
	useful    bool // it could be read
}

// maxModelParts bounds how many parts a model has: 512 MiB.
const maxModelParts = 1024

// partTask is the document that holds a part of a model which has not arrived whole.
func partTask(part int) string { return fmt.Sprintf("model.%d", part) }

// learn takes a part of a new model. When all are there, everything is keyed and linked under it,
// and then it is in force. A model that is no newer than the one in force or on its way is passed
// over, and so are one that was made under other rules, and parts of one of which another has begun
// since.
func (a *applier) learn(space *state.Space, r *record, c IdentityModel) error {
	m, err := a.mindOf(space)
	if err != nil {
		return err
	}
	t := &m.chores
	if c.Part == c.Parts-1 {
		a.arrived = append(a.arrived, arrival{space.Name(), true})
	}
	if c.Number <= t.newest() || c.Rules != m.rules {
		return nil
	}
	t.dirty = true
	if c.Part == 0 {
		t.forgetParts(space)
		t.parts = &parts{Model: c.Number, ID: c.ID}
	}
	if t.parts == nil || t.parts.ID != c.ID || t.parts.Next != c.Part {
		return nil
	}
	space.SetTask(partTask(c.Part), slices.Clone(c.Data))
	if t.parts.Next++; t.parts.Next < c.Parts {
		return nil
	}
	var encoded []byte
	for part := range c.Parts {
		data, err := space.Task(partTask(part))
		if err != nil {
			return err
		}
		encoded = append(encoded, data...)
	}
	t.forgetParts(space)
	model, err := ReadModel(a.Hasher, space.Name(), c.Number, encoded)
	if err != nil || model.Number != c.Number {
		a.arrived[len(a.arrived)-1].useful = false
		return errSkip{reasonCommand, "the model cannot be read"}
	}
	return m.prepare(space, c, model, encoded, placeOf(r, choreRows))
}

// prepare begins to key and link everything under a model, instead of one for which that is under
// way.
func (m *mind) prepare(space *state.Space, c IdentityModel, model *match.Model, encoded []byte, by place) error {
	if err := m.dropNext(); err != nil {
		return err
	}
	if err := space.KeepModel(c.Number, encoded); err != nil {
		return err
	}
	m.next = m.newLinker(model)
	m.chores.relink = &relink{again: again{Place: by, fresh: true}, Model: c.Number, Trained: known{c.Observations, c.Sum}, Rules: c.Rules}
	return nil
}

// dropNext forgets the model that is being made ready, if there is one.
func (m *mind) dropNext() error {
	was := m.chores.relink
	if was == nil {
		return nil
	}
	m.next, m.chores.relink, m.chores.dirty = nil, nil, true
	if err := m.space.DropMatching(was.Model); err != nil {
		return err
	}
	return m.space.DropModel(was.Model)
}

func (c *chores) forgetParts(space *state.Space) {
	if c.parts == nil {
		return
	}
	for part := range c.parts.Next {
		space.DeleteTask(partTask(part))
	}
	c.parts = nil
}

// obey decides by other rules from now on, and about everything again. Where they change what is
// compared, a new model is due.
func (a *applier) obey(space *state.Space, r *record, c IdentityRules, by state.Stamp) error {
	m, err := a.mindOf(space)
	if err != nil {
		return err
	}
	engine, err := ruled(a.Engine, c.Rules)
	if err != nil {
		return errSkip{reasonCommand, err.Error()}
	}
	changed, err := space.SetRules(engine.Rules().Encode(), by)
	if !changed || err != nil {
		return err
	}
	m.engine, m.rules = engine, hashRules(engine.Rules())
	m.chores.forgetParts(space)
	if err := m.dropNext(); err != nil { // it was to be linked by what the rules said then
		return err
	}
	m.linker = m.newLinker(m.linker.Model())
	m.chores.decideAgain(placeOf(r, choreRows))
	return a.row(r, outbox.TableIdentityDecisions, &store.IdentityDecisionRow{
		Workspace: space.Name(), Version: space.Version(), Kind: store.DecisionCommand,
		Rule: c.Name(), Actor: c.Actor, DecidedAt: r.ReceivedAt,
	})
}
