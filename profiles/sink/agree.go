package sink

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"tributary/ingest/stream"
	"tributary/profiles/outbox"
)

var (
	// ErrStateOld is returned by Run when the store holds events that the state has not applied: the
	// state is from a backup older than the store. To go on would double them.
	ErrStateOld = errors.New("the hot state is older than what was sent to the analytics store: " +
		"restore a newer one, or remove its folder to have it made again from the log")
	// ErrForeign is returned by Run when the store holds events of other records than the log has at
	// their places, or of records that the log has forgotten though the state must be made again.
	ErrForeign = errors.New("the analytics store holds events that are not those of the log: " +
		"restore log and store from one moment, or use an empty database")
)

// agree makes sure that nothing was sent but by this state. A state that is new although the store
// has events was lost and is being made again from the log: then all rows go, for they may come out at
// other places and under other versions. So may events: of two records with one message id in different
// lanes the first that is applied is stored.
func (s *Sink) agree(ctx context.Context) error {
	if s.pinned == nil {
		return nil
	}
	// What lies below the horizon is looked for anyway: so a state that is still being made again
	// may be behind it.
	horizon, err := s.queue.StoredHorizon()
	if err != nil {
		return err
	}
	known, isNew := outbox.Offsets{}, horizon == nil
	for p, next := range horizon {
		known[p] = next
	}
	for p, next := range s.pinned {
		known[p] = max(known[p], next)
		isNew = isNew && next == 0
	}
	var ahead []Reached
	err = s.retry(ctx, "ask how far the store reaches", func(ctx context.Context) (err error) {
		ahead, err = s.store.Reach(ctx, known)
		return err
	})
	if err != nil || len(ahead) == 0 {
		return err
	}
	if !isNew {
		return ErrStateOld
	}
	if err := s.ours(ctx, ahead); err != nil {
		return err
	}
	s.logger.WarnContext(ctx, "the hot state is being made again from the log; the tables are emptied first")
	if err := s.retry(ctx, "empty tables", s.store.Forget); err != nil {
		return err
	}
	s.dictionaryChanged()
	return nil
}

// ours compares the last events of the store with the log, which must hold all of each partition.
func (s *Sink) ours(ctx context.Context, last []Reached) error {
	var infos []stream.PartitionInfo
	err := s.retry(ctx, "list partitions", func(ctx context.Context) (err error) {
		infos, err = s.loader.log.Partitions(ctx)
		return err
	})
	if err != nil {
		return err
	}
	for _, r := range last {
		i := slices.IndexFunc(infos, func(p stream.PartitionInfo) bool { return p.ID == r.Partition })
		if i < 0 || infos[i].First > 0 || r.Offset >= infos[i].Next {
			return fmt.Errorf("%w: partition %d", ErrForeign, r.Partition)
		}
		var id string
		err := s.retry(ctx, "read the log", func(ctx context.Context) (err error) {
			id, err = s.loader.messageID(ctx, r.Position)
			return err
		})
		if err != nil {
			return err
		}
		if id != r.MessageID {
			return fmt.Errorf("%w: partition %d", ErrForeign, r.Partition)
		}
	}
	return nil
}
