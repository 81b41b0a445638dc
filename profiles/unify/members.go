package unify

import (
	"tributary/identity"
	"tributary/ingest/stream"
	"tributary/profiles/analysis"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
	"tributary/sql/store"
)

// Who is in which segment is in the analytics store as well, in profile_segments: a row of all segments of a profile, made in
// the step that changes any of them. So the rows that are sent, in their order, are the memberships of the state as
// of some step, and the outbox knows which.

// publishSegments appends the row of a profile. Of one that was erased there is none: the erasure removes those that are there.
func (a *applier) publishSegments(
	space *state.Space, profile identity.ProfileID, now *state.Standing, version uint64, at stream.Position, ordinal uint32,
) error {
	if len(now.Memberships) == 0 {
		if _, known, err := space.Assignment(profile); !known || err != nil {
			return err
		}
	}
	row := &store.ProfileSegmentsRow{
		Workspace: space.Name(), Profile: profile, Version: version, UpdatedAt: space.Clock().Time(),
	}
	for _, m := range now.Memberships {
		row.Segments, row.Since = append(row.Segments, m.Segment), append(row.Since, m.Since.UnixMilli())
	}
	return a.rowAt(at, ordinal, outbox.TableProfileSegments, row)
}

// listAll has everybody judged, and the memberships of all written: of a state that is older than the table.
func (an *analysed) listAll() {
	e := an.progress.Everybody
	if e == nil {
		e = &analysis.Everybody{At: an.space.Clock().At, Rows: choreRows}
	}
	e.After, e.List = identity.ObservationID{}, true
	an.progress.Everybody, an.progress.Listed, an.dirty = e, true, true
}

// listOne appends the row of a profile that was in a segment before.
func (a *applier) listOne(space *state.Space, profile identity.ProfileID, e *analysis.Everybody) error {
	now, err := space.Standing(profile)
	if err != nil || len(now.Memberships) == 0 {
		return err
	}
	version, err := space.LastChange()
	if err != nil {
		return err
	}
	e.Listed++
	return a.publishSegments(space, profile, &now, version, e.At, listedRows+e.Listed)
}

// leaveAll takes those whom the step erased out of all segments. Judging would do so, but who comes again before that would
// seem never to have left, and have no row once the erasure removed those that there were.
func (a *applier) leaveAll() error {
	for _, e := range a.erasing {
		by := e.by
		if by.by != nil {
			by = by.by
		}
		for _, id := range e.gone {
			was, err := e.space.Standing(id)
			if err != nil {
				return err
			}
			nowhere := &state.Standing{}
			changes, err := e.space.SetStanding(id, &was, nowhere, e.space.Clock().Time())
			if err != nil {
				return err
			}
			if len(changes) == 0 {
				continue
			}
			if err := a.tellChanges(e.space, id, nowhere, changes, by.Position); err != nil {
				return err
			}
		}
	}
	return nil
}
