package unify

import (
	"context"
	"fmt"
	"slices"

	"tributary/identity"
	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
	"tributary/sql/store"
)

// apply applies one record to the step under way.
func (a *applier) apply(ctx context.Context, r *record) error {
	r.rows = 0
	if r.ReceivedAt.After(a.newest) {
		a.newest = r.ReceivedAt
	}
	if r.Lane == stream.LaneLive && (a.report.Oldest.IsZero() || r.ReceivedAt.Before(a.report.Oldest)) {
		a.report.Oldest = r.ReceivedAt
	}
	space, err := a.tx.Workspace(r.Workspace)
	if err != nil {
		return err
	}
	space.Advance(r.ReceivedAt, r.Position)
	f := r.fault
	if poison := a.poisoned[r.Position]; poison != nil {
		f = poison
	}
	if r.Kind == stream.KindCommand {
		return a.applyCommand(ctx, space, r, f)
	}
	counts, err := space.Counts(r.Source, r.ReceivedAt)
	if err != nil {
		return err
	}
	counts.Receive(r.ReceivedAt)
	switch {
	case r.Kind == stream.KindSuppressed:
		counts.Count(state.Suppressed, "", 1)
		return nil
	case f != nil:
		return a.putAside(space, r, f, counts)
	case r.Kind == stream.KindErased:
		return a.applyTombstone(space, r, counts)
	}
	return a.applyEvent(ctx, space, r, counts)
}

// putAside quarantines what cannot be processed, unless it is of somebody who is refused.
func (a *applier) putAside(space *state.Space, r *record, f *fault, counts *state.Counts) error {
	refused, err := a.subject(space, r)
	if err != nil {
		return err
	}
	if refused {
		a.countGone(space, r, counts)
		return nil
	}
	counts.Count(state.Quarantined, f.reason, 1)
	return a.quarantine(space, r, f)
}

// applyEvent stores an event unless its message id was seen.
func (a *applier) applyEvent(ctx context.Context, space *state.Space, r *record, counts *state.Counts) error {
	mark, seen, err := a.tx.Seen(r.message, r.ReceivedAt)
	if err != nil {
		return err
	}
	if seen {
		counts.Count(state.Duplicate, duplicateReason(mark, r), 1)
		a.report.Duplicates++
		return nil
	}
	refused, err := a.subject(space, r)
	if err != nil {
		return err
	}
	if refused {
		a.countGone(space, r, counts)
		return nil
	}
	v, err := a.judge(space, r)
	if err != nil {
		return err
	}
	if r.erased == nil {
		if err := a.infer(space, r, v); err != nil {
			return err
		}
	}
	if f := v.fault(r); f != nil {
		counts.Count(state.Quarantined, f.reason, 1)
		return a.quarantine(space, r, f)
	}
	a.tx.Remember(r.message, state.Mark{Received: r.ReceivedAt, Payload: r.payload})
	if r.erased != nil {
		a.countErased(space, r, counts)
		return a.keepRefusals(space, v.kept(r))
	}
	r = v.kept(r)
	counts.Count(state.Stored, "", 1)
	a.report.Stored++
	a.storeRow(r)
	if !r.event.ByAgent() { // that is about somebody who is there, and says nothing of who that is
		if err := a.observe(ctx, space, r); err != nil {
			return err
		}
	}
	space.State(r.observation.ID).Apply(r.event, r.Position)
	a.account(space, r)
	a.touch(space, r)
	a.tell(space, r)
	if err := a.promise(space, r); err != nil {
		return err
	}
	if err := a.analyse(space, r); err != nil {
		return err
	}
	if err := a.handoff(space, r); err != nil {
		return err
	}
	return a.consent(space, r)
}

func duplicateReason(first state.Mark, r *record) string {
	if first.Payload != r.payload {
		return state.ReasonConflict
	}
	return state.ReasonRepeat
}

// storeRow appends the event's own row, at the place of its record: ordinal 0. From then on the
// sink reads the event too, so nobody may change it.
func (a *applier) storeRow(r *record) {
	columns := r.columns // r itself, with its value, need not stay in memory
	a.entries = append(a.entries, outbox.Entry{
		Position: r.Position, Table: outbox.TableEvents, Event: &columns, Value: r.event, Size: len(r.Value),
	})
}

