package unify

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles"
	"tributary/profiles/analysis"
	"tributary/profiles/consent"
	"tributary/profiles/outbox"
	"tributary/profiles/segment"
	"tributary/profiles/state"
	"tributary/sql/store"
)

// Who is in which segment is judged a moment after something changed that a segment looks at, so that a
// burst is judged once; when the workspace's clock reaches what a window of a computed trait waits for; and
// of everybody, when definitions change. Judging evaluates all segments over the fold of the profile's
// observations, and compares with what was found last. What is different makes a row of profile_changes, and
// an entry of the feed for each segment.
//
// What is found is that of the workspace's clock, and the next time that it may change by time alone is kept
// beside it: once nothing waits, every membership is what would be found at the clock, which is a function of
// the set of records, and so is who is in a segment.

// DefaultJudgeAfter is that of Config.JudgeAfter.
const DefaultJudgeAfter = time.Second

const (
	judgeStep  = 8   // how many profiles are judged between two looks at the time
	judgeShare = 4   // what part of a step's time judging may take while records wait
	judgeLater = 5   // how many times as long a profile waits while records come in faster than they are applied
	dueStep    = 256 // how many a step takes for whom the time has come
	// segmentRows is the first ordinal of rows of memberships. They are numbered by their first change, so that
	// none stands twice at a place.
	segmentRows = 1 << 29
	segmentMask = segmentRows - 1
	// memberRows is the first ordinal of rows of profile_segments, numbered likewise; listedRows that of those which are made
	// of memberships that are not new, numbered one by one.
	memberRows = 1 << 30
	listedRows = memberRows + segmentRows
)

// reconsidered is an observation whose profile is to be judged, and by which record.
type reconsidered struct {
	space       *state.Space
	observation identity.ObservationID
	at          stream.Position
}

// reconsider notes that something changed that a segment may look at. Whose it is turns out at the end of the
// step, when it is decided who is who.
func (a *applier) reconsider(space *state.Space, by *record, ids ...identity.ObservationID) {
	at := space.Clock().At
	if by != nil {
		if by.by != nil {
			by = by.by
		}
		at = by.Position
	}
	for _, id := range ids {
		a.segmented = append(a.segmented, reconsidered{space, id, at})
	}
}

// regroup notes that a profile lost or got an observation.
func (a *applier) regroup(space *state.Space, profile identity.ProfileID, by *record) error {
	an, err := a.analysisOf(space)
	if an == nil || err != nil {
		return err
	}
	if by.by != nil {
		by = by.by
	}
	return space.MarkJudge(profile, by.Position, a.began)
}

// analyseAll does what definitions lead to, as far as this step has room for it.
func (a *applier) analyseAll(ctx context.Context) error {
	if len(a.analysing) == 0 {
		a.segmented = a.segmented[:0]
		return nil
	}
	if err := a.markSegmented(); err != nil {
		return err
	}
	if err := a.judgeWaiting(ctx); err != nil {
		return err
	}
	if err := a.learnHistory(); err != nil {
		return err
	}
	a.askHistory()
	return a.judgeEverybody(ctx)
}

// markSegmented marks the profiles of what was reconsidered, and those for whom the time has come.
func (a *applier) markSegmented() error {
	for _, x := range a.segmented {
		if an, err := a.analysisOf(x.space); an == nil || err != nil {
			if err != nil {
				return err
			}
			continue
		}
		assigned, known, err := x.space.Assignment(x.observation)
		if err != nil {
			return fmt.Errorf("read assignment: %w", err)
		}
		if !known {
			continue
		}
		if err := x.space.MarkJudge(assigned.Profile, x.at, a.began); err != nil {
			return err
		}
	}
	a.segmented = a.segmented[:0]
	for _, an := range a.analysing {
		if !an.space.IsDue() {
			continue
		}
		due, err := an.space.TakeDue(dueStep)
		if err != nil {
			return err
		}
		for _, profile := range due {
			if err := an.space.MarkJudge(profile, an.space.Clock().At, a.began.Add(-a.JudgeAfter)); err != nil {
				return err
			}
		}
	}
	return nil
}

// judgeIsDue says whether a profile has waited long enough.
func (a *applier) judgeIsDue() bool {
	since, waits := a.tx.OldestJudge()
	return waits && a.began.Sub(since) >= a.JudgeAfter
}

// analysesNow says whether there is something to do besides the log that need not wait.
func (a *applier) analysesNow() bool {
	if a.hasHistory() {
		return true
	}
	return slices.ContainsFunc(a.analysing, func(an *analysed) bool {
		return !an.fresh && an.progress.Everybody != nil || an.space.IsDue()
	})
}

