package sink

import (
	"context"
	"errors"
	"fmt"

	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/sql/store"
)

// NewStore makes the analytics store a Store.
func NewStore(s *store.Store) Store { return adapter{s} }

type adapter struct{ store *store.Store }

// Insert implements Store.
func (a adapter) Insert(ctx context.Context, b Block) error {
	var err error
	switch b.Table {
	case outbox.TableEvents:
		err = insert(ctx, a.store, store.Events, b)
	case outbox.TableFacts:
		err = insert(ctx, a.store, store.Facts, b)
	case outbox.TableIdentityMap:
		err = insert(ctx, a.store, store.IdentityMap, b)
	case outbox.TableIdentityDecisions:
		err = insert(ctx, a.store, store.IdentityDecisions, b)
	case outbox.TableProfiles:
		err = insert(ctx, a.store, store.Profiles, b)
	case outbox.TableProfileChanges:
		err = insert(ctx, a.store, store.ProfileChanges, b)
	case outbox.TableQuarantine:
		err = insert(ctx, a.store, store.Quarantine, b)
	case outbox.TableAudit:
		err = insert(ctx, a.store, store.Audit, b)
	case outbox.TableDisclosures:
		err = insert(ctx, a.store, store.Disclosures, b)
	case outbox.TableProfileSegments:
		err = insert(ctx, a.store, store.ProfileSegments, b)
	case outbox.TableConsentChanges:
		err = insert(ctx, a.store, store.ConsentChanges, b)
	default:
		err = fmt.Errorf("insert into %s: no such table", b.Table)
	}
	switch {
	case errors.Is(err, store.ErrFenced):
		return fmt.Errorf("%w: %w", stream.ErrFenced, err)
	case errors.Is(err, store.ErrPermanent):
		return fmt.Errorf("%w: %w", ErrRefused, err)
	case errors.Is(err, store.ErrOverload), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", ErrOverload, err)
	}
	return err
}

func insert[R any](ctx context.Context, s *store.Store, t *store.Table[R], b Block) error {
	rows := make([]*R, len(b.Rows))
	for i := range b.Rows {
		rows[i] = b.Rows[i].Value.(*R)
	}
	return store.Insert(ctx, s, t, rows, b.QueryID)
}

// Kill implements Store.
func (a adapter) Kill(ctx context.Context, queryID string) error { return a.store.Kill(ctx, queryID) }

// Present implements Store.
func (a adapter) Present(ctx context.Context, table outbox.Table, ranges []Range) ([]Key, error) {
	spans := make([]store.Range, len(ranges))
	for i, r := range ranges {
		spans[i] = store.Range{Partition: uint32(r.Partition), First: r.First, Last: r.Last}
	}
	places, err := a.store.Present(ctx, table.String(), spans)
	if err != nil {
		return nil, err
	}
	keys := make([]Key, len(places))
	for i, p := range places {
		keys[i] = Key{
			Position: stream.Position{Partition: stream.Partition(p.LogPartition), Offset: p.LogOffset},
			Ordinal:  p.Ordinal,
		}
	}
	return keys, nil
}

// Reach implements Store.
func (a adapter) Reach(ctx context.Context, from outbox.Offsets) ([]Reached, error) {
	offsets := make(map[uint32]uint64, len(from))
	for p, offset := range from {
		offsets[uint32(p)] = offset
	}
	rows, err := a.store.Reach(ctx, offsets)
	if err != nil {
		return nil, err
	}
	reached := make([]Reached, len(rows))
	for i, r := range rows {
		reached[i] = Reached{
			Position:  stream.Position{Partition: stream.Partition(r.LogPartition), Offset: r.LogOffset},
			MessageID: r.MessageID,
		}
	}
	return reached, nil
}

// Fence implements Store.
func (a adapter) Fence(ctx context.Context, epoch uint32) error {
	err := a.store.Fence(ctx, epoch)
	if errors.Is(err, store.ErrFenced) {
		return fmt.Errorf("%w: %w", stream.ErrFenced, err)
	}
	return err
}

// Forget implements Store.
func (a adapter) Forget(ctx context.Context) error { return a.store.Forget(ctx) }

// ReloadIdentityMap implements Store.
func (a adapter) ReloadIdentityMap(ctx context.Context) error { return a.store.ReloadIdentity(ctx) }
