package embedded

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/cockroachdb/pebble/v2"

	"tributary/ingest/stream"
)

// Trim implements stream.Log. Offsets beyond what is durable are taken as all that is durable.
// The records are gone for readers at once; their space comes back after the tombstone has been
// flushed, seconds later. A power loss may bring them back, never more than those.
func (l *Log) Trim(ctx context.Context, id stream.Partition, before uint64) error {
	l.use.RLock()
	defer l.use.RUnlock()
	if err := l.usable(ctx); err != nil {
		return err
	}
	if l.config.ReadOnly {
		return ErrReadOnly
	}
	p, err := l.partition(id)
	if err != nil {
		return fmt.Errorf("trim: %w", err)
	}
	p.trimming.Lock()
	defer p.trimming.Unlock()
	first, before := p.advance(before)
	if first == before {
		return nil
	}
	b := l.db.NewBatch()
	defer b.Close()
	// The batch needs no sync of its own: the next append's covers it.
	err = b.DeleteRange(recordKey(id, first), recordKey(id, before), nil)
	if err == nil {
		err = b.Set(firstKey(id), binary.BigEndian.AppendUint64(nil, before), nil)
	}
	if err == nil {
		err = b.Commit(pebble.NoSync)
	}
	if err != nil {
		return fmt.Errorf("trim: %w", err)
	}
	return nil
}

// advance moves the first offset and returns where it was and where it is now.
func (p *partition) advance(before uint64) (from, to uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	from = p.first
	p.first = max(p.first, min(before, p.durable))
	return from, p.first
}
