package sink

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"tributary/ingest/stream"
)

// Lease is the right to send; stream.Lease is one.
type Lease interface {
	// Epoch is greater than that of every owner before.
	Epoch() uint32
	// Write puts a note down for the next owner, or returns stream.ErrFenced if there is one.
	Write(ctx context.Context, note []byte) error
}

// Note is what an owner writes down before it sends anything: of which state the rows are that the
// analytics store holds, and which spans of them may be under way.
type Note struct {
	// Lineage is outbox.Queue.Lineage. An owner with another must make its state anew.
	Lineage string `json:"lineage"`
	// Key tells the owners' identity keys apart without telling them: all must have the same.
	Key string `json:"key,omitempty"`
	// Trims says that the log may forget its beginning at any moment: no other state can be made of it.
	Trims bool `json:"trims,omitempty"`
	// Spans are under way, oldest first.
	Spans []Span `json:"spans,omitempty"`
}

// Span is a span of rows under way: the events among them by their places in the log. Their
// statements are named by the owner's epoch (store.StatementName).
type Span struct {
	To     uint64                         `json:"to"` // of the lineage's outbox
	Rows   int                            `json:"rows"`
	Events map[stream.Partition][2]uint64 `json:"events,omitempty"` // first and last offset
}

// ReadNote reads what an owner left; nil is the empty note.
func ReadNote(text []byte) (n Note, err error) {
	if len(text) == 0 {
		return n, nil
	}
	if err := json.Unmarshal(text, &n); err != nil {
		return n, fmt.Errorf("read the note of the owner before: %w", err)
	}
	return n, nil
}

// Encode is the note as ReadNote reads it, in at most stream.MaxNote bytes: of spans over very many
// partitions only the ends are told.
func (n Note) Encode() ([]byte, error) {
	text, err := json.Marshal(n)
	if err != nil || len(text) <= stream.MaxNote {
		return text, err
	}
	n.Spans = slices.Clone(n.Spans)
	for i := range n.Spans {
		n.Spans[i].Events = nil
	}
	return json.Marshal(n)
}

// announced is what was written down last.
type announced struct {
	sync.Mutex
	note Note
}

// announce writes down what is about to be sent, before it is. A faulty connection is tried again; what
// cannot be written is not sent.
func (s *Sink) announce(ctx context.Context, c *cycle) error {
	if s.lease == nil {
		return nil
	}
	s.announced.Lock()
	defer s.announced.Unlock()
	note, sent := &s.announced.note, s.queue.Sent()
	note.Spans = slices.DeleteFunc(note.Spans, func(span Span) bool { return span.To <= sent })
	note.Spans = append(note.Spans, spanOf(c))
	text, err := note.Encode()
	if err != nil {
		return err
	}
	return s.unlessFenced(ctx, "write down what is to be sent", func(ctx context.Context) error { return s.lease.Write(ctx, text) })
}

// AnnounceTrim writes down that the log will be trimmed, once, before it is: what an owner that was stopped
// still asks the log to delete, the next one may need.
func (s *Sink) AnnounceTrim(ctx context.Context) error {
	if s.lease == nil {
		return nil
	}
	s.announced.Lock()
	defer s.announced.Unlock()
	if s.announced.note.Trims {
		return nil
	}
	note := s.announced.note
	note.Trims = true
	text, err := note.Encode()
	if err != nil {
		return err
	}
	if err := s.lease.Write(ctx, text); err != nil {
		return fmt.Errorf("write down that the log is trimmed: %w", err)
	}
	s.announced.note = note
	return nil
}

func spanOf(c *cycle) Span {
	span := Span{To: c.plan.To, Events: map[stream.Partition][2]uint64{}}
	for _, b := range c.blocks {
		span.Rows += len(b.Rows)
		for i := range b.Rows {
			place := b.Rows[i].Position
			ends, ok := span.Events[place.Partition]
			if !ok {
				ends = [2]uint64{place.Offset, place.Offset}
			}
			span.Events[place.Partition] = [2]uint64{min(ends[0], place.Offset), max(ends[1], place.Offset)}
		}
	}
	return span
}

// fence makes sure that no sink before this one gets anything into the store any more. Only then does it
// look what is there.
func (s *Sink) fence(ctx context.Context) error {
	if s.lease == nil {
		return nil
	}
	return s.unlessFenced(ctx, "fence earlier senders", func(ctx context.Context) error { return s.store.Fence(ctx, s.epoch) })
}

// unlessFenced tries again as retry does, but for stream.ErrFenced, which it returns.
func (s *Sink) unlessFenced(ctx context.Context, action string, f func(context.Context) error) error {
	var fenced error
	err := s.retry(ctx, action, func(ctx context.Context) error {
		err := f(ctx)
		if errors.Is(err, stream.ErrFenced) {
			fenced = err
			return nil
		}
		return err
	})
	return errors.Join(err, fenced)
}
