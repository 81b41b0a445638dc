package unify

import (
	"context"
	"errors"
	"fmt"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/profiles/state"
)

// quarantine puts a record aside, with its reason.
func (a *applier) quarantine(space *state.Space, r *record, f *fault) error {
	a.report.Quarantined++
	item := &state.Item{
		Position: r.Position, Workspace: r.Workspace, Source: r.Source, MessageID: r.MessageID, Kind: r.Kind,
		Stage: f.stage, Reason: f.reason, Field: f.field, Detail: f.detail, Payload: f.payload,
		Status: state.StatusOpen, ReceivedAt: r.ReceivedAt, ChangedAt: r.ReceivedAt, Version: 1,
	}
	if item.Payload == nil {
		item.Payload = r.Value
	}
	if r.erased != nil {
		strip(item, r.erased)
	}
	return a.putItem(space, r, item)
}

func (a *applier) putItem(space *state.Space, by *record, item *state.Item) error {
	if err := space.PutItem(item); err != nil {
		return err
	}
	return a.row(by, outbox.TableQuarantine, itemRow(item))
}

// openItem returns the open item that a command names, to be changed; nil when it is not open. One whose
// person was erased after the command was given was open then: it is counted as what became of it.
func (a *applier) openItem(ctx context.Context, space *state.Space, r *record, pos stream.Position, ordinal uint32) (*state.Item, error) {
	item, err := space.Item(pos, ordinal)
	if err != nil {
		return nil, err
	}
	if item == nil {
		if a.isTombstone(ctx, r, pos) {
			return nil, nil // it was counted as what it came to
		}
		return nil, errSkip{"no_such_item", "nothing is quarantined at that place"}
	}
	erasedLater := item.Status == state.StatusErased && r.ReceivedAt.Before(item.ChangedAt)
	if item.Status != state.StatusOpen && !erasedLater {
		return nil, nil
	}
	open := *item
	open.Version++
	return &open, nil
}

func (a *applier) discard(ctx context.Context, space *state.Space, r *record, c QuarantineDiscard) error {
	item, err := a.openItem(ctx, space, r, stream.Position{Partition: c.Partition, Offset: c.Offset}, c.Ordinal)
	if item == nil || err != nil {
		return err
	}
	item.Status, item.ChangedAt, item.Payload = state.StatusDiscarded, r.ReceivedAt, nil
	return a.putItem(space, r, item)
}

// replay processes a quarantined item again, or what the command puts in its place, as a record that
// comes in now is: whatever intake checks is checked. Its count moves, within its day, from quarantined
// to what becomes of it; received stays.
func (a *applier) replay(ctx context.Context, space *state.Space, r *record, c QuarantineReplay) error {
	item, err := a.openItem(ctx, space, r, stream.Position{Partition: c.Partition, Offset: c.Offset}, c.Ordinal)
	if item == nil || err != nil {
		return err
	}
	if done, err := a.replayLeft(ctx, space, r, item, c); done || err != nil {
		return err
	}
	again, err := a.again(ctx, item, r, c)
	if err != nil {
		return err
	}
	if err := a.judgeAgain(space, again, item, r); err != nil {
		return err
	}
	counts, err := space.Counts(item.Source, item.ReceivedAt)
	if err != nil {
		return err
	}
	counts.Count(state.Quarantined, item.Reason, -1)
	if item.Status != state.StatusErased {
		item.ChangedAt = r.ReceivedAt
	}
	if f := again.fault; f != nil {
		item.Stage, item.Reason = f.stage, f.reason
		if item.Status != state.StatusErased {
			item.Field, item.Detail = f.field, f.detail
		}
		counts.Count(state.Quarantined, item.Reason, 1)
		a.report.Quarantined++
		return a.putItem(space, r, item)
	}
	item.Status = state.StatusReplayed
	if err := a.putItem(space, r, item); err != nil {
		return err
	}
	if item.Stage == stageSink {
		again.by = r // it is asked now
		refused, err := a.subject(space, again)
		again.by = nil
		if refused || again.erased != nil || err != nil {
			a.countGone(space, again, counts)
			return err
		}
		// All but its row is there since it was first applied.
		counts.Count(state.Stored, "", 1)
		a.report.Stored++
		v, err := a.judge(space, again) // as when it was first applied
		a.storeRow(v.kept(again))
		return err
	}
	return a.applyEvent(ctx, space, again, counts)
}

// judgeAgain has a record that is replayed by a command judged by the contract of now.
func (a *applier) judgeAgain(space *state.Space, again *record, item *state.Item, command *record) error {
	if again.fault != nil || item.Stage == stageSink {
		return nil
	}
	// The event's own row stands at the place of its record, where the sink reads it; what else it
	// leads to stands at the place of the command, behind the rows it has there.
	again.by, again.inferred = command, item.Reason == reasonSchema
	v, err := a.judge(space, again)
	if err != nil {
		return err
	}
	if again.fault = v.fault(again); again.fault == nil {
		return nil
	}
	return a.infer(space, again, v)
}

// again returns the record to process in an item's place.
func (a *applier) again(ctx context.Context, item *state.Item, r *record, c QuarantineReplay) (*record, error) {
	if len(c.With) == 0 {
		return a.reread(ctx, item)
	}
	if item.Ordinal != 0 || !item.Kind.Counted() || item.Stage == stageSink {
		return nil, errSkip{reasonNotReplayable, "only what a source sent, and was not taken, can be corrected"}
	}
	entry, ok := eventAt(r.Entry)
	if !ok || entry.Source != item.Source || !entry.ReceivedAt.Equal(item.ReceivedAt) {
		return nil, errSkip{reasonMismatch, "the correction has to be an event of the item's source and received time"}
	}
	return decode(a.Engine, entry), nil
}

