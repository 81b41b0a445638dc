package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"tributary/ingest/stream"
)

var _ stream.Eraser = (*Log)(nil)

// Replace implements stream.Eraser. Records are read back before they are replaced, so a caller that gives
// many at once should give them in the order of their offsets.
func (l *Log) Replace(ctx context.Context, records []stream.Entry) error {
	l.use.RLock()
	defer l.use.RUnlock()
	if err := l.usable(ctx); err != nil {
		return err
	}
	if l.config.ReadOnly {
		return ErrReadOnly
	}
	b := l.db.NewBatch()
	defer func() { _ = b.Close() }()
	unlock, err := l.holdTrims(records)
	if err != nil {
		return fmt.Errorf("replace: %w", err)
	}
	defer unlock()
	for i := range records {
		if err := l.replace(b, &records[i]); err != nil {
			return fmt.Errorf("replace %s: %w", records[i].Position, err)
		}
	}
	if b.Empty() {
		return nil
	}
	if err := b.Commit(pebble.Sync); err != nil {
		return fmt.Errorf("replace: %w", err)
	}
	return nil
}

// holdTrims keeps the partitions of the records from being trimmed: a record that is written below the
// first offset would never go away.
func (l *Log) holdTrims(records []stream.Entry) (unlock func(), err error) {
	var held []*partition
	for i := range records {
		p, err := l.partition(records[i].Partition)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(held, p) {
			held = append(held, p)
		}
	}
	slices.SortFunc(held, func(a, b *partition) int { return int(int64(a.id) - int64(b.id)) })
	for _, p := range held {
		p.trimming.Lock()
	}
	return func() {
		for _, p := range held {
			p.trimming.Unlock()
		}
	}, nil
}

func (l *Log) replace(b *pebble.Batch, e *stream.Entry) error {
	p, err := l.partition(e.Partition)
	if err != nil {
		return err
	}
	if err := e.Validate(l.config.MaxValueBytes); err != nil {
		return err
	}
	switch info := p.info(); {
	case e.Offset < info.First:
		return nil
	case e.Offset >= info.Next:
		return fmt.Errorf("%w: no record is there", stream.ErrReplacement)
	}
	key := recordKey(e.Partition, e.Offset)
	value, closer, err := l.db.Get(key)
	if err != nil {
		return err
	}
	defer func() { _ = closer.Close() }()
	old, err := decodeFrame(value)
	if err != nil {
		return err
	}
	if field := differs(&old, e); field != "" {
		return fmt.Errorf("%w: its %s is another", stream.ErrReplacement, field)
	}
	framed := make([]byte, frameSize(&e.Record))
	putFrame(framed, &e.Record)
	if bytes.Equal(framed, value) {
		return nil
	}
	return b.Set(key, framed, nil)
}

// differs names what of the old record a new one must have kept.
func differs(old *frame, e *stream.Entry) string {
	switch {
	case e.Lane != e.Partition.Lane():
		return "lane"
	case string(old.workspace) != e.Workspace:
		return "workspace"
	case string(old.source) != e.Source:
		return "source"
	case old.receivedMs != e.ReceivedAt.UnixMilli():
		return "time of receipt"
	case old.kind.Counted() != e.Kind.Counted():
		return "being counted"
	}
	return ""
}

// Scrub implements stream.Eraser. Disk space for a second copy of the largest files of values is needed
// meanwhile, one at a time.
func (l *Log) Scrub(ctx context.Context) error {
	l.use.RLock()
	defer l.use.RUnlock()
	if err := l.usable(ctx); err != nil {
		return err
	}
	if l.config.ReadOnly {
		return ErrReadOnly
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan struct{})
	defer close(done)
	go func() { // Close waits for l.use, and should not wait for long
		select {
		case <-l.closed:
			cancel(stream.ErrClosed)
		case <-done:
		}
	}()
	if err := l.scrubber.Scrub(ctx, l.db); err != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	return nil
}
