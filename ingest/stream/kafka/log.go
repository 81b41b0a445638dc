// Package kafka keeps a stream.Log in two topics of Apache Kafka, one for each lane.
//
// A workspace lies in one partition, found as Kafka's own clients do (murmur2 of the key), so that
// one owner can be given all of it. A retry may write a record twice: readers deduplicate by
// message id.
package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/segmentio/kafka-go"

	"tributary/ingest/stream"
)

var (
	// ErrPartitions is returned by Open when a topic has another number of partitions.
	ErrPartitions = errors.New("kafka log: number of partitions differs")
	// ErrPartition is returned for a partition that the log does not have.
	ErrPartition = errors.New("kafka log: no such partition")
	// ErrLost is returned by a reader when Kafka no longer has the end of what was read: a leader lost
	// records that were acknowledged, or the topic was made anew. Others would take their offsets.
	ErrLost = errors.New("kafka log: records that were read are gone from the partition")
)

// Log is a stream.Log.
type Log struct {
	config    Config
	client    *kafka.Client
	transport *kafka.Transport
	topics    [stream.Lanes]string
	ids       []int     // Kafka's partitions, 0 to n-1
	batchers  []batcher // by lane and partition
	ledger    ledger

	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	mu      sync.Mutex
	closing bool
	appends sync.WaitGroup // running appends
	batches sync.WaitGroup // running batchers
	once    sync.Once
}

var (
	_ stream.Log     = (*Log)(nil)
	_ stream.Counter = (*Log)(nil)
	_ stream.Owned   = (*Log)(nil)
)

// Open connects to Kafka and makes the topics if they are not there.
func Open(ctx context.Context, c Config) (*Log, error) {
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	c = c.withDefaults()
	l, err := connect(c)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	if err := l.prepareTopics(ctx); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("open log: %w%s", err, hint(c, err))
	}
	return l, nil
}

// hint says what mostly is the matter where Kafka itself just hangs up.
func hint(c Config, err error) string {
	switch {
	case errors.Is(err, kafka.IllegalSASLState):
		return " (the listener takes no sasl: leave it out, or use another port)"
	case !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return ""
	case c.TLS.Enabled && c.SASL.Mechanism == "":
		return " (the broker hung up: the listener may not speak tls, or may want sasl)"
	case c.TLS.Enabled:
		return " (the broker hung up: the listener may not speak tls)"
	}
	return " (the broker hung up: the listener may want tls or sasl)"
}

func connect(c Config) (*Log, error) {
	transport, err := NewTransport(c.TLS, c.SASL, c.RequestTimeout)
	if err != nil {
		return nil, err
	}
	l := &Log{config: c, batchers: make([]batcher, stream.Lanes*c.Partitions)}
	l.ledger.log = l
	l.ctx, l.cancel = context.WithCancel(context.Background())
	for lane := range stream.Lane(stream.Lanes) {
		l.topics[lane] = c.TopicPrefix + lane.String()
		for i := range c.Partitions {
			l.batchers[int(lane)*c.Partitions+i] = batcher{log: l, id: stream.PartitionOf(lane, uint16(i))}
		}
	}
	for i := range c.Partitions {
		l.ids = append(l.ids, i)
	}
	l.transport = transport
	l.transport.Context, l.transport.MetadataTopics = l.ctx, l.names()
	l.client = &kafka.Client{
		Addr: kafka.TCP(c.Brokers...), Transport: l.transport,
		// Brokers are told half of it, or of what is left of a context: without it, 500 ms.
		Timeout: c.RequestTimeout + longPoll,
	}
	return l, nil
}

// Partitions implements stream.Log.
func (l *Log) Partitions(ctx context.Context) ([]stream.PartitionInfo, error) {
	var infos []stream.PartitionInfo
	for lane := range stream.Lane(stream.Lanes) {
		spans, err := l.spans(ctx, lane, l.ids...)
		if err != nil {
			return nil, l.translate(ctx, "list partitions", err)
		}
		for i := range l.ids {
			infos = append(infos, stream.PartitionInfo{
				ID: stream.PartitionOf(lane, uint16(i)), Lane: lane, First: spans[i].first, Next: spans[i].next,
			})
		}
	}
	return infos, nil
}

type span struct{ first, next uint64 }

// spans returns what the partitions of a lane hold.
func (l *Log) spans(ctx context.Context, lane stream.Lane, ids ...int) (spans map[int]span, err error) {
	err = l.retry(ctx, "list offsets", func() error {
		ctx, end, err := l.begin(ctx)
		if err != nil {
			return err
		}
		defer end()
		spans, err = l.offsets(ctx, lane, ids...)
		return err
	})
	return spans, err
}

func (l *Log) offsets(ctx context.Context, lane stream.Lane, ids ...int) (map[int]span, error) {
	topic := l.topics[lane]
	var requests []kafka.OffsetRequest
	for _, id := range ids {
		requests = append(requests, kafka.FirstOffsetOf(id), kafka.LastOffsetOf(id))
	}
	res, err := l.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{topic: requests}})
	if err != nil {
		return nil, err
	}
	spans := make(map[int]span)
	for _, p := range res.Topics[topic] {
		if p.Error != nil {
			return nil, p.Error
		}
		spans[p.Partition] = span{uint64(max(p.FirstOffset, 0)), uint64(max(p.LastOffset, 0))}
	}
	if len(spans) != len(ids) {
		return nil, fmt.Errorf("topic %s: offsets of %d of %d partitions", topic, len(spans), len(ids))
	}
	return spans, nil
}

func (l *Log) check(p stream.Partition) error {
	if p.Lane() >= stream.Lanes || int(p.Shard()) >= l.config.Partitions {
		return fmt.Errorf("%w: %d", ErrPartition, p)
	}
	return nil
}

// begin returns a context that ends with Close as well, or ErrClosed.
func (l *Log) begin(ctx context.Context) (context.Context, func(), error) {
	if l.ctx.Err() != nil {
		return nil, nil, stream.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, l.config.RequestTimeout)
	stop := context.AfterFunc(l.ctx, cancel)
	return ctx, func() { stop(); cancel() }, nil
}

// translate names the action that failed; after Close that is the reason.
func (l *Log) translate(ctx context.Context, action string, err error) error {
	if err == nil {
		return nil
	}
	if l.ctx.Err() != nil {
		return stream.ErrClosed
	}
	if ctx.Err() != nil && !errors.Is(err, ctx.Err()) {
		err = errors.Join(ctx.Err(), err)
	}
	return fmt.Errorf("%s: %w", action, err)
}

// Close implements stream.Log.
func (l *Log) Close() error {
	l.once.Do(func() {
		l.mu.Lock()
		l.closing = true
		l.mu.Unlock()
		l.appends.Wait()
		l.batches.Wait()
		l.cancel()
		l.transport.CloseIdleConnections()
	})
	return nil
}
