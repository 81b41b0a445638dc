package kafka

import (
	"context"
	"fmt"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"tributary/ingest/stream"
)

// Trim implements stream.Log: it counts what is forgotten, and has Kafka delete it (DeleteRecords,
// KIP-107). A reader never sees such a record again; its space returns with whole segments.
func (l *Log) Trim(ctx context.Context, p stream.Partition, before uint64) error {
	if l.ctx.Err() != nil {
		return stream.ErrClosed
	}
	if err := l.check(p); err != nil {
		return fmt.Errorf("trim: %w", err)
	}
	return l.translate(ctx, "trim", l.trim(ctx, p, before))
}

func (l *Log) trim(ctx context.Context, p stream.Partition, before uint64) error {
	spans, err := l.spans(ctx, p.Lane(), int(p.Shard()))
	if err != nil {
		return err
	}
	s := spans[int(p.Shard())]
	if before = min(before, s.next); before <= s.first {
		return nil
	}
	if err := l.ledger.forget(ctx, stream.PartitionInfo{ID: p, First: s.first, Next: s.next}, before); err != nil {
		return err
	}
	return l.retry(ctx, "delete records", func() error { return l.deleteRecords(ctx, p, before) })
}

func (l *Log) deleteRecords(ctx context.Context, p stream.Partition, before uint64) error {
	ctx, end, err := l.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	answer, err := l.transport.RoundTrip(ctx, l.client.Addr, &deleteRecordsRequest{
		TimeoutMs: int32(l.config.RequestTimeout.Milliseconds()),
		Topics: []deleteRecordsTopic{{
			Name: l.topics[p.Lane()], Partitions: []deleteRecordsPartition{{Index: int32(p.Shard()), Offset: int64(before)}},
		}},
	})
	if err != nil {
		return err
	}
	for _, topic := range answer.(*deleteRecordsResponse).Topics {
		for _, r := range topic.Partitions {
			if r.ErrorCode != 0 {
				return fmt.Errorf("delete records of %d before %d: %w", p, before, kafka.Error(r.ErrorCode))
			}
		}
	}
	return nil
}

// The messages of DeleteRecords, which kafka-go does not have
// (https://kafka.apache.org/protocol#The_Messages_DeleteRecords).
type deleteRecordsRequest struct {
	Topics    []deleteRecordsTopic `kafka:"min=v0,max=v1"`
	TimeoutMs int32                `kafka:"min=v0,max=v1"`
}

type deleteRecordsTopic struct {
	Name       string                   `kafka:"min=v0,max=v1"`
	Partitions []deleteRecordsPartition `kafka:"min=v0,max=v1"`
}

type deleteRecordsPartition struct {
	Index  int32 `kafka:"min=v0,max=v1"`
	Offset int64 `kafka:"min=v0,max=v1"`
}

type deleteRecordsResponse struct {
	ThrottleTimeMs int32                  `kafka:"min=v0,max=v1"`
	Topics         []deletedRecordsTopics `kafka:"min=v0,max=v1"`
}

type deletedRecordsTopics struct {
	Name       string           `kafka:"min=v0,max=v1"`
	Partitions []deletedRecords `kafka:"min=v0,max=v1"`
}

type deletedRecords struct {
	Index        int32 `kafka:"min=v0,max=v1"`
	LowWatermark int64 `kafka:"min=v0,max=v1"`
	ErrorCode    int16 `kafka:"min=v0,max=v1"`
}

// The protocol's table of messages is a global of kafka-go without a lock: it is added to before
// anything runs.
func init() { protocol.Register(&deleteRecordsRequest{}, &deleteRecordsResponse{}) }

// ApiKey implements protocol.Message.
func (*deleteRecordsRequest) ApiKey() protocol.ApiKey { return protocol.DeleteRecords } //nolint:revive // kafka-go's name

// ApiKey implements protocol.Message.
func (*deleteRecordsResponse) ApiKey() protocol.ApiKey { return protocol.DeleteRecords } //nolint:revive // kafka-go's name

// Broker implements protocol.BrokerMessage: the request is for the leader of its only partition.
func (r *deleteRecordsRequest) Broker(cluster protocol.Cluster) (protocol.Broker, error) {
	name, partition := r.Topics[0].Name, r.Topics[0].Partitions[0].Index
	if broker, ok := cluster.Brokers[cluster.Topics[name].Partitions[partition].Leader]; ok && cluster.Topics[name].Name != "" {
		return broker, nil
	}
	return protocol.Broker{ID: -1}, protocol.NewErrNoLeader(name, partition)
}
