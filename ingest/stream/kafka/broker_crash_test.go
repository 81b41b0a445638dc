//go:build kafka

package kafka

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"

	"tributary/ingest/stream"
	"tributary/ingest/stream/kafka/kafkatest"
)

// writers append to a log, each its own numbered messages, and go on when an append fails: the next
// one has another number, so that what failed may be there or not.
type writers struct {
	log     *Log
	acked   sync.Map // stream.Position → message id
	appends atomic.Int64
	faults  atomic.Int64
	stop    chan struct{}
	running sync.WaitGroup
}

const writerCount = 6

func startWriters(t *testing.T, l *Log) *writers {
	w := &writers{log: l, stop: make(chan struct{})}
	for i := range writerCount {
		w.running.Go(func() { w.write(t, fmt.Sprintf("workspace-%d", i)) })
	}
	t.Cleanup(func() { w.end() })
	return w
}

func (w *writers) write(t *testing.T, workspace string) {
	for n := 0; ; n++ {
		select {
		case <-w.stop:
			return
		default:
		}
		records := make([]stream.Record, 1+n%7)
		for i := range records {
			records[i] = record
			records[i].Workspace, records[i].MessageID = workspace, fmt.Sprintf("%s/%d/%d", workspace, n, i)
		}
		positions, err := w.log.Append(t.Context(), records)
		if err != nil {
			w.faults.Add(1)
			continue
		}
		for i, p := range positions {
			if old, there := w.acked.LoadOrStore(p, records[i].MessageID); there {
				t.Errorf("%s was acknowledged at %s, and so was %s", records[i].MessageID, p, old)
			}
		}
		w.appends.Add(1)
	}
}

func (w *writers) end() {
	select {
	case <-w.stop:
	default:
		close(w.stop)
	}
	w.running.Wait()
}

// awaitMore waits until every writer had time to be acknowledged anew.
func (w *writers) awaitMore(t *testing.T) {
	t.Helper()
	from := w.appends.Load()
	eventually(t, "more is acknowledged", func() bool { return w.appends.Load() >= from+20*writerCount })
}

// check ends the writers: all that was acknowledged must be where it was acknowledged.
func (w *writers) check(t *testing.T) {
	t.Helper()
	w.end()
	all := readAll(t, w.log)
	n := 0
	w.acked.Range(func(p, id any) bool {
		n++
		if got := all[p.(stream.Position)].MessageID; got != id {
			t.Errorf("%s was acknowledged at %s, there is %q", id, p, got)
		}
		return true
	})
	t.Logf("%d records acknowledged, %d in the log, %d appends failed", n, len(all), w.faults.Load())
}

// TestKafkaBrokerKilled kills the only broker while records come in and are read.
func TestKafkaBrokerKilled(t *testing.T) {
	c := kafkatest.Start(t, kafkatest.Options{})
	config := onBroker(c)
	config.RequestTimeout = 5 * time.Second
	l := open(t, config)
	t.Cleanup(func() { closeLog(t, l) })
	w := startWriters(t, l)
	w.awaitMore(t)
	f := follow(t, l, stream.PartitionOf(stream.LaneBulk, uint16(l.partitionOf("workspace-0"))))
	f.awaitMore(t)
	for range 2 {
		c.Brokers[0].Kill()
		faults := w.faults.Load()
		eventually(t, "appends fail", func() bool { return w.faults.Load() > faults })
		if err := c.Brokers[0].Start(); err != nil {
			t.Fatal(err)
		}
		w.awaitMore(t)
		f.awaitMore(t)
	}
	w.check(t)
}

// follower reads a partition through all that happens.
type follower struct{ next atomic.Uint64 }

func follow(t *testing.T, l *Log, p stream.Partition) *follower {
	t.Helper()
	r, err := l.Reader(p, 0)
	if err != nil {
		t.Fatal(err)
	}
	f, ended := new(follower), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			entries, err := r.Next(t.Context(), 100)
			if err != nil {
				if !errors.Is(err, stream.ErrClosed) {
					t.Errorf("read: %v", err)
				}
				return
			}
			for _, e := range entries {
				if e.Offset != f.next.Load() {
					t.Errorf("read offset %d, want %d", e.Offset, f.next.Load())
				}
				f.next.Store(e.Offset + 1)
			}
		}
	}()
	t.Cleanup(func() { _ = r.Close(); <-ended })
	return f
}

func (f *follower) awaitMore(t *testing.T) {
	t.Helper()
	from := f.next.Load()
	eventually(t, "more is read", func() bool { return f.next.Load() > from+10 })
}

// TestKafkaAwayAtStart opens a log of a broker that is not there yet.
func TestKafkaAwayAtStart(t *testing.T) {
	c := kafkatest.Start(t, kafkatest.Options{})
	c.Brokers[0].Kill()
	config := onBroker(c)
	if _, err := Open(t.Context(), config); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("open: %v, want a refused connection", err)
	}
	if err := c.Brokers[0].Start(); err != nil {
		t.Fatal(err)
	}
	if err := c.AwaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	closeLog(t, open(t, config))
}

// TestKafkaLeaderChange kills, freezes and stops leaders of partitions, one of three brokers at a
// time, and then two.
func TestKafkaLeaderChange(t *testing.T) {
	c := kafkatest.Start(t, kafkatest.Options{Brokers: 3})
	config := onBroker(c)
	config.RequestTimeout = 5 * time.Second
	l := open(t, config)
	t.Cleanup(func() { closeLog(t, l) })
	w := startWriters(t, l)
	w.awaitMore(t)

	leader := c.Brokers[leaderOf(t, l, "workspace-0")-1]
	leader.Kill()
	eventually(t, "another leads", func() bool { return leaderOf(t, l, "workspace-0") != leader.ID() })
	w.awaitMore(t)
	restart(t, c, leader)

	leader = c.Brokers[leaderOf(t, l, "workspace-1")-1]
	if err := leader.Freeze(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another leads", func() bool { return leaderOf(t, l, "workspace-1") != leader.ID() })
	w.awaitMore(t)
	if err := leader.Thaw(); err != nil {
		t.Fatal(err)
	}
	if err := c.AwaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}

	leader = c.Brokers[leaderOf(t, l, "workspace-2")-1]
	if err := leader.Stop(); err != nil {
		t.Fatal(err)
	}
	w.awaitMore(t)
	restart(t, c, leader)
	w.awaitMore(t)
	w.check(t)
}

func restart(t *testing.T, c *kafkatest.Cluster, b *kafkatest.Broker) {
	t.Helper()
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	if err := c.AwaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// leaderOf is the id of the broker that leads a workspace's partition in the bulk lane; 0 for none.
func leaderOf(t *testing.T, l *Log, workspace string) (id int) {
	t.Helper()
	topic, partition := l.topics[stream.LaneBulk], l.partitionOf(workspace)
	_ = l.fresh(func(client *kafka.Client) error {
		m, err := client.Metadata(t.Context(), &kafka.MetadataRequest{Topics: []string{topic}})
		if err == nil && len(m.Topics[0].Partitions) > 0 {
			id = m.Topics[0].Partitions[partition].Leader.ID
		}
		return err
	})
	return id
}
