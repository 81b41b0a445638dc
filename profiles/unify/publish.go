package unify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/cespare/xxhash/v2"

	"tributary/identity"
	"tributary/profiles"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
	"tributary/sql/store"
)

// A profile's row in ClickHouse is its golden record: identifiers, attributes, traits, and who it
// consists of. It is written anew when one of these may have changed, PublishAfter later, so that
// what comes in a burst makes one row. The profiles that wait are in the state (state.Stale).

// publishStep is how many profiles a step publishes at least, if so many are due: a backlog is
// worked off faster than it grows, and no step gets long.
const publishStep = 32

// maxPublished bounds the identifiers of one type in a row. Conversations and sessions, of which
// there is one more with every contact, are left out.
const maxPublished = 64

// stale notes that what is known of an observation changed, by a record.
type stale struct {
	space       *state.Space
	observation identity.ObservationID
	by          *record
}

// touch notes that an event says something about who its subject is, if it does.
func (a *applier) touch(space *state.Space, r *record) {
	e := r.event
	if len(e.Traits) > 0 || len(e.Attributes) > 0 || e.Record != nil {
		a.touched = append(a.touched, stale{space, r.observation.ID, r})
	}
}

// moved notes that an observation left a profile for another, or came to be.
func (a *applier) moved(space *state.Space, by *record, c *change) error {
	if err := a.regroup(space, c.now.Profile, by); err != nil {
		return err
	}
	if home := c.home(); c.known && home != c.now.Profile {
		if err := errors.Join(a.markStale(space, home, by), a.regroup(space, home, by)); err != nil {
			return err
		}
	}
	a.examine(space, c.now.Observation)
	a.promisedMoved(space, c)
	return a.markStale(space, c.now.Profile, by)
}

// markTouched marks the profiles of the observations that were touched, now that it is decided
// which those are.
func (a *applier) markTouched() error {
	for _, t := range a.touched {
		assigned, known, err := t.space.Assignment(t.observation)
		if err != nil {
			return fmt.Errorf("read assignment: %w", err)
		}
		if known {
			if err := a.markStale(t.space, assigned.Profile, t.by); err != nil {
				return err
			}
		}
	}
	a.touched = a.touched[:0]
	return nil
}

func (a *applier) markStale(space *state.Space, profile identity.ProfileID, by *record) error {
	if space.IsStale(profile) {
		return nil
	}
	if by.by != nil {
		by = by.by
	}
	by.rows++
	return space.MarkStale(profile, by.Position, by.rows, a.began)
}

// wait blocks until there may be something to do.
func (a *applier) wait(ctx context.Context, fs *feeds) error {
	now := a.Now()
	var after time.Duration
	since, waits := a.tx.OldestStale()
	if waits {
		after = a.PublishAfter - now.Sub(since)
	}
	if since, judges := a.tx.OldestJudge(); judges && (!waits || a.JudgeAfter-now.Sub(since) < after) {
		after, waits = a.JudgeAfter-now.Sub(since), true
	}
	if !waits {
		return fs.wait(ctx, nil)
	}
	timer := time.NewTimer(after)
	defer timer.Stop()
	return fs.wait(ctx, timer.C)
}

// isDue says whether a profile has waited long enough.
func (a *applier) isDue() bool {
	since, waits := a.tx.OldestStale()
	return waits && a.began.Sub(since) >= a.PublishAfter
}

// publishAll marks what the step made stale, and publishes what is due.
func (a *applier) publishAll(ctx context.Context) error {
	if err := a.markTouched(); err != nil {
		return err
	}
	if !a.isDue() {
		return nil
	}
	return a.publish(ctx)
}

// publish appends the rows of profiles that have waited long enough.
func (a *applier) publish(ctx context.Context) error {
	all, err := a.tx.TakeStale(a.began.Add(-a.PublishAfter), max(publishStep, a.tx.Stale()/256))
	if err != nil {
		return fmt.Errorf("take stale profiles: %w", err)
	}
	for i := range all {
		if err := a.publishOne(ctx, &all[i]); err != nil {
			return fmt.Errorf("publish profile: %w", err)
		}
	}
	return nil
}

