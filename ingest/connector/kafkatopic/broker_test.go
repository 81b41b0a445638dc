//go:build kafka

package kafkatopic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tributary/ingest/connector"
	"tributary/ingest/connector/source"
	"tributary/ingest/event"
	"tributary/ingest/stream"
	"tributary/ingest/stream/kafka/kafkatest"
)

// TestKafkaTopic reads topics of one broker that another client writes.
func TestKafkaTopic(t *testing.T) {
	c := kafkatest.Start(t, kafkatest.Options{Secure: true, Settings: []string{
		"log.cleaner.backoff.ms=200", "log.cleaner.min.compaction.lag.ms=0", "transaction.state.log.num.partitions=1",
	}})
	producer := newClient(t, c)
	for name, test := range map[string]func(*testing.T, *kafkatest.Cluster, *kgo.Client){
		"pages":             testPages,
		"avro":              testAvro,
		"transactions":      testTransactions,
		"compaction":        testCompaction,
		"deleted records":   testDeleted,
		"a topic made anew": testMadeAnew,
		"since":             testSince,
		"the runtime":       testRuntime,
	} {
		t.Run(name, func(t *testing.T) { test(t, c, producer) })
	}
}

func newClient(t *testing.T, c *kafkatest.Cluster, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(c.Addrs(kafkatest.Plaintext)...), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.MetadataMinAge(100 * time.Millisecond),
	}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func newTopic(t *testing.T, client *kgo.Client, topic string, partitions int32, settings ...string) {
	t.Helper()
	request := kmsg.NewPtrCreateTopicsRequest()
	made := kmsg.NewCreateTopicsRequestTopic()
	made.Topic, made.NumPartitions, made.ReplicationFactor = topic, partitions, 1
	for _, s := range settings {
		name, value, _ := strings.Cut(s, "=")
		config := kmsg.NewCreateTopicsRequestTopicConfig()
		config.Name, config.Value = name, &value
		made.Configs = append(made.Configs, config)
	}
	request.Topics = append(request.Topics, made)
	response, err := request.RequestWith(t.Context(), client)
	if err != nil || response.Topics[0].ErrorCode != 0 {
		t.Fatalf("create topic %s: %v, %+v", topic, err, response)
	}
}

