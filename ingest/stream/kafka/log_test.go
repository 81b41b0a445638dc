package kafka

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"

	"tributary/ingest/stream"
	"tributary/ingest/stream/streamtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	streamtest.Run(t, streamtest.Subject{
		New: func(t *testing.T) func(*testing.T) stream.Log {
			c := Config{Brokers: cluster(t), ReplicationFactor: 1}
			return func(t *testing.T) stream.Log { return open(t, c) }
		},
		MaxValueBytes: DefaultMaxValueBytes, TrimsExactly: true,
	})
}

// cluster starts a Kafka within the process and returns its addresses.
func cluster(t *testing.T, opts ...kfake.Opt) []string {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c.ListenAddrs()
}

func open(t *testing.T, c Config) *Log {
	t.Helper()
	l, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
