package unify

import (
	"cmp"
	"fmt"
	"slices"

	"tributary/identity"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
	"tributary/sql/store"
)

// share keeps which identifiers of the resolved observations several profiles share, and tells of
// those that came to be shared, by others than before, or ceased to be.
func (a *applier) share(space *state.Space, by *record, r *identity.Resolution, version uint64) error {
	shared := make(map[identity.Identifier]bool, len(r.Shared))
	for i := range r.Shared {
		s := &r.Shared[i]
		shared[s.Identifier] = true
		if err := a.setShared(space, by, s.Identifier, state.NewSharedBy(s), version); err != nil {
			return err
		}
	}
	for i := range r.Assignments {
		o, err := space.Observation(r.Assignments[i].Observation)
		if err != nil {
			return err
		}
		if o == nil {
			continue
		}
		for _, id := range o.Identifiers {
			if shared[id] || identity.OfContact(id.Type) {
				continue
			}
			if err := a.setShared(space, by, id, nil, version); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *applier) setShared(space *state.Space, by *record, id identity.Identifier, now *state.SharedBy, version uint64) error {
	changed, err := space.SetShared(id, now)
	if !changed || err != nil {
		if err != nil {
			err = fmt.Errorf("store shared identifier: %w", err)
		}
		return err
	}
	row := &store.IdentityDecisionRow{
		Workspace: space.Name(), Version: version, Kind: store.DecisionShared,
		IdentifierType: id.Type, IdentifierKey: a.Engine.IdentifierKey(space.Name(), id), DecidedAt: by.ReceivedAt,
	}
	if now != nil {
		row.Rule, row.Candidates = string(now.Kind), slices.Clone(now.Profiles)
	}
	row.Rule = cmp.Or(row.Rule, notShared)
	return a.row(by, outbox.TableIdentityDecisions, row)
}

// notShared is the Rule of a row that tells that an identifier is shared no more.
const notShared = "not_shared"