// The reasons for which a replay is not carried out.
const (
	reasonNotReplayable = "not_replayable"
	reasonTrimmed       = "trimmed"
)

// reread reads the item's record from the log again: the sink needs it there too.
func (a *applier) reread(ctx context.Context, item *state.Item) (*record, error) {
	if item.Ordinal != 0 || item.Kind != stream.KindEvent {
		return nil, errSkip{reasonNotReplayable, "only events can be replayed as they are; give a corrected one"}
	}
	entry, err := a.readLog(ctx, item.Position)
	if errors.Is(err, stream.ErrTrimmed) {
		return nil, errSkip{reasonTrimmed, "the log no longer holds the record; give its content as a correction"}
	}
	if err != nil {
		return nil, err
	}
	return decode(a.Engine, entry), nil
}

// eventAt returns the event that stands at a place of the log as a record: of a command to replay it is
// what the command puts in the place of an item.
func eventAt(entry stream.Entry) (stream.Entry, bool) {
	value, ok := outbox.EventIn(&entry.Record)
	if !ok || entry.Kind == stream.KindEvent {
		return entry, ok
	}
	e := new(event.Event)
	if event.DecodeInto(e, value) != nil {
		return entry, false
	}
	entry.Kind, entry.Source, entry.MessageID, entry.ReceivedAt, entry.Value = stream.KindEvent, e.Source, e.MessageID, e.ReceivedAt, value
	return entry, true
}

// readLog returns the record, or the event, at a place of the log.
func (a *applier) readLog(ctx context.Context, pos stream.Position) (stream.Entry, error) {
	reader, err := a.Log.Reader(pos.Partition, pos.Offset)
	if err != nil {
		return stream.Entry{}, fmt.Errorf("read log at %s: %w", pos, err)
	}
	entries, err := reader.Next(ctx, 1)
	if err := errors.Join(err, reader.Close()); err != nil {
		return stream.Entry{}, fmt.Errorf("read log at %s: %w", pos, err)
	}
	if entries[0].Position != pos {
		return stream.Entry{}, fmt.Errorf("read log at %s: %w", pos, stream.ErrTrimmed)
	}
	entry, _ := eventAt(entries[0])
	return entry, nil
}

// refuse puts aside a row that ClickHouse does not take. Of an event that moves the count from
// stored to quarantined. A refused row of the quarantine itself leads to no other: that would be
// refused as well, and so on for ever.
func (a *applier) refuse(ctx context.Context, space *state.Space, r *record) error {
	row := r.refusal
	if row.Workspace != r.Workspace {
		return errSkip{reasonMismatch, "the refused row is of another workspace"}
	}
	if row.Offset >= a.tx.Offset(row.Partition) {
		return errSkip{"no_such_record", "the refused row is of a record that was never applied"}
	}
	was, err := space.Item(row.Position, row.Ordinal)
	if err != nil {
		return err
	}
	// The sink may say it twice; what it said before the row was replayed is of no interest.
	if was != nil && (was.Status == state.StatusOpen || was.Status == state.StatusErased || !r.ReceivedAt.After(was.ChangedAt)) {
		return nil
	}
	item := &state.Item{
		Position: row.Position, Ordinal: row.Ordinal, Workspace: r.Workspace, Source: row.Source,
		Stage: stageSink, Reason: "refused", Detail: refusalDetail(row),
		Status: state.StatusOpen, ReceivedAt: row.ReceivedAt, ChangedAt: r.ReceivedAt, Version: 1,
	}
	if was != nil {
		item.Version, item.MessageID, item.Payload = was.Version+1, was.MessageID, was.Payload
	}
	if row.Table == outbox.TableEvents {
		if err := a.refuseEvent(ctx, space, item); err != nil {
			return err
		}
	}
	a.report.Quarantined++
	if row.Table == outbox.TableQuarantine {
		return space.PutItem(item)
	}
	return a.putItem(space, r, item)
}

func refusalDetail(r *outbox.Refusal) string {
	detail := r.Table.String() + ": " + r.Reason
	if r.Detail != "" {
		detail += ": " + r.Detail
	}
	return detail
}

func (a *applier) refuseEvent(ctx context.Context, space *state.Space, item *state.Item) error {
	item.Kind = stream.KindEvent
	entry, err := a.readLog(ctx, item.Position)
	switch {
	case errors.Is(err, stream.ErrTrimmed):
	case err != nil:
		return err
	case entry.Workspace != space.Name():
		return errSkip{reasonMismatch, "the refused row's record is of another workspace"}
	default:
		item.Source, item.ReceivedAt = entry.Source, entry.ReceivedAt
		item.MessageID, item.Payload = entry.MessageID, entry.Value
		if erased, err := a.refuseErased(space, item, entry); erased || err != nil {
			return err
		}
	}
	counts, err := space.Counts(item.Source, item.ReceivedAt)
	if err != nil {
		return err
	}
	if counts.Stored == 0 {
		// The record is gone, and with it whose it was: it stays counted where it is.
		return nil
	}
	counts.Count(state.Stored, "", -1)
	counts.Count(state.Quarantined, item.Reason, 1)
	return nil
}
