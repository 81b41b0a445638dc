package explain

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"tributary/identity"
	"tributary/identity/match"
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
	if m.model, err = s.models.of(view, workspace, m.status.Model); err != nil {
		return nil, err
	}
	m.linker = match.NewLinker(m.model, view.Matching(m.status.Model), optionsOf(m.engine))
	return m, nil
}

func optionsOf(e *identity.Engine) match.Options {
	rules := e.Matching()
	return match.Options{MergePrecision: rules.MergePrecision, ReviewPrecision: rules.ReviewPrecision}
}

// models remembers the model of each workspace as it was decoded, for it may have tens of megabytes.
type models struct {
	mu    sync.Mutex
	known map[string]*match.Model
}

// maxModels bounds how many workspaces are remembered.
const maxModels = 32

// of returns a model by its number, which stands for one model for ever.
func (c *models) of(view *state.Snapshot, workspace string, number uint32) (*match.Model, error) {
	c.mu.Lock()
	known := c.known[workspace]
	c.mu.Unlock()
	if known != nil && known.Number == number {
		return known, nil
	}
	m, err := readModel(view, number)
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

// readModel reads the model of a number; 0 are the weights that ship with the program.
func readModel(view *state.Snapshot, number uint32) (*match.Model, error) {
	if number == 0 {
		return match.DefaultModel(match.Schema{}), nil
	}
	encoded, err := view.ModelNumbered(number)
	if err != nil {
		return nil, err
	}
	m := new(match.Model)
	if err := json.Unmarshal(encoded, m); err != nil {
		return nil, fmt.Errorf("read model: %w", err)
	}
	return m, nil
}

// suppose returns a Likeness that knows of one observation more.
func (m *moment) suppose(o *identity.Observation) (identity.Likeness, error) {
	store := &supposing{Store: m.Matching(m.status.Model), more: o, keys: map[uint64]bool{}}
	l := match.NewLinker(m.model, store, optionsOf(m.engine))
	_, err := l.Put(nil, o)
	return l, err
}
