package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/segmentio/kafka-go"
)

// ErrSettings is returned by Open when a topic has a setting under which records would be lost or refused.
var ErrSettings = errors.New("kafka log: the log cannot be kept in this topic")

// maxCounts bounds a record of the counts, compressed: some millions of days of sources.
const maxCounts = 32 << 20

// countsTopic is where the ledger is kept, in one partition.
func (l *Log) countsTopic() string { return l.config.TopicPrefix + "counts" }

// names are all topics of the log.
func (l *Log) names() []string {
	return append(l.topics[:len(l.topics):len(l.topics)], l.countsTopic())
}

func (l *Log) partitionsOf(topic string) int {
	if topic == l.countsTopic() {
		return 1
	}
	return l.config.Partitions
}

// prepareTopics makes the topics that are missing, waits until they can be used, and checks how many
// partitions they have and how they are set.
func (l *Log) prepareTopics(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*l.config.RequestTimeout)
	defer cancel()
	counts, err := l.partitionCounts(ctx)
	if err != nil {
		return err
	}
	var missing []kafka.TopicConfig
	for _, topic := range l.names() {
		if counts[topic] == 0 {
			missing = append(missing, l.topicConfig(topic))
		}
	}
	if len(missing) > 0 {
		if err := l.createTopics(ctx, missing); err != nil {
			return err
		}
	}
	// A broker learns of a new topic, and that it leads a partition, some time after it was made.
	for {
		if counts, err = l.partitionCounts(ctx); err != nil {
			return err
		}
		if !slices.ContainsFunc(l.names(), func(topic string) bool { return counts[topic] == 0 }) {
			break
		}
		if err := sleep(ctx, firstPause); err != nil {
			return fmt.Errorf("wait until every partition of the topics has a leader: %w", err)
		}
	}
	for _, topic := range l.names() {
		if want := l.partitionsOf(topic); counts[topic] != want {
			return fmt.Errorf("%w: topic %s has %d, the configuration %d", ErrPartitions, topic, counts[topic], want)
		}
	}
	if err := l.checkSettings(ctx); err != nil {
		return err
	}
	_, err = l.Partitions(ctx)
	return err
}

// partitionCounts counts those of the topics that are there; a topic that has partitions without a
// leader counts as not there yet.
func (l *Log) partitionCounts(ctx context.Context) (map[string]int, error) {
	counts := make(map[string]int)
	err := l.fresh(func(client *kafka.Client) error {
		m, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: l.names()})
		if err != nil {
			return fmt.Errorf("read metadata: %w", err)
		}
		for _, t := range m.Topics {
			if t.Error != nil && !passing(t.Error) {
				return fmt.Errorf("read metadata of topic %s: %w", t.Name, t.Error)
			}
			if t.Error == nil && !slices.ContainsFunc(t.Partitions, func(p kafka.Partition) bool { return p.Error != nil }) {
				counts[t.Name] = len(t.Partitions)
			}
		}
		return nil
	})
	return counts, err
}

// fresh calls f with a client that knows nothing yet: the log's own answers from what it heard last.
func (l *Log) fresh(f func(*kafka.Client) error) error {
	once := &kafka.Transport{
		ClientID: l.transport.ClientID, TLS: l.transport.TLS, SASL: l.transport.SASL,
		DialTimeout: l.transport.DialTimeout, MetadataTopics: l.transport.MetadataTopics,
	}
	defer once.CloseIdleConnections()
	return f(&kafka.Client{Addr: l.client.Addr, Transport: once, Timeout: l.client.Timeout})
}

