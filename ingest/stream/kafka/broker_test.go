//go:build kafka

package kafka

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"tributary/ingest/stream"
	"tributary/ingest/stream/kafka/kafkatest"
	"tributary/ingest/stream/streamtest"
)

// TestKafka is what one broker is enough for that nothing happens to.
func TestKafka(t *testing.T) {
	c := kafkatest.Start(t, kafkatest.Options{Secure: true})
	for name, test := range map[string]func(*testing.T, *kafkatest.Cluster){
		"conformance":                    testConformance,
		"ways in":                        testWaysIn,
		"ways in that are closed":        testClosedWays,
		"kcat reads what was written":    testKcat,
		"settings that are refused":      testSettings,
		"retention does not go unseen":   testRetention,
		"what was read is gone":          testLost,
		"an append larger than a batch":  testLargeAppend,
		"counts outlive what is trimmed": testCounts,
	} {
		t.Run(name, func(t *testing.T) { test(t, c) })
	}
}

var prefixes atomic.Int64

// onBroker configures a log with topics of its own.
func onBroker(c *kafkatest.Cluster) Config {
	return Config{
		Brokers: c.Addrs(kafkatest.Plaintext), TopicPrefix: fmt.Sprintf("test%d.", prefixes.Add(1)),
		ReplicationFactor: len(c.Brokers), RequestTimeout: 30 * time.Second, Logger: slog.New(slog.DiscardHandler),
	}
}

func testConformance(t *testing.T, c *kafkatest.Cluster) {
	streamtest.Run(t, streamtest.Subject{
		New: func(*testing.T) func(*testing.T) stream.Log {
			config := onBroker(c)
			return func(t *testing.T) stream.Log { return open(t, config) }
		},
		MaxValueBytes: DefaultMaxValueBytes, TrimsExactly: true,
	})
}

func testWaysIn(t *testing.T, c *kafkatest.Cluster) {
	known := TLS{Enabled: true, CAFile: c.CAFile}
	proven := TLS{Enabled: true, CAFile: c.CAFile, CertFile: c.CertFile, KeyFile: c.KeyFile}
	as := func(m Mechanism) SASL {
		return SASL{Mechanism: m, Username: kafkatest.User, Password: kafkatest.Password}
	}
	for name, tc := range map[string]struct {
		listener kafkatest.Listener
		tls      TLS
		sasl     SASL
	}{
		"tls":                    {kafkatest.TLS, known, SASL{}},
		"mutual tls":             {kafkatest.MutualTLS, proven, SASL{}},
		"plain over tls":         {kafkatest.SASL, known, as(MechanismPlain)},
		"scram-sha-256 over tls": {kafkatest.SASL, known, as(MechanismScramSHA256)},
		"scram-sha-512 over tls": {kafkatest.SASL, known, as(MechanismScramSHA512)},
	} {
		t.Run(name, func(t *testing.T) {
			config := onBroker(c)
			config.Brokers, config.TLS, config.SASL = c.Addrs(tc.listener), tc.tls, tc.sasl
			l := open(t, config)
			defer closeLog(t, l)
			positions, err := l.Append(t.Context(), []stream.Record{record})
			if err != nil {
				t.Fatal(err)
			}
			if got := readAll(t, l)[positions[0]]; got.MessageID != record.MessageID {
				t.Errorf("read %+v", got)
			}
		})
	}
}

func says(words string) func(error) bool {
	return func(err error) bool { return strings.Contains(err.Error(), words) }
}

func testClosedWays(t *testing.T, c *kafkatest.Cluster) {
	known := TLS{Enabled: true, CAFile: c.CAFile}
	for name, tc := range map[string]struct {
		listener kafkatest.Listener
		tls      TLS
		sasl     SASL
		want     func(error) bool
	}{
		"wrong password": {kafkatest.SASL, known, SASL{MechanismScramSHA512, kafkatest.User, "battery staple"}, func(err error) bool {
			return errors.Is(err, kafka.SASLAuthenticationFailed) && !strings.Contains(err.Error(), "battery staple")
		}},
		"wrong plain password": {kafkatest.SASL, known, SASL{MechanismPlain, kafkatest.User, "battery staple"}, func(err error) bool {
			return errors.Is(err, kafka.SASLAuthenticationFailed)
		}},
		"another ca": {kafkatest.TLS, TLS{Enabled: true, CAFile: c.StrangerFile}, SASL{}, func(err error) bool {
			return errors.As(err, new(x509.UnknownAuthorityError))
		}},
		"another name": {kafkatest.TLS, TLS{Enabled: true, CAFile: c.CAFile, ServerName: "kafka.example.com"}, SASL{}, func(err error) bool {
			return errors.As(err, new(x509.HostnameError))
		}},
		"no certificate": {kafkatest.MutualTLS, known, SASL{}, func(err error) bool {
			return strings.Contains(err.Error(), "certificate required") || strings.Contains(err.Error(), "bad certificate")
		}},
		"tls where there is none":  {kafkatest.Plaintext, known, SASL{}, says("may not speak tls")},
		"none where there is tls":  {kafkatest.TLS, TLS{}, SASL{}, says("may want tls")},
		"no sasl where it is due":  {kafkatest.SASL, known, SASL{}, says("may want sasl")},
		"sasl where there is none": {kafkatest.TLS, known, SASL{MechanismPlain, "me", "secret"}, says("takes no sasl")},
	} {
		t.Run(name, func(t *testing.T) {
			config := onBroker(c)
			config.Brokers, config.TLS, config.SASL, config.RequestTimeout = c.Addrs(tc.listener), tc.tls, tc.sasl, 5*time.Second
			l, err := Open(t.Context(), config)
			if err == nil {
				closeLog(t, l)
				t.Fatal("open is no error")
			}
			if !tc.want(err) {
				t.Errorf("open: %v", err)
			}
		})
	}
}

