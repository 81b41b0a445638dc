package explain

import (
	"errors"
	"fmt"
	"sync"

	"tributary/identity"
	"tributary/identity/match"
	"tributary/profiles/privacy"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// moment is one moment of a workspace, with the rules and the model that it decides by. It is for one
// goroutine.
type moment struct {
	*state.Snapshot
	workspace string
	engine    *identity.Engine
	model     *match.Model
	linker    *match.Linker
	status    unify.Status
	read      bool // sentences are for a person
	faults    []func() error
}

// open opens a moment of a workspace. The caller closes it.
func (s *Service) open(workspace string) (m *moment, err error) {
	view, err := s.store.View(workspace)
	if err != nil {
		return nil, fmt.Errorf("open snapshot: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, view.Close())
		}
	}()
	m = &moment{Snapshot: view, workspace: workspace, engine: s.engine}
	encoded, err := view.Rules()
	if err != nil {
		return nil, err
	}
	if len(encoded) > 0 {
		rules, err := identity.ParseRules(encoded)
		if err != nil {
			return nil, fmt.Errorf("read rules: %w", err)
		}
		if m.engine, err = s.engine.With(rules); err != nil {
			return nil, err
		}
	}
	if m.status, err = unify.ReadStatus(view); err != nil {
		return nil, err
	}
	if m.model, err = s.models.of(view, workspace, m.status.Model, m.engine); err != nil {
		return nil, err
	}
	m.linker = m.linkerOver(m.model, view.Matching(m.status.Model), m.engine)
	return m, nil
}

// linkerOver returns a linker that compares what the worker would under an engine's rules.
func (m *moment) linkerOver(model *match.Model, s match.Store, e *identity.Engine) *match.Linker {
	l, fault := unify.LinkerOver(model, s, e, m.Facts())
	m.faults = append(m.faults, fault)
	return l
}

// linkerOverFacts is the moment's linker where other identifiers are blocked.
func (m *moment) linkerOverFacts(facts identity.Facts) *match.Linker {
	l, fault := unify.LinkerOver(m.model, m.Matching(m.status.Model), m.engine, facts)
	m.faults = append(m.faults, fault)
	return l
}

// Close closes the view. It returns what went wrong where linkers could return nothing.
func (m *moment) Close() error {
	faults := []error{m.Snapshot.Close()}
	for _, fault := range m.faults {
		faults = append(faults, fault())
	}
	return errors.Join(faults...)
}

// models remembers the model of each workspace as it was decoded, for it may have tens of megabytes.
type models struct {
	hasher *privacy.Hasher
	mu     sync.Mutex
	known  map[string]*match.Model
}

// maxModels bounds how many workspaces are remembered.
const maxModels = 32

// of returns a model by its number, which stands for one model for ever; but for 0, which is made by the
// rules.
func (c *models) of(view *state.Snapshot, workspace string, number uint32, e *identity.Engine) (*match.Model, error) {
	if number == 0 {
		return match.DefaultModel(unify.SchemaOf(e.Rules())), nil
	}
	c.mu.Lock()
	known := c.known[workspace]
	c.mu.Unlock()
	if known != nil && known.Number == number {
		return known, nil
	}
	m, err := c.read(view, workspace, number)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= maxModels {
		c.known = map[string]*match.Model{}
	}
	c.known[workspace] = m
	return m, nil
}

func (c *models) read(view *state.Snapshot, workspace string, number uint32) (*match.Model, error) {
	written, err := view.ModelNumbered(number)
	if err != nil {
		return nil, err
	}
	return unify.ReadModel(c.hasher, workspace, number, written)
}

// suppose returns a Likeness that knows of one observation more.
func (m *moment) suppose(o *identity.Observation) (identity.Likeness, error) {
	store := &supposing{Store: m.Matching(m.status.Model), more: o, keys: map[uint64]bool{}}
	l := m.linkerOver(m.model, store, m.engine)
	_, err := l.Put(nil, o)
	return l, err
}
