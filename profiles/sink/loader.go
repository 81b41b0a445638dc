package sink

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"
	"time"

	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/profiles/outbox"
	"tributary/sql/store"

	"golang.org/x/sync/errgroup"
)

const (
	readAhead = 512  // entries taken from the log at once
	maxSkip   = 4096 // a greater gap between wanted offsets is jumped over by a new Reader
)

// loader makes the rows of events, from their log records unless they are still in memory. It keeps one Reader per partition open, because
// entries ask for offsets that mostly ascend. Not safe for concurrent use.
type loader struct {
	log      stream.Log
	parallel int
	tails    map[stream.Partition]*tail
	held     map[stream.Partition]stream.PartitionInfo
}

// loaded is what the log holds for one entry of an event.
type loaded struct {
	row    *store.EventRow // nil if there is none
	reason string          // why there is none
	size   int             // bytes of the log record's value

	workspace, source string // of the log record
	receivedAt        time.Time
}

func newLoader(log stream.Log, parallel int) *loader {
	return &loader{log: log, parallel: parallel, tails: map[stream.Partition]*tail{}}
}

func (l *loader) close() {
	for p, t := range l.tails {
		t.close()
		delete(l.tails, p)
	}
}

// load returns the records of the entries, in their order, empty for those that are not of events.
// It reads the log for those that come without their event, decoding in parallel by partition. An
// error is of the log, and passing; load may be called again.
func (l *loader) load(ctx context.Context, entries []outbox.Entry) ([]loaded, error) {
	records := make([]loaded, len(entries))
	byPartition := map[stream.Partition][]int{}
	for i := range entries {
		e := &entries[i]
		if ev, ok := e.Value.(*event.Event); ok {
			records[i] = loaded{row: newEventRow(e, ev), size: e.Size, receivedAt: ev.ReceivedAt}
		} else if e.Table == outbox.TableEvents {
			byPartition[e.Partition] = append(byPartition[e.Partition], i)
		}
	}
	if len(byPartition) == 0 {
		return records, nil
	}
	if err := l.know(ctx, entries); err != nil {
		return nil, err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(l.parallel)
	for p, wanted := range byPartition {
		slices.SortFunc(wanted, func(a, b int) int { return cmp.Compare(entries[a].Offset, entries[b].Offset) })
		t := l.tails[p]
		if t == nil {
			t = &tail{log: l.log, partition: p}
			l.tails[p] = t
		}
		held := l.held[p]
		group.Go(func() error {
			for n, i := range wanted {
				left := entries[wanted[len(wanted)-1]].Offset - entries[wanted[n]].Offset + 1
				if err := t.load(ctx, &records[i], &entries[i], left, held); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		l.close()
		return nil, err
	}
	return records, nil
}

// know learns how far the partitions reach, unless it is known that they reach far enough: a
// Reader would wait for ever for a record that is not there.
func (l *loader) know(ctx context.Context, entries []outbox.Entry) error {
	short := func(e outbox.Entry) bool {
		return e.Table == outbox.TableEvents && e.Value == nil && e.Offset >= l.held[e.Partition].Next
	}
	if !slices.ContainsFunc(entries, short) {
		return nil
	}
	infos, err := l.log.Partitions(ctx)
	if err != nil {
		return fmt.Errorf("list partitions: %w", err)
	}
	l.held = make(map[stream.Partition]stream.PartitionInfo, len(infos))
	for _, info := range infos {
		l.held[info.ID] = info
	}
	return nil
}

// ends returns the offsets that the partitions' next records will have.
func (l *loader) ends(ctx context.Context) (outbox.Offsets, error) {
	infos, err := l.log.Partitions(ctx)
	if err != nil {
		return nil, fmt.Errorf("list partitions: %w", err)
	}
	ends := outbox.Offsets{}
	for _, info := range infos {
		ends[info.ID] = info.Next
	}
	return ends, nil
}

// messageID returns the message id of the record at a place that the log reaches.
func (l *loader) messageID(ctx context.Context, pos stream.Position) (string, error) {
	t := &tail{log: l.log, partition: pos.Partition}
	defer t.close()
	record, err := t.get(ctx, pos.Offset, 1)
	if record == nil || err != nil {
		return "", err
	}
	return record.MessageID, nil
}

// tail reads one partition.
type tail struct {
	log       stream.Log
	partition stream.Partition
	reader    stream.Reader
	next      uint64 // the offset that reader is at
	buf       []stream.Entry
}

func (t *tail) close() {
	if t.reader != nil {
		_ = t.reader.Close()
		t.reader, t.buf = nil, nil
	}
}

// load fills r for the entry; left is how many offsets are still wanted from its own on.
func (t *tail) load(ctx context.Context, r *loaded, entry *outbox.Entry, left uint64, held stream.PartitionInfo) error {
	r.reason = reasonGone
	if entry.Offset >= held.Next {
		return nil
	}
	record, err := t.get(ctx, entry.Offset, left)
	if errors.Is(err, stream.ErrTrimmed) {
		t.close()
		return nil
	}
	if err != nil || record == nil {
		return err
	}
	r.size, r.reason = len(record.Value), reasonDecode
	r.workspace, r.source, r.receivedAt = record.Workspace, record.Source, record.ReceivedAt
	value, ok := outbox.EventIn(&record.Record)
	if !ok {
		return nil
	}
	if e, err := event.Decode(value); err == nil {
		if record.Kind != stream.KindEvent { // a correction is counted where what it corrects is
			r.source, r.receivedAt = e.Source, e.ReceivedAt
		}
		r.row, r.reason = newEventRow(entry, e), ""
	}
	return nil
}

// get returns the record at offset, or nil if the partition passes over it.
func (t *tail) get(ctx context.Context, offset, left uint64) (*stream.Entry, error) {
	for {
		if n := len(t.buf); n > 0 && t.buf[0].Offset <= offset && offset < t.next {
			i := sort.Search(n, func(i int) bool { return t.buf[i].Offset >= offset })
			if i == n || t.buf[i].Offset != offset {
				return nil, nil
			}
			return &t.buf[i], nil
		}
		if err := t.seek(offset); err != nil {
			return nil, err
		}
		from := t.next
		buf, err := t.reader.Next(ctx, int(min(offset-from+left, readAhead)))
		if err != nil {
			return nil, fmt.Errorf("read log at %d/%d: %w", t.partition, from, err)
		}
		t.buf, t.next = buf, buf[len(buf)-1].Offset+1
		if buf[0].Offset > offset {
			return nil, nil
		}
	}
}

// seek makes the reader stand at offset, or a little before it.
func (t *tail) seek(offset uint64) error {
	if t.reader != nil && t.next <= offset && offset-t.next <= maxSkip {
		return nil
	}
	t.close()
	r, err := t.log.Reader(t.partition, offset)
	if err != nil {
		return fmt.Errorf("read log at %d/%d: %w", t.partition, offset, err)
	}
	t.reader, t.next = r, offset
	return nil
}
