package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"tributary/ingest/stream"
	"tributary/profiles/privacy"
	"tributary/profiles/unify"
)

// Due implements privacy.Desk.
func (d *Desk) Due(context.Context) ([]*privacy.Record, error) {
	return d.some(func(e *privacy.Record) bool {
		return e.Status == privacy.StatusHeld && !e.HoldUntil.After(d.Now())
	})
}

// Erasing implements privacy.Desk.
func (d *Desk) Erasing(context.Context) ([]*privacy.Record, error) {
	all, err := d.some(func(e *privacy.Record) bool { return e.Status == privacy.StatusErasing })
	slices.SortStableFunc(all, func(a, b *privacy.Record) int { return a.At.Compare(b.At) })
	return all, err
}

func (d *Desk) some(wanted func(*privacy.Record) bool) ([]*privacy.Record, error) {
	all, err := d.State.AllErasures()
	if err != nil {
		return nil, err
	}
	some := all[:0]
	for _, e := range all {
		if wanted(e) {
			some = append(some, e)
		}
	}
	return some, nil
}

// Erase implements privacy.Desk. It takes what was previewed, and what has come since and says nothing but
// what is the subject's alone.
func (d *Desk) Erase(ctx context.Context, workspace string, id uuid.UUID) (*privacy.Record, error) {
	if err := d.erase(ctx, workspace, id); err != nil {
		return nil, err
	}
	e, err := d.Get(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	for p, next := range e.UpTo {
		if next == 0 {
			continue
		}
		if err := d.Worker.Applied(ctx, stream.Position{Partition: p, Offset: next - 1}); err != nil {
			return nil, fmt.Errorf("wait until all is applied: %w", err)
		}
	}
	return d.Get(ctx, workspace, id) // with what was counted meanwhile
}

func (d *Desk) erase(ctx context.Context, workspace string, id uuid.UUID) error {
	done, err := d.take(ctx)
	if err != nil {
		return err
	}
	defer done()
	held, err := d.Get(ctx, workspace, id)
	if err != nil {
		return err
	}
	switch {
	case held.Status == privacy.StatusErasing, held.Status == privacy.StatusErased:
		return nil
	case held.Status == privacy.StatusCancelled:
		return privacy.ErrOver
	case held.HoldUntil.After(d.Now()):
		return privacy.ErrHeld
	}
	e := held.Erasure
	if err := d.again(workspace, &e); err != nil {
		return err
	}
	e.At = d.now()
	if e.UpTo, err = d.heads(ctx); err != nil {
		return err
	}
	command := unify.PrivacyErase{Actor: e.RequestedBy, Erasure: e}
	if err := command.Validate(); err != nil { // the ledger must hold nothing that the log would not take
		return fmt.Errorf("carry out: %w", err)
	}
	if err := d.Ledger.Append(privacy.Entry{Kind: privacy.EntryErase, At: e.At, Workspace: workspace, Erasure: &e}); err != nil {
		return err
	}
	_, err = d.Commands.Do(ctx, workspace, command)
	return err
}

// again works out anew what is the subject's alone: others may hold an identifier by now, and more may
// have come.
func (d *Desk) again(workspace string, e *privacy.Erasure) (err error) {
	hot, err := d.State.Snapshot(workspace)
	if err != nil {
		return fmt.Errorf("open snapshot: %w", err)
	}
	defer func() { err = errors.Join(err, hot.Close()) }()
	s, err := theirs(hot, e.Observations)
	if err != nil {
		return err
	}
	e.Observations, e.Identifiers = s.Observations, s.Hashes(d.Hasher, workspace)
	return nil
}

// heads are the ends of the log's partitions.
func (d *Desk) heads(ctx context.Context) (privacy.UpTo, error) { return heads(ctx, d.Log) }

func heads(ctx context.Context, log stream.Log) (privacy.UpTo, error) {
	infos, err := log.Partitions(ctx)
	if err != nil {
		return nil, fmt.Errorf("list partitions: %w", err)
	}
	upTo := make(privacy.UpTo, len(infos))
	for _, info := range infos {
		upTo[info.ID] = info.Next
	}
	return upTo, nil
}

// Note implements privacy.Desk.
func (d *Desk) Note(ctx context.Context, workspace string, id uuid.UUID, step privacy.Step) error {
	_, err := d.Commands.Do(ctx, workspace, unify.PrivacyNote{ID: id, Step: step})
	return err
}

// Finish implements privacy.Desk.
func (d *Desk) Finish(ctx context.Context, workspace string, id uuid.UUID, removed []privacy.Count, certificate json.RawMessage) error {
	e, err := d.Erase(ctx, workspace, id) // waits until all below UpTo is applied
	if err != nil {
		return err
	}
	now := d.now()
	if e.Status == privacy.StatusErasing {
		_, err := d.Commands.Do(ctx, workspace, unify.PrivacyErased{
			ID: id, UpTo: e.UpTo, Removed: privacy.AddCounts(removed, e.Direct), Certificate: certificate, At: now,
		})
		if err != nil {
			return err
		}
	}
	if kind, _ := d.Ledger.Knows(id); kind == privacy.EntryErased {
		return nil
	}
	return d.Ledger.Append(privacy.Entry{Kind: privacy.EntryErased, At: now, Workspace: workspace, ID: id, Certificate: certificate})
}
