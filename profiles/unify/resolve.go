package unify

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/profiles/live"
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

// concern notes that who is who is to be decided again around the seeds. That is done once for
// all of a step, since its cost grows with how many hang together, and not with how many are asked
// for. After a panic it is done at each record, to find the one to blame.
func (a *applier) concern(ctx context.Context, space *state.Space, by *record, seeds ...identity.ObservationID) error {
	if len(seeds) == 0 {
		return nil
	}
	if a.cautious {
		return a.resolve(ctx, space, by, slices.Clone(seeds))
	}
	u := a.unsettled[space]
	if u == nil {
		u = new(unsettled)
		a.unsettled[space] = u
		a.spaces = append(a.spaces, space)
	}
	u.by, u.seeds = by, append(u.seeds, seeds...)
	return nil
}

// unsettled is what is to be resolved in one workspace at the end of the step, and the last record
// that called for it: the rows that come of it stand at its place.
type unsettled struct {
	by    *record
	seeds []identity.ObservationID
}

// settle resolves what the step left open.
func (a *applier) settle(ctx context.Context) error {
	for _, space := range a.spaces {
		u := a.unsettled[space]
		if err := a.resolve(ctx, space, u.by, u.seeds); err != nil {
			return err
		}
	}
	a.forgetUnsettled()
	return nil
}

func (a *applier) forgetUnsettled() {
	clear(a.unsettled)
	a.spaces = a.spaces[:0]
}

// resolve decides who is who around the seeds and records what came out different.
func (a *applier) resolve(ctx context.Context, space *state.Space, by *record, seeds []identity.ObservationID) error {
	m, err := a.mindOf(space)
	if err != nil {
		return err
	}
	slices.SortFunc(seeds, compareIDs)
	seeds = slices.Compact(seeds)
	_, err = a.decide(ctx, space, m, by, seeds, m.engine.Resolve, seeds)
	return err
}

// resolver is one of the two ways that an Engine resolves.
type resolver func(context.Context, identity.Facts, identity.Likeness, []identity.ObservationID) (identity.Resolution, error)

// decide resolves the components of the seeds, ascending, and records what came out different. Of what
// was kept apart it tells as far as that concerns some observations, ascending; all of it if these are
// nil. It returns what it decided.
func (a *applier) decide(
	ctx context.Context, space *state.Space, m *mind, by *record, seeds []identity.ObservationID, resolve resolver, concerning []identity.ObservationID,
) ([]identity.Assignment, error) {
	resolution, err := resolve(context.WithoutCancel(ctx), space, m.likeness(), seeds)
	if err == nil {
		err = m.fault()
	}
	if err != nil {
		return nil, fmt.Errorf("resolve identity: %w", err)
	}
	a.putOff(space, m, by, resolution.Oversized)
	changes, err := a.assign(space, resolution.Assignments)
	if err != nil {
		return nil, err
	}
	version := space.Version()
	if slices.ContainsFunc(changes, func(c change) bool { return !c.plain() }) {
		if version, err = space.NextVersion(); err != nil {
			return nil, err
		}
		space.Tell(live.Entry{Kind: live.IdentityVersion, From: version - 1, To: version})
	}
	for i := range changes {
		if c := &changes[i]; c.known && c.was.Profile != c.now.Profile {
			m.chores.moved++
			m.chores.dirty = true
		}
		if err := a.explain(space, by, &changes[i], version, m.chores.force.Model); err != nil {
			return nil, err
		}
	}
	if err := a.share(space, by, &resolution, version); err != nil {
		return nil, err
	}
	return resolution.Assignments, a.conflicts(space, by, resolution.Conflicts, concerning, version, m.chores.force.Model)
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
		stored := *now
		stored.Reason.Score = 0 // it is that of one model, and the decision's row tells it
		if err := space.Assign(stored); err != nil {
			return nil, fmt.Errorf("store assignment: %w", err)
		}
		changes = append(changes, change{was: was, now: *now, known: known})
	}
	return changes, nil
}

// same says whether two assignments are, but for the score: every model has others.
func same(a, b *identity.Assignment) bool {
	x, y := a.Reason, b.Reason
	x.Score, y.Score = 0, 0
	return a.Profile == b.Profile && a.Standing == b.Standing && x == y && slices.Equal(a.Candidates, b.Candidates)
}

// explain appends the rows that a change makes: what reports join by, what explains it, and what
// became of the profiles.
func (a *applier) explain(space *state.Space, by *record, c *change, version uint64, model uint32) error {
	if err := a.moved(space, by, c); err != nil {
		return err
	}
	c.tellIdentity(space, version)
	if c.home() != c.now.Profile {
		err := a.row(by, outbox.TableIdentityMap, &store.IdentityMapRow{
			Workspace: space.Name(), Observation: c.now.Observation,
			Profile: c.now.Profile, Version: version, ChangedAt: by.ReceivedAt,
		})
		if err != nil {
			return err
		}
	}
	if !c.plain() {
		if err := a.row(by, outbox.TableIdentityDecisions, c.decision(space, by, version, model)); err != nil {
			return err
		}
	}
	if row := c.profileChange(space, by, version); row != nil {
		return a.row(by, outbox.TableProfileChanges, row)
	}
	return nil
}

func (c *change) decision(space *state.Space, by *record, version uint64, model uint32) *store.IdentityDecisionRow {
	row := &store.IdentityDecisionRow{
		Workspace: space.Name(), Version: version, Kind: store.DecisionAssigned,
		Observation: c.now.Observation, Profile: c.now.Profile, PreviousProfile: c.was.Profile,
		Standing: string(c.now.Standing), Candidates: c.now.Candidates,
		Rule: c.now.Reason.Rule, IdentifierType: c.now.Reason.IdentifierType, Peer: c.now.Reason.Peer,
		DecidedAt: by.ReceivedAt,
	}
	if c.now.Reason.Rule == identity.RuleScored {
		row.Score, row.Model = float32(c.now.Reason.Score.Float()), model
	}
	return row
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

// conflicts appends what was kept apart, as far as it concerns some observations: the others were told
// of when they were resolved.
func (a *applier) conflicts(space *state.Space, by *record, all []identity.Conflict, concerning []identity.ObservationID, version uint64, model uint32) error {
	for _, c := range all {
		if concerning != nil && !has(concerning, c.A) && !has(concerning, c.B) {
			continue
		}
		row := &store.IdentityDecisionRow{
			Workspace: space.Name(), Version: version, Kind: store.DecisionConflict,
			Observation: c.A, Peer: c.B, Rule: c.Rule, RefusedBy: c.Reason, DecidedAt: by.ReceivedAt,
		}
		if c.Rule == identity.RuleScored {
			row.Kind, row.Score, row.Model = store.DecisionReview, float32(c.Score.Float()), model
		}
		if err := a.row(by, outbox.TableIdentityDecisions, row); err != nil {
			return err
		}
	}
	return nil
}

func has(sorted []identity.ObservationID, id identity.ObservationID) bool {
	_, found := slices.BinarySearchFunc(sorted, id, compareIDs)
	return found
}

func compareIDs(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }
