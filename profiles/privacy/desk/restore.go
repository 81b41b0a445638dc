package desk

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"tributary/ingest/stream"
	"tributary/profiles/privacy"
	"tributary/profiles/state"
	"tributary/profiles/unify"
)

// Required says whether a ledger must be there: the state has carried erasures out.
func Required(st *state.Store) (bool, error) {
	all, err := st.AllErasures()
	if err != nil {
		return false, err
	}
	for _, e := range all {
		if e.Status == privacy.StatusErasing || e.Status == privacy.StatusErased {
			return true, nil
		}
	}
	return false, nil
}

// Restore brings the log what the ledger knows and the state does not, and the ledger what the state
// knows. It is called by the owner of the log before anything is applied: a copy of the data folder from
// before an erasure then does not bring anybody back, for the worker learns of erasures that stand ahead
// before it applies an event. It returns how many entries were brought to the log.
func Restore(ctx context.Context, log stream.Log, st *state.Store, ledger *privacy.Ledger, now time.Time) (int, error) {
	n, err := restore(ctx, log, st, ledger, now.UTC().Truncate(time.Millisecond))
	if err != nil {
		return n, fmt.Errorf("compare the ledger of erasures: %w", err)
	}
	return n, nil
}

func restore(ctx context.Context, log stream.Log, st *state.Store, ledger *privacy.Ledger, now time.Time) (int, error) {
	if err := fill(st, ledger); err != nil {
		return 0, err
	}
	known, err := carriedOut(st)
	if err != nil {
		return 0, err
	}
	upTo, err := heads(ctx, log)
	if err != nil {
		return 0, err
	}
	last, err := lastOf(ledger)
	if err != nil {
		return 0, err
	}
	var missing []stream.Record
	n := 0
	err = ledger.Each(func(e privacy.Entry) error {
		n++
		if e.Erasure != nil && last[e.Erasure.ID] != n {
			return nil
		}
		command, err := brought(st, known, upTo, e)
		if command == nil || err != nil {
			return err
		}
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		record, err := unify.NewRecord(e.Workspace, id.String(), now, command)
		missing = append(missing, record)
		return err
	})
	if err != nil || len(missing) == 0 {
		return 0, err
	}
	_, err = log.Append(ctx, missing)
	return len(missing), err
}

// lastOf says which entry, counted from 1, is the last that tells of an erasure: one of which the log was not
// reached is written again when it is tried again, and reaches further then.
func lastOf(ledger *privacy.Ledger) (map[uuid.UUID]int, error) {
	last, n := map[uuid.UUID]int{}, 0
	return last, ledger.Each(func(e privacy.Entry) error {
		n++
		if e.Erasure != nil {
			last[e.Erasure.ID] = n
		}
		return nil
	})
}

// carriedOut lists the erasures that the state has carried out.
func carriedOut(st *state.Store) (map[uuid.UUID]*privacy.Record, error) {
	all, err := st.AllErasures()
	if err != nil {
		return nil, err
	}
	known := map[uuid.UUID]*privacy.Record{}
	for _, e := range all {
		if e.Status == privacy.StatusErasing || e.Status == privacy.StatusErased {
			known[e.ID] = e
		}
	}
	return known, nil
}

// brought is the command for an entry that the state does not know; nil: it knows.
func brought(st *state.Store, known map[uuid.UUID]*privacy.Record, upTo privacy.UpTo, e privacy.Entry) (unify.Command, error) {
	switch e.Kind {
	case privacy.EntryHeader, privacy.EntryErased: // of which privacy.erase leads to another
	case privacy.EntryErase:
		if e.Erasure == nil || known[e.Erasure.ID] != nil {
			return nil, nil
		}
		// What this log holds by now is another than what it held then; who was not suppressed may have
		// come back since.
		again := *e.Erasure
		again.UpTo, again.Until = upTo, again.At
		return unify.PrivacyErase{Erasure: again}, nil
	case privacy.EntrySuppress, privacy.EntryUnsuppress:
		on := e.Kind == privacy.EntrySuppress
		for _, h := range e.Identifiers {
			said, err := st.SaidOfSuppression(e.Workspace, h, e.At)
			if err != nil {
				return nil, err
			}
			if said {
				continue
			}
			if on {
				return unify.PrivacySuppress{Identifiers: e.Identifiers, At: e.At}, nil
			}
			return unify.PrivacyUnsuppress{Identifiers: e.Identifiers, At: e.At}, nil
		}
	}
	return nil, nil
}

// fill writes to the ledger what the state knows and it does not: it was lost, and begun anew.
func fill(st *state.Store, ledger *privacy.Ledger) error {
	all, err := st.AllErasures()
	if err != nil {
		return err
	}
	for _, e := range all {
		if e.Status != privacy.StatusErasing && e.Status != privacy.StatusErased {
			continue
		}
		kind, known := ledger.Knows(e.ID)
		if !known {
			if err := ledger.Append(privacy.Entry{Kind: privacy.EntryErase, At: e.At, Workspace: e.Workspace, Erasure: &e.Erasure}); err != nil {
				return err
			}
		}
		if e.Status == privacy.StatusErased && kind != privacy.EntryErased {
			err := ledger.Append(privacy.Entry{Kind: privacy.EntryErased, At: e.ErasedAt, Workspace: e.Workspace, ID: e.ID, Certificate: e.Certificate})
			if err != nil {
				return err
			}
		}
	}
	return fillSuppressions(st, ledger)
}

// suppressed names an identifier of a workspace.
type suppressed struct {
	workspace string
	hash      privacy.IdentifierHash
}

// fillSuppressions does so with what was said of suppressions after the last that the ledger knows of.
func fillSuppressions(st *state.Store, ledger *privacy.Ledger) error {
	known := map[suppressed]time.Time{}
	err := ledger.Each(func(e privacy.Entry) error {
		hashes := e.Identifiers
		if e.Erasure != nil && e.Erasure.Suppress {
			hashes = e.Erasure.Identifiers
		}
		for _, h := range hashes {
			if id := (suppressed{e.Workspace, h}); e.At.After(known[id]) {
				known[id] = e.At
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	var missing []privacy.Entry
	err = st.EachSuppression(func(workspace string, h privacy.IdentifierHash, on bool, at time.Time) error {
		if !at.After(known[suppressed{workspace, h}]) {
			return nil
		}
		kind := privacy.EntryUnsuppress
		if on {
			kind = privacy.EntrySuppress
		}
		missing = append(missing, privacy.Entry{Kind: kind, At: at, Workspace: workspace, Identifiers: []privacy.IdentifierHash{h}})
		return nil
	})
	if err != nil || len(missing) == 0 {
		return err
	}
	return ledger.Append(missing...)
}
