//go:build kafka

package crashtest

import (
	"testing"
	"time"

	"tributary/ingest/stream/kafka/kafkatest"
)

// onKafka prepares a server whose log is on the given Kafka.
func onKafka(t *testing.T, c *kafkatest.Cluster) *program {
	t.Helper()
	return newProgram(t, "TRIBUTARY_LOG_DRIVER=kafka", "TRIBUTARY_LOG_KAFKA_BROKERS=["+c.Addrs(kafkatest.Plaintext)[0]+"]",
		"TRIBUTARY_LOG_KAFKA_REPLICATION_FACTOR=1", "TRIBUTARY_LOG_KAFKA_PARTITIONS=4")
}

// TestKafkaCrash kills the broker, the server, and both, again and again while clients send and try
// again.
func TestKafkaCrash(t *testing.T) {
	r := newRand(t)
	c := kafkatest.Start(t, kafkatest.Options{})
	p := onKafka(t, c)
	p.start()
	p.awaitReady()
	tr := newTraffic(p)
	stop := tr.start(t)
	for i := range max(3, *kills/2) {
		p.awaitMore(tr)
		time.Sleep(time.Duration(r.IntN(500)) * time.Millisecond)
		broker, server := i%3 != 1, i%3 != 0
		if broker {
			c.Brokers[0].Kill()
		}
		if server {
			p.kill()
		}
		if broker {
			if err := c.Brokers[0].Start(); err != nil {
				t.Fatal(err)
			}
			if err := c.AwaitReady(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if server {
			p.start()
			p.awaitReady()
		}
	}
	p.awaitMore(tr)
	stop()
	t.Logf("%d events acknowledged, clients were put off %d times", tr.total(), tr.refusals())
	checkAll(t, p, tr)
}

// awaitMore waits until more is acknowledged.
func (p *program) awaitMore(tr *traffic) {
	p.t.Helper()
	from := tr.total()
	p.await("more to be acknowledged", 2*time.Minute, func() bool { return tr.total() >= from+200 })
}