// judgeWaiting judges profiles that have waited long enough. While records wait it takes a quarter of a step's
// time at most, and while they come in faster than they are applied a profile waits longer: more of what concerns it is
// judged at once. In a step in which definitions came all wait for the next, which has what they say: judging
// everybody by them does not come by a profile that was merged away.
func (a *applier) judgeWaiting(ctx context.Context) error {
	if slices.ContainsFunc(a.analysing, func(an *analysed) bool { return an.fresh }) {
		return nil
	}
	budget := a.StepTime
	if len(a.taken) > 0 {
		budget /= judgeShare
	}
	now, after := a.Now(), a.JudgeAfter
	if len(a.taken) >= a.StepRecords || len(a.taken) > 0 && now.Sub(a.began) >= a.StepTime {
		after *= judgeLater
	}
	for until := now.Add(budget); a.judgeIsDue(); {
		all, err := a.tx.TakeJudge(a.began.Add(-after), judgeStep)
		if err != nil {
			return fmt.Errorf("take profiles to judge: %w", err)
		}
		if len(all) == 0 {
			break
		}
		for i := range all {
			if err := a.judgeMarked(ctx, &all[i]); err != nil {
				return fmt.Errorf("judge profile: %w", err)
			}
		}
		if !a.Now().Before(until) {
			break
		}
	}
	return nil
}

func (a *applier) judgeMarked(ctx context.Context, s *state.Stale) error {
	space, err := a.tx.Workspace(s.Workspace)
	if err != nil {
		return err
	}
	an, err := a.analysisOf(space)
	if an == nil || err != nil {
		return err
	}
	return a.judgeOne(ctx, an, s.Profile, s.Position)
}

// judgeEverybody goes on with judging all, for as long as a step may last.
func (a *applier) judgeEverybody(ctx context.Context) error {
	until := a.began.Add(a.StepTime)
	for _, an := range a.analysing {
		for an.progress.Everybody != nil && !an.fresh && ctx.Err() == nil {
			if err := a.judgeSome(ctx, an); err != nil {
				return err
			}
			if !a.Now().Before(until) {
				return nil
			}
		}
	}
	return nil
}

func (a *applier) judgeSome(ctx context.Context, an *analysed) error {
	e := an.progress.Everybody
	an.dirty = true
	ids, err := an.space.ObservationsFrom(e.After, choreChunk)
	if err != nil {
		return err
	}
	for _, id := range ids {
		e.After = id
		assigned, known, err := an.space.Assignment(id)
		if err != nil {
			return fmt.Errorf("read assignment: %w", err)
		}
		if !known || assigned.Profile != id { // it is judged with its founder
			continue
		}
		if err := a.judgeOne(ctx, an, id, e.At); err != nil {
			return fmt.Errorf("judge profile: %w", err)
		}
		if e.List {
			if err := a.listOne(an.space, id, e); err != nil {
				return err
			}
		}
		if e.Publish && !an.space.IsStale(id) {
			e.Rows++
			if err := an.space.MarkStale(id, e.At, e.Rows, a.began); err != nil {
				return err
			}
		}
	}
	if len(ids) < choreChunk {
		an.progress.Everybody = nil
	}
	return nil
}

// judgeOne judges a profile, and tells what is different.
func (a *applier) judgeOne(ctx context.Context, an *analysed, profile identity.ProfileID, at stream.Position) error {
	was, err := an.space.Standing(profile)
	if err != nil {
		return err
	}
	now, err := a.standing(ctx, an, profile, &was)
	if err != nil {
		return err
	}
	changes, err := an.space.SetStanding(profile, &was, now, an.space.Clock().Time())
	if err != nil {
		return err
	}
	if len(changes) == 0 {
		return nil
	}
	return a.tellChanges(an.space, profile, now, changes, at)
}

// tellChanges tells what one judging changed: a row of profile_changes, and one of profile_segments.
func (a *applier) tellChanges(
	space *state.Space, profile identity.ProfileID, now *state.Standing, changes []state.Change, at stream.Position,
) error {
	tellSegments(space, changes)
	number := uint32(changes[0].Number & segmentMask)
	row := &store.ProfileChangeRow{
		Workspace: space.Name(), Profile: profile, Version: space.Version(), Kind: changeSegments,
		Before: segmentsOf(changes, false), After: segmentsOf(changes, true), ChangedAt: changes[0].At,
	}
	if err := a.rowAt(at, segmentRows+number, outbox.TableProfileChanges, row); err != nil {
		return err
	}
	return a.publishSegments(space, profile, now, changes[len(changes)-1].Number, at, memberRows+number)
}

// changeSegments is the kind of a row of profile_changes that tells what one judging came to: before has the
// segments that were left, after those that were entered. A row for each would cost several times what the event did
// that led to them.
const changeSegments = "segments"

// segmentsOf lists the segments that were entered, or left, as JSON; nil if there is none.
func segmentsOf(changes []state.Change, entered bool) json.RawMessage {
	var list []byte
	for i := range changes {
		if changes[i].Entered == entered {
			list = append(append(append(list, ',', '"'), changes[i].Segment...), '"') // letters, digits, - and _
		}
	}
	if list == nil {
		return nil
	}
	list[0] = '['
	return append(list, ']')
}