// testKcat reads with a program that is none of ours.
func testKcat(t *testing.T, c *kafkatest.Cluster) {
	config := onBroker(c)
	l := open(t, config)
	defer closeLog(t, l)
	if _, err := l.Append(t.Context(), []stream.Record{record}); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "kcat", "-b", config.Brokers[0], "-C", "-t", config.TopicPrefix+"bulk",
		"-o", "beginning", "-e", "-q", "-J").Output()
	if err != nil {
		t.Fatalf("kcat: %v\n%s", err, out)
	}
	var got struct {
		Key     string   `json:"key"`
		Payload string   `json:"payload"`
		Time    int64    `json:"ts"`
		Headers []string `json:"headers"` // name, value, name, value …
	}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("kcat printed %q: %v", out, err)
	}
	headers := "kind event workspace acme source web message-id m1 received-at 2024-05-06T07:08:09.123Z"
	if got.Key != "acme" || got.Payload != `{"a":1}` || got.Time != record.ReceivedAt.UnixMilli() || strings.Join(got.Headers, " ") != headers {
		t.Errorf("kcat printed %s", out)
	}
}

// testSettings opens topics that somebody made otherwise.
func testSettings(t *testing.T, c *kafkatest.Cluster) {
	config := onBroker(c)
	closeLog(t, open(t, config))
	more := config
	more.Partitions = 9
	if _, err := Open(t.Context(), more); !errors.Is(err, ErrPartitions) {
		t.Errorf("open with another number of partitions: %v, want ErrPartitions", err)
	}
	for setting, value := range map[string]string{"cleanup.policy": "compact", "max.message.bytes": "1000000"} {
		config := onBroker(c)
		closeLog(t, open(t, config))
		alter(t, c, config.TopicPrefix+"live", setting, value)
		if _, err := Open(t.Context(), config); !errors.Is(err, ErrSettings) || !strings.Contains(err.Error(), setting) {
			t.Errorf("open with %s=%s: %v, want ErrSettings", setting, value, err)
		}
	}
	var said bytes.Buffer
	config = onBroker(c)
	closeLog(t, open(t, config))
	alter(t, c, config.TopicPrefix+"bulk", "retention.ms", "3600000")
	config.Logger = slog.New(slog.NewTextHandler(&said, nil))
	closeLog(t, open(t, config))
	if !strings.Contains(said.String(), "setting=retention.ms value=3600000") {
		t.Errorf("open with a retention said %q", said.String())
	}
}

// alter sets a setting of a topic and waits until it is seen.
func alter(t *testing.T, c *kafkatest.Cluster, topic, setting, value string) {
	t.Helper()
	transport := &kafka.Transport{}
	defer transport.CloseIdleConnections()
	client := &kafka.Client{Addr: kafka.TCP(c.Addrs(kafkatest.Plaintext)...), Transport: transport, Timeout: time.Minute}
	res, err := client.IncrementalAlterConfigs(t.Context(), &kafka.IncrementalAlterConfigsRequest{
		Resources: []kafka.IncrementalAlterConfigsRequestResource{{
			ResourceType: kafka.ResourceTypeTopic, ResourceName: topic,
			Configs: []kafka.IncrementalAlterConfigsRequestConfig{{Name: setting, Value: value, ConfigOperation: kafka.ConfigOperationSet}},
		}},
	})
	if err != nil || res.Resources[0].Error != nil {
		t.Fatalf("set %s of %s: %v, %v", setting, topic, err, res)
	}
	eventually(t, setting+" is set", func() bool {
		res, err := client.DescribeConfigs(t.Context(), &kafka.DescribeConfigsRequest{Resources: []kafka.DescribeConfigRequestResource{
			{ResourceType: kafka.ResourceTypeTopic, ResourceName: topic, ConfigNames: []string{setting}},
		}})
		return err == nil && res.Resources[0].ConfigEntries[0].ConfigValue == value
	})
}

