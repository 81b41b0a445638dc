//go:build kafka

package kafka

import (
	"testing"
	"time"

	"tributary/ingest/stream/kafka/kafkatest"
)

func TestKafkaLease(t *testing.T) {
	c := kafkatest.Start(t, kafkatest.Options{Settings: []string{"group.min.session.timeout.ms=1000", "group.initial.rebalance.delay.ms=0"}})
	config := onBroker(c)
	config.SessionTimeout = 2 * time.Second
	testLease(t, config)
}