// topicConfig makes an acknowledged record survive the loss of one replica, where there are enough.
// Records go when Trim says so, and by no retention, for that would not ask whether they are applied.
func (l *Log) topicConfig(topic string) kafka.TopicConfig {
	entries := []kafka.ConfigEntry{
		{ConfigName: "cleanup.policy", ConfigValue: "delete"},
		{ConfigName: "retention.ms", ConfigValue: "-1"},
		{ConfigName: "retention.bytes", ConfigValue: "-1"},
		{ConfigName: "max.message.bytes", ConfigValue: strconv.Itoa(l.batchBytes() + recordOverhead)},
		{ConfigName: "min.insync.replicas", ConfigValue: strconv.Itoa(min(2, l.config.ReplicationFactor))},
		{ConfigName: "unclean.leader.election.enable", ConfigValue: "false"},
	}
	if topic == l.countsTopic() {
		entries[0].ConfigValue, entries[3].ConfigValue = "compact", strconv.Itoa(maxCounts)
	}
	return kafka.TopicConfig{
		Topic: topic, NumPartitions: l.partitionsOf(topic), ReplicationFactor: l.config.ReplicationFactor, ConfigEntries: entries,
	}
}

// createTopics makes topics; that somebody else made one meanwhile is no error.
func (l *Log) createTopics(ctx context.Context, topics []kafka.TopicConfig) error {
	return l.fresh(func(client *kafka.Client) error {
		res, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: topics})
		if err != nil {
			return fmt.Errorf("create topics: %w", err)
		}
		for topic, err := range res.Errors {
			if err != nil && !errors.Is(err, kafka.TopicAlreadyExists) {
				return fmt.Errorf("create topic %s: %w", topic, err)
			}
		}
		return nil
	})
}

// checkSettings refuses topics that cannot hold the log, and warns of what makes the promise of an
// acknowledgement weaker.
func (l *Log) checkSettings(ctx context.Context) error {
	names := []string{"cleanup.policy", "max.message.bytes", "retention.ms", "retention.bytes", "min.insync.replicas", "unclean.leader.election.enable"}
	req := &kafka.DescribeConfigsRequest{}
	for _, topic := range l.topics {
		req.Resources = append(req.Resources, kafka.DescribeConfigRequestResource{
			ResourceType: kafka.ResourceTypeTopic, ResourceName: topic, ConfigNames: names,
		})
	}
	res, err := l.client.DescribeConfigs(ctx, req)
	if err != nil {
		return fmt.Errorf("read settings of topics: %w", err)
	}
	for _, r := range res.Resources {
		if r.Error != nil {
			l.config.Logger.WarnContext(ctx, "settings of a topic cannot be read", "topic", r.ResourceName, "error", r.Error)
			continue
		}
		for _, e := range r.ConfigEntries {
			if fault := l.fault(e.ConfigName, e.ConfigValue); fault != "" {
				return fmt.Errorf("%w: topic %s has %s=%s, %s", ErrSettings, r.ResourceName, e.ConfigName, e.ConfigValue, fault)
			}
			if advice := l.advice(e.ConfigName, e.ConfigValue); advice != "" {
				l.config.Logger.WarnContext(ctx, "a setting of a topic may lose records",
					"topic", r.ResourceName, "setting", e.ConfigName, "value", e.ConfigValue, "advice", advice)
			}
		}
	}
	return nil
}

// fault says why the log cannot be in a topic of this setting; nothing, if it can.
func (l *Log) fault(name, value string) string {
	switch name {
	case "cleanup.policy":
		if strings.Contains(value, "compact") {
			return "which keeps one record of each workspace: set it to delete"
		}
	case "max.message.bytes":
		if n, err := strconv.Atoi(value); err == nil && n < l.batchBytes()+recordOverhead {
			return fmt.Sprintf("but a request may have more: set it to %d, or lower max_value_bytes", l.batchBytes()+recordOverhead)
		}
	}
	return ""
}

// advice says what a setting should be; nothing, if it is right.
func (l *Log) advice(name, value string) string {
	switch {
	case strings.HasPrefix(name, "retention.") && value != "-1":
		return "set it to -1: Kafka deletes by it without asking whether a record is applied; Tributary deletes what it no longer needs"
	case name == "min.insync.replicas" && value == "1" && l.config.ReplicationFactor > 1:
		return "set it to 2: one replica alone may lose what it acknowledged"
	case name == "unclean.leader.election.enable" && value == "true":
		return "set it to false: a replica that lags may become the leader and drop what was acknowledged"
	}
	return ""
}
