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
	"strconv"
	"sync"

	"github.com/segmentio/kafka-go"

	"tributary/ingest/stream"
)

var (
	// ErrPartitions is returned by Open when a topic has another number of partitions.
	ErrPartitions = errors.New("kafka log: number of partitions differs")
	// ErrPartition is returned for a partition that the log does not have.
	ErrPartition = errors.New("kafka log: no such partition")
)

// Log is a stream.Log.
type Log struct {
	config    Config
	client    *kafka.Client
	transport *kafka.Transport
	topics    [stream.Lanes]string
	ids       []int     // Kafka's partitions, 0 to n-1
	batchers  []batcher // by lane and partition

	ctx     context.Context // ends with Close
	cancel  context.CancelFunc
	mu      sync.Mutex
	closing bool
	appends sync.WaitGroup // running appends
	batches sync.WaitGroup // running batchers
	once    sync.Once
}

var _ stream.Log = (*Log)(nil)

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
		return nil, fmt.Errorf("open log: %w", err)
	}
	return l, nil
}

func connect(c Config) (*Log, error) {
	tlsConfig, err := c.TLS.config()
	if err != nil {
		return nil, err
	}
	mechanism, err := c.SASL.mechanism()
	if err != nil {
		return nil, fmt.Errorf("sasl: %w", err)
	}
	l := &Log{config: c, batchers: make([]batcher, stream.Lanes*c.Partitions)}
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
	l.transport = &kafka.Transport{
		ClientID: "tributary", TLS: tlsConfig, SASL: mechanism,
		MetadataTopics: l.topics[:], DialTimeout: c.RequestTimeout, Context: l.ctx,
	}
	l.client = &kafka.Client{
		Addr: kafka.TCP(c.Brokers...), Transport: l.transport,
		// Brokers are told half of it, or of what is left of a context: without it, 500 ms.
		Timeout: c.RequestTimeout + longPoll,
	}
	return l, nil
}

// prepareTopics makes the topics that are missing and checks how many partitions they have.
func (l *Log) prepareTopics(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*l.config.RequestTimeout)
	defer cancel()
	var missing []kafka.TopicConfig
	counts, err := l.partitionCounts(ctx)
	if err != nil {
		return err
	}
	for _, topic := range l.topics {
		if counts[topic] == 0 {
			missing = append(missing, l.topicConfig(topic))
		}
	}
	if len(missing) > 0 {
		if err := l.createTopics(ctx, missing); err != nil {
			return err
		}
		if counts, err = l.partitionCounts(ctx); err != nil {
			return err
		}
	}
	for _, topic := range l.topics {
		if counts[topic] != l.config.Partitions {
			return fmt.Errorf("%w: topic %s has %d, the configuration %d", ErrPartitions, topic, counts[topic], l.config.Partitions)
		}
	}
	return nil
}

func (l *Log) partitionCounts(ctx context.Context) (map[string]int, error) {
	m, err := l.client.Metadata(ctx, &kafka.MetadataRequest{Topics: l.topics[:]})
	if err != nil {
		return nil, fmt.Errorf("read metadata: %w", err)
	}
	counts := make(map[string]int)
	for _, t := range m.Topics {
		if t.Error != nil && !errors.Is(t.Error, kafka.UnknownTopicOrPartition) {
			return nil, fmt.Errorf("read metadata of topic %s: %w", t.Name, t.Error)
		}
		counts[t.Name] = len(t.Partitions)
	}
	return counts, nil
}

// topicConfig makes an acknowledged record survive the loss of one replica, where there are enough.
func (l *Log) topicConfig(topic string) kafka.TopicConfig {
	return kafka.TopicConfig{
		Topic: topic, NumPartitions: l.config.Partitions, ReplicationFactor: l.config.ReplicationFactor,
		ConfigEntries: []kafka.ConfigEntry{
			{ConfigName: "cleanup.policy", ConfigValue: "delete"},
			{ConfigName: "retention.ms", ConfigValue: strconv.FormatInt(l.config.Retention.Milliseconds(), 10)},
			{ConfigName: "max.message.bytes", ConfigValue: strconv.Itoa(l.batchBytes() + recordOverhead)},
			{ConfigName: "min.insync.replicas", ConfigValue: strconv.Itoa(min(2, l.config.ReplicationFactor))},
		},
	}
}

// createTopics makes topics; that somebody else made one meanwhile is no error.
func (l *Log) createTopics(ctx context.Context, topics []kafka.TopicConfig) error {
	res, err := l.client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: topics})
	if err != nil {
		return fmt.Errorf("create topics: %w", err)
	}
	for topic, err := range res.Errors {
		if err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
			return fmt.Errorf("create topic %s: %w", topic, err)
		}
	}
	return nil
}

// Partitions implements stream.Log.
func (l *Log) Partitions(ctx context.Context) ([]stream.PartitionInfo, error) {
	ctx, end, err := l.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	var infos []stream.PartitionInfo
	for lane := range stream.Lane(stream.Lanes) {
		offsets, err := l.offsets(ctx, lane, l.ids...)
		if err != nil {
			return nil, l.translate(ctx, "list partitions", err)
		}
		for i := range l.ids {
			infos = append(infos, stream.PartitionInfo{
				ID: stream.PartitionOf(lane, uint16(i)), Lane: lane, First: offsets[i].first, Next: offsets[i].next,
			})
		}
	}
	return infos, nil
}

type span struct{ first, next uint64 }

// offsets returns what the partitions of a lane hold.
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

// Trim implements stream.Log. It does nothing: Kafka forgets by the retention of the topics.
func (l *Log) Trim(ctx context.Context, p stream.Partition, _ uint64) error {
	_, end, err := l.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	return l.check(p)
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
