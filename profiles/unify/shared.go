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
// those that came to be shared, seem to belong to something else now, or ceased to be.
func (a *applier) share(space *state.Space, by *record, r *identity.Resolution, version uint64) error {
	shared := make(map[identity.Identifier]bool, len(r.Shared))
	for i := range r.Shared {
		s := &r.Shared[i]
		shared[s.Identifier] = true
		if err := a.setShared(space, by, s.Identifier, s, version); err != nil {
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
			if err := a.setShared(space, by, id, &identity.Shared{}, version); err != nil {
				return err
			}
		}
	}
	return nil
}

func (a *applier) setShared(space *state.Space, by *record, id identity.Identifier, now *identity.Shared, version uint64) error {
	changed, err := space.SetShared(id, now.Kind)
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
	row.Rule = cmp.Or(string(now.Kind), notShared)
	row.Candidates = slices.Clone(now.Profiles[:min(len(now.Profiles), maxSharing)])
	return a.row(by, outbox.TableIdentityDecisions, row)
}

// maxSharing is how many of the profiles that share an identifier a row names.
const maxSharing = 100

// notShared is the Rule of a row that tells that an identifier is shared no more.
const notShared = "not_shared"
