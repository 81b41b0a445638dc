package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/segmentio/kafka-go"

	"tributary/ingest/stream"
)

const (
	attempts   = 4
	firstPause = 50 * time.Millisecond // doubled after each attempt
	minBatch   = 1 << 20
)

// batchBytes bounds a request, as recordSize counts: the largest record fits.
func (l *Log) batchBytes() int {
	return max(minBatch, l.config.MaxValueBytes+3*stream.MaxName+recordOverhead)
}

// produce writes the records to a partition, waits for all in-sync replicas, and returns the offset
// of the first. A passing fault is tried again, which may write the records twice.
func (l *Log) produce(id stream.Partition, records []kafka.Record) (uint64, error) {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		offset, err := l.produceOnce(id, records)
		if err == nil || attempt == attempts || !passing(err) {
			return offset, err
		}
		l.config.Logger.Warn("write to kafka is tried again", "partition", uint32(id), "attempt", attempt, "error", err)
		if err := sleep(l.ctx, pause); err != nil {
			return 0, stream.ErrClosed
		}
		pause *= 2
	}
}

func (l *Log) produceOnce(id stream.Partition, records []kafka.Record) (uint64, error) {
	ctx, cancel := context.WithTimeout(l.ctx, l.config.RequestTimeout)
	defer cancel()
	for i := range records { // a failed attempt may have read some of it
		rewind(&records[i])
	}
	res, err := l.client.Produce(ctx, &kafka.ProduceRequest{
		Topic: l.topics[id.Lane()], Partition: int(id.Shard()),
		RequiredAcks: kafka.RequireAll, Compression: kafka.Snappy,
		Records: kafka.NewRecordReader(records...),
	})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return 0, fmt.Errorf("write to partition %d: %w", id, err)
	}
	return uint64(res.BaseOffset), nil
}

// passing says whether an error may be gone at the next attempt.
func passing(err error) bool {
	var code kafka.Error
	if errors.As(err, &code) {
		return code.Temporary()
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, context.DeadlineExceeded)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
