package importer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tributary/ingest/stream"
)

// Appender takes records; the log itself, or a server that has it open.
type Appender interface {
	Append(ctx context.Context, records []stream.Record) ([]stream.Position, error)
}

const fullRetry = time.Second // between attempts while the log has no room

// sender makes batches durable one after the other, while the next is being made.
type sender struct {
	log     Appender // nil: nothing is sent
	durable func(*batch) error
	waits   func()
	batches chan *batch
	failed  chan struct{} // closed when err is set
	done    chan struct{}
	err     error
}

// newSender starts a sender. durable is called after each batch, in order, once its records are on
// disk, waits when the log has no room for some.
func newSender(ctx context.Context, log Appender, durable func(*batch) error, waits func()) *sender {
	s := &sender{log: log, durable: durable, waits: waits, batches: make(chan *batch), failed: make(chan struct{}), done: make(chan struct{})}
	go s.run(ctx)
	return s
}

func (s *sender) run(ctx context.Context) {
	defer close(s.done)
	for b := range s.batches {
		if s.err != nil {
			continue // what is behind a failure must not be kept before it
		}
		if s.err = s.send(ctx, b); s.err != nil {
			close(s.failed)
		}
	}
}

func (s *sender) send(ctx context.Context, b *batch) error {
	if len(b.records) > 0 && s.log != nil {
		b.seal()
		if err := s.append(ctx, b.records); err != nil {
			return fmt.Errorf("append rows up to %d: %w", b.position, err)
		}
	}
	return s.durable(b)
}

// append sends records; while the disk has no room for bulk records it waits.
func (s *sender) append(ctx context.Context, records []stream.Record) error {
	for tries := 0; ; tries++ {
		_, err := s.log.Append(ctx, records)
		if !errors.Is(err, stream.ErrFull) {
			return err
		}
		if tries == 0 {
			s.waits()
		}
		select {
		case <-time.After(fullRetry):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// put hands a batch over. It fails once an earlier one has.
func (s *sender) put(b *batch) error {
	select {
	case s.batches <- b:
		return nil
	case <-s.failed:
		return s.err
	}
}

// close waits until all that was put is durable.
func (s *sender) close() error {
	close(s.batches)
	<-s.done
	return s.err
}