// observe adds what the event says to the facts, and decides again who is who where that may have
// changed something.
func (a *applier) observe(ctx context.Context, space *state.Space, r *record) error {
	was, err := space.Observed(r.observation.ID)
	if err != nil {
		return err
	}
	if r.event.Record == nil && was != nil && !foremost(&r.observation, &was.Observation) {
		return nil
	}
	now, stated := merge(was, r)
	if was == nil || r.event.Record != nil {
		if err := a.fact(r, &r.observation); err != nil {
			return err
		}
	}
	if was != nil && !stated && !foremost(&r.observation, &was.Observation) {
		return nil
	}
	return a.put(ctx, space, r, was, now)
}

// earlier says whether a was received before b; of the same moment, by source, so that it does not
// hang on the order of arrival.
func earlier(a, b *identity.Observation) bool {
	if !a.FirstReceived.Equal(b.FirstReceived) {
		return a.FirstReceived.Before(b.FirstReceived)
	}
	return a.Source < b.Source
}

// foremost says whether a was received before b, or happened before it.
func foremost(a, b *identity.Observation) bool {
	return earlier(a, b) || a.FirstSeen.Before(b.FirstSeen)
}

// merge returns the observation as it stands after the record: a source record's content is that
// of its newest version, and the first times are those of the earliest events. It says whether
// the record is the newest version.
func merge(was *state.Observed, r *record) (now *state.Observed, stated bool) {
	now = &state.Observed{Observation: r.observation}
	if rec := r.event.Record; rec != nil {
		now.Stated = state.Version{Version: rec.Version, At: r.event.At.UnixMilli(), MessageID: r.MessageID}
	}
	if was == nil {
		return now, true
	}
	stated = r.event.Record != nil && newer(now.Stated, was.Stated)
	if !stated {
		older := *was
		now = &older
	}
	first := &was.Observation
	if earlier(&r.observation, first) {
		first = &r.observation
	}
	now.FirstReceived, now.Source = first.FirstReceived, first.Source
	now.FirstSeen = was.FirstSeen
	if r.observation.FirstSeen.Before(now.FirstSeen) {
		now.FirstSeen = r.observation.FirstSeen
	}
	return now, stated
}

// put stores an observation and resolves whom that may concern.
func (a *applier) put(ctx context.Context, space *state.Space, r *record, was, now *state.Observed) error {
	collided, err := space.Put(now)
	if err != nil {
		return err
	}
	m, err := a.mindOf(space)
	if err != nil {
		return err
	}
	seeds, err := m.put(was, now)
	if err != nil {
		return err
	}
	if was != nil && was.FirstReceived.Equal(now.FirstReceived) && was.FirstSeen.Equal(now.FirstSeen) &&
		slices.Equal(was.Identifiers, now.Identifiers) && slices.Equal(was.Attributes, now.Attributes) {
		return nil
	}
	changed := collided
	if was != nil {
		changed = append(changed, was)
	}
	seeds = append(seeds, now.ID)
	a.examine(space, now.ID)
	for _, old := range collided {
		near, err := m.put(old, nil)
		if err != nil {
			return err
		}
		seeds = append(seeds, near...)
	}
	for _, old := range changed {
		affected, err := m.engine.Affected(space, &old.Observation)
		if err != nil {
			return fmt.Errorf("find whom a change concerns: %w", err)
		}
		seeds = append(seeds, affected...)
	}
	return a.concern(ctx, space, r, seeds...)
}

// fact appends the row of what a record says of its subject.
func (a *applier) fact(r *record, o *identity.Observation) error {
	row := store.FactRow{
		Workspace: r.Workspace, Kind: store.FactObservation,
		Observation: o.ID,
		Source:      r.Source, MessageID: r.MessageID, Session: o.Session,
		Identifiers: r.columns.Identifiers, Body: factBody(o),
		At: r.event.At, ReceivedAt: r.ReceivedAt,
	}
	if rec := r.event.Record; rec != nil {
		row.Kind = store.FactRecord
		row.RecordID, row.RecordVersion, row.RecordDeleted = rec.ID, rec.Version, rec.Deleted
	}
	return a.row(r, outbox.TableFacts, &row)
}
