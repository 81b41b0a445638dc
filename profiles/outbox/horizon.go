package outbox

import (
	"encoding/json"
	"errors"
	"fmt"

	"tributary/ingest/stream"

	"github.com/cockroachdb/pebble/v2"
)

// Offsets holds a log offset for each of some partitions.
type Offsets map[stream.Partition]uint64

// Horizon returns the offsets below which rows may have been sent by an outbox before this one, as
// when the hot state is lost and made again from the log. It is asked for once in the life of an
// outbox, from first, and stored.
func (q *Queue) Horizon(first func() (Offsets, error)) (Offsets, error) {
	horizon, err := q.StoredHorizon()
	if horizon != nil || err != nil {
		return horizon, err
	}
	return q.makeHorizon(first)
}

// StoredHorizon returns the horizon, or nil if it was never asked for.
func (q *Queue) StoredHorizon() (Offsets, error) {
	value, closer, err := q.db.Get(markKey(kindHorizon))
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read outbox horizon: %w", err)
	}
	defer func() { _ = closer.Close() }()
	var horizon Offsets
	if err := json.Unmarshal(value, &horizon); err != nil {
		return nil, fmt.Errorf("read outbox horizon: %w: %w", ErrCorrupt, err)
	}
	return horizon, nil
}

func (q *Queue) makeHorizon(first func() (Offsets, error)) (Offsets, error) {
	horizon, err := first()
	if err != nil {
		return nil, err
	}
	value, err := json.Marshal(horizon)
	if err == nil {
		err = q.db.Set(markKey(kindHorizon), value, pebble.Sync)
	}
	if err != nil {
		return nil, fmt.Errorf("store outbox horizon: %w", err)
	}
	return horizon, nil
}

// Pin notes how far the state has applied the log, unless that was noted before and not unpinned
// since, and returns what is noted. Nothing may be sent that was applied after, before Unpin: so an
// analytics store that reaches beyond it was not filled from this state. The write is not synced,
// and durable before anything that is applied after it.
func (q *Queue) Pin(applied Offsets) (Offsets, error) {
	var pinned Offsets
	value, closer, err := q.db.Get(markKey(kindPin))
	if err == nil {
		err = json.Unmarshal(value, &pinned)
		_ = closer.Close()
		if err != nil {
			err = fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
	} else if errors.Is(err, pebble.ErrNotFound) {
		pinned = applied
		if value, err = json.Marshal(applied); err == nil {
			err = q.db.Set(markKey(kindPin), value, pebble.NoSync)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("pin outbox: %w", err)
	}
	return pinned, nil
}

// Unpin forgets what Pin noted.
func (q *Queue) Unpin() error {
	if err := q.db.Delete(markKey(kindPin), pebble.NoSync); err != nil {
		return fmt.Errorf("unpin outbox: %w", err)
	}
	return nil
}
