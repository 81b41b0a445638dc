package kafka

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tributary/ingest/stream"
)

var record = stream.Record{
	Lane: stream.LaneBulk, Kind: stream.KindEvent, Workspace: "acme", Source: "web", MessageID: "m1",
	ReceivedAt: time.Date(2024, 5, 6, 7, 8, 9, 123e6, time.UTC), Value: []byte(`{"a":1}`),
}

func newCluster(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func closeLog(t *testing.T, l *Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func TestTopicsAreMadeAsConfigured(t *testing.T) {
	c := newCluster(t, kfake.NumBrokers(3))
	var made atomic.Pointer[kmsg.CreateTopicsRequest]
	c.ControlKey(int16(kmsg.CreateTopics), func(r kmsg.Request) (kmsg.Response, error, bool) {
		made.Store(r.(*kmsg.CreateTopicsRequest))
		return nil, nil, false
	})
	config := Config{
		Brokers: c.ListenAddrs(), TopicPrefix: "cdp.", Partitions: 5, ReplicationFactor: 3,
		MaxValueBytes: 2 << 20,
	}
	l := open(t, config)
	closeLog(t, l)
	want := map[string]string{
		"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1", "unclean.leader.election.enable": "false",
		"min.insync.replicas": "2", "max.message.bytes": "2101248",
	}
	req := made.Load()
	if req == nil || len(req.Topics) != 3 {
		t.Fatalf("request: %+v", req)
	}
	for i, name := range []string{"cdp.live", "cdp.bulk"} {
		topic := req.Topics[i]
		if topic.Topic != name || topic.NumPartitions != 5 || topic.ReplicationFactor != 3 {
			t.Errorf("topic %s with %d partitions and factor %d", topic.Topic, topic.NumPartitions, topic.ReplicationFactor)
		}
		for _, c := range topic.Configs {
			if c.Value == nil || *c.Value != want[c.Name] {
				t.Errorf("%s is %v, want %s", c.Name, c.Value, want[c.Name])
			}
		}
	}
	closeLog(t, open(t, config)) // they are there
	config.Partitions = 6
	if _, err := Open(t.Context(), config); !errors.Is(err, ErrPartitions) {
		t.Errorf("open with another number of partitions: %v, want ErrPartitions", err)
	}
}

// TestRecordsAreReadableByOthers looks at a record as any Kafka client sees it.
func TestRecordsAreReadableByOthers(t *testing.T) {
	c := newCluster(t, kfake.NumBrokers(1))
	l := open(t, Config{Brokers: c.ListenAddrs(), ReplicationFactor: 1})
	defer closeLog(t, l)
	positions, err := l.Append(t.Context(), []stream.Record{record})
	if err != nil {
		t.Fatal(err)
	}
	res, err := l.client.Fetch(t.Context(), &kafka.FetchRequest{
		Topic: "tributary.bulk", Partition: int(positions[0].Partition.Shard()), MinBytes: 1, MaxBytes: 1 << 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	r, err := res.Records.ReadRecord()
	if err != nil {
		t.Fatal(err)
	}
	key, _ := kafka.ReadAll(r.Key)
	value, _ := kafka.ReadAll(r.Value)
	if string(key) != "acme" || string(value) != `{"a":1}` || !r.Time.Equal(record.ReceivedAt) {
		t.Errorf("key %q, value %q, time %s", key, value, r.Time)
	}
	want := map[string]string{
		"kind": "event", "workspace": "acme", "source": "web", "message-id": "m1", "received-at": "2024-05-06T07:08:09.123Z",
	}
	for _, h := range r.Headers {
		if want[h.Key] != string(h.Value) {
			t.Errorf("header %s is %q, want %q", h.Key, h.Value, want[h.Key])
		}
		delete(want, h.Key)
	}
	if len(want) > 0 {
		t.Errorf("headers are missing: %v", want)
	}
}

// TestForeignRecordIsRejectedNotFatal: what another program wrote into the topic is handed on as rejected.
func TestForeignRecordIsRejectedNotFatal(t *testing.T) {
	c := newCluster(t, kfake.NumBrokers(1))
	l := open(t, Config{Brokers: c.ListenAddrs(), ReplicationFactor: 1, Partitions: 1})
	defer closeLog(t, l)
	badTime := encode(&record)
	badTime.Headers[4].Value = []byte("yesterday")
	for _, r := range []kafka.Record{
		{Value: kafka.NewBytes([]byte("not \xff ours"))},
		{Key: kafka.NewBytes([]byte("acme"))},
		badTime,
		encode(&record),
	} {
		if _, err := l.produce(0, []kafka.Record{r}); err != nil {
			t.Fatal(err)
		}
	}
	r, err := l.Reader(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	var entries []stream.Entry
	for len(entries) < 4 {
		more, err := r.Next(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, more...)
	}
	for i, want := range []string{`"field":"kind","payload":"not \ufffd ours"`, `"field":"kind","payload":""`, `"field":"received-at"`} {
		if e := entries[i]; e.Kind != stream.KindRejected || !strings.Contains(string(e.Value), want) {
			t.Errorf("entry %d is %s with %s, want rejected with %s", i, e.Kind, e.Value, want)
		}
	}
	if entries[3].Kind != stream.KindEvent {
		t.Errorf("entry 3 is %s", entries[3].Kind)
	}
}

// TestAppendTriesAgain: a passing fault is not seen by the caller, a permanent one is, at once.
func TestAppendTriesAgain(t *testing.T) {
	c := newCluster(t, kfake.NumBrokers(1))
	l := open(t, Config{Brokers: c.ListenAddrs(), ReplicationFactor: 1, Partitions: 1})
	defer closeLog(t, l)
	var requests atomic.Int64
	fail := func(times int64, code int16) {
		requests.Store(0)
		c.ControlKey(int16(kmsg.Produce), func(r kmsg.Request) (kmsg.Response, error, bool) {
			c.KeepControl()
			if requests.Add(1) > times {
				return nil, nil, false
			}
			req := r.(*kmsg.ProduceRequest)
			res := req.ResponseKind().(*kmsg.ProduceResponse)
			for _, t := range req.Topics {
				rt := kmsg.NewProduceResponseTopic()
				rt.Topic, rt.TopicID = t.Topic, t.TopicID
				for _, p := range t.Partitions {
					rp := kmsg.NewProduceResponseTopicPartition()
					rp.Partition, rp.ErrorCode = p.Partition, code
					rt.Partitions = append(rt.Partitions, rp)
				}
				res.Topics = append(res.Topics, rt)
			}
			return res, nil, true
		})
	}
	fail(2, kerr.NotEnoughReplicas.Code)
	if p, err := l.Append(t.Context(), []stream.Record{record}); err != nil || p[0].Offset != 0 || requests.Load() != 3 {
		t.Errorf("append: %v, %v after %d requests, want success after 3", p, err, requests.Load())
	}
	fail(1<<40, kerr.TopicAuthorizationFailed.Code)
	if _, err := l.Append(t.Context(), []stream.Record{record}); !errors.Is(err, kafka.TopicAuthorizationFailed) {
		t.Errorf("append without a right: %v", err)
	}
}

func TestLargeAppendIsSplit(t *testing.T) {
	c := newCluster(t, kfake.NumBrokers(1))
	l := open(t, Config{Brokers: c.ListenAddrs(), ReplicationFactor: 1, Partitions: 2})
	defer closeLog(t, l)
	records := make([]stream.Record, 20)
	for i := range records {
		records[i] = record
		records[i].Value = make([]byte, 300<<10)
	}
	positions, err := l.Append(t.Context(), records)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range positions {
		if p.Offset != uint64(i) || p.Partition != positions[0].Partition {
			t.Errorf("record %d is at %s", i, p)
		}
	}
}

func TestSASL(t *testing.T) {
	c := newCluster(t, kfake.NumBrokers(1), kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "tributary", "secret"))
	config := Config{
		Brokers: c.ListenAddrs(), ReplicationFactor: 1, RequestTimeout: 5 * time.Second,
		SASL: SASL{Mechanism: MechanismScramSHA256, Username: "tributary", Password: "secret"},
	}
	l := open(t, config)
	if _, err := l.Append(t.Context(), []stream.Record{record}); err != nil {
		t.Errorf("append: %v", err)
	}
	closeLog(t, l)
	config.SASL.Password = "wrong"
	if l, err := Open(t.Context(), config); err == nil {
		closeLog(t, l)
		t.Error("open with a wrong password is no error")
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, Config{Brokers: []string{"127.0.0.1:1"}}); !errors.Is(err, context.Canceled) {
		t.Errorf("open: %v", err)
	}
}

func TestConfigReportsEveryFault(t *testing.T) {
	for name, tc := range map[string]struct {
		config Config
		fields []string
	}{
		"numbers": {
			Config{Partitions: -1, ReplicationFactor: -1, MaxValueBytes: -1, RequestTimeout: -1},
			[]string{"brokers", "partitions", "replication_factor", "max_value_bytes", "request_timeout"},
		},
		"plain in the clear": {
			Config{Brokers: []string{""}, SASL: SASL{Mechanism: MechanismPlain}},
			[]string{"brokers[0]", "sasl.mechanism", "sasl.username", "sasl.password"},
		},
		"half of a pair":    {Config{Brokers: []string{"a:1"}, TLS: TLS{Enabled: true, CertFile: "c"}}, []string{"tls.key_file"}},
		"tls not enabled":   {Config{Brokers: []string{"a:1"}, TLS: TLS{CAFile: "c"}}, []string{"tls.enabled"}},
		"unknown mechanism": {Config{Brokers: []string{"a:1"}, SASL: SASL{Mechanism: "magic"}}, []string{"sasl.mechanism"}},
		"no mechanism":      {Config{Brokers: []string{"a:1"}, SASL: SASL{Username: "me"}}, []string{"sasl.mechanism"}},
		"nothing wrong":     {Config{Brokers: []string{"a:1"}}, nil},
	} {
		err := tc.config.Validate()
		if (err == nil) != (tc.fields == nil) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, field := range tc.fields {
			if !strings.Contains(err.Error(), field+": ") {
				t.Errorf("%s: no fault of %s in %q", name, field, err)
			}
		}
	}
}
