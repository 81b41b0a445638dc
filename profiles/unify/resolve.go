package unify

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
	"tributary/sql/store"
)

// change is one observation that belongs elsewhere now, or stands otherwise.
type change struct {
	was   identity.Assignment // the zero one when it is new
	now   identity.Assignment
	known bool
}

// home is the profile that the observation belonged to before, as readers see it: one that was
// never assigned is its own.
func (c *change) home() identity.ProfileID {
	if c.known {
		return c.was.Profile
	}
	return c.now.Observation
}

// plain says that a new observation simply stands alone, which nothing needs to explain.
func (c *change) plain() bool {
	return !c.known && c.now.Profile == c.now.Observation && c.now.Standing == identity.StandingFounder && c.now.Reason == (identity.Reason{})
}

// resolve decides who is who around the seeds and records what came out different.
func (a *applier) resolve(ctx context.Context, space *state.Space, by *record, seeds []identity.ObservationID) error {
	slices.SortFunc(seeds, func(x, y uuid.UUID) int { return slices.Compare(x[:], y[:]) })
	seeds = slices.Compact(seeds)
	resolution, err := a.Engine.Resolve(context.WithoutCancel(ctx), space, seeds)
	if err != nil {
		return fmt.Errorf("resolve identity: %w", err)
	}
	changes, err := a.assign(space, resolution.Assignments)
	if err != nil {
		return err
	}
	version := space.Version()
	if slices.ContainsFunc(changes, func(c change) bool { return !c.plain() }) {
		if version, err = space.NextVersion(); err != nil {
			return err
		}
	}
	for i := range changes {
		if err := a.explain(space, by, &changes[i], version); err != nil {
			return err
		}
	}
	return a.conflicts(space, by, resolution.Conflicts, seeds, version)
}

// assign stores the assignments that differ from what is there and returns them.
func (a *applier) assign(space *state.Space, all []identity.Assignment) ([]change, error) {
	var changes []change
	for i := range all {
		now := &all[i]
		was, known, err := space.Assignment(now.Observation)
		if err != nil {
			return nil, fmt.Errorf("read assignment: %w", err)
		}
		if known && same(&was, now) {
			continue
		}
		if err := space.Assign(*now); err != nil {
			return nil, fmt.Errorf("store assignment: %w", err)
		}
		changes = append(changes, change{was: was, now: *now, known: known})
	}
	return changes, nil
}

func same(a, b *identity.Assignment) bool {
	return a.Profile == b.Profile && a.Standing == b.Standing && a.Reason == b.Reason && slices.Equal(a.Candidates, b.Candidates)
}

// explain appends the rows that a change makes: what reports join by, what explains it, and what
// became of the profiles.
func (a *applier) explain(space *state.Space, by *record, c *change, version uint64) error {
	if c.home() != c.now.Profile {
		err := a.row(by.rowsAt, outbox.TableIdentityMap, &store.IdentityMapRow{
			Workspace: space.Name(), Observation: c.now.Observation,
			Profile: c.now.Profile, Version: version, ChangedAt: by.ReceivedAt,
		})
		if err != nil {
			return err
		}
	}
	if !c.plain() {
		if err := a.row(by.rowsAt, outbox.TableIdentityDecisions, c.decision(space, by, version)); err != nil {
			return err
		}
	}
	if row := c.profileChange(space, by, version); row != nil {
		return a.row(by.rowsAt, outbox.TableProfileChanges, row)
	}
	return nil
}

func (c *change) decision(space *state.Space, by *record, version uint64) *store.IdentityDecisionRow {
	return &store.IdentityDecisionRow{
		Workspace: space.Name(), Version: version, Kind: store.DecisionAssigned,
		Observation: c.now.Observation, Profile: c.now.Profile, PreviousProfile: c.was.Profile,
		Standing: string(c.now.Standing), Candidates: c.now.Candidates,
		Rule: c.now.Reason.Rule, IdentifierType: c.now.Reason.IdentifierType, Peer: c.now.Reason.Peer,
		DecidedAt: by.ReceivedAt,
	}
}

// profileChange tells of a profile that came to be or ceased to be; nil when a mere member moved.
func (c *change) profileChange(space *state.Space, by *record, version uint64) *store.ProfileChangeRow {
	row := &store.ProfileChangeRow{
		Workspace: space.Name(), Profile: c.now.Observation, Version: version, Source: by.Source, ChangedAt: by.ReceivedAt,
	}
	founded, founds := c.known && c.was.Profile == c.now.Observation, c.now.Profile == c.now.Observation
	switch {
	case !c.known && founds:
		row.Kind = "created"
	case founded && !founds:
		row.Kind, row.Peer = "merged", c.now.Profile
	case c.known && !founded && founds:
		row.Kind, row.Peer = "split", c.was.Profile
	default:
		return nil
	}
	return row
}

// conflicts appends what was kept apart, as far as it concerns the seeds: the others were told of
// when they were resolved.
func (a *applier) conflicts(space *state.Space, by *record, all []identity.Conflict, seeds []identity.ObservationID, version uint64) error {
	for _, c := range all {
		if !slices.Contains(seeds, c.A) && !slices.Contains(seeds, c.B) {
			continue
		}
		err := a.row(by.rowsAt, outbox.TableIdentityDecisions, &store.IdentityDecisionRow{
			Workspace: space.Name(), Version: version, Kind: store.DecisionConflict,
			Observation: c.A, Peer: c.B, Rule: c.Rule, RefusedBy: c.Reason, DecidedAt: by.ReceivedAt,
		})
		if err != nil {
			return err
		}
	}
	return nil
}