// standing evaluates the segments over a profile. One over which pure code panics stays where it was.
func (a *applier) standing(ctx context.Context, an *analysed, profile identity.ProfileID, was *state.Standing) (now *state.Standing, err error) {
	defer func() {
		if p := recover(); p != nil {
			a.Logger.ErrorContext(ctx, "panic while judging a profile", "profile", profile, "detail", panicDetail(p), "stack", string(debug.Stack()))
			now, err = was, nil
		}
	}()
	members, outside, err := a.judged(an.space, profile)
	if err != nil || outside || len(an.program.Segments.Names()) == 0 {
		return &state.Standing{}, err
	}
	clock := an.space.Clock().Time()
	ids := make([]identity.ObservationID, len(members))
	for i := range members {
		ids[i] = members[i].Assignment.Observation
	}
	person, err := an.asked.EvaluateWith(&an.values, an.space, ids, clock)
	if err != nil {
		return nil, err
	}
	rules, err := a.Rules.Rules(an.space.Name())
	if err != nil {
		return nil, fmt.Errorf("read rules of survivorship: %w", err)
	}
	p := profiles.Fold(profile, members, rules)
	facts := segment.Facts{Profile: &p, Computed: person.Value}
	next := person.Next
	if an.space.HasConsent() && an.program.Segments.Consents() {
		registers, err := profiles.ConsentOf(an.space, ids)
		if err != nil {
			return nil, err
		}
		projection := consent.Project(registers, clock)
		if ends := projection.Next(); next.IsZero() || !ends.IsZero() && ends.Before(next) {
			next = ends
		}
		facts.Allowed = func(channel, purpose string) bool { return projection.Allows(event.Channel(channel), purpose) }
	}
	an.in = an.program.Segments.Evaluate(&facts, an.in)
	return an.found(an.in, was, clock, next), nil
}

// judged reads the observations of a profile. Who is not assigned to anybody, or restricted, is outside.
func (a *applier) judged(space *state.Space, profile identity.ProfileID) (members []profiles.Member, outside bool, err error) {
	founder, known, err := space.Assignment(profile)
	if err != nil {
		return nil, false, err
	}
	ids, err := space.Members(profile)
	if err != nil {
		return nil, false, err
	}
	if !known || len(ids) == 0 || founder.Profile == profile && founder.Standing == identity.StandingUnassigned {
		return nil, true, nil
	}
	for _, id := range ids {
		if space.Restricted(id) {
			return nil, true, nil
		}
		m, err := member(space, id)
		if err != nil {
			return nil, false, err
		}
		members = append(members, m)
	}
	return members, false, nil
}

// found is the standing that an evaluation comes to. A segment that goes by what has not taken in its
// history stays as it was.
func (an *analysed) found(in []bool, was *state.Standing, now, next time.Time) *state.Standing {
	standing := &state.Standing{Due: next, Memberships: make([]state.Membership, 0, len(was.Memberships)+1)}
	names, old := an.program.Segments.Names(), was.Memberships
	for _, i := range an.ordered {
		for len(old) > 0 && old[0].Segment < names[i] {
			old = old[1:]
		}
		had := len(old) > 0 && old[0].Segment == names[i]
		isIn := in[i]
		if !an.ready(i) {
			isIn = had
		}
		switch {
		case isIn && had:
			standing.Memberships = append(standing.Memberships, old[0])
		case isIn:
			standing.Memberships = append(standing.Memberships, state.Membership{Segment: names[i], Since: now})
		}
	}
	return standing
}

// ready says whether all that a segment goes by has taken in its history.
func (an *analysed) ready(i int) bool {
	if !an.learning() {
		return true
	}
	for _, name := range an.program.Segments.Computed(i) {
		if !an.progress.Ready(name) {
			return false
		}
	}
	return true
}

// learning says whether any generation is to take in history.
func (an *analysed) learning() bool {
	for _, g := range an.progress.Generations {
		if g.History != nil {
			return true
		}
	}
	return false
}

// Analysing says whether anything that a workspace's definitions lead to is under way: profiles to judge,
// history to take in. While events come it mostly is.
func (w *Worker) Analysing(workspace string) (bool, error) {
	view, err := w.config.State.View(workspace)
	if err != nil {
		return false, fmt.Errorf("read progress of definitions: %w", err)
	}
	busy, err := analysing(view)
	if closed := view.Close(); err == nil {
		err = closed
	}
	return busy, err
}

func analysing(view *state.Snapshot) (bool, error) {
	encoded, err := view.Analysis()
	if err != nil || encoded == nil {
		return false, err
	}
	p, err := analysis.ReadProgress(encoded)
	if err != nil || p.Everybody != nil || !p.Listed {
		return true, err
	}
	for _, g := range p.Generations {
		if g.History != nil {
			return true, nil
		}
	}
	return view.Judging()
}
