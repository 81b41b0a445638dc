package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"tributary/cmd/internal/config"
	"tributary/identity"
	"tributary/profiles/analysis"
	"tributary/profiles/state"
	"tributary/profiles/unify"
	"tributary/sql/store"
)

// maxSQLValues bounds how many people one SQL trait may be set of.
const maxSQLValues = 10_000_000

// sqlTraits sets the traits of the configuration on schedule, until ctx ends. What a query says that is
// different goes to the log; what it no longer says is taken back. A query that fails is told and tried again
// when it is due: nothing is taken back on account of it.
func (n *Node) sqlTraits(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, t := range n.config.SQLTraits() {
		group.Go(func() error {
			ticker := time.NewTicker(time.Duration(t.Every))
			defer ticker.Stop()
			for {
				outcome, err := "set", n.setSQLTrait(ctx, t)
				if err != nil {
					outcome = "failed"
				}
				n.metrics.sqlTraits.WithLabelValues(t.Workspace, t.Name, outcome).Inc()
				if err != nil && ctx.Err() == nil {
					n.logger.ErrorContext(ctx, "sql trait could not be set", "name", t.Name, "workspace", t.Workspace, "error", err)
				}
				select {
				case <-ctx.Done():
					return nil
				case <-ticker.C:
				}
			}
		})
	}
	return group.Wait()
}

// setSQLTrait runs the query once, and has the log told of what is different.
func (n *Node) setSQLTrait(ctx context.Context, t config.SQLTrait) error {
	bounded, cancel := context.WithTimeout(ctx, time.Duration(t.Timeout))
	defer cancel()
	wanted := map[identity.ProfileID]json.RawMessage{}
	err := n.stores.read.EachOfOperator(bounded, t.Query, t.Workspace, func(r store.OperatorRow) error {
		if len(wanted) == maxSQLValues {
			return fmt.Errorf("more than %d rows", maxSQLValues)
		}
		if !json.Valid([]byte(r.Value)) {
			return errors.New("column value: must be JSON, such as toJSONString(…) makes")
		}
		if r.Value != "null" {
			wanted[r.Profile] = json.RawMessage(r.Value)
		}
		return nil
	})
	if err != nil {
		return err
	}
	changed, err := n.differing(t, wanted)
	if err != nil {
		return err
	}
	for len(changed) > 0 {
		some := changed[:min(len(changed), unify.MaxTraitValues)]
		changed = changed[len(some):]
		if _, err := n.commands.Do(ctx, t.Workspace, unify.TraitSet{Trait: analysis.SetName(t.Name), Values: some}); err != nil {
			return err
		}
	}
	return nil
}

// differing compares what a query says with what is set. What is set is that of an observation; who is whose
// is known from the state as it is now.
func (n *Node) differing(t config.SQLTrait, wanted map[identity.ProfileID]json.RawMessage) (changed []unify.TraitValue, err error) {
	view, err := n.state.View(t.Workspace)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, view.Close()) }()
	set := map[identity.ProfileID]state.SetTrait{} // the newest of each profile
	err = view.EachSetTrait(func(id identity.ObservationID, s state.SetTrait) error {
		if s.Name != analysis.SetName(t.Name) {
			return nil
		}
		assigned, known, err := view.Assignment(id)
		if err != nil || !known {
			return err
		}
		if was, ok := set[assigned.Profile]; !ok || s.Newer(&was) {
			set[assigned.Profile] = s
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for profile, value := range wanted {
		if is := set[profile]; string(is.Value) != string(value) {
			changed = append(changed, unify.TraitValue{Observation: profile, Value: value})
		}
	}
	for profile, is := range set {
		if _, still := wanted[profile]; !still && len(is.Value) > 0 {
			changed = append(changed, unify.TraitValue{Observation: profile, Value: json.RawMessage("null")})
		}
	}
	return changed, nil
}

// sqlTraitsOnceCaughtUp sets traits where the log is applied, once the state knows what is set.
func (n *Node) sqlTraitsOnceCaughtUp(ctx context.Context) error {
	if !n.config.Has(config.RoleUnify) || len(n.config.Profiles.SQLTraits) == 0 {
		return nil
	}
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for !n.caughtUp.Load() {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
	return n.sqlTraits(ctx)
}
