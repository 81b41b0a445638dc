package outbox

import (
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"
)

// togetherBytes is about how many bytes of entries are stored under one key: a thousand events.
const togetherBytes = 64 << 10

// Writer is unify's end of the outbox. It is not safe for concurrent use: batches must be
// committed in the order in which entries were appended to them, else the sink would pass over
// the later-committed ones.
type Writer struct {
	queue    *Queue
	next     uint64
	appended []Entry // by the last Append; handed over by Notify
	body     []byte
	value    []byte
}

// Append adds the entries to the batch and sets each one's Seq. They exist once the batch is
// committed, which needs no sync: the sink syncs before it sends anything. A batch that is
// dropped instead leaves a gap, which does no harm.
func (w *Writer) Append(batch *pebble.Batch, entries []Entry) error {
	w.appended = nil
	w.body = w.body[:0]
	first := 0
	for i := range entries {
		e := &entries[i]
		if !e.Table.valid() || (e.Table == TableEvents) != (e.Event != nil) {
			return fmt.Errorf("append to outbox: entry %s/%d for %s has no columns of that table", e.Position, e.Ordinal, e.Table)
		}
		e.Seq = w.next
		w.next++
		w.body = appendEntry(w.body, e)
		if len(w.body) < togetherBytes && i < len(entries)-1 {
			continue
		}
		if err := w.store(batch, e.Seq, i+1-first); err != nil {
			return fmt.Errorf("append to outbox: %w", err)
		}
		first = i + 1
	}
	w.appended = entries
	w.queue.noteSegments(entries, time.Now())
	return nil
}

// store puts the n entries in body under one key.
func (w *Writer) store(batch *pebble.Batch, last uint64, n int) error {
	w.value = append(appendHead(w.value[:0], n), w.body...)
	w.body = w.body[:0]
	return batch.Set(numberedKey(kindEntry, last), w.value, nil)
}

// Notify wakes the sink, which finds the entries of the last Append in memory. Call it after the
// commit of the batch that they were appended to, and only if it succeeded; entries of an earlier
// Append that was not followed by Notify are read from the database, if they are there. Their
// slice is the caller's again afterwards.
func (w *Writer) Notify() {
	w.queue.grow(w.next-1, w.appended)
	w.appended = nil
}
