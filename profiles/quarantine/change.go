package quarantine

import (
	"context"
	"encoding/json"
	"fmt"

	"tributary/ingest/stream"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// Change is what becomes of an item.
type Change struct {
	Place  string `json:"place"`
	Source string `json:"source"`
	Reason string `json:"reason"` // for which it was quarantined
	// Now is what became of it, or would: stored, duplicate, replayed, discarded, or quarantined.
	Now string `json:"now"`
	// NowReason is why it stays in the quarantine, or is a duplicate: a machine name.
	NowReason string `json:"now_reason,omitempty"`
}

// notReplayable is the reason of an item that was no event yet: only a correction can take its place.
const notReplayable = "not_replayable"

func changeOf(i *state.Item) Change {
	return Change{Place: PlaceOf(i).String(), Source: i.Source, Reason: i.Reason}
}

// Rehearse tells what replaying open items would come to, and changes nothing.
func (d *Desk) Rehearse(ctx context.Context, items []*state.Item) ([]Change, error) {
	would, err := d.Worker.Rehearse(ctx, items)
	if err != nil {
		return nil, err
	}
	changes := []Change{}
	for n, i := range items {
		c := changeOf(i)
		c.Now, c.NowReason = would[n].Outcome.String(), would[n].Reason
		changes = append(changes, c)
	}
	return changes, nil
}

// Replay has items processed again as they are, and tells what became of each. It may be repeated.
func (d *Desk) Replay(ctx context.Context, workspace string, items []*state.Item) ([]Change, error) {
	return d.change(ctx, workspace, items, Replayable, func(i *state.Item) unify.Command { return replayOf(i, nil) })
}

// Discard closes items for good, and tells what became of each. It may be repeated.
func (d *Desk) Discard(ctx context.Context, workspace string, items []*state.Item) ([]Change, error) {
	return d.change(ctx, workspace, items, func(*state.Item) bool { return true }, discardOf)
}

// Replayable says whether an item can be replayed as it is.
func Replayable(i *state.Item) bool { return i.Kind == stream.KindEvent && i.Ordinal == 0 }

func replayOf(i *state.Item, with json.RawMessage) unify.Command {
	return unify.QuarantineReplay{Partition: i.Partition, Offset: i.Offset, Ordinal: i.Ordinal, With: with}
}

func discardOf(i *state.Item) unify.Command {
	return unify.QuarantineDiscard{Partition: i.Partition, Offset: i.Offset, Ordinal: i.Ordinal}
}

// change gives a command about each item that can have it, and tells what became of all.
func (d *Desk) change(ctx context.Context, workspace string, items []*state.Item, can func(*state.Item) bool, command func(*state.Item) unify.Command) ([]Change, error) {
	var commands []unify.Command
	for _, i := range items {
		if can(i) {
			commands = append(commands, command(i))
		}
	}
	if err := d.Commands.DoAll(ctx, workspace, commands); err != nil {
		return nil, err
	}
	changes := []Change{}
	for _, i := range items {
		c := changeOf(i)
		c.Now, c.NowReason = state.Quarantined.String(), notReplayable
		if can(i) {
			now, err := d.Item(workspace, PlaceOf(i)) // an item is never deleted
			if err != nil {
				return nil, fmt.Errorf("see what became of an item: %w", err)
			}
			if c.Now, c.NowReason = string(now.Status), ""; now.Status == state.StatusOpen {
				c.Now, c.NowReason = state.Quarantined.String(), now.Reason
			}
		}
		changes = append(changes, c)
	}
	return changes, nil
}

// ReplayOne has one item processed again, with what a correction holds in its place if that is not empty, and returns
// the item as it is then. What cannot be replayed it refuses at once (ConflictError): the command would do nothing, and
// end in the quarantine itself. A correction fails with every fault (event.Errors).
func (d *Desk) ReplayOne(ctx context.Context, item *state.Item, correction []byte) (*state.Item, error) {
	if !item.Kind.Counted() || item.Ordinal != 0 {
		return nil, &ConflictError{"the item is not what a source sent: discard it"}
	}
	with, err := correct(correction, item)
	if err != nil {
		return nil, err
	}
	if with == nil && !Replayable(item) {
		return nil, &ConflictError{"it was rejected before it was an event, and would be again: put right what was sent, and give it with --with, or as with"}
	}
	return d.one(ctx, item, replayOf(item, with))
}

// DiscardOne closes one item for good and returns it as it is then.
func (d *Desk) DiscardOne(ctx context.Context, item *state.Item) (*state.Item, error) {
	return d.one(ctx, item, discardOf(item))
}

func (d *Desk) one(ctx context.Context, item *state.Item, command unify.Command) (*state.Item, error) {
	if item.Status != state.StatusOpen {
		return nil, &ConflictError{"the item is " + string(item.Status)}
	}
	if _, err := d.Commands.Do(ctx, item.Workspace, command); err != nil {
		return nil, err
	}
	return d.Item(item.Workspace, PlaceOf(item))
}