// publishOne appends the row of one profile, if it says something new. A profile over which pure code
// panics keeps the row that it has until it changes again.
func (a *applier) publishOne(ctx context.Context, s *state.Stale) (err error) {
	defer func() {
		if p := recover(); p != nil {
			a.Logger.ErrorContext(ctx, "panic while publishing a profile", "profile", s.Profile, "detail", panicDetail(p), "stack", string(debug.Stack()))
			err = nil
		}
	}()
	space, err := a.tx.Workspace(s.Workspace)
	if err != nil {
		return err
	}
	row := store.ProfileRow{Workspace: s.Workspace, Profile: s.Profile, UpdatedAt: a.newest}
	if err := a.fillProfile(space, &row); err != nil {
		return err
	}
	last, err := space.Published(s.Profile)
	if err != nil || last.Version == 0 && row.Removed {
		return err // it came and went before anybody was told
	}
	content := hashProfile(&row)
	if last.Version > 0 && last.Content == content {
		return nil
	}
	// By time, so that a profile that was erased, and is made again, goes past what may be left of its rows.
	row.Version = max(last.Version+1, uint64(max(0, a.newest.UnixMilli())))
	if err := space.Publish(s.Profile, state.Published{Version: row.Version, Content: content}); err != nil {
		return err
	}
	return a.rowAt(s.Position, s.Ordinal, outbox.TableProfiles, &row)
}

// fillProfile fills in what the profile is now. One without members, or whose only member is not
// assigned to anybody, is none.
func (a *applier) fillProfile(space *state.Space, row *store.ProfileRow) error {
	founder, known, err := space.Assignment(row.Profile)
	if err != nil {
		return err
	}
	ids, err := space.Members(row.Profile)
	if err != nil {
		return err
	}
	if !known || len(ids) == 0 || founder.Profile == row.Profile && founder.Standing == identity.StandingUnassigned {
		row.Removed = true
		if founder.Profile != row.Profile {
			row.MergedInto = founder.Profile
		}
		return nil
	}
	members := make([]profiles.Member, 0, len(ids))
	for _, id := range ids {
		m, err := member(space, id)
		if err != nil {
			return err
		}
		members = append(members, m)
	}
	rules, err := a.Rules.Rules(row.Workspace)
	if err != nil {
		return fmt.Errorf("read rules of survivorship: %w", err)
	}
	p := profiles.Fold(row.Profile, members, rules)
	row.FirstSeenAt, row.LastSeenAt = p.FirstSeen, p.LastSeen
	row.Observations, row.Events = uint32(len(ids)), p.Events
	row.Fields, err = goldenRecord(&p)
	return err
}

func member(space *state.Space, id identity.ObservationID) (m profiles.Member, err error) {
	if m.Assignment, _, err = space.Assignment(id); err != nil {
		return m, err
	}
	if m.Observation, err = space.Observation(id); err != nil {
		return m, err
	}
	m.State, err = space.Kept(id)
	return m, err
}

// goldenRecord is the column fields of a profile: nothing but what touch and moved hear of, or it
// would stay behind.
func goldenRecord(p *profiles.Profile) (json.RawMessage, error) {
	record := struct {
		Identifiers map[string][]string        `json:"identifiers,omitempty"`
		Attributes  map[string]json.RawMessage `json:"attributes,omitempty"`
		Traits      map[string]json.RawMessage `json:"traits,omitempty"`
	}{map[string][]string{}, map[string]json.RawMessage{}, map[string]json.RawMessage{}}
	for _, h := range p.Identifiers {
		if values := record.Identifiers[h.Type]; len(values) < maxPublished && !identity.OfContact(h.Type) {
			record.Identifiers[h.Type] = append(values, h.Value)
		}
	}
	for _, t := range p.Attributes {
		record.Attributes[t.Name] = t.Value
	}
	for _, t := range p.Traits {
		record.Traits[t.Name] = t.Value
	}
	return json.Marshal(record)
}

// hashProfile is of what makes a row worth writing: how much came in is not.
func hashProfile(row *store.ProfileRow) uint64 {
	h := xxhash.New()
	_, _ = h.Write(row.Fields)
	_, _ = fmt.Fprintf(h, "|%d|%t|%s", row.Observations, row.Removed, row.MergedInto)
	return h.Sum64()
}