// write writes records of one partition, each a batch of its own if they are to be apart.
func write(t *testing.T, client *kgo.Client, topic string, partition int32, records ...*kgo.Record) {
	t.Helper()
	for _, r := range records {
		r.Topic, r.Partition = topic, partition
	}
	if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

func value(key, v string) *kgo.Record { return &kgo.Record{Key: []byte(key), Value: []byte(v)} }

func pullerOf(t *testing.T, c *kafkatest.Cluster, topic string, m Mapper, change ...func(*Options)) *Puller {
	t.Helper()
	o := Options{Brokers: c.Addrs(kafkatest.Plaintext), Topic: topic}
	for _, f := range change {
		f(&o)
	}
	p, err := New(o, m)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// pull pulls until nothing more is there, and returns what came and where it ended.
func pull(t *testing.T, p *Puller, from connector.Position) (connector.Batch, connector.Position) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var all connector.Batch
	for {
		page, err := p.Pull(ctx, from)
		if err != nil {
			t.Fatal(err)
		}
		all.Events = append(all.Events, page.Events...)
		all.Rejected = append(all.Rejected, page.Rejected...)
		from.Checkpoint = page.Checkpoint
		if !page.More {
			return all, from
		}
	}
}

func ids(b connector.Batch) string {
	var ids []string
	for i := range b.Events {
		ids = append(ids, b.Events[i].MessageID)
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// testPages: however it is cut into pages, each record comes once, from every partition, and what
// cannot be read is rejected in its place.
func testPages(t *testing.T, c *kafkatest.Cluster, client *kgo.Client) {
	newTopic(t, client, "pages", 3)
	want := map[string]bool{}
	for partition := range int32(2) {
		for i := range 50 {
			write(t, client, "pages", partition, value(fmt.Sprint(i), `{"n":1}`))
			want[fmt.Sprintf("pages/%d/%d", partition, i)] = true
		}
	}
	write(t, client, "pages", 1, value("bad", "{"), value("50", `{}`))
	want["pages/1/51"] = true
	p := pullerOf(t, c, "pages", new(keeper), func(o *Options) { o.PageRecords = 7 })
	got, at := pull(t, p, connector.Position{})
	for _, id := range strings.Fields(ids(got)) {
		if !want[id] {
			t.Errorf("%s came twice, or was not sent", id)
		}
		delete(want, id)
	}
	if len(want) > 0 || len(got.Rejected) != 1 || got.Rejected[0].ID != "pages/1/50" {
		t.Errorf("missing: %v; rejected: %+v", want, got.Rejected)
	}
	if string(at.Checkpoint) != `{"offsets":{"0":50,"1":52,"2":0}}` {
		t.Errorf("checkpoint %s", at.Checkpoint)
	}
	write(t, client, "pages", 2, value("late", `{}`))
	first, _ := pull(t, p, at)
	again, _ := pull(t, pullerOf(t, c, "pages", new(keeper)), at) // as after a crash
	if ids(first) != "pages/2/0" || ids(again) != ids(first) {
		t.Errorf("from the checkpoint: %s, and again: %s", ids(first), ids(again))
	}
}

func testAvro(t *testing.T, c *kafkatest.Cluster, client *kgo.Client) {
	newTopic(t, client, "customers", 1)
	write(t, client, "customers", 0,
		&kgo.Record{Key: []byte("5"), Value: customer(t, map[string]any{"id": 5, "email": "ada@example.com", "since": written, "address": nil})},
		&kgo.Record{Key: []byte("5")},
		&kgo.Record{Key: []byte("6"), Value: frame(99, nil)})
	kept := new(keeper)
	p := pullerOf(t, c, "customers", kept, func(o *Options) {
		o.Format, o.Registry = FormatAvro, registry(t)
		o.Brokers, o.TLS.Enabled, o.TLS.CAFile = c.Addrs(kafkatest.SASL), true, c.CAFile
		o.SASL.Mechanism, o.SASL.Username, o.SASL.Password = "scram-sha-512", kafkatest.User, kafkatest.Password
	})
	got, _ := pull(t, p, connector.Position{})
	if ids(got) != "customers/0/0 customers/0/1" || len(got.Rejected) != 1 || got.Rejected[0].ID != "customers/0/2" {
		t.Errorf("events %s, rejected %+v", ids(got), got.Rejected)
	}
	if d := kept.documents[1]; !d.Deleted || string(d.Key) != `"5"` || string(d.Value) != "null" {
		t.Errorf("tombstone %+v", d)
	}
}

// testTransactions: what was given up is not read, what is open not yet, and markers hold nobody up.
func testTransactions(t *testing.T, c *kafkatest.Cluster, client *kgo.Client) {
	newTopic(t, client, "paid", 1)
	p := pullerOf(t, c, "paid", new(keeper))
	for i, outcome := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort, kgo.TryCommit} {
		writer := newClient(t, c, kgo.TransactionalID(fmt.Sprint("writer", i%2)))
		if err := writer.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		write(t, writer, "paid", 0, value("a", fmt.Sprint(i)), value("b", fmt.Sprint(i)))
		if i == 2 {
			got, _ := pull(t, p, connector.Position{})
			if ids(got) != "paid/0/0 paid/0/1" {
				t.Errorf("before the last transaction's end: %s", ids(got))
			}
		}
		if err := writer.EndTransaction(t.Context(), outcome); err != nil {
			t.Fatal(err)
		}
	}
	var got connector.Batch
	var at connector.Position
	eventually(t, "the last transaction is seen", func() bool {
		got, at = pull(t, p, connector.Position{})
		return len(got.Events) == 4
	})
	if ids(got) != "paid/0/0 paid/0/1 paid/0/6 paid/0/7" || string(at.Checkpoint) != `{"offsets":{"0":9}}` {
		t.Errorf("events %s, checkpoint %s", ids(got), at.Checkpoint)
	}
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

// testCompaction: where the last records of a batch were compacted away, a reader that stands among
// them gets on.
func testCompaction(t *testing.T, c *kafkatest.Cluster, client *kgo.Client) {
	newTopic(t, client, "state", 1, "cleanup.policy=compact", "min.cleanable.dirty.ratio=0.001", "segment.ms=100", "min.compaction.lag.ms=0")
	var batch []*kgo.Record
	for i := range 100 {
		batch = append(batch, value(fmt.Sprint("key", i/10*10), fmt.Sprint(i))) // of each ten the last stays
	}
	write(t, client, "state", 0, batch...)
	for i := 90; i >= 10; i -= 10 { // the tail goes wholly
		write(t, client, "state", 0, value(fmt.Sprint("key", i), `"late"`))
	}
	p := pullerOf(t, c, "state", new(keeper))
	eventually(t, "the topic is compacted", func() bool {
		time.Sleep(200 * time.Millisecond)
		write(t, client, "state", 0, value("tick", fmt.Sprint(time.Now().UnixNano()))) // ends a segment
		got, _ := pull(t, p, connector.Position{})
		return !strings.Contains(" "+ids(got)+" ", " state/0/99 ")
	})

	p.fetchBytes = 1 // one batch an answer
	for _, from := range []int64{10, 42, 99} {
		got, _ := pull(t, p, connector.Position{Checkpoint: connector.JSON(checkpoint{Offsets: map[int]int64{0: from}})})
		if !strings.HasPrefix(ids(got), "state/0/100 ") {
			t.Errorf("from %d: %s", from, ids(got))
		}
	}
}

// testDeleted: what was deleted before it was read is told of, and what is left is read.
func testDeleted(t *testing.T, c *kafkatest.Cluster, client *kgo.Client) {
	newTopic(t, client, "short", 1)
	p := pullerOf(t, c, "short", new(keeper))
	write(t, client, "short", 0, value("a", "1"))
	_, at := pull(t, p, connector.Position{})
	write(t, client, "short", 0, value("a", "2"), value("a", "3"), value("a", "4"))
	request := kmsg.NewPtrDeleteRecordsRequest()
	request.TimeoutMillis = 30_000
	topic, partition := kmsg.NewDeleteRecordsRequestTopic(), kmsg.NewDeleteRecordsRequestTopicPartition()
	partition.Offset = 3
	topic.Topic, topic.Partitions = "short", append(topic.Partitions, partition)
	request.Topics = append(request.Topics, topic)
	if _, err := request.RequestWith(t.Context(), client); err != nil {
		t.Fatal(err)
	}
	got, _ := pull(t, p, at)
	if ids(got) != "short/0/3" || len(got.Rejected) != 1 || got.Rejected[0].ID != "short/0/1-2" {
		t.Errorf("events %s, rejected %+v", ids(got), got.Rejected)
	}
}

// testMadeAnew: the ids of another topic of this name would be taken for repetitions.
func testMadeAnew(t *testing.T, c *kafkatest.Cluster, client *kgo.Client) {
	newTopic(t, client, "anew", 1)
	p := pullerOf(t, c, "anew", new(keeper))
	at := connector.Position{Checkpoint: connector.JSON(checkpoint{Offsets: map[int]int64{0: 5}})}
	_, err := p.Pull(t.Context(), at)
	for deadline := time.Now().Add(time.Minute); err != nil && strings.Contains(err.Error(), "Unknown Topic") && time.Now().Before(deadline); {
		time.Sleep(100 * time.Millisecond) // not every broker knows it yet
		_, err = p.Pull(t.Context(), at)
	}
	if err == nil || !strings.Contains(err.Error(), "made anew") {
		t.Errorf("pull: %v", err)
	}
	gone := pullerOf(t, c, "nowhere", new(keeper))
	if _, err := gone.Pull(t.Context(), connector.Position{}); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("pull of a topic that is not there: %v", err)
	}
}

func testSince(t *testing.T, c *kafkatest.Cluster, client *kgo.Client) {
	newTopic(t, client, "dated", 2, "retention.ms=-1") // of 2024
	for day := range 3 {
		r := value("a", "1")
		r.Timestamp = written.AddDate(0, 0, day)
		write(t, client, "dated", 0, r)
	}
	p := pullerOf(t, c, "dated", new(keeper))
	for days, want := range []string{"dated/0/0 dated/0/1 dated/0/2", "dated/0/1 dated/0/2", "dated/0/2", ""} {
		if got, _ := pull(t, p, connector.Position{Since: written.AddDate(0, 0, days)}); ids(got) != want {
			t.Errorf("since day %d: %s, want %s", days, ids(got), want)
		}
	}
}

// memory is the log and the checkpoints of a runtime.
type memory struct {
	mu       sync.Mutex
	records  []stream.Record
	progress source.Progress
	refuse   int // appends that fail
}

func (m *memory) Append(_ context.Context, records []stream.Record) ([]stream.Position, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refuse > 0 {
		m.refuse--
		return nil, errors.New("away")
	}
	m.records = append(m.records, records...)
	return make([]stream.Position, len(records)), nil
}

func (m *memory) Progress(string, string) (source.Progress, error) { return m.progress, nil }

func (m *memory) SaveProgress(_ context.Context, _, _ string, p source.Progress) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.progress = p
	return nil
}

func (m *memory) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.records)
}

