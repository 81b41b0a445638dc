package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"tributary/ingest/stream"
)

const (
	attempts   = 6
	firstPause = 50 * time.Millisecond // doubled after each attempt: 1.55 s in all, a change of leaders
	minBatch   = 1 << 20
)

// batchBytes bounds a request, as recordSize counts: the largest record fits.
func (l *Log) batchBytes() int {
	return max(minBatch, l.config.MaxValueBytes+3*stream.MaxName+recordOverhead)
}

// produce writes the records to a partition, waits for all in-sync replicas, and returns the offset
// of the first. A passing fault is tried again, which may write the records twice.
func (l *Log) produce(id stream.Partition, records []kafka.Record) (offset uint64, err error) {
	err = l.retry(l.ctx, "write", func() error {
		offset, err = l.produceOnce(l.topics[id.Lane()], int(id.Shard()), records)
		return err
	})
	if l.ctx.Err() != nil {
		return 0, stream.ErrClosed
	}
	return offset, err
}

// retry tries again what failed by a passing fault.
func (l *Log) retry(ctx context.Context, action string, try func() error) error {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		err := try()
		if err == nil || attempt == attempts || !passing(err) || ctx.Err() != nil {
			return err
		}
		l.config.Logger.WarnContext(ctx, "request to kafka is tried again", "action", action, "attempt", attempt, "error", err)
		if sleep(ctx, pause) != nil {
			return err
		}
		pause *= 2
	}
}

func (l *Log) produceOnce(topic string, partition int, records []kafka.Record) (uint64, error) {
	ctx, cancel := context.WithTimeout(l.ctx, l.config.RequestTimeout)
	defer cancel()
	for i := range records { // a failed attempt may have read some of it
		rewind(&records[i])
	}
	res, err := l.client.Produce(ctx, &kafka.ProduceRequest{
		Topic: topic, Partition: partition, RequiredAcks: kafka.RequireAll, Compression: kafka.Snappy,
		Records: kafka.NewRecordReader(records...),
	})
	if err == nil {
		err = res.Error
	}
	if err != nil {
		return 0, fmt.Errorf("write to %s/%d: %w", topic, partition, err)
	}
	return uint64(res.BaseOffset), nil
}

// passing says whether an error may be gone at the next attempt.
func passing(err error) bool {
	var code kafka.Error
	if errors.As(err, &code) {
		return code.Temporary() || code == kafka.BrokerNotAvailable
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.ECONNRESET) || unrouted(err)
}

// unrouted says that the client did not know which broker to ask: it will have heard soon.
func unrouted(err error) bool {
	for _, cause := range []error{protocol.ErrNoTopic, protocol.ErrNoPartition, protocol.ErrNoLeader} {
		if errors.Is(err, cause) {
			return true
		}
	}
	return false
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
