package outbox

import (
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Writer is unify's end of the outbox. It is not safe for concurrent use: batches must be
// committed in the order in which entries were appended to them, else the sink would pass over
// the later-committed ones.
type Writer struct {
	queue *Queue
	next  uint64
	buf   []byte
}

// Append adds the entries to the batch and sets each one's Seq. They exist once the batch is
// committed, which needs no sync: the sink syncs before it sends anything. A batch that is
// dropped instead leaves a gap, which does no harm.
func (w *Writer) Append(batch *pebble.Batch, entries []Entry) error {
	for i := range entries {
		e := &entries[i]
		if !e.Table.valid() || (e.Table == TableEvents) != (e.Event != nil) {
			return fmt.Errorf("append to outbox: entry %s/%d for %s has no columns of that table", e.Position, e.Ordinal, e.Table)
		}
		e.Seq = w.next
		w.buf = appendEntry(w.buf[:0], e)
		if err := batch.Set(numberedKey(kindEntry, e.Seq), w.buf, nil); err != nil {
			return fmt.Errorf("append to outbox: %w", err)
		}
		w.next++
	}
	return nil
}

// Notify wakes the sink. Call it after the commit of a batch that entries were appended to.
func (w *Writer) Notify() { w.queue.grow(w.next - 1) }