type nobody struct{}

func (nobody) Pulled(string, int, int) {}
func (nobody) PullFailed(string)       {}

// testRuntime runs the connector as the program does: history goes into the bulk lane, the broker is
// killed, what comes afterwards is live, and nothing comes twice.
func testRuntime(t *testing.T, c *kafkatest.Cluster, client *kgo.Client) {
	newTopic(t, client, "orders", 2)
	for i := range 20 {
		write(t, client, "orders", int32(i%2), value(fmt.Sprint(i), fmt.Sprintf(`{"n":%d}`, i)))
	}
	kind := Connector()
	s, err := source.New(&kind, source.Options{
		Name: "shop", Workspace: "acme", Every: time.Second,
		Settings: map[string]string{"brokers": strings.Join(c.Addrs(kafkatest.Plaintext), ","), "topic": "orders"},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	m, ended := &memory{refuse: 1}, make(chan error, 1)
	go func() { ended <- s.Pull(ctx, m, m, nobody{}, slog.New(slog.DiscardHandler)) }()
	eventually(t, "history has come", func() bool { return m.count() == 20 })
	c.Brokers[0].Kill()
	if err := c.Brokers[0].Start(); err != nil {
		t.Fatal(err)
	}
	if err := c.AwaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, client, "orders", 0, value("late", `{}`))
	eventually(t, "the late one has come", func() bool { return m.count() == 21 })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	seen := map[string]bool{}
	for i, r := range m.records {
		if seen[r.MessageID] || r.Kind != stream.KindEvent || (r.Lane == stream.LaneLive) != (i == 20) {
			t.Errorf("record %d is %s, %s, in the %s lane", i, r.MessageID, r.Kind, r.Lane)
		}
		seen[r.MessageID] = true
		var e event.Event
		if err := json.Unmarshal(r.Value, &e); err != nil || e.Name != "kafka.orders" {
			t.Errorf("record %d: %v, %s", i, err, r.Value)
		}
	}
}
