package identity

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// ValueState is what an identifier says about who is behind it.
type ValueState string

// The states.
const (
	ValueUnknown  ValueState = "unknown"  // nobody holds it
	ValueBlocked  ValueState = "blocked"  // it identifies nobody, by a person, the rules or the configuration
	ValueGeneric  ValueState = "generic"  // so many different people hold it that it joins nobody
	ValueShared   ValueState = "shared"   // several profiles hold it: it may be one of these
	ValuePersonal ValueState = "personal" // one profile holds it
)

// ValueStatus is the state of an identifier.
type ValueStatus struct {
	Identifier Identifier
	State      ValueState
	Kind       SharedKind // of one that is shared or generic
	// Profiles hold it, ascending. None are named where it is blocked or generic.
	Profiles     []ProfileID
	Observations int // that hold it
	// Reason is one sentence, without the value.
	Reason string
}

// Status says how a normalised identifier stands. Its cost is that of resolving everything that
// hangs together with its holders, unless it is blocked or generic. It fails with ctx's error, or that
// of facts or likeness.
func (e *Engine) Status(ctx context.Context, facts Facts, likeness Likeness, id Identifier) (ValueStatus, error) {
	s := ValueStatus{Identifier: id}
	err := e.status(ctx, facts, e.weighs(likeness), &s)
	if err != nil {
		return ValueStatus{}, fmt.Errorf("tell the status of an identifier: %w", err)
	}
	return s, nil
}

// weighs returns the likeness that the rules allow.
func (e *Engine) weighs(l Likeness) Likeness {
	if !*e.matching.Enabled {
		return nil
	}
	return l
}

func (e *Engine) status(ctx context.Context, facts Facts, likeness Likeness, s *ValueStatus) error {
	holders, err := facts.Holders(s.Identifier)
	if err != nil {
		return err
	}
	s.Observations = len(holders)
	byPerson, err := facts.Blocked(s.Identifier)
	if err != nil {
		return err
	}
	switch {
	case byPerson:
		s.State, s.Reason = ValueBlocked, "A person blocked it, so it joins nobody."
		return nil
	case e.Blocks(s.Identifier):
		s.State, s.Reason = ValueBlocked, "It is one of the values that identify nobody."
		return nil
	case len(holders) == 0:
		s.State, s.Reason = ValueUnknown, "Nobody holds it."
		return nil
	}
	w := e.newWalker(facts, nil, nil)
	f, err := w.feature(s.Identifier)
	if err != nil {
		return err
	}
	if f.mute == RuleGeneric {
		s.State, s.Kind = ValueGeneric, SharedPlace
		s.Reason, err = w.whyGeneric(f)
		return err
	}
	return e.statusOfHolders(ctx, facts, likeness, holders, s)
}

// whyGeneric says what the holders of a generic value differ in.
func (w *walker) whyGeneric(f *feature) (string, error) {
	spread := newSpread(w.engine, f)
	for _, id := range f.all {
		if _, err := w.addTo(spread, id); err != nil {
			return "", err
		}
	}
	most, of := 0, ""
	for kind, values := range spread.seen {
		if len(values) > most || len(values) == most && kind < of {
			most, of = len(values), kind
		}
	}
	switch {
	case most < w.engine.spread:
		return fmt.Sprintf("%d observations hold it, more than the %d that may, so it joins nobody.", len(f.all), w.engine.holders), nil
	case of == kindPerson:
		return fmt.Sprintf("People of %d different names or birth dates were seen with it, so it joins nobody.", most), nil
	default:
		return fmt.Sprintf("%d different values of %s were seen with it, so it joins nobody.", most, of), nil
	}
}

func (e *Engine) statusOfHolders(ctx context.Context, facts Facts, likeness Likeness, holders []ObservationID, s *ValueStatus) error {
	comp, _, err := e.walk(ctx, facts, likeness, holders, math.MaxInt)
	if err != nil {
		return err
	}
	c := newClustering(comp, e, likeness)
	if _, err := c.resolve(); err != nil {
		return err
	}
	c.tellStatus(holders, s)
	return nil
}

// tellStatus says whose an identifier is, by the groups of its holders.
func (c *clustering) tellStatus(holders []ObservationID, s *ValueStatus) {
	roots := c.behind(holders)
	s.Profiles = c.idsOf(roots)
	if len(roots) == 1 {
		s.State, s.Reason = ValuePersonal, "One profile holds it."
		if c.engine.classOf(s.Identifier.Type) == classUnknown {
			s.Reason = "One profile holds it; by the rules it joins nobody."
		}
		return
	}
	s.State, s.Kind = ValueShared, c.kindOf(roots)
	switch s.Kind {
	case SharedHousehold:
		s.Reason = fmt.Sprintf("%d profiles hold it that have a last name or an address in common: it may be any of them.", len(roots))
	case SharedPlace:
		s.Reason = fmt.Sprintf("%d profiles hold it, of more families than live together: it may be any of them.", len(roots))
	default:
		s.Reason = fmt.Sprintf("%d profiles hold it, of whom nothing says that they belong together: it may be any of them.", len(roots))
	}
}

// behind returns the groups that observations belong to, or may belong to.
func (c *clustering) behind(ids []ObservationID) []int32 {
	var roots []int32
	for _, id := range ids {
		i, ok := c.index[id]
		if !ok {
			continue
		}
		w, waits := c.waiting[c.find(i)]
		if !waits {
			roots = append(roots, c.find(i))
		}
		for _, n := range w.candidates {
			roots = append(roots, c.find(n))
		}
	}
	slices.Sort(roots)
	return slices.Compact(roots)
}
