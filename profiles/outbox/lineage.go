package outbox

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/uuid"
)

// Lineage names the state that this outbox is of, from the day it was made. Two states that were made
// from the same log hold the same profiles, but their rows may stand at other places and under other
// versions: what one has sent, the other cannot go on with.
func (q *Queue) Lineage() (string, error) {
	value, closer, err := q.db.Get(markKey(kindLineage))
	if err == nil {
		defer func() { _ = closer.Close() }()
		return string(value), nil
	}
	if !errors.Is(err, pebble.ErrNotFound) {
		return "", fmt.Errorf("read the state's name: %w", err)
	}
	name := uuid.NewString()
	if err := q.db.Set(markKey(kindLineage), []byte(name), pebble.Sync); err != nil {
		return "", fmt.Errorf("name the state: %w", err)
	}
	return name, nil
}
