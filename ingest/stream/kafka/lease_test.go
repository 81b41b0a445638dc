package kafka

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"

	"tributary/ingest/stream"
)

func TestLease(t *testing.T) {
	c := newCluster(t, kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(time.Second))
	testLease(t, Config{Brokers: c.ListenAddrs(), ReplicationFactor: 1, Partitions: 3, SessionTimeout: time.Second})
}

// TestLeaseWithoutAssignment: an owner to whom a generation assigns nothing, since it joined before it could
// claim, stays the owner as long as nobody has taken it.
func TestLeaseWithoutAssignment(t *testing.T) {
	c := newCluster(t, kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(time.Second))
	l := open(t, Config{Brokers: c.ListenAddrs(), ReplicationFactor: 1, Partitions: 1, SessionTimeout: time.Second})
	defer closeLog(t, l)
	a := own(t, l)
	// A member that the group's leader gives everything, and that does not take it.
	other, err := kafka.NewConsumerGroup(kafka.ConsumerGroupConfig{
		ID: l.config.TopicPrefix + groupName, Brokers: l.config.Brokers, Topics: []string{l.topics[stream.LaneLive]},
		GroupBalancers: []kafka.GroupBalancer{claimant{}}, SessionTimeout: time.Second, RebalanceTimeout: time.Second, HeartbeatInterval: 100 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	for {
		g, err := other.Next(t.Context())
		if err == nil && len(g.Assignments[l.topics[stream.LaneLive]]) > 0 {
			break
		}
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	if err := a.Write(ctx, []byte(`{"n":1}`)); err != nil {
		t.Errorf("the owner cannot write: %v", err)
	}
	select {
	case <-a.Lost():
		t.Error("the lease is lost though nobody took it")
	default:
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

// claimant claims a greater epoch than any owner's.
type claimant struct{}

func (claimant) UserData() ([]byte, error) { return []byte("4294967295"), nil }

func (claimant) ProtocolName() string { return new(chooser).ProtocolName() }

func (claimant) AssignGroups(m []kafka.GroupMember, p []kafka.Partition) kafka.GroupMemberAssignments {
	return new(chooser).AssignGroups(m, p)
}

// testLease: one of several owns; another takes over when it lets go or falls silent, and reads its note;
// who was silent can write nothing any more.
func testLease(t *testing.T, config Config) {
	first, second, third := open(t, config), open(t, config), open(t, config)
	defer closeLog(t, first)
	defer closeLog(t, second)
	defer closeLog(t, third)
	a := own(t, first)
	if a.Before() != nil {
		t.Errorf("a note before the first: %s", a.Before())
	}
	waiting := ownLater(t, second)
	for _, note := range []string{`{"n":1}`, `{"n":2}`} {
		if err := a.Write(t.Context(), []byte(note)); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-waiting:
		t.Fatal("two own the log")
	case <-a.Lost():
		t.Fatal("lost by one more member")
	case <-time.After(3 * config.SessionTimeout): // rebalances come and go meanwhile
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	b := takenOver(t, waiting)
	if b.Epoch() <= a.Epoch() || string(b.Before()) != `{"n":2}` {
		t.Errorf("epoch %d after %d, note %s", b.Epoch(), a.Epoch(), b.Before())
	}
	if err := a.Write(t.Context(), []byte(`{"n":3}`)); !errors.Is(err, stream.ErrFenced) {
		t.Errorf("who let go writes: %v", err)
	}

	wake := silence(b)
	defer wake()
	c := takenOver(t, ownLater(t, third))
	if c.Epoch() <= b.Epoch() || string(c.Before()) != `{"n":2}` {
		t.Errorf("epoch %d after %d, note %s", c.Epoch(), b.Epoch(), c.Before())
	}
	wake()
	if err := b.Write(t.Context(), []byte(`{"n":4}`)); !errors.Is(err, stream.ErrFenced) {
		t.Errorf("who was silent writes: %v", err)
	}
	select {
	case <-b.Lost():
	case <-time.After(3 * time.Minute):
		t.Error("who was silent is not told")
	}
	if err := c.Write(t.Context(), []byte(`{"n":5}`)); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"", "no JSON", `"` + string(make([]byte, stream.MaxNote)) + `"`} {
		if err := c.Write(t.Context(), []byte(bad)); err == nil {
			t.Errorf("a note of %d bytes was taken", len(bad))
		}
	}
	for _, l := range []stream.Lease{b, c} {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

func own(t *testing.T, l *Log) stream.Lease {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	x, err := l.Own(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func ownLater(t *testing.T, l *Log) <-chan stream.Lease {
	t.Helper()
	owner := make(chan stream.Lease, 1)
	go func() {
		x, err := l.Own(t.Context())
		if err != nil {
			t.Errorf("own: %v", err)
			close(owner)
			return
		}
		owner <- x
	}()
	return owner
}

func takenOver(t *testing.T, waiting <-chan stream.Lease) stream.Lease {
	t.Helper()
	select {
	case x, ok := <-waiting:
		if !ok {
			t.FailNow()
		}
		return x
	case <-time.After(3 * time.Minute):
		t.Fatal("nobody takes over")
	}
	return nil
}

// silence keeps an owner from joining the group's next generation, as a process that hangs would, until it
// is woken.
func silence(x stream.Lease) (wake func()) {
	l := x.(*lease)
	woken := make(chan struct{})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.generation.Start(func(context.Context) { <-woken })
	return sync.OnceFunc(func() { close(woken) })
}
