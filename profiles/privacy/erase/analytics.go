package erase

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"tributary/identity"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/privacy"
	"tributary/sql/store"
)

// count notes what is to be removed of the analytics store. It comes once nothing of the erased can reach the
// store any more, and before anything is removed.
func (r *Runner) count(ctx context.Context, b *batch) (map[uuid.UUID]privacy.Step, error) {
	if err := r.settle(ctx, b); err != nil {
		return nil, err
	}
	if err := r.find(ctx, b); err != nil {
		return nil, err
	}
	if err := r.at("counted: totals"); err != nil {
		return nil, err
	}
	if err := r.Store.KeepTotals(ctx, r.Vocabulary); err != nil {
		return nil, err
	}
	counts, err := r.Store.CountErased(ctx)
	if err != nil {
		return nil, err
	}
	done := map[uuid.UUID]privacy.Step{}
	for _, c := range counts {
		s := done[c.Erasure]
		s.Counts = privacy.AddCounts(s.Counts, []privacy.Count{{Source: c.Source, Day: stream.Day(c.Day), Events: c.Events}})
		done[c.Erasure] = s
	}
	return done, nil
}

// settle waits until the sink has brought all that unify made of the time before, and what it made of the
// erasures: the profiles that are left, without those who left them. From then on no entry of the outbox is
// about an erased person, and nothing is missed in the store that is removed from it.
func (r *Runner) settle(ctx context.Context, b *batch) error {
	if err := r.Sink.Settle(ctx, r.Durable); err != nil {
		return err
	}
	if err := r.at("settled"); err != nil {
		return err
	}
	if err := r.Store.BeginErasing(ctx, b.subjects(), b.bounds()); err != nil {
		return err
	}
	concerned, err := r.Store.ConcernedProfiles(ctx)
	if err != nil {
		return err
	}
	for _, c := range concerned {
		if b.set.OfObservation(c.Profile) != nil {
			continue // it is no more: all its rows go
		}
		if err := r.published(ctx, c.Workspace, c.Profile); err != nil {
			return err
		}
	}
	return r.Sink.Settle(ctx, r.Durable)
}

// pause is how long is waited for something that others do, before it is asked for again.
const pause = 50 * time.Millisecond

