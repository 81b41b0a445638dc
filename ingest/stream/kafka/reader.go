package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/segmentio/kafka-go"

	"tributary/ingest/stream"
)

const (
	// fetchBytes bounds one answer of Kafka, except that one record always fits.
	fetchBytes = 4 << 20
	// longPoll is how long a request waits at Kafka for a record before it is asked again.
	longPoll = 2 * time.Second
	// While records come, a request waits this long for so many bytes: each record by itself would be a
	// request to Kafka, which costs it more than the record does.
	gatherBytes = 64 << 10
	gatherTime  = 5 * time.Millisecond
	// longPause is the longest between two attempts to read.
	longPause = time.Second
)

// reader reads one partition at offsets of its own, without a consumer group.
type reader struct {
	log    *Log
	id     stream.Partition
	offset uint64
	ctx    context.Context // ends with Close of the reader or the log
	cancel context.CancelFunc

	buffered []stream.Entry
	pause    time.Duration
	read     bool // something was read: the partition reached to offset
	busy     bool // the last request brought something
}

// Reader implements stream.Log.
func (l *Log) Reader(p stream.Partition, from uint64) (stream.Reader, error) {
	if l.ctx.Err() != nil {
		return nil, stream.ErrClosed
	}
	if err := l.check(p); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	r := &reader{log: l, id: p, offset: from}
	r.ctx, r.cancel = context.WithCancel(l.ctx)
	return r, nil
}

// Close implements stream.Reader.
func (r *reader) Close() error {
	r.cancel()
	return nil
}

// Next implements stream.Reader. Offsets may have gaps where Kafka keeps markers of its own.
// A passing fault of Kafka is waited out.
func (r *reader) Next(ctx context.Context, limit int) ([]stream.Entry, error) {
	if limit < 1 {
		return nil, fmt.Errorf("read: at most %d entries asked for", limit)
	}
	both, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.ctx, cancel)()
	for {
		if r.ctx.Err() != nil {
			return nil, stream.ErrClosed
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(r.buffered) > 0 {
			n := min(limit, len(r.buffered))
			entries := r.buffered[:n:n]
			r.buffered = r.buffered[n:]
			return entries, nil
		}
		if err := r.fetch(both); err != nil && both.Err() == nil {
			return nil, fmt.Errorf("read %d/%d: %w", r.id, r.offset, err)
		}
	}
}

// fetch asks Kafka for records and buffers them; none is no error.
func (r *reader) fetch(ctx context.Context) error {
	res, err := r.request(ctx, r.offset)
	if err == nil {
		err = res.Error
	}
	if errors.Is(err, kafka.OffsetOutOfRange) {
		return r.outOfRange(ctx)
	}
	if err != nil {
		return r.wait(ctx, err)
	}
	r.pause = 0
	err = r.buffer(res.Records)
	r.busy = len(r.buffered) > 0
	return err
}

func (r *reader) request(ctx context.Context, offset uint64) (*kafka.FetchResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, longPoll+r.log.config.RequestTimeout)
	defer cancel()
	least, wait := int64(1), longPoll
	if r.busy {
		least, wait = gatherBytes, gatherTime
	}
	return r.log.client.Fetch(ctx, &kafka.FetchRequest{
		Topic: r.log.topics[r.id.Lane()], Partition: int(r.id.Shard()), Offset: int64(offset),
		MinBytes: least, MaxBytes: fetchBytes, MaxWait: wait,
	})
}

// wait lets a passing fault pass.
func (r *reader) wait(ctx context.Context, err error) error {
	if !passing(err) || ctx.Err() != nil {
		return err
	}
	r.pause = min(max(2*r.pause, firstPause), longPause)
	r.log.config.Logger.WarnContext(ctx, "read from kafka is tried again", "partition", uint32(r.id), "error", err)
	return sleep(ctx, r.pause)
}

// outOfRange tells an offset that is trimmed from one that is still to come, and waits for the
// latter at the end of the partition.
func (r *reader) outOfRange(ctx context.Context) error {
	spans, err := r.log.offsets(ctx, r.id.Lane(), int(r.id.Shard()))
	if err != nil {
		return r.wait(ctx, err)
	}
	s := spans[int(r.id.Shard())]
	if r.offset < s.first {
		return stream.ErrTrimmed
	}
	if r.offset <= s.next {
		return nil // it came meanwhile
	}
	if r.read {
		return fmt.Errorf("%w: it ends at %d", ErrLost, s.next)
	}
	res, err := r.request(ctx, s.next)
	if err != nil {
		return r.wait(ctx, err)
	}
	return r.buffer(res.Records)
}

// buffer decodes the records from the wanted offset on; Kafka may send some that lie before.
func (r *reader) buffer(records kafka.RecordReader) error {
	for {
		record, err := records.ReadRecord()
		if errors.Is(err, io.EOF) || (errors.Is(err, io.ErrUnexpectedEOF) && len(r.buffered) > 0) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("decode record: %w", err)
		}
		if uint64(record.Offset) < r.offset {
			continue
		}
		e, err := decode(r.id, record)
		if err != nil {
			return err
		}
		r.buffered = append(r.buffered, e)
		r.offset, r.read = e.Offset+1, true
	}
}
