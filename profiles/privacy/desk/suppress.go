package desk

import (
	"context"
	"fmt"
	"slices"

	"tributary/identity"
	"tributary/profiles"
	"tributary/profiles/privacy"
	"tributary/profiles/unify"
)

// FieldError says what is wrong with a request, and where. It never repeats a value.
type FieldError struct{ Field, Reason string }

// Error returns "field: reason".
func (e *FieldError) Error() string { return e.Field + ": " + e.Reason }

// hashes normalises and hashes identifiers.
func (d *Desk) hashes(workspace string, ids []identity.Identifier) ([]privacy.IdentifierHash, error) {
	if len(ids) == 0 || len(ids) > unify.MaxPrivacyBatch {
		return nil, &FieldError{"identifiers", fmt.Sprintf("must be 1 to %d", unify.MaxPrivacyBatch)}
	}
	all := make([]privacy.IdentifierHash, len(ids))
	for i, raw := range ids {
		id, dropped := d.Engine.Normalise(identity.Place{Workspace: workspace}, raw)
		if dropped != "" {
			return nil, &FieldError{fmt.Sprintf("identifiers[%d]", i), "cannot be used: " + string(dropped)}
		}
		all[i] = d.Hasher.Identifier(workspace, id)
	}
	slices.SortFunc(all, privacy.IdentifierHash.Compare)
	return slices.Compact(all), nil
}

// Suppress has records with one of the identifiers refused from now on. What is stored stays.
func (d *Desk) Suppress(ctx context.Context, workspace string, ids []identity.Identifier, actor, reason string) error {
	return d.suppress(ctx, workspace, ids, privacy.EntrySuppress, func(c unify.PrivacySuppress) unify.Command {
		c.Actor, c.Reason = actor, reason
		return c
	})
}

// Unsuppress lets records with the identifiers in again, whatever suppressed them.
func (d *Desk) Unsuppress(ctx context.Context, workspace string, ids []identity.Identifier, actor string) error {
	return d.suppress(ctx, workspace, ids, privacy.EntryUnsuppress, func(c unify.PrivacySuppress) unify.Command {
		return unify.PrivacyUnsuppress{Actor: actor, Identifiers: c.Identifiers, At: c.At}
	})
}

func (d *Desk) suppress(
	ctx context.Context, workspace string, ids []identity.Identifier, kind privacy.EntryKind, command func(unify.PrivacySuppress) unify.Command,
) error {
	hashes, err := d.hashes(workspace, ids)
	if err != nil {
		return err
	}
	at := d.now()
	if err := d.Ledger.Append(privacy.Entry{Kind: kind, At: at, Workspace: workspace, Identifiers: hashes}); err != nil {
		return err
	}
	_, err = d.Commands.Do(ctx, workspace, command(unify.PrivacySuppress{Identifiers: hashes, At: at}))
	return err
}

// Standing is how one identifier stands.
type Standing struct {
	Suppressed bool `json:"suppressed" policy:"meta"`
	Restricted bool `json:"restricted" policy:"meta"`
	Erasures   int  `json:"erasures" policy:"meta"` // how many were of somebody who alone had it
}

// Standing says how an identifier stands, whether or not anybody is known by it.
func (d *Desk) Standing(_ context.Context, workspace string, id identity.Identifier) (*Standing, error) {
	hashes, err := d.hashes(workspace, []identity.Identifier{id})
	if err != nil {
		return nil, err
	}
	s := &Standing{Suppressed: d.State.Suppressed(workspace, hashes[0])}
	all, err := d.State.Erasures(workspace)
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		if e.Status != privacy.StatusCancelled && e.Holds(hashes[0]) {
			s.Erasures++
		}
	}
	hot, err := d.State.Snapshot(workspace)
	if err != nil {
		return nil, err
	}
	defer func() { _ = hot.Close() }()
	norm, _ := d.Engine.Normalise(identity.Place{Workspace: workspace}, id)
	holders, err := hot.Holders(norm)
	if err != nil {
		return nil, err
	}
	s.Restricted = d.State.Restricted(workspace, holders...)
	return s, nil
}

// Restrict has somebody kept and not used. It fails as Preview does, and returns how many observations.
func (d *Desk) Restrict(ctx context.Context, workspace string, who profiles.Address, actor, reason string) (int, error) {
	s, err := d.subject(ctx, workspace, who)
	if err != nil {
		return 0, err
	}
	_, err = d.Commands.Do(ctx, workspace, unify.PrivacyRestrict{Actor: actor, Observations: s.Observations, Reason: reason})
	return len(s.Observations), err
}

// Unrestrict takes Restrict back. A held erasure restricts on.
func (d *Desk) Unrestrict(ctx context.Context, workspace string, who profiles.Address, actor string) (int, error) {
	s, err := d.subject(ctx, workspace, who)
	if err != nil {
		return 0, err
	}
	_, err = d.Commands.Do(ctx, workspace, unify.PrivacyUnrestrict{Actor: actor, Observations: s.Observations})
	return len(s.Observations), err
}