// published waits until the row of a profile was written anew. One that waits again by then, since more came, was.
func (r *Runner) published(ctx context.Context, workspace string, profile uuid.UUID) error {
	first, err := r.State.Stale(workspace, profile)
	for mark := first; err == nil && mark != "" && mark == first; mark, err = r.State.Stale(workspace, profile) {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

func (b *batch) subjects() (all []*store.ErasedSubject) {
	for _, e := range b.records {
		for _, o := range e.Observations {
			all = append(all, &store.ErasedSubject{Workspace: e.Workspace, Erasure: e.ID, Observation: o, At: e.At, Until: e.Until})
		}
	}
	return all
}

func (b *batch) bounds() (all []*store.ErasedBound) {
	for _, e := range b.records {
		for p, below := range e.UpTo {
			all = append(all, &store.ErasedBound{Erasure: e.ID, LogPartition: uint32(p), Below: below})
		}
	}
	return all
}

// find notes all rows that are to be removed or changed.
func (r *Runner) find(ctx context.Context, b *batch) error {
	if err := r.Store.BeginErasing(ctx, b.subjects(), b.bounds()); err != nil {
		return err
	}
	if err := r.Store.FindErased(ctx); err != nil {
		return err
	}
	for _, read := range []func(context.Context, *batch) ([]*store.ErasedRow, error){
		r.participants, r.commands, r.items, r.contacts,
	} {
		rows, err := read(ctx, b)
		if err != nil {
			return err
		}
		if err := r.Store.NoteErased(ctx, rows); err != nil {
			return err
		}
	}
	return nil
}

// participants finds the events of others in which an erased person took part.
func (r *Runner) participants(ctx context.Context, b *batch) (rows []*store.ErasedRow, err error) {
	for t, err := range r.Store.Participants(ctx, b.workspaces) {
		if err != nil {
			return nil, err
		}
		var all []event.Participant
		if err := json.Unmarshal([]byte(t.Text), &all); err != nil {
			continue // not what an event can hold
		}
		left, e := r.without(b.set, positionOf(&t.ErasureText), t.ReceivedAt, identity.Place{Workspace: t.Workspace, Source: t.Source}, all)
		if e == nil {
			continue
		}
		text, err := json.Marshal(left)
		if err != nil {
			return nil, err
		}
		row := t.Changed(string(text), string(inContext(json.RawMessage(t.Context), text)))
		row.Erasure = e.ID
		rows = append(rows, row)
	}
	return rows, nil
}

// without returns the participants that are not erased, and the erasure of one that is; nil: none is.
func (r *Runner) without(set *privacy.Set, at stream.Position, received time.Time, place identity.Place, all []event.Participant) ([]event.Participant, *privacy.Erasure) {
	var of *privacy.Erasure
	left := make([]event.Participant, 0, len(all))
	for _, p := range all {
		id, dropped := r.Engine.Normalise(place, identity.Identifier(p.Identifier))
		if dropped == "" {
			hash := r.Hasher.Identifier(place.Workspace, id)
			if e := set.Of(at, received, uuid.Nil, []privacy.IdentifierHash{hash}); e != nil && e.Workspace == place.Workspace {
				of = e
				continue
			}
		}
		left = append(left, p)
	}
	return left, of
}

// commands finds the commands that name an erased person.
func (r *Runner) commands(ctx context.Context, b *batch) (rows []*store.ErasedRow, err error) {
	for t, err := range r.Store.CommandTexts(ctx, b.workspaces) {
		if err != nil {
			return nil, err
		}
		entry := stream.Entry{Position: positionOf(&t), Record: stream.Record{
			Kind: stream.KindCommand, Workspace: t.Workspace, Source: t.Source, ReceivedAt: t.ReceivedAt, Value: []byte(t.Text),
		}}
		e, left := r.command(b.set, &entry)
		if e == nil {
			e = r.Covers(b.set, entry)
		}
		if e != nil {
			row := t.Row("facts")
			row.Erasure, row.Text = e.ID, string(left)
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// items finds what the quarantine held of them. The item's last row, which unify wrote since, holds nothing.
func (r *Runner) items(ctx context.Context, b *batch) (rows []*store.ErasedRow, err error) {
	for t, err := range r.Store.QuarantinedTexts(ctx, b.workspaces) {
		if err != nil {
			return nil, err
		}
		at := stream.Position{Partition: stream.Partition(t.ItemPartition), Offset: t.ItemOffset}
		e := r.itemOf(b.set, at, &t)
		if e == nil {
			continue
		}
		row := t.Row("quarantine")
		row.Erasure = e.ID
		rows = append(rows, row)
	}
	return rows, nil
}

func (r *Runner) itemOf(set *privacy.Set, at stream.Position, t *store.QuarantinedText) *privacy.Erasure {
	entry := stream.Entry{Position: at, Record: stream.Record{
		Kind: stream.KindEvent, Workspace: t.Workspace, Source: t.Source, ReceivedAt: t.ReceivedAt, Value: []byte(t.Text),
	}}
	if e := new(event.Event); event.DecodeInto(e, entry.Value) == nil {
		entry.MessageID = e.MessageID
		if of := r.Covers(set, entry); of != nil {
			return of
		}
	}
	place := identity.Place{Workspace: t.Workspace, Source: t.Source}
	for _, text := range []string{t.Text, t.Head} {
		if e := set.Mentioned(r.Hasher, r.Engine, at, t.ReceivedAt, place, []byte(text)); e != nil {
			return e
		}
	}
	return nil
}

// contacts finds what was said of consent by contact points that were theirs alone.
func (r *Runner) contacts(ctx context.Context, b *batch) (rows []*store.ErasedRow, err error) {
	for t, err := range r.Store.ContactTexts(ctx, b.workspaces) {
		if err != nil {
			return nil, err
		}
		for _, id := range []identity.Identifier{{Type: t.Type, Value: t.Value}, {Type: t.OriginType, Value: t.OriginValue}} {
			if id.Value == "" {
				continue
			}
			hashes := []privacy.IdentifierHash{r.Hasher.Identifier(t.Workspace, id)}
			if e := b.set.Of(positionOf(&t.ErasureText), t.ReceivedAt, uuid.Nil, hashes); e != nil {
				row := t.Row("consent_changes")
				row.Erasure = e.ID
				rows = append(rows, row)
				break
			}
		}
	}
	return rows, nil
}

func positionOf(t *store.ErasureText) stream.Position {
	return stream.Position{Partition: stream.Partition(t.LogPartition), Offset: t.LogOffset}
}

// removeRows removes what was found, and takes it off the disk. Then it looks again, from the beginning.
func (r *Runner) removeRows(ctx context.Context, b *batch) (map[uuid.UUID]privacy.Step, error) {
	if err := r.find(ctx, b); err != nil { // the notes of a run before may be gone
		return nil, err
	}
	noted, err := r.Store.Noted(ctx)
	if err != nil {
		return nil, err
	}
	if err := r.at("analytics_store: remove"); err != nil {
		return nil, err
	}
	if err := r.Store.RemoveErased(ctx); err != nil {
		return nil, err
	}
	if err := r.searchAgain(ctx, b); err != nil {
		return nil, err
	}
	if err := r.at("analytics_store: forget notes"); err != nil {
		return nil, err
	}
	if err := r.Store.EndErasing(ctx); err != nil {
		return nil, err
	}
	if err := r.at("analytics_store: old parts"); err != nil {
		return nil, err
	}
	if err := r.Store.DropOldParts(ctx, r.Durable); err != nil {
		return nil, err
	}
	lines := map[uuid.UUID][]Line{}
	for _, n := range noted {
		lines[n.Erasure] = append(lines[n.Erasure], Line{Store: "analytics store, " + n.Table, Removed: n.Removed, Changed: n.Changed})
	}
	for _, e := range b.records {
		if len(lines[e.ID]) == 0 {
			lines[e.ID] = []Line{{Store: "analytics store"}}
		}
	}
	waiting, err := r.detached(ctx)
	if err != nil {
		return nil, err
	}
	return r.lines(lines, "searched again for the person's rows, by observation and by reading what may name them; no part that was replaced is on disk", waiting...)
}

// searchAgain fails if a row that was noted is there, or one is found when all is looked through from the beginning.
func (r *Runner) searchAgain(ctx context.Context, b *batch) error {
	there, err := r.Store.ErasedLeft(ctx)
	if err != nil {
		return err
	}
	for table, rows := range there {
		if rows > 0 {
			return fmt.Errorf("%d rows of %s are still there after they were removed", rows, table)
		}
	}
	if err := r.find(ctx, b); err != nil {
		return err
	}
	left, err := r.Store.Noted(ctx)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return fmt.Errorf("%d rows of %s are found after they were removed", left[0].Removed+left[0].Changed, left[0].Table)
	}
	return nil
}

// detached says of the parts that were set aside what cannot be said of them.
func (r *Runner) detached(ctx context.Context) (all []Waiting, err error) {
	tables, err := r.Store.Detached(ctx)
	for _, t := range tables {
		all = append(all, Waiting{Store: "analytics store, " + t.Table, Why: fmt.Sprintf(
			"%d parts were set aside (detached) and cannot be searched: they may hold rows of the person until they are dropped", t.Parts)})
	}
	return all, err
}