// eventually polls what another process does.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for begun := time.Now(); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Since(begun) > 2*time.Minute {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// testRetention: what Kafka deletes by itself is an error for who wanted to read or count it.
func testRetention(t *testing.T, c *kafkatest.Cluster) {
	config := onBroker(c)
	config.Partitions = 1
	l := open(t, config)
	defer closeLog(t, l)
	p := stream.PartitionOf(stream.LaneBulk, 0)
	if _, err := l.Append(t.Context(), []stream.Record{record, record}); err != nil { // of 2024
		t.Fatal(err)
	}
	reader, err := l.Reader(p, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if _, err := reader.Next(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	alter(t, c, config.TopicPrefix+"bulk", "retention.ms", "1000")
	eventually(t, "records are deleted", func() bool {
		infos, err := l.Partitions(t.Context())
		return err == nil && infos[1].First == 2
	})
	late, err := l.Reader(p, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	if _, err := late.Next(t.Context(), 1); !errors.Is(err, stream.ErrTrimmed) {
		t.Errorf("read of what is deleted: %v, want ErrTrimmed", err)
	}
	if _, err := l.Received(t.Context()); !errors.Is(err, ErrUncounted) {
		t.Errorf("count of what is deleted: %v, want ErrUncounted", err)
	}
}

// testLost: a topic that ends before what was read from it is no end to wait at.
func testLost(t *testing.T, c *kafkatest.Cluster) {
	config := onBroker(c)
	config.Partitions = 1
	l := open(t, config)
	defer closeLog(t, l)
	if _, err := l.Append(t.Context(), []stream.Record{record, record}); err != nil {
		t.Fatal(err)
	}
	r, err := l.Reader(stream.PartitionOf(stream.LaneBulk, 0), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Next(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	err = l.fresh(func(client *kafka.Client) error {
		_, err := client.DeleteTopics(t.Context(), &kafka.DeleteTopicsRequest{Topics: l.names()})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the topics are gone", func() bool {
		counts, err := l.partitionCounts(t.Context())
		return err == nil && len(counts) == 0
	})
	closeLog(t, open(t, config)) // makes them anew
	if _, err := r.Next(t.Context(), 1); !errors.Is(err, ErrLost) {
		t.Errorf("next: %v, want ErrLost", err)
	}
}

// testLargeAppend makes a request of each batch.
func testLargeAppend(t *testing.T, c *kafkatest.Cluster) {
	l := open(t, onBroker(c))
	defer closeLog(t, l)
	records := make([]stream.Record, 20)
	for i := range records {
		records[i] = record
		records[i].Value = bytes.Repeat([]byte(fmt.Sprint(i)), 100<<10)
	}
	positions, err := l.Append(t.Context(), records)
	if err != nil {
		t.Fatal(err)
	}
	all := readAll(t, l)
	for i, p := range positions {
		if p.Offset != uint64(i) || !bytes.Equal(all[p].Value, records[i].Value) {
			t.Errorf("record %d is not at %s", i, p)
		}
	}
}

// testCounts: what was received is known by a log that holds it no more, in another process too.
func testCounts(t *testing.T, c *kafkatest.Cluster) {
	config := onBroker(c)
	l := open(t, config)
	records := make([]stream.Record, 10)
	for i := range records {
		records[i] = record
		records[i].ReceivedAt = record.ReceivedAt.AddDate(0, 0, i%2)
	}
	records[9].Kind = stream.KindCommand
	positions, err := l.Append(t.Context(), records)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Trim(t.Context(), positions[0].Partition, 7); err != nil {
		t.Fatal(err)
	}
	closeLog(t, l)
	l = open(t, config)
	defer closeLog(t, l)
	got, err := l.Received(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	key := stream.SourceDay{SourceKey: stream.SourceKey{Workspace: "acme", Source: "web"}, Day: stream.DayOf(record.ReceivedAt)}
	next := key
	next.Day++
	if len(got.Counts) != 2 || got.Counts[key] != 5 || got.Counts[next] != 4 || got.Next[positions[0].Partition] != 10 {
		t.Errorf("received %+v", got)
	}
}

// readAll reads all that the log holds, by place.
func readAll(t *testing.T, l *Log) map[stream.Position]stream.Entry {
	t.Helper()
	infos, err := l.Partitions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[stream.Position]stream.Entry)
	for _, info := range infos {
		r, err := l.Reader(info.ID, info.First)
		if err != nil {
			t.Fatal(err)
		}
		for next := info.First; next < info.Next; {
			entries, err := r.Next(t.Context(), 1000)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				all[e.Position] = e
				next = e.Offset + 1
			}
		}
		_ = r.Close()
	}
	return all
}
