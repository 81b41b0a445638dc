package unify

import (
	"context"
	"errors"
	"fmt"

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
	return a.putItem(space, r, item)
}

func (a *applier) putItem(space *state.Space, by *record, item *state.Item) error {
	if err := space.PutItem(item); err != nil {
		return err
	}
	return a.row(by, outbox.TableQuarantine, itemRow(item))
}

// openItem returns the open item that a command names, to be changed; nil when it is not open.
func (a *applier) openItem(space *state.Space, pos stream.Position, ordinal uint32) (*state.Item, error) {
	item, err := space.Item(pos, ordinal)
	if err != nil {
		return nil, err
	}
	if item == nil {
		return nil, errSkip{"no_such_item", "nothing is quarantined at that place"}
	}
	if item.Status != state.StatusOpen {
		return nil, nil
	}
	open := *item
	open.Version++
	return &open, nil
}

func (a *applier) discard(space *state.Space, r *record, c QuarantineDiscard) error {
	item, err := a.openItem(space, stream.Position{Partition: c.Partition, Offset: c.Offset}, c.Ordinal)
	if item == nil || err != nil {
		return err
	}
	item.Status, item.ChangedAt, item.Payload = state.StatusDiscarded, r.ReceivedAt, nil
	if c.Resubmitted {
		item.Status = state.StatusReplayed
	}
	return a.putItem(space, r, item)
}

// replay processes a quarantined item again. Its count moves from quarantined to what becomes of
// it now; received stays.
func (a *applier) replay(ctx context.Context, space *state.Space, r *record, c QuarantineReplay) error {
	item, err := a.openItem(space, stream.Position{Partition: c.Partition, Offset: c.Offset}, c.Ordinal)
	if item == nil || err != nil {
		return err
	}
	again, err := a.reread(ctx, item)
	if err != nil {
		return err
	}
	counts, err := space.Counts(item.Source, item.ReceivedAt)
	if err != nil {
		return err
	}
	counts.Quarantine(item.Reason, -1)
	item.ChangedAt = r.ReceivedAt
	if f := again.fault; f != nil {
		item.Stage, item.Reason, item.Field, item.Detail = f.stage, f.reason, f.field, f.detail
		counts.Quarantine(item.Reason, 1)
		a.report.Quarantined++
		return a.putItem(space, r, item)
	}
	item.Status = state.StatusReplayed
	if err := a.putItem(space, r, item); err != nil {
		return err
	}
	if item.Stage == stageSink {
		// All but its row is there since it was first applied.
		counts.Stored++
		a.report.Stored++
		a.storeRow(again)
		return nil
	}
	// The event's own row stands at the place of its record, where the sink reads it; what else it
	// leads to stands at the place of the command, behind the rows it has there.
	again.by = r
	return a.applyEvent(ctx, space, again, counts)
}

// reread reads the item's record from the log again: the sink needs it there too.
func (a *applier) reread(ctx context.Context, item *state.Item) (*record, error) {
	if item.Ordinal != 0 || item.Kind != stream.KindEvent {
		return nil, errSkip{"not_replayable", "only events can be replayed; send its content in again and discard the item"}
	}
	entry, err := a.readLog(ctx, item.Position)
	if errors.Is(err, stream.ErrTrimmed) {
		return nil, errSkip{"trimmed", "the log no longer holds the record; send its content in again and discard the item"}
	}
	if err != nil {
		return nil, err
	}
	return decode(a.Engine, entry), nil
}

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
	return entries[0], nil
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
	if was != nil && (was.Status == state.StatusOpen || !r.ReceivedAt.After(was.ChangedAt)) {
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
	}
	counts, err := space.Counts(item.Source, item.ReceivedAt)
	if err != nil {
		return err
	}
	if counts.Stored == 0 {
		// The record is gone, and with it whose it was: it stays counted where it is.
		return nil
	}
	counts.Stored--
	counts.Quarantine(item.Reason, 1)
	return nil
}
